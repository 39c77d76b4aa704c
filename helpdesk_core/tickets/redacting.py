"""Taking content out of a message, visibly: the one change a sent message can undergo."""

from sqlalchemy import update

from helpdesk_core.actor import Actor
from helpdesk_core.attachments.models import Attachment
from helpdesk_core.errors import Invalid
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.texts import lazy as _l
from helpdesk_core.tickets import hooks
from helpdesk_core.tickets.content import preview_of, seal
from helpdesk_core.tickets.events import MessageRedacted
from helpdesk_core.tickets.inputs import clean_line
from helpdesk_core.tickets.models import Message
from helpdesk_core.tickets.queries import find_message, lock_ticket
from helpdesk_core.users.permissions import require

MARK = "[Removed: {reason}]"


def redact(desk: Helpdesk, actor: Actor, number: str, uid: str, reason: str) -> Message:
    """Replace a message's text and attachments by a mark that gives the reason; who and when stays in the timeline.

    The content is gone for good from tables and, unless another message has the same file, from the storage.
    """
    reason = clean_line(reason)[:200]
    if not reason:
        raise Invalid({"reason": [_l("Say why the content is removed; the reason stays visible.")]})
    with desk.begin(actor) as tx:
        ticket = lock_ticket(tx.session, actor, number, "desk")
        require(actor, "ticket.redact", ticket.department_id)
        message = find_message(tx.session, ticket, uid, internal=True)
        was_last = message.kind == "public" and ticket.preview == preview_of(message.body_text)
        message.body_text = MARK.format(reason=reason)
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
        desk.hooks.within(hooks.message_redacting, tx=tx, ticket=ticket, message=message)
    return message
