"""How a plugin implements a hook, and how its method is compared with the spec."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

import pluggy

from helpdesk_core.hooks.errors import InvalidHook, WrongResult
from helpdesk_core.hooks.signatures import accepts, matches, resolve, text
from helpdesk_core.hooks.specs import AfterSpec, HookSpec

Q = ParamSpec("Q")
R = TypeVar("R")

PROJECT = "helpdesk"
_SPEC = "helpdesk_hook_spec"
_EVENTS = "helpdesk_hook_events"
_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def hookimpl(spec: HookSpec[..., R], *, events: Sequence[type] = ()) -> Callable[[Callable[Q, R]], Callable[Q, R]]:
    """Mark a plugin's method as its implementation of a hook: `@hookimpl(ticket_actions)`.

    The method takes those of the spec's arguments that it needs, under the same names. With `events` an `after` hook
    is delivered those classes only (subclasses too): `@hookimpl(event_recorded, events=(TicketCounted,))`; nothing is
    stored for the plugin of any other. InvalidHook for a hook that gets no such events.
    """
    if events and not (isinstance(spec, AfterSpec) and all(spec.wants(each) for each in events)):
        names = ", ".join(each.__name__ for each in events)
        raise InvalidHook(f"{spec.style} hook {spec.module}.{spec.name} gets no events of {names}; leave `events` out")

    def mark(function: Callable[Q, R]) -> Callable[Q, R]:
        marked = pluggy.HookimplMarker(PROJECT)(function, specname=spec.name)
        setattr(marked, _SPEC, spec)
        setattr(marked, _EVENTS, tuple(events))
        return marked

    return mark


@dataclass(frozen=True, slots=True, eq=False)
class Implementation:
    """One plugin's method for one hook, and which of the hook's arguments it takes."""

    plugin_id: str
    spec: HookSpec[..., Any]
    function: Callable[..., Any]
    arguments: tuple[str, ...]
    events: tuple[type, ...] = ()
    """The classes of events that the method asked for; empty for all that the hook gets."""

    def wants(self, event_class: type) -> bool:
        """Return whether events of this class are delivered to the method, which is one of an `after` hook."""
        asked_for = not self.events or issubclass(event_class, self.events)
        return isinstance(self.spec, AfterSpec) and self.spec.wants(event_class) and asked_for

    def call(self, values: Mapping[str, object]) -> Any:
        """Call the method with those of the values that it takes; WrongResult if it returns what it should not."""
        value = self.function(**{name: values[name] for name in self.arguments})
        expected = self.spec.types["return"]
        if not matches(value, expected) and not (value is None and self.spec.style == "veto"):
            given = type(value).__name__
            raise WrongResult(
                f"{self.spec.name} returned {given}, not the {text(expected)} it should, or not all of it"
            )
        return value


def implementations(plugin: object, plugin_id: str) -> tuple[list[Implementation], list[str]]:
    """Return the marked methods of a plugin object, checked, and what could not be checked (warnings).

    InvalidHook when a method does not fit its spec.
    """
    found: dict[HookSpec[..., Any], Implementation] = {}
    warnings: list[str] = []
    for name in dir(plugin):
        spec = getattr(inspect.getattr_static(plugin, name, None), _SPEC, None)
        if not isinstance(spec, HookSpec):
            continue
        method = getattr(plugin, name)
        if spec in found:
            raise InvalidHook(
                f"plugin {plugin_id}: {name} and {found[spec].function.__name__} both implement {spec.name}; "
                "let one method do the work of both"
            )
        warnings += _check(method, spec, plugin_id)
        arguments = tuple(inspect.signature(method).parameters)
        found[spec] = Implementation(plugin_id, spec, method, arguments, getattr(method, _EVENTS))
    return list(found.values()), warnings


def _check(method: Callable[..., Any], spec: HookSpec[..., Any], plugin_id: str) -> list[str]:
    """Compare a method with its spec; return warnings, raise InvalidHook."""
    where = f"plugin {plugin_id}: {type(getattr(method, '__self__', None)).__name__}.{method.__name__}"

    def wrong(what: str) -> InvalidHook:
        return InvalidHook(f"{where} {what}; {spec.style} hook {spec.module} expects {spec.signature_text}")

    if inspect.iscoroutinefunction(method) or inspect.isasyncgenfunction(method):
        raise wrong("is async")
    if inspect.isgeneratorfunction(method):
        raise wrong("is a generator")
    for parameter in inspect.signature(method).parameters.values():
        if parameter.kind not in _NAMED:
            raise wrong(f"takes {parameter}, but arguments are passed by name")
        if parameter.name not in spec.types:
            raise wrong(f"takes an unknown argument {parameter.name!r}")
    warnings = []
    if spec.stability == "deprecated":
        warnings.append(f"{where} implements {spec.name}, which is deprecated and goes in the next major version")
    try:
        types = resolve(method)
    except NameError as error:
        return [*warnings, f"{where} was not checked: {error} (import it outside of TYPE_CHECKING)"]
    for name in inspect.signature(method).parameters:
        if name not in types:
            warnings.append(f"{where} has no annotation for {name!r}")
        elif not accepts(types[name], spec.types[name]):
            raise wrong(f"takes {name}: {text(types[name])}")
    if "return" not in types:
        warnings.append(f"{where} has no return annotation")
    elif not accepts(spec.types["return"], types["return"]) and not _returns_no_problems(spec, types["return"]):
        raise wrong(f"returns {text(types['return'])}")
    return warnings


def _returns_no_problems(spec: HookSpec[..., Any], annotation: object) -> bool:
    """A veto hook that only ever raises `Veto` has nothing to return."""
    return spec.style == "veto" and accepts(spec.types["return"] | None, annotation)
