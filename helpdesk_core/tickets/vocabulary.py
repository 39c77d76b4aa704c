"""Statuses, priorities, types and departments by key: small reference data, remembered between requests."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk_core.departments.models import Department
from helpdesk_core.errors import HelpdeskError, Invalid
from helpdesk_core.hooks import HookFailed
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.texts import lazy as _l
from helpdesk_core.tickets import hooks
from helpdesk_core.tickets.models import Priority, Status, StatusTransition, TicketType
from helpdesk_core.tickets.narrowing import Condition, Narrowing

Named = TypeVar("Named", Status, Priority, TicketType, Department)
Switchable = TypeVar("Switchable", Status, TicketType)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words a site uses for its tickets, each mapping in the order people see."""

    statuses: Mapping[str, Status]
    priorities: Mapping[str, Priority]
    types: Mapping[str, TicketType]
    departments: Mapping[str, Department]
    transitions: Mapping[int, frozenset[int]]
    """For each status id with limited steps: the ids it may go to."""
    narrowing: Narrowing = field(default_factory=Narrowing)
    """What plugins add to lists."""
    made: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)
    """What was made of these words and goes with them, such as statements of lists."""

    def status(self, key: str) -> Status:
        """Return the status with that key, or raise `Invalid` naming those there are."""
        return _named(self.statuses, key, "status")

    def usable_status(self, key: str) -> Status:
        """Return the status with that key if tickets may still be put into it."""
        return _usable(self.statuses, key, "status")

    def usable_type(self, key: str | None) -> TicketType | None:
        """Return that type if tickets may still be given it; without a key, none."""
        return None if key is None else _usable(self.types, key, "type")

    def priority(self, key: str | None) -> Priority:
        """Return that priority; without a key, the default one."""
        if key is not None:
            return _named(self.priorities, key, "priority")
        for priority in self.priorities.values():
            if priority.is_default:
                return priority
        return next(iter(self.priorities.values()))

    def type(self, key: str | None) -> TicketType | None:
        """Return that type; without a key, none."""
        return None if key is None else _named(self.types, key, "type")

    def department(self, key: str) -> Department:
        """Return the department with that key."""
        return _named(self.departments, key, "department")

    def in_state(self, state: str, turn: str | None = None, *, after: Status | None = None) -> Status:
        """Return the first active status in a state, with that turn if there is one.

        With `after` those come first into which a ticket may go from there; if there is none, the first of all.
        """
        in_state = [each for each in self.statuses.values() if each.state == state and each.is_active]
        if after is not None:
            in_state = [each for each in in_state if self.may_follow(after, each)] or in_state
        for status in in_state:
            if turn is None or status.turn == turn:
                return status
        if in_state:
            return in_state[0]
        raise HelpdeskError(f"There is no active status in the state “{state}”; make one under Admin, Statuses.")

    def may_follow(self, before: Status, after: Status) -> bool:
        """Tell whether a ticket may go from one status to the other."""
        return before.id == after.id or before.id not in self.transitions or after.id in self.transitions[before.id]


def vocabulary(desk: Helpdesk, session: Session, generation: int | None = None) -> Vocabulary:
    """Return the site's vocabulary, read again only after it has changed."""
    return desk.remember(session, "vocabulary", lambda fresh: _load(fresh, narrowing(desk)), generation)


def narrowing(desk: Helpdesk) -> Narrowing:
    """Return what the active plugins add to lists; of two filters with one word the first has it."""
    filters = {f"{of}.{each.key}": each for of, found in desk.gather(hooks.list_filters) for each in found}
    orders = {f"{of}.{each.key}": each for of, found in desk.gather(hooks.list_orders) for each in found}
    words: dict[str, str] = {}
    for key, each in filters.items():
        if each.word:
            words.setdefault(each.word, key)

    def run(plugin_id: str, ask: Callable[[], Condition]) -> Condition | None:
        try:
            return desk.hooks.run_for(hooks.list_filters, plugin_id, ask)
        except HookFailed:
            return None  # it is counted and logged already

    return Narrowing(filters, orders, words, run)


def _load(session: Session, added: Narrowing) -> Vocabulary:
    transitions: dict[int, set[int]] = {}
    for step in session.scalars(select(StatusTransition)):
        transitions.setdefault(step.from_id, set()).add(step.to_id)
    found = Vocabulary(
        statuses={each.key: each for each in session.scalars(select(Status).order_by(Status.position, Status.id))},
        priorities={each.key: each for each in session.scalars(select(Priority).order_by(Priority.level))},
        types={
            each.key: each for each in session.scalars(select(TicketType).order_by(TicketType.position, TicketType.id))
        },
        departments={
            each.key: each for each in session.scalars(select(Department).order_by(Department.position, Department.id))
        },
        transitions={key: frozenset(value) for key, value in transitions.items()},
        narrowing=added,
    )
    for row in (
        *found.statuses.values(),
        *found.priorities.values(),
        *found.types.values(),
        *found.departments.values(),
    ):
        session.expunge(row)
    return found


def _named(rows: Mapping[str, Named], key: str, field: str) -> Named:
    if key in rows:
        return rows[key]
    values = {"key": key, "list": ", ".join(rows)}
    missing = {
        "status": _l("There is no status “%(key)s”. Choose one of: %(list)s.", **values),
        "type": _l("There is no type “%(key)s”. Choose one of: %(list)s.", **values),
        "priority": _l("There is no priority “%(key)s”. Choose one of: %(list)s.", **values),
        # Departments may be hidden from the person who asks, so they are not listed.
        "department": _l("There is no department “%(key)s”.", key=key),
    }
    raise Invalid({field: [missing[field]]})


def _usable(rows: Mapping[str, Switchable], key: str, field: str) -> Switchable:
    if key in rows and rows[key].is_active:
        return rows[key]
    usable = ", ".join(each.key for each in rows.values() if each.is_active)
    if key in rows and field == "type":
        raise Invalid({field: [_l("The type “%(key)s” is out of use. Choose one of: %(list)s.", key=key, list=usable)]})
    if key in rows:
        raise Invalid(
            {field: [_l("The status “%(key)s” is out of use. Choose one of: %(list)s.", key=key, list=usable)]}
        )
    return _named({each.key: each for each in rows.values() if each.is_active}, key, field)
