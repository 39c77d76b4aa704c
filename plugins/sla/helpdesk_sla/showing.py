"""What people see of clocks: beside a ticket, in lists, in the API, and as a promise to customers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk_core.api import Actor, Helpdesk
from helpdesk_core.api.events import EventRow
from helpdesk_core.api.tickets import Ticket, TicketFacts, facts_of, vocabulary, worked
from helpdesk_core.api.users import Organisation, User

from .calendars import ALWAYS, Calendar
from .models import MICROSECOND, Clock, LedgerRow, PolicyRow, Watched
from .policies import FIRST_REPLY, TARGETS, Properties
from .reading import policies
from .texts import _, ngettext
from .wording import STATE_NAMES, STEPS, TARGET_NAMES, WHAT, cause, remaining

SOON = 0.25
"""The part of a target that is left when its clock begins to warn."""

CELL: Final = Markup('<span class="{}">{}</span><div class="hd-subject__line">{}</div>')
"""How lists show a clock: in two lines, since a column beside others is narrow."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A clock in words: `level` is empty, `soon` or `late`; it goes with the words, never alone."""

    kind: str
    name: str
    state: str
    text: str
    level: str
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the ledger in words; what is no line of a clock has no time that ran."""

    at: datetime
    target: str
    what: str
    why: str
    ran: timedelta | None
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Current:
    """A current clock with a target; the fields are those of `Clock`. Customers may know of it if `is_promised`."""

    kind: str
    state: str
    policy_id: int | None
    started_at: datetime
    microseconds: int
    target: int
    due_at: datetime | None
    breached_at: datetime | None
    outcome: str | None
    is_promised: bool

    @property
    def ran(self) -> timedelta:
        """The working time that counts already."""
        return self.microseconds * MICROSECOND


@dataclass(frozen=True, slots=True)
class Measured:
    """The current clocks of a ticket, those with the nearest target first, and the calendar that measures them."""

    clocks: Sequence[Current]
    calendar: Calendar


CLOCKS: Final = TicketFacts(
    key="clocks",
    statement=select(
        Clock.ticket_id,
        Clock.kind,
        Clock.state,
        Clock.policy_id,
        Clock.started_at,
        Clock.microseconds,
        Clock.target,
        Clock.due_at,
        Clock.breached_at,
        Clock.outcome,
        Watched.calendar_id,
        PolicyRow.is_promised,
    )
    .outerjoin(Watched, Watched.ticket_id == Clock.ticket_id)
    .outerjoin(PolicyRow, PolicyRow.id == Clock.policy_id)
    .where(Clock.is_current, Clock.target.is_not(None)),
    lists=True,
)


def of_tickets(desk: Helpdesk, ticket_ids: Sequence[int]) -> dict[int, Measured]:
    """Return the clocks of the tickets that have any."""
    found = facts_of(desk, "sla", CLOCKS.key, ticket_ids)
    calendars: Mapping[int, Calendar] = {}
    if any(row.calendar_id for rows in found.values() for row in rows):
        with desk.read() as session:
            calendars = policies(desk, session).calendars
    return {
        ticket_id: Measured(
            sorted(map(_measured, rows), key=_nearest),
            calendars.get(rows[0].calendar_id or 0, ALWAYS),
        )
        for ticket_id, rows in found.items()
    }


def _measured(row: Any) -> Current:
    values = row._asdict()
    del values["calendar_id"]
    return Current(**values | {"is_promised": bool(row.is_promised)})


def _nearest(clock: Current) -> tuple[bool, datetime, int]:
    return clock.due_at is None, clock.due_at or clock.started_at, TARGETS.index(clock.kind)


def shown(clock: Current, now: datetime, calendar: Calendar, *, brief: bool = False) -> Shown:
    """Return a clock in words, with the working time that is left."""
    state = clock.outcome or clock.state
    target = timedelta(minutes=clock.target)
    level, text = "", _(STATE_NAMES.get(state, state))
    if clock.state == "running" and clock.due_at is not None:
        left = _left(clock, now, calendar)
        level = "late" if left < timedelta(0) else "soon" if left <= target * SOON else ""
        text = remaining(left, brief=brief)
    elif clock.state == "paused":
        text = _("Paused, %(left)s", left=remaining(target - clock.ran, brief=brief))
        level = "late" if clock.breached_at else ""
    elif state == "missed":
        level = "late"
    return Shown(clock.kind, _(TARGET_NAMES[clock.kind]), state, text, level, clock.due_at)


def _left(clock: Current, now: datetime, calendar: Calendar) -> timedelta:
    due = clock.due_at or now
    return calendar.between(now, due) if now <= due else -calendar.between(due, now)


def panel(desk: Helpdesk, ticket: Ticket) -> list[Shown]:
    """Return the clocks of a ticket for its page."""
    now = desk.now()
    measured = of_tickets(desk, [ticket.id]).get(ticket.id)
    return [shown(clock, now, measured.calendar) for clock in measured.clocks] if measured else []


def column(desk: Helpdesk, ticket_ids: Sequence[int]) -> dict[int, Mapping[str, str]]:
    """Return what the list shows: the target that is reached next, with the working time until then."""
    now = desk.now()
    values: dict[int, Mapping[str, str]] = {}
    for ticket_id, measured in of_tickets(desk, ticket_ids).items():
        going = next((clock for clock in measured.clocks if clock.state in ("running", "paused")), None)
        if going is not None:
            clock = shown(going, now, measured.calendar, brief=True)
            css = f"hd-clock hd-clock--{clock.level}" if clock.level else "hd-clock"
            values[ticket_id] = {"next": CELL.format(css, clock.text, clock.name)}
    return values


def extras(desk: Helpdesk, ticket_ids: Sequence[int], actor: Actor) -> dict[int, Any]:
    """Return the clocks for the API: to staff all, to customers those whose policy is promised."""
    staffed = worked(desk, actor, ticket_ids)
    return {
        ticket_id: [_as_json(clock) for clock in found.clocks if ticket_id in staffed or clock.is_promised]
        for ticket_id, found in of_tickets(desk, ticket_ids).items()
    }


def _as_json(clock: Current) -> dict[str, Any]:
    return {
        "target": clock.kind,
        "state": clock.outcome or clock.state,
        "minutes": clock.target,
        "ran_minutes": clock.ran // timedelta(minutes=1),
        "due_at": clock.due_at.isoformat() if clock.due_at else None,
        "breached_at": clock.breached_at.isoformat() if clock.breached_at else None,
    }


def ledger(session: Session, ticket: Ticket) -> list[Line]:
    """Return why the clocks of a ticket say what they say, the oldest line first; for the desk."""
    query = (
        select(LedgerRow, EventRow.actor_name)
        .outerjoin(EventRow, EventRow.id == LedgerRow.event_id)
        .where(LedgerRow.ticket_id == ticket.id)
        .order_by(LedgerRow.id)
    )
    return [
        Line(
            at=row.at,
            target=_(TARGET_NAMES[row.kind]) if row.kind else "",
            what=_(WHAT[row.what]),
            why=cause(row.cause, by or ""),
            ran=row.microseconds * MICROSECOND if row.kind and row.what not in STEPS else None,
            due_at=row.due_at,
        )
        for row, by in session.execute(query)
    ]


def promise(desk: Helpdesk, actor: Actor, department: str | None) -> str | None:
    """Return what a customer may expect of the first reply in a department; None if no promise is made there."""
    if department is None:
        return None
    with desk.read() as session:
        words = vocabulary(desk, session)
        known = policies(desk, session)
        organisation = None
        if known.ask_for_organisation and actor.user_id is not None:
            query = select(Organisation.uid).join(User, User.organisation_id == Organisation.id)
            organisation = session.scalar(query.where(User.id == actor.user_id))
        ticket = Properties(department, words.priority(None).key, organisation=organisation)
        policy = known.first_fit(ticket)
    if policy is None or not policy.is_promised or FIRST_REPLY not in policy.targets:
        return None
    minutes = policy.targets[FIRST_REPLY] // timedelta(minutes=1)
    hours = -(-minutes // 60)
    if minutes < 60:
        return ngettext("We answer within %(num)s minute.", "We answer within %(num)s minutes.", minutes)
    if known.hours(policy, ticket)[0] is None:
        return ngettext("We answer within %(num)s hour.", "We answer within %(num)s hours.", hours)
    return ngettext("We answer within %(num)s business hour.", "We answer within %(num)s business hours.", hours)


def expected(desk: Helpdesk, ticket: Ticket) -> datetime | None:
    """Return by when a customer may expect the next answer; None if nothing is promised or nothing is due."""
    now = desk.now()
    measured = of_tickets(desk, [ticket.id]).get(ticket.id)
    going = [clock for clock in measured.clocks if clock.state == "running" and clock.is_promised] if measured else []
    answers = [clock.due_at for clock in going if clock.kind in (FIRST_REPLY, "next_reply", "update")]
    return min((due for due in answers if due and due > now), default=None)
