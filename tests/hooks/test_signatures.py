"""Comparing types at run time, as far as that goes."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, NewType, Protocol, TypeVar

import pytest

from helpdesk_core.hooks.signatures import accepts, matches, text

Number = NewType("Number", str)
T = TypeVar("T")


class Closeable(Protocol):
    def close(self) -> None: ...


class _Something:
    """A value of no particular type, whose name is the same in every process."""

    def __repr__(self) -> str:
        return "something"


SOMETHING = _Something()


@dataclass(frozen=True)
class Point:
    x: int
    names: tuple[str, ...]


WRONG: Any = 7


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        (int, int),
        (int, bool),
        (object, int),
        (float, int),
        (Any, list[int]),
        (list[int], Any),
        (int | None, int),
        (int | str | None, int | None),
        (Sequence[object], list[int]),
        (list[int], list),
        (Mapping[str, int], dict[str, int]),
        (str, Number),
        (str, Literal["a", "b"]),
        (Literal["a", "b"] | None, None),
        (Closeable, int),
        (T, int),
        (type[int], type[bool]),
    ],
    ids=str,
)
def test_a_narrower_type_fits(wide: Any, narrow: Any) -> None:
    assert accepts(wide, narrow)


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        (bool, int),
        (int, int | None),
        (list[int], list[str]),
        (list[int], tuple[int, ...]),
        (dict[str, int], dict[str, str]),
        (int, Literal["a"]),
        (int, Number),
        (str, None),
        (Sequence[str], str),
    ],
    ids=str,
)
def test_a_wider_or_other_type_does_not_fit(wide: Any, narrow: Any) -> None:
    assert not accepts(wide, narrow)


@pytest.mark.parametrize(
    ("value", "annotation"),
    [
        (1, int),
        (1, float),
        (None, None),
        (None, int | None),
        ([1, "a"], list[int | str]),
        ((1, "a"), tuple[int, str]),
        ((1, 2), tuple[int, ...]),
        ((1, 2), Sequence[int]),
        ({1: "a"}, dict[int, str]),
        ({"a"}, set[str]),
        ("a", Literal["a"]),
        ("7", Number),
        (SOMETHING, Any),
        (SOMETHING, T),
        (SOMETHING, Closeable),
        (deque([1]), Sequence[int]),
        (Point(1, ("a",)), Point),
        (Point(1, (WRONG,)), Any),
        (len, Callable[[Any], int]),
    ],
    ids=str,
)
def test_values_of_the_right_type_match(value: object, annotation: Any) -> None:
    assert matches(value, annotation)


@pytest.mark.parametrize(
    ("value", "annotation"),
    [
        ("a", int),
        (None, int),
        (0, None),
        ([1, "a"], list[int]),
        ((1, 2), list[int]),
        ((1,), tuple[int, str]),
        ((1, "a"), tuple[int, ...]),
        ({1: 2}, dict[int, str]),
        ({"a": "b"}, dict[int, str]),
        ({1}, set[str]),
        ("c", Literal["a"]),
        (7, Number),
        ("abc", Sequence[str]),
        (range(3), Sequence[str]),
        (MappingProxyType({1: "a"}), Mapping[int, int]),
        (Point(1, (WRONG,)), Point),
        ([Point(1, (WRONG,))], list[Point]),
    ],
    ids=str,
)
def test_values_of_another_type_do_not(value: object, annotation: Any) -> None:
    assert not matches(value, annotation)


@pytest.mark.parametrize(
    ("annotation", "written"),
    [
        (None, "None"),
        (int | None, "int | None"),
        (dict[str, list[int]], "dict[str, list[int]]"),
        (tuple[int, ...], "tuple[int, ...]"),
        (Callable[[int], str], "Callable[[int], str]"),
        (Literal["a", 1], "Literal['a', 1]"),
        (Any, "Any"),
        (Number, "Number"),
    ],
)
def test_annotations_are_written_as_in_code(annotation: object, written: str) -> None:
    assert text(annotation) == written
