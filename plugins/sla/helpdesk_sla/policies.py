"""What is promised to which tickets: policies as values, and the first one that fits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from helpdesk_core.api.automation import Condition

from .calendars import ALWAYS, Calendar

FIRST_REPLY: Final = "first_reply"
NEXT_REPLY: Final = "next_reply"
UPDATE: Final = "update"
RESOLUTION: Final = "resolution"
TARGETS: Final = (FIRST_REPLY, NEXT_REPLY, UPDATE, RESOLUTION)
FIELDS: Final = ("department", "priority", "type", "organisation", "tag")


@dataclass(frozen=True, slots=True)
class Properties:
    """What of a ticket policies look at: keys, the organisation's uid, tags; `more` are facts that plugins know now."""

    department: str
    priority: str
    type: str | None = None
    organisation: str | None = None
    tags: frozenset[str] = frozenset()
    more: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def values(self, name: str) -> Sequence[str]:
        """Return what the ticket has in a field of conditions."""
        if name not in FIELDS:
            return self.more.get(name, ())
        if name == "tag":
            return sorted(self.tags)
        value: str | None = getattr(self, name)
        return () if value is None else (value,)


@dataclass(frozen=True, slots=True)
class Step:
    """Something to be done `offset` of working time after a target (before it, if negative).

    `uid` names the step for ever; `action` is what is done, `value` to or with what. A moment before `since`, when the
    step was made, is passed over.
    """

    uid: str
    kind: str
    offset: timedelta
    action: str
    value: str = ""
    since: datetime | None = None


@dataclass(frozen=True)
class Policy:
    """Targets of working time, the calendar that measures it, and the steps around them.

    One that `follows_ticket` is measured by the calendar of the ticket's organisation or department instead.
    """

    id: int
    name: str
    targets: Mapping[str, timedelta]
    calendar: Calendar = ALWAYS
    calendar_id: int | None = None
    follows_ticket: bool = False
    conditions: Sequence[Condition] = ()
    steps: Sequence[Step] = ()
    is_active: bool = True
    is_promised: bool = False

    def fits(self, ticket: Properties) -> bool:
        """Tell whether every condition has one of its values on the ticket."""
        return all(each.agrees(ticket.values(each.field)) for each in self.conditions)

    def steps_of(self, kind: str) -> list[Step]:
        """Return the steps around one target."""
        return [step for step in self.steps if step.kind == kind]


@dataclass(frozen=True)
class Policies:
    """All policies in order, and all calendars, also those that only old clocks know.

    `by_department` and `by_organisation` are the ids of calendars, by keys of departments and uids of organisations.
    """

    policies: Sequence[Policy]
    calendars: Mapping[int, Calendar] = field(default_factory=dict)
    by_department: Mapping[str, int] = field(default_factory=dict)
    by_organisation: Mapping[str, int] = field(default_factory=dict)

    @property
    def more_fields(self) -> frozenset[str]:
        """The fields of other plugins that policies in use ask for."""
        asked = {each.field for policy in self.policies if policy.is_active for each in policy.conditions}
        return frozenset(asked.difference(FIELDS))

    def first_fit(self, ticket: Properties) -> Policy | None:
        """Return the first policy in use that fits the ticket; None if nothing is promised to it."""
        return next((policy for policy in self.policies if policy.is_active and policy.fits(ticket)), None)

    def hours(self, policy: Policy, ticket: Properties) -> tuple[int | None, Calendar]:
        """Return the calendar that measures a ticket under a policy, with its id; all hours have none."""
        if not policy.follows_ticket:
            return policy.calendar_id, policy.calendar
        id = self.by_organisation.get(ticket.organisation or "") or self.by_department.get(ticket.department)
        return (id, self.calendars[id]) if id else (None, ALWAYS)

    @property
    def ask_for_organisation(self) -> bool:
        """Whether it makes a difference to any policy in use of which organisation a ticket is."""
        asked = any(c.field == "organisation" for each in self.policies if each.is_active for c in each.conditions)
        return asked or bool(self.by_organisation)

    def by_id(self, id: int | None) -> Policy | None:
        """Return a policy, also one that is out of use."""
        return next((policy for policy in self.policies if policy.id == id), None)
