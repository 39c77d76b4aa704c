"""Writing an event, its place in the ticket's chain, and one delivery for each subscriber."""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Protocol

from sqlalchemy.orm import Session

from helpdesk_core.actor import Actor
from helpdesk_core.db.base import canonical_json
from helpdesk_core.events.base import Event
from helpdesk_core.events.models import Delivery, EventRow
from helpdesk_core.events.seals import sealed


class Chained(Protocol):
    """What the recorder needs of a ticket: its id, the end of its chain, and the seal on it."""

    id: int
    event_count: int
    event_hash: str
    event_seal: str


def record(
    session: Session,
    event: Event,
    actor: Actor,
    now: datetime,
    subscribers: Iterable[str],
    ticket: Chained | None,
    *,
    secret: bytes,
) -> EventRow:
    """Add the event and its deliveries to the session; with a ticket, append it to that ticket's chain and seal it.

    The ticket must be locked by this transaction: the chain has one end.
    """
    row = EventRow(
        type=event.type,
        stream=f"ticket:{ticket.id}" if ticket else event.stream,
        ticket_id=ticket.id if ticket else None,
        actor_id=actor.user_id,
        actor_name=actor.name[:255],
        channel=actor.channel,
        data=event.data(),
        created_at=now,
    )
    if ticket is not None:
        row.seq = ticket.event_count + 1
        row.previous_hash = ticket.event_hash
        row.hash = chain_hash(row)
        before = (ticket.event_seal, ticket.event_count, ticket.event_hash)
        ticket.event_seal = sealed(secret, ticket.id, row.seq, row.hash, before=before)
        ticket.event_count = row.seq
        ticket.event_hash = row.hash
    session.add(row)
    for subscriber in subscribers:
        session.add(Delivery(event=row, subscriber=subscriber, stream=row.stream, due_at=now))
    return row


def chain_hash(row: EventRow) -> str:
    """Return the SHA-256, in hex, of what the row says and of the hash before it.

    The actor's name is left out, so that erasing a person does not break the chain; the id stays in.
    """
    moment = row.created_at.astimezone(UTC).isoformat(timespec="microseconds")
    sealed = {
        "actor_id": row.actor_id,
        "at": moment,
        "channel": row.channel,
        "data": row.data,
        "previous": row.previous_hash,
        "seq": row.seq,
        "ticket": row.ticket_id,
        "type": row.type,
    }
    return hashlib.sha256(canonical_json(sealed).encode()).hexdigest()
