"""Events as those outside see them: with public names for the ticket, message and person that row ids mean."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk_core.events.models import EventRow
from helpdesk_core.events.schemas import Event as EventSchema
from helpdesk_core.tickets.models import Message, Ticket
from helpdesk_core.users.models import User


@dataclass(frozen=True, slots=True, kw_only=True)
class EventView:
    """An event with public names for what its row ids mean."""

    id: int
    type: str
    ticket: str | None
    message: str | None
    actor: str | None
    actor_name: str
    channel: str
    data: dict[str, Any]
    created_at: datetime


def told(session: Session, rows: Sequence[EventRow]) -> list[EventView]:
    """Return events with their public names, gathered for all of them at once."""
    people = select(User.id, User.uid).where(User.id.in_(_known(row.actor_id for row in rows)))
    tickets = select(Ticket.id, Ticket.number).where(Ticket.id.in_(_known(row.ticket_id for row in rows)))
    about = select(Message.id, Message.uid).where(Message.id.in_(_known(row.data.get("message_id") for row in rows)))
    actors, numbers, messages = (dict(session.execute(query).all()) for query in (people, tickets, about))
    return [
        EventView(
            id=row.id,
            type=row.type,
            ticket=numbers.get(row.ticket_id or 0),
            message=messages.get(row.data.get("message_id") or 0),
            actor=actors.get(row.actor_id or 0),
            actor_name=row.actor_name,
            channel=row.channel,
            data=row.data,
            created_at=row.created_at,
        )
        for row in rows
    ]


def event_json(session: Session, row: EventRow) -> dict[str, Any]:
    """Return an event as `GET /events` of the API shows it."""
    return cast("dict[str, Any]", EventSchema().dump(told(session, [row])[0]))


def _known(ids: Iterable[Any]) -> list[int]:
    return sorted({each for each in ids if isinstance(each, int)})
