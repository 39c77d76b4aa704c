"""Reading, comparing and printing the signatures of hook specs and of the methods that implement them."""

import dataclasses
import functools
import inspect
import types
import typing
from collections.abc import Callable, Collection, Mapping
from typing import Any, Literal, Union

_UNIONS = (Union, types.UnionType)
_TEXTS = (str, bytes)
"""Python takes a text for a sequence of texts; as a result of a hook that is always a mistake."""

_PLAIN = (str, int, bool, bytes)

Check = Callable[[object], bool]


def text(annotation: object) -> str:
    """Return an annotation as it is written in code, without module names: `list[Action] | None`."""
    if annotation is None or annotation is type(None):
        return "None"
    if annotation is ...:
        return "..."
    if isinstance(annotation, list):  # the arguments of a Callable
        return f"[{', '.join(text(part) for part in annotation)}]"
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in _UNIONS:
        return " | ".join(text(part) for part in parts)
    if origin is Literal:
        return f"Literal[{', '.join(repr(part) for part in parts)}]"
    if origin is not None and parts:
        return f"{text(origin)}[{', '.join(text(part) for part in parts)}]"
    return str(getattr(annotation, "__name__", annotation))


def signature_text(name: str, types_: dict[str, Any]) -> str:
    """Return `name(argument: type, …) -> type` for resolved types, of which `return` is one."""
    arguments = ", ".join(f"{key}: {text(value)}" for key, value in types_.items() if key != "return")
    return f"{name}({arguments}) -> {text(types_['return'])}"


def resolve(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the annotations as types; NameError when one names something the module does not import at run time."""
    return typing.get_type_hints(function)


def accepts(wide: Any, narrow: Any) -> bool:
    """Return whether every value of type `narrow` may stand where `wide` is expected.

    Forms that cannot be decided at run time (type variables, protocols) are accepted: mypy sees them.
    """
    wide, narrow = (type(None) if part is None else part for part in (wide, narrow))
    if wide is Any or narrow is Any or wide is object or wide == narrow:
        return True
    if typing.get_origin(narrow) in _UNIONS:
        return all(accepts(wide, part) for part in typing.get_args(narrow))
    if typing.get_origin(wide) in _UNIONS:
        return any(accepts(part, narrow) for part in typing.get_args(wide))
    if typing.get_origin(narrow) is Literal:
        return all(matches(value, wide) for value in typing.get_args(narrow))
    if isinstance(narrow, typing.NewType):
        return accepts(wide, narrow.__supertype__)
    if narrow in _TEXTS and typing.get_args(wide):
        return False
    wide_class, narrow_class = typing.get_origin(wide) or wide, typing.get_origin(narrow) or narrow
    if not _is_subclass(narrow_class, wide_class):
        return False
    wide_parts, narrow_parts = typing.get_args(wide), typing.get_args(narrow)
    if not wide_parts or not narrow_parts or len(wide_parts) != len(narrow_parts):
        return True
    return all(accepts(one, other) for one, other in zip(wide_parts, narrow_parts, strict=True))


def matches(value: object, annotation: Any) -> bool:
    """Return whether a value is of the annotated type, looking into collections, and into the fields of dataclasses.

    Forms that cannot be checked at run time are taken as right.
    """
    return _check_for(annotation)(value)


def _check_for(annotation: Any) -> Check:
    try:
        return _known_check(annotation)
    except TypeError:  # an annotation without a hash, such as Literal[[]]
        return _make_check(annotation)


def _make_check(annotation: Any) -> Check:
    """Return the check for an annotation; it is made once, since a page of tickets is hundreds of values."""
    if annotation is Any or annotation is object:
        return lambda value: True
    if annotation is None or annotation is type(None):
        return lambda value: value is None
    if isinstance(annotation, typing.NewType):
        return _check_for(annotation.__supertype__)
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in _UNIONS:
        checks = [_check_for(part) for part in parts]
        return lambda value: any(check(value) for check in checks)
    if origin is Literal:
        return lambda value: value in parts
    if annotation in _PLAIN:
        return lambda value: isinstance(value, annotation)
    return _class_check(annotation, origin, parts)


_known_check = functools.cache(_make_check)


def _class_check(annotation: Any, origin: Any, parts: tuple[Any, ...]) -> Check:
    inner = [_check_for(part) for part in parts if part is not ...]
    whole = [_check_for_all(part) for part in parts if part is not ...]
    fixed = origin is tuple and not (len(parts) == 2 and parts[1] is ...)

    def check(value: object) -> bool:
        if (parts and isinstance(value, _TEXTS)) or not _is_instance(value, origin or annotation):
            return False
        if isinstance(value, Mapping) and len(parts) == 2:
            keys_fit, items_fit = whole
            return keys_fit(value.keys()) and items_fit(value.values())
        if isinstance(value, tuple) and fixed:
            return len(value) == len(inner) and all(fits(item) for item, fits in zip(value, inner, strict=True))
        if isinstance(value, type):
            return True
        if isinstance(value, Collection) and parts:
            return whole[0](value)
        class_: type = type(value)
        if dataclasses.is_dataclass(class_):
            return all(matches(getattr(value, name), wanted) for name, wanted in _field_types(class_))
        return True

    return check


def _check_for_all(annotation: Any) -> Callable[[Collection[Any]], bool]:
    """Return the check for all values of a collection; where texts and numbers are wanted, their types tell at once."""
    fits, plain = _check_for(annotation), _plain_types(annotation)
    if not plain:
        return lambda values: all(map(fits, values))
    return lambda values: plain.issuperset(map(type, values)) or all(map(fits, values))


def _plain_types(annotation: Any) -> frozenset[type]:
    """Return types whose values are certainly right; none for an annotation that is not of plain values only."""
    if annotation in _PLAIN:
        return frozenset({annotation})
    if annotation is None or annotation is type(None):
        return frozenset({type(None)})
    if typing.get_origin(annotation) in _UNIONS:
        found = [_plain_types(part) for part in typing.get_args(annotation)]
        return frozenset().union(*found) if all(found) else frozenset()
    return frozenset()


@functools.cache
def _field_types(class_: type) -> tuple[tuple[str, Any], ...]:
    """The fields of a dataclass with their types; none if they name something that is not imported at run time."""
    try:
        found = typing.get_type_hints(class_)
    except NameError:
        return ()
    return tuple((each.name, found[each.name]) for each in dataclasses.fields(class_))


def _is_instance(value: object, class_: Any) -> bool:
    if class_ is float:
        return isinstance(value, int | float)
    try:
        return isinstance(value, class_)
    except TypeError:
        return True


def _is_subclass(narrow: Any, wide: Any) -> bool:
    if not (inspect.isclass(narrow) and inspect.isclass(wide)):
        return True
    if wide is float and narrow is int:
        return True
    try:
        return issubclass(narrow, wide)
    except TypeError:
        return True
