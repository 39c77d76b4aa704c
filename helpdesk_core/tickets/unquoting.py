"""Taking what a redacted message said out of the messages and mails that quote it."""

from collections.abc import Collection, Iterable
from typing import Final

from sqlalchemy import column, or_, select, table, update
from sqlalchemy.orm import Session, selectinload

from helpdesk_core.attachments.models import Attachment
from helpdesk_core.runtime import Transaction
from helpdesk_core.tickets.content import is_costly_markdown, preview_of, render_markdown, seal, text_of
from helpdesk_core.tickets.events import QuoteRedacted
from helpdesk_core.tickets.models import Message, Operation, Ticket
from helpdesk_core.tickets.quotes import Repeats, own_words, without_quotes, without_repeats

WHOLE_MAIL: Final = "message/rfc822"
# Mail builds on tickets, so that its models cannot be used here.
MAILS: Final = table(
    "outgoing_mails",
    *(column(name) for name in ("id", "ticket_id", "message_ref", "body_text", "body_html")),
)


def shared_tickets(session: Session, ticket_id: int) -> frozenset[int]:
    """Return the ids of all tickets that share a conversation with this one, by splits and merges; itself as well."""
    found, new = {ticket_id}, {ticket_id}
    while new:
        touching = or_(Operation.source_id.in_(new), Operation.target_id.in_(new))
        ends = session.execute(select(Operation.source_id, Operation.target_id).where(touching)).all()
        new = {each for row in ends for each in row} - found
        found |= new
    return frozenset(found)


def repeats_of(session: Session, message: Message, tickets: Collection[int]) -> Repeats:
    """Return what tells of a text whether it repeats the message, which is not redacted yet."""
    others = session.scalars(
        select(Message).where(Message.ticket_id.in_(tickets), Message.id != message.id, Message.redacted_at.is_(None))
    )
    return Repeats.of(_own(message), (_own(each) for each in others))


def take_out_of_messages(
    tx: Transaction, message: Message, tickets: Collection[int], repeats: Repeats, mark: str, reason: str
) -> None:
    """Replace the quotes of the message in all others of these tickets, which are locked; each is an event."""
    query = (
        select(Message)
        .where(Message.ticket_id.in_(tickets), Message.id != message.id, Message.redacted_at.is_(None))
        .options(selectinload(Message.attachments))
        .order_by(Message.id)
    )
    for each in tx.session.scalars(query).all():
        if _take_out(tx, each, repeats, mark):
            event = QuoteRedacted(message_id=each.id, reason=reason, content_hash=each.content_hash)
            tx.record(event, tx.session.get_one(Ticket, each.ticket_id))


def take_out_of_mails(
    session: Session, message: Message, tickets: Collection[int], repeats: Repeats, mark: str
) -> None:
    """Replace it in the copies of mails that carry later messages, whether they have left or wait."""
    later = MAILS.c.ticket_id.in_(tickets) & (MAILS.c.message_ref > message.id)
    for mail in session.execute(select(MAILS).where(later)).all():
        text = without_repeats(mail.body_text, repeats, mark)
        html = None if mail.body_html is not None and repeats(text_of(mail.body_html)) else mail.body_html
        if (text, html) != (mail.body_text, mail.body_html):
            session.execute(update(MAILS).where(MAILS.c.id == mail.id).values(body_text=text, body_html=html))


def _take_out(tx: Transaction, message: Message, repeats: Repeats, mark: str) -> bool:
    """Replace the quote within one message; False if it has none."""
    before, html = message.body_text, message.body_html
    found = without_quotes(before, _quote_at(message), repeats, mark)
    if found is None and not (html is not None and repeats(text_of(html))):
        return False
    text, at = found or (before, _quote_at(message))
    # What was written as Markdown gets its form again; other HTML may quote in ways that only its text shows.
    made_here = html is not None and not is_costly_markdown(before) and html == render_markdown(before)
    message.body_text, message.body_html = text, render_markdown(text) if made_here else None
    if at is not None:
        message.details = {**message.details, "quote_at": at}
    # A mail in a file, such as the signed part of this one, holds the quote as well.
    whole = [each for each in message.attachments if each.content_type == WHOLE_MAIL]
    files = [each.sha256 for each in message.attachments if each not in whole]
    message.content_hash = seal(text, message.body_html, message.kind, message.author_id, files)
    _drop(tx.session, whole)
    tx.session.flush()
    tx.session.expire(message, ["attachments"])
    ticket = tx.session.get_one(Ticket, message.ticket_id)
    if message.kind == "public" and ticket.preview == preview_of(before):
        ticket.preview = preview_of(text)
    ticket.updated_at = max(tx.now, ticket.updated_at)
    return True


def _drop(session: Session, attachments: Iterable[Attachment]) -> None:
    """Take files off their message; the job that collects orphans removes them and their bytes."""
    gone = update(Attachment).where(Attachment.id.in_([each.id for each in attachments]))
    session.execute(gone.values(message_id=None, uploader_id=None))


def _own(message: Message) -> str:
    return own_words(message.body_text, _quote_at(message))


def _quote_at(message: Message) -> int | None:
    at = message.details.get("quote_at")
    return at if isinstance(at, int) and 0 < at < len(message.body_text) else None
