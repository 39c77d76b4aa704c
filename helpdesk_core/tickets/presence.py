"""Who has a ticket open before them, and who is writing on it, in whichever process they are served."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from helpdesk_core.actor import Actor
from helpdesk_core.errors import Unavailable
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.tickets.models import Ticket, TicketSeen
from helpdesk_core.users.models import User

BEAT: Final = timedelta(seconds=20)
"""How often an open page says that it is still open; what is said more often is not written."""
HERE: Final = timedelta(seconds=50)
"""For how long somebody counts as being there after their page said so."""
WRITING: Final = timedelta(seconds=25)
"""For how long somebody counts as writing after the last word of it."""


@dataclass(frozen=True, slots=True)
class Present:
    """Somebody who has the ticket open now."""

    uid: str
    name: str
    is_writing: bool


def be_here(desk: Helpdesk, actor: Actor, ticket: Ticket, *, writing: bool) -> None:
    """Note that the actor has the ticket open, and whether they are writing on it; the caller has found it visible.

    Written at most once in `BEAT`, or when writing begins or ends, so that many open pages cost little.
    """
    if actor.kind != "user" or actor.read_only or actor.user_id is None:
        return
    with desk.read() as session:
        row = session.execute(select(TicketSeen.here_at, TicketSeen.typed_at).where(*_mine(actor, ticket))).first()
    now = desk.now()
    fresh = row is not None and row.here_at is not None and now - row.here_at < BEAT
    was_writing = row is not None and row.typed_at is not None and now - row.typed_at < WRITING
    still = was_writing and row is not None and row.typed_at is not None and now - row.typed_at < WRITING / 3
    if fresh and (still if writing else not was_writing):
        return
    _write(desk, actor, ticket, now, now if writing else None)


def leave(desk: Helpdesk, actor: Actor, ticket: Ticket) -> None:
    """Note that the actor has closed the ticket's page."""
    if actor.user_id is not None and not actor.read_only:
        _write(desk, actor, ticket, None, None)


def others_here(session: Session, actor: Actor, ticket: Ticket, now: datetime) -> list[Present]:
    """Return who else has the ticket open, by name; the caller has found it visible on the desk."""
    query = (
        select(User.uid, User.name, TicketSeen.typed_at)
        .join(TicketSeen, TicketSeen.user_id == User.id)
        .where(TicketSeen.ticket_id == ticket.id, TicketSeen.here_at > now - HERE, User.id != actor.user_id)
        .order_by(User.name, User.id)
    )
    return [
        Present(uid, name, typed_at is not None and typed_at > now - WRITING)
        for uid, name, typed_at in session.execute(query)
    ]


def _write(desk: Helpdesk, actor: Actor, ticket: Ticket, here_at: datetime | None, typed_at: datetime | None) -> None:
    with suppress(Unavailable), desk.begin(actor) as tx:  # a sign of life is not worth an error; the next one comes
        mine = _mine(actor, ticket)
        if tx.session.scalar(select(TicketSeen.seen_at).where(*mine)) is not None:
            tx.session.execute(update(TicketSeen).where(*mine).values(here_at=here_at, typed_at=typed_at))
        elif here_at is not None:
            with suppress(IntegrityError), tx.savepoint():  # opened in another window in the same moment
                tx.session.add(
                    TicketSeen(
                        ticket_id=ticket.id, user_id=actor.user_id, seen_at=tx.now, here_at=here_at, typed_at=typed_at
                    )
                )
                tx.session.flush()


def _mine(actor: Actor, ticket: Ticket) -> tuple[ColumnElement[bool], ...]:
    return TicketSeen.ticket_id == ticket.id, TicketSeen.user_id == actor.user_id
