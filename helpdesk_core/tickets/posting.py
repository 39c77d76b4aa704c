"""Writing a message: the part that opening, replying and noting have in common."""

from dataclasses import dataclass
from datetime import UTC
from typing import Any, Literal

from helpdesk_core.actor import Actor
from helpdesk_core.attachments.service import claim, take_in
from helpdesk_core.db.base import new_uid
from helpdesk_core.runtime import Helpdesk, Transaction
from helpdesk_core.tickets import hooks
from helpdesk_core.tickets.content import preview_of, seal, text_of
from helpdesk_core.tickets.events import MessagePosted, TicketChanged
from helpdesk_core.tickets.inputs import NewMessage, checked_text
from helpdesk_core.tickets.models import Message, Status, Ticket

Kind = Literal["public", "internal"]
Speaker = Literal["customer", "agent"]


@dataclass(frozen=True, slots=True)
class Posted:
    """What came of a reply: the message, and the ticket it stands in; `followed_up` if that is a new one."""

    ticket: Ticket
    message: Message
    followed_up: bool = False


def with_files(desk: Helpdesk, actor: Actor, draft: NewMessage) -> NewMessage:
    """Return the draft with its uploads checked and stored: whatever takes long comes before the unit of work."""
    if not draft.uploads:
        return draft
    return draft.but(uploads=(), files=(*draft.files, *take_in(desk, actor, draft.uploads)))


def write_message(
    tx: Transaction, actor: Actor, ticket: Ticket, draft: NewMessage, kind: Kind, side: Speaker, *, first: bool = False
) -> Message:
    """Add the message to the locked ticket: content, attachments, seal, event; the ticket's summary follows.

    The draft has gone through `with_files`.
    """
    text = checked_text(draft)
    html = draft.body().html  # made when the draft was checked, before the unit of work
    attachments = claim(tx, actor, draft.attachments, draft.files)
    message = Message(
        uid=draft.uid or new_uid(),
        ticket_id=ticket.id,
        kind=kind,
        side=side,
        author_id=actor.user_id,
        author_name=actor.name[:255] or "Helpdesk",
        author_email=actor.email or None,
        body_text=text or text_of(html or ""),
        body_html=html,
        channel=actor.channel,
        message_id=draft.message_id,
        details=dict(draft.details),
        created_at=draft.created_at or tx.now,
    )
    message.content_hash = seal(
        message.body_text, html, kind, actor.user_id, [attachment.sha256 for attachment in attachments]
    )
    message.attachments = attachments
    tx.session.add(message)
    tx.session.flush()
    _summarise(tx, ticket, message)
    tx.record(
        MessagePosted(
            message_id=message.id,
            kind=kind,
            side=side,
            content_hash=message.content_hash,
            first=first,
            notify=draft.notify,
            written_at=draft.created_at.astimezone(UTC).isoformat() if draft.created_at else None,
        ),
        ticket,
        actor=actor,
    )
    tx.desk.hooks.within(hooks.message_posting, tx=tx, ticket=ticket, message=message)
    return message


def set_status(tx: Transaction, ticket: Ticket, status: Status) -> list[str] | None:
    """Put the locked ticket into a status; return what it was and is, or None when it was there already."""
    if ticket.status_id == status.id:
        return None
    before = ticket.status
    ticket.status_id = status.id
    ticket.status = tx.session.merge(status, load=False)
    ticket.is_open = status.is_open
    ticket.waiting_on = status.turn
    ticket.closed_at = None if status.is_open else tx.now
    return [before.key, status.key]


def record_change(tx: Transaction, ticket: Ticket, changes: dict[str, list[Any]], *, was_open: bool) -> None:
    """Record changed fields of the locked ticket, and let plugins write along; nothing changed records nothing."""
    if not changes:
        return
    tx.desk.hooks.within(hooks.ticket_changing, tx=tx, ticket=ticket, changes=changes)
    tx.record(
        TicketChanged(
            changes=changes, closed=was_open and not ticket.is_open, reopened=not was_open and ticket.is_open
        ),
        ticket,
    )


def _summarise(tx: Transaction, ticket: Ticket, message: Message) -> None:
    ticket.updated_at = max(tx.now, ticket.updated_at)
    if message.kind != "public":
        return
    ticket.message_count += 1
    ticket.preview = preview_of(message.body_text)
    if message.side == "customer":
        ticket.last_customer_at = message.created_at
    else:
        ticket.last_agent_at = message.created_at
        ticket.first_replied_at = ticket.first_replied_at or message.created_at
