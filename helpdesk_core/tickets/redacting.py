"""Taking content out of a message, visibly: the one change a sent message can undergo."""

from collections.abc import Collection

from sqlalchemy import select, update

from helpdesk_core.actor import Actor
from helpdesk_core.attachments.models import Attachment
from helpdesk_core.errors import Invalid
from helpdesk_core.runtime import Helpdesk, Transaction
from helpdesk_core.texts import lazy as _l
from helpdesk_core.tickets import hooks
from helpdesk_core.tickets.content import preview_of, seal
from helpdesk_core.tickets.events import MessageRedacted
from helpdesk_core.tickets.inputs import clean_line
from helpdesk_core.tickets.models import Message, Ticket
from helpdesk_core.tickets.queries import find_message, find_ticket, lock_ticket
from helpdesk_core.tickets.unquoting import repeats_of, shared_tickets, take_out_of_mails, take_out_of_messages
from helpdesk_core.users.permissions import require

MARK = "[Removed: {reason}]"


def redact(desk: Helpdesk, actor: Actor, number: str, uid: str, reason: str) -> Message:
    """Replace a message's text and attachments by a mark that gives the reason; who and when stays in the timeline.

    The content is gone for good from tables and, unless another message has the same file, from the storage. What other
    messages of the conversation quote of it gets the mark as well, on whichever ticket they stand by now.
    """
    reason = clean_line(reason)[:200]
    if not reason:
        raise Invalid({"reason": [_l("Say why the content is removed; the reason stays visible.")]})
    with desk.begin(actor) as tx:
        tickets = _locked(tx, find_ticket(tx.session, actor, number, "desk").id)
        ticket = lock_ticket(tx.session, actor, number, "desk")
        require(actor, "ticket.redact", ticket.department_id)
        message = find_message(tx.session, ticket, uid, internal=True)
        repeats, mark = repeats_of(tx.session, message, tickets), MARK.format(reason=reason)
        was_last = message.kind == "public" and ticket.preview == preview_of(message.body_text)
        message.body_text = mark
        message.body_html = None
        message.details = {}
        message.redacted_at = tx.now
        message.content_hash = seal(message.body_text, None, message.kind, message.author_id, [])
        attached = [attachment.id for attachment in message.attachments]
        # The rows go to nobody; the job that collects orphans removes them and their bytes.
        tx.session.execute(
            update(Attachment).where(Attachment.id.in_(attached)).values(message_id=None, uploader_id=None)
        )
        tx.session.expire(message, ["attachments"])
        if was_last:
            ticket.preview = preview_of(message.body_text)
        ticket.updated_at = max(tx.now, ticket.updated_at)
        tx.session.flush()
        tx.record(MessageRedacted(message_id=message.id, reason=reason, content_hash=message.content_hash), ticket)
        take_out_of_messages(tx, message, tickets, repeats, mark, reason)
        desk.hooks.within(
            hooks.message_redacting, tx=tx, ticket=ticket, message=message, tickets=tickets, repeats=repeats
        )
        take_out_of_mails(tx.session, message, tickets, repeats, mark)
    return message


def _locked(tx: Transaction, ticket_id: int) -> frozenset[int]:
    """Lock all tickets that share a conversation with this one, and return their ids.

    They are asked for until they stay the same, since a split or merge may end while its tickets are waited for.
    """
    tickets: frozenset[int] = frozenset()
    while tickets != (shared := shared_tickets(tx.session, ticket_id)):
        tickets = shared
        _lock(tx, tickets)
    return tickets


def _lock(tx: Transaction, tickets: Collection[int]) -> None:
    """Lock tickets whose messages may change, in the order in which two are locked elsewhere."""
    numbers = tx.session.scalars(select(Ticket.number).where(Ticket.id.in_(tickets)))
    for number in sorted(each or "" for each in numbers.all()):
        tx.session.execute(select(Ticket.id).where(Ticket.number == number).with_for_update())
