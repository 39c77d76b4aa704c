"""A condition on a ticket, and whether it holds for the facts of one."""

import csv
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from marshmallow import ValidationError

from helpdesk_core.settings.fields import Duration
from helpdesk_core.texts import LazyText
from helpdesk_core.texts import lazy as _l

Kind = Literal["choice", "text", "number", "time"]
"""What a field holds: words that are compared as they are, a text, a number, or a moment that lies back."""
Facts = Mapping[str, Sequence[str]]
"""What is so of a ticket, by field; moments are ISO 8601 with their zone. What it does not have is empty or missing."""

OPERATORS: Final[Mapping[Kind, tuple[str, ...]]] = {
    "choice": ("is", "is_not", "is_set", "is_unset"),
    "text": ("has", "has_not", "is", "is_not", "is_set", "is_unset"),
    "number": ("over", "under"),
    "time": ("over", "under", "is_set", "is_unset"),
}
NAMES: Final[Mapping[str, LazyText]] = {
    "is": _l("is"),
    "is_not": _l("is not"),
    "has": _l("contains"),
    "has_not": _l("does not contain"),
    "over": _l("is more than"),
    "under": _l("is less than"),
    "is_set": _l("is there"),
    "is_unset": _l("is missing"),
}
"""How operators are called."""
WITHOUT_VALUES: Final = ("is_set", "is_unset")
MOST_VALUES: Final = 50
MOST_LETTERS: Final = 500
LONGEST: Final = timedelta(days=36_500)


@dataclass(frozen=True, slots=True)
class Condition:
    """A field, one of `OPERATORS`, and the values of which one has to fit (with `is_not` and `has_not`: none).

    Values of times are durations such as `3d` or `4h 30m`, those of numbers are written in digits.
    """

    field: str
    operator: str
    values: tuple[str, ...] = ()

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Condition":
        """Return the condition that `as_dict` has written."""
        return cls(str(stored["field"]), str(stored["operator"]), tuple(str(each) for each in stored["values"]))

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return {"field": self.field, "operator": self.operator, "values": list(self.values)}

    def holds(self, found: Sequence[str], kind: Kind, now: datetime) -> bool:
        """Tell whether it holds where a field of this kind has these facts."""
        if self.operator in WITHOUT_VALUES:
            return bool(found) == (self.operator == "is_set")
        if self.operator in ("over", "under"):
            return any(self._beyond(each, kind, now) for each in found)
        return self.agrees(found)

    def agrees(self, found: Sequence[str]) -> bool:
        """Tell whether it holds for these values, capital letters or not; not for comparisons of size."""
        return _AGREE[self.operator]([each.casefold() for each in found], [each.casefold() for each in self.values])

    def _beyond(self, fact: str, kind: Kind, now: datetime) -> bool:
        if kind == "time":
            age, limit = now - datetime.fromisoformat(fact), span(self.values[0])
            return age > limit if self.operator == "over" else age < limit
        number, wanted = float(fact), float(self.values[0])
        return number > wanted if self.operator == "over" else number < wanted


_AGREE: Final[Mapping[str, Callable[[Sequence[str], Sequence[str]], bool]]] = {
    "is": lambda found, wanted: any(each in wanted for each in found),
    "is_not": lambda found, wanted: not any(each in wanted for each in found),
    "has": lambda found, wanted: any(each in text for text in found for each in wanted),
    "has_not": lambda found, wanted: not any(each in text for text in found for each in wanted),
}


def values_of(text: str) -> tuple[str, ...]:
    """Return the values that somebody typed, parted by commas; one with a comma of its own stands in quotes.

    A text that is too long to be parted is one value, which `problem_of` refuses.
    """
    line = " ".join(text.splitlines())
    try:
        parts = next(csv.reader([line], skipinitialspace=True), [])
    except csv.Error:
        parts = [line]
    return tuple(each.strip() for each in parts if each.strip())


def said_values(values: Iterable[str]) -> str:
    """Return values as `values_of` reads them."""
    return ", ".join(_quoted(each) if "," in each or each.startswith('"') else each for each in values)


def _quoted(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'


def span(text: str) -> timedelta:
    """Return the time that `3d` or `4h 30m` means; ValueError for anything else, and for more than `LONGEST`."""
    try:
        found = timedelta(seconds=Duration().deserialize(text).total_seconds())
    except ValidationError:
        raise ValueError(_l("“%(text)s” is no time. Write it like 30m, 4h or 3d.", text=text)) from None
    if found > LONGEST:
        raise ValueError(_l("“%(text)s” is longer than 100 years. Write a shorter time.", text=text))
    return found


def _number(text: str) -> float:
    """Return the number in a text; ValueError where there is none that can be compared."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def problem_of(condition: Condition, label: str, kind: Kind) -> LazyText | None:
    """Return what is wrong with a condition on a field of this kind, or None."""
    values = {"field": label, "operator": NAMES.get(condition.operator, condition.operator)}
    if condition.operator not in OPERATORS[kind]:
        return _l("%(field)s cannot be asked for with “%(operator)s”. Choose another word.", **values)
    if condition.operator in WITHOUT_VALUES:
        return _l("Nothing follows “%(operator)s”. Take the value away.", **values) if condition.values else None
    if not condition.values or not all(condition.values):
        return _l("Say what %(field)s has to be.", **values)
    if len(condition.values) > MOST_VALUES or any(len(each) > MOST_LETTERS for each in condition.values):
        return _l("%(field)s has more values, or longer ones, than can be compared. Make two rules.", **values)
    if condition.operator in ("over", "under"):
        return _measure_problem(condition, kind, values)
    return None


def _measure_problem(condition: Condition, kind: Kind, values: Mapping[str, str]) -> LazyText | None:
    if len(condition.values) > 1:
        return _l("%(field)s is compared with one value only.", **values)
    try:
        span(condition.values[0]) if kind == "time" else _number(condition.values[0])
    except ValueError as error:
        mend = error.args[0] if kind == "time" else _l("“%(text)s” is no number.", text=condition.values[0])
        return mend if isinstance(mend, LazyText) else _l("Say what %(field)s has to be.", **values)
    return None
