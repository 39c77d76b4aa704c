"""A ticket's past as moments: its events, with what it was like at each."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk_core.api import Helpdesk
from helpdesk_core.api.automation import load_facts
from helpdesk_core.api.departments import Department
from helpdesk_core.api.events import EventRow
from helpdesk_core.api.tickets import Priority, Status, Ticket, TicketTag, TicketType, Vocabulary
from helpdesk_core.api.users import Organisation

from .machine import Cause, Moment
from .policies import Properties

OPENED, POSTED, CHANGED = "ticket.opened", "message.posted", "ticket.changed"
AUTOMATIC = "automatic"


@dataclass(frozen=True, slots=True)
class Past:
    """A ticket's moments in order since some event, and how it stands now (`seq`: after which of its events)."""

    ticket_id: int
    seq: int
    moments: Sequence[Moment]
    properties: Properties
    is_open: bool
    turn: str
    is_imported: bool
    """Whether one of its messages had been written before."""


@dataclass(frozen=True, slots=True)
class _Standing:
    properties: Properties
    status: str

    def before(self, changes: Mapping[str, Sequence[Any]]) -> "_Standing":
        """Return how the ticket stood before a change."""
        return self._with({name: values[0] for name, values in changes.items()})

    def _with(self, values: Mapping[str, Any]) -> "_Standing":
        own = {name: values[name] for name in ("department", "priority", "type") if name in values}
        if "tags" in values:
            own["tags"] = frozenset(values["tags"] or ())
        return _Standing(replace(self.properties, **own), values.get("status", self.status))


def pasts(
    desk: Helpdesk, session: Session, words: Vocabulary, since: Mapping[int, int], more: Iterable[str] = ()
) -> list[Past]:
    """Return the pasts of tickets, by id; four queries however many there are, and one for each group of `more`.

    `since` are the ids of the tickets with the number of the event after which each past begins: 0 for all of it.
    `more` are fields of other plugins. What they say is so now; it is taken as having been so from the beginning.
    """
    now = _standings(session, list(since))
    if more:
        for id, known in load_facts(desk, session, list(now), more).items():
            count, standing = now[id]
            now[id] = (count, replace(standing, properties=replace(standing.properties, more=known.facts)))
    behind = {id: since[id] for id, (count, _standing) in now.items() if count > since[id]}
    events = _events(session, behind) if behind else {}
    return [
        _past(words, id, count, standing, [row for row in events.get(id, []) if (row.seq or 0) <= count])
        for id, (count, standing) in sorted(now.items())
    ]


def _events(session: Session, since: Mapping[int, int]) -> Mapping[int, Sequence[EventRow]]:
    events: dict[int, list[EventRow]] = {}
    query = (
        select(EventRow)
        .where(EventRow.ticket_id.in_(since), EventRow.seq > min(since.values()))
        .where(EventRow.type.in_((OPENED, POSTED, CHANGED)))
        .order_by(EventRow.ticket_id, EventRow.seq)
    )
    for row in session.scalars(query):
        if row.ticket_id is not None and (row.seq or 0) > since[row.ticket_id]:
            events.setdefault(row.ticket_id, []).append(row)
    return events


def _standings(session: Session, ticket_ids: Sequence[int]) -> dict[int, tuple[int, _Standing]]:
    tags: dict[int, set[str]] = {}
    for id, tag in session.execute(
        select(TicketTag.ticket_id, TicketTag.tag).where(TicketTag.ticket_id.in_(ticket_ids))
    ):
        tags.setdefault(id, set()).add(tag)
    query = (
        select(
            Ticket.id, Ticket.event_count, Department.key, Priority.key, TicketType.key, Organisation.uid, Status.key
        )
        .join(Department, Department.id == Ticket.department_id)
        .join(Priority, Priority.id == Ticket.priority_id)
        .join(Status, Status.id == Ticket.status_id)
        .outerjoin(TicketType, TicketType.id == Ticket.type_id)
        .outerjoin(Organisation, Organisation.id == Ticket.organisation_id)
        .where(Ticket.id.in_(ticket_ids))
    )
    return {
        id: (count, _Standing(Properties(where, priority, kind, organisation, frozenset(tags.get(id, ()))), status))
        for id, count, where, priority, kind, organisation, status in session.execute(query)
    }


def _past(words: Vocabulary, id: int, count: int, now: _Standing, rows: Sequence[EventRow]) -> Past:
    standings = [now] * len(rows)
    standing = now
    for place in range(len(rows) - 1, -1, -1):
        standings[place] = standing
        if rows[place].type == CHANGED:
            standing = standing.before(rows[place].data["changes"])
    moments: list[Moment] = []
    for place, (row, stood) in enumerate(zip(rows, standings, strict=True)):
        at = _at(rows, place)
        if moments:
            at = max(at, moments[-1].at)
        moment = _moment(words, row, stood, at)
        if moments and moments[-1].at == at:
            moments[-1] = _together(moments[-1], moment)
        else:
            moments.append(moment)
    is_imported = any(row.type == POSTED and row.data.get("written_at") for row in rows)
    return Past(id, count, moments, now.properties, *_turn(words, now.status), is_imported)


def _at(rows: Sequence[EventRow], place: int) -> datetime:
    """Return when it happened; a ticket was opened when its first message was written."""
    row = rows[place]
    if row.type == OPENED and place + 1 < len(rows) and rows[place + 1].type == POSTED:
        row = rows[place + 1]
    written = row.data.get("written_at") if row.type == POSTED else None
    return datetime.fromisoformat(written) if written else row.created_at


def _moment(words: Vocabulary, row: EventRow, stood: _Standing, at: datetime) -> Moment:
    is_open, turn = _turn(words, stood.status)
    public = row.type == POSTED and row.data["kind"] == "public"
    return Moment(
        at=at,
        seq=row.seq or 0,
        event_id=row.id,
        cause=_cause(row, public=public),
        properties=stood.properties,
        is_open=is_open,
        turn=turn,
        speakers=(row.data["side"],) if public and not _is_automatic(row) else (),
        is_opening=row.type == OPENED,
    )


def _cause(row: EventRow, *, public: bool) -> Cause:
    if row.type == OPENED:
        return {"code": "opened"}
    if row.type == CHANGED:
        changes = row.data["changes"]
        field = next((name for name in ("status", "department", "priority", "type", "tags") if name in changes), "")
        return {"code": "changed", "field": field, "value": changes[field][1] if field else None}
    if not public:
        return {"code": "note"}
    return {"code": AUTOMATIC if _is_automatic(row) else row.data["side"]}


def _is_automatic(row: EventRow) -> bool:
    """Tell whether the helpdesk itself answered, as by a rule: that is not the answer which somebody was promised."""
    return row.data["side"] == "agent" and row.actor_id is None and not row.data.get("written_at")


def _together(first: Moment, second: Moment) -> Moment:
    """Join what one act did: a reply comes with the status that it sets."""
    begins = first.is_opening or first.speakers or first.cause["code"] == AUTOMATIC
    cause = first.cause if begins else second.cause
    return replace(
        second,
        event_id=first.event_id,
        cause=cause,
        speakers=first.speakers + second.speakers,
        is_opening=first.is_opening or second.is_opening,
    )


def _turn(words: Vocabulary, status: str) -> tuple[bool, str]:
    """Return whether a status is open and whose turn it is; one that is gone counts as open and ours."""
    found = words.statuses.get(status)
    return (found.is_open, found.turn) if found else (True, "us")
