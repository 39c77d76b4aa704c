"""Results by agent, department and period, with how far they can be trusted."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import sqrt
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from helpdesk_core.api import EVERYWHERE, Actor
from helpdesk_core.api.departments import Department
from helpdesk_core.api.users import User

from .models import Rating

REPORT: Final = "ratings.report"
Z: Final = 1.959964
"""The normal deviate of a confidence of 95 %."""

By = Literal["agent", "department", "period"]


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts under one name; `key` is a uid, a department's key, or the first day of a period (ISO 8601)."""

    key: str
    name: str
    good: int = 0
    neutral: int = 0
    bad: int = 0

    @property
    def total(self) -> int:
        """How many ratings there are."""
        return self.good + self.neutral + self.bad

    @property
    def share(self) -> float:
        """The part that is satisfied, 0 to 1; 0 without ratings."""
        return self.good / self.total if self.total else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Where the share of all customers lies with a confidence of 95 %, as two parts from 0 to 1."""
        return wilson(self.good, self.total)


@dataclass(frozen=True, slots=True)
class Report:
    """All tallies of a time, `first` and `last` included."""

    first: date
    last: date
    whole: Tally
    agents: tuple[Tally, ...]
    departments: tuple[Tally, ...]
    periods: tuple[Tally, ...]

    def by(self, what: By) -> tuple[Tally, ...]:
        """Return one of the three tables."""
        return {"agent": self.agents, "department": self.departments, "period": self.periods}[what]


def wilson(good: int, total: int) -> tuple[float, float]:
    """Return the Wilson score interval of a share at 95 % (E. B. Wilson, 1927): 0 to 1 if nothing is known.

    Unlike share plus or minus an error it stays within 0 and 1, and is honest for few ratings.
    """
    if total == 0:
        return 0.0, 1.0
    share, square = good / total, Z * Z
    middle = share + square / (2 * total)
    reach = Z * sqrt(share * (1 - share) / total + square / (4 * total * total))
    below = 1 + square / total
    return max(0.0, (middle - reach) / below), min(1.0, (middle + reach) / below)


def report(session: Session, actor: Actor, first: date, last: date, *, kind: str = "", department: str = "") -> Report:
    """Return the results of the departments whose results the actor may see; one query, however many ratings.

    `kind` is `ticket` or `answer` for one of them only, `department` a key.
    """
    query = (
        select(User.uid, User.name, Department.key, Department.name, Rating.day, Rating.verdict, func.count(Rating.id))
        .outerjoin(User, User.id == Rating.agent_id)
        .outerjoin(Department, Department.id == Rating.department_id)
        .where(*within(actor, first, last, kind, department))
        .group_by(User.uid, User.name, Department.key, Department.name, Rating.day, Rating.verdict)
    )
    rows: Sequence[Any] = session.execute(query).all()
    begin = _beginning(first, last)
    return Report(
        first,
        last,
        next(iter(_tallies(rows, lambda row: ("all", ""))), Tally("all", "")),
        _by_share(_tallies(rows, lambda row: (row[0] or "", row[1] or ""))),
        _by_share(_tallies(rows, lambda row: (row[2] or "", row[3] or ""))),
        _every_period(_tallies(rows, lambda row: (begin(row[4]).isoformat(), "")), first, last, begin),
    )


def within(actor: Actor, first: date, last: date, kind: str, department: str) -> list[ColumnElement[bool]]:
    """Return the conditions on `Rating` that it is part of such a report."""
    found = [Rating.day >= first, Rating.day <= last]
    where = actor.departments(REPORT)
    if where is not EVERYWHERE:
        found.append(Rating.department_id.in_(sorted(where)))
    if kind:
        found.append(Rating.message_id.is_(None) if kind == "ticket" else Rating.message_id.is_not(None))
    if department:
        found.append(Rating.department_id.in_(select(Department.id).where(Department.key == department)))
    return found


def _tallies(rows: Iterable[Any], name: Callable[[Any], tuple[str, str]]) -> list[Tally]:
    found: dict[str, tuple[str, dict[str, int]]] = {}
    for row in rows:
        key, title = name(row)
        counts = found.setdefault(key, (title, {"good": 0, "neutral": 0, "bad": 0}))[1]
        counts[row[5]] += row[6]
    return [Tally(key, title, **counts) for key, (title, counts) in found.items()]


def _by_share(tallies: Iterable[Tally]) -> tuple[Tally, ...]:
    """Put those first that are surely good: by the lower end of the interval, so that one vote is no champion."""
    return tuple(sorted(tallies, key=lambda each: (-each.interval[0], each.name, each.key)))


def _beginning(first: date, last: date) -> Callable[[date], date]:
    """Return what gives the first day of a day's period: days up to a month, weeks up to half a year, else months."""
    span = (last - first).days
    if span <= 31:
        return lambda day: day
    if span <= 190:
        return lambda day: day - timedelta(days=day.weekday())
    return lambda day: day.replace(day=1)


def _every_period(
    tallies: Iterable[Tally], first: date, last: date, begin: Callable[[date], date]
) -> tuple[Tally, ...]:
    found = {each.key: each for each in tallies}
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    keys = dict.fromkeys(begin(day).isoformat() for day in days)
    return tuple(found.get(key, Tally(key, "")) for key in keys)
