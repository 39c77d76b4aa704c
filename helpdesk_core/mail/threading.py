"""How mails of one ticket find together: Message-IDs, References (RFC 5322, 3.6.4) and the tag in the subject."""

from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk_core.runtime import Helpdesk
from helpdesk_core.tickets.models import Message, Ticket

MOST_REFERENCES = 15


def new_message_id(desk: Helpdesk, uid: str) -> str:
    """Return the Message-ID for what has this unguessable uid, with angle brackets."""
    return f"<{uid}@{host(desk)}>"


def root_id(desk: Helpdesk, ticket: Ticket) -> str:
    """Return what every mail of a ticket refers to, so that mail programs show them together; no mail has this id."""
    return f"<ticket-{ticket.number}@{host(desk)}>"


def references(desk: Helpdesk, session: Session, ticket: Ticket, before: int | None = None) -> tuple[str, ...]:
    """Return the Message-IDs to refer to, oldest first: the ticket's root, and its last public messages.

    With `before`, the id of a message, only what came before that one.
    """
    query = (
        select(Message.message_id)
        .where(Message.ticket_id == ticket.id, Message.kind == "public", Message.message_id.is_not(None))
        .order_by(Message.id.desc())
        .limit(MOST_REFERENCES)
    )
    if before is not None:
        query = query.where(Message.id < before)
    known = [each for each in session.scalars(query) if each]
    return (root_id(desk, ticket), *reversed(known))


def subject_tag(number: str | None) -> str:
    """Return the tag by which an answer without usable headers is matched: `[#10001]`."""
    return f"[#{number}]"


def host(desk: Helpdesk) -> str:
    """Return the host of the helpdesk's own address."""
    return urlsplit(desk.settings.site().url).hostname or "localhost"
