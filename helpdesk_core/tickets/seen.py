"""Up to where somebody has read a ticket."""

from contextlib import suppress
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from helpdesk_core.actor import Actor
from helpdesk_core.errors import Unavailable
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.tickets.models import Ticket, TicketSeen


def seen_at(session: Session, actor: Actor, ticket: Ticket) -> datetime | None:
    """Return when the actor last opened the ticket; None if never."""
    mine = TicketSeen.ticket_id == ticket.id, TicketSeen.user_id == actor.user_id
    return session.scalar(select(TicketSeen.seen_at).where(*mine))


def mark_seen(desk: Helpdesk, actor: Actor, ticket: Ticket) -> None:
    """Note that the actor has read the ticket as it is now; the caller has found it visible.

    Only for people who are signed in: a guest's link may have been passed on.
    """
    if actor.kind != "user" or actor.read_only or actor.user_id is None:
        return
    with suppress(Unavailable):  # reading must not fail because others write; it shows as unread once more
        _write(desk, actor, ticket)


def _write(desk: Helpdesk, actor: Actor, ticket: Ticket) -> None:
    with desk.begin(actor) as tx:
        mine = TicketSeen.ticket_id == ticket.id, TicketSeen.user_id == actor.user_id
        if tx.session.scalar(select(TicketSeen.seen_at).where(*mine)) is not None:
            tx.session.execute(update(TicketSeen).where(*mine).values(seen_at=tx.now))
            return
        try:
            with tx.savepoint():
                tx.session.add(TicketSeen(ticket_id=ticket.id, user_id=actor.user_id, seen_at=tx.now))
                tx.session.flush()
        except IntegrityError:
            pass  # opened in another window in the same moment
