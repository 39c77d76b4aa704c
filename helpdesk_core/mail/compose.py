"""Putting mails into the queue: each once, however often its event is handled."""

import hashlib
import re
from collections.abc import Sequence
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from helpdesk_core.actor import SYSTEM
from helpdesk_core.db.rows import affect
from helpdesk_core.errors import HelpdeskError, Invalid
from helpdesk_core.events.base import Event
from helpdesk_core.events.models import EventRow
from helpdesk_core.mail import hooks
from helpdesk_core.mail.draft import OutgoingDraft
from helpdesk_core.mail.models import OutgoingMail
from helpdesk_core.runtime import Helpdesk, Transaction
from helpdesk_core.tickets.events import MessageRedacted, QuoteRedacted
from helpdesk_core.tickets.models import Message, Ticket

MOST_SUBJECT = 900
MESSAGE_ID: Final = re.compile(r"<[^<>\s]+>")


class Outdated(HelpdeskError):
    """Something was redacted in the ticket while its mails were being written."""

    code = "mail-outdated"


def last_redaction(session: Session, ticket_id: int | None) -> int:
    """Return the id of the event by which something was last taken out of messages of a ticket, 0 if nothing was."""
    if ticket_id is None:
        return 0
    kinds = (MessageRedacted.type, QuoteRedacted.type)
    query = select(func.max(EventRow.id)).where(EventRow.ticket_id == ticket_id, EventRow.type.in_(kinds))
    return session.scalar(query) or 0


def compose(
    desk: Helpdesk, event: Event, drafts: Sequence[OutgoingDraft], *, redaction: int | None = None
) -> list[OutgoingMail]:
    """Queue the mails that tell of an event, all or none; those that are queued already stay as they are.

    `redaction` is what `last_redaction` said before the drafts were written; raises `Outdated` if that has changed.
    """
    keyed = {f"{event.id}:{draft.template}:{draft.to[0].address}": draft for draft in drafts}
    refined = {
        key: desk.hooks.refine_valid(hooks.outgoing_mail, _check, draft=draft, event=event)
        for key, draft in keyed.items()
    }
    if not refined:
        return []
    with desk.begin(SYSTEM) as tx:
        if redaction is not None and event.ticket_id is not None:
            # Whoever redacts holds the ticket, and then looks through the queue: it has to be the one or the other.
            tx.session.execute(select(Ticket.id).where(Ticket.id == event.ticket_id).with_for_update())
            if last_redaction(tx.session, event.ticket_id) != redaction:
                raise Outdated("Something was redacted while these mails were being written.")
        mails = [queue(tx, draft, key) for key, draft in refined.items()]
    return [mail for mail in mails if mail is not None]


def queue(tx: Transaction, draft: OutgoingDraft, dedup_key: str) -> OutgoingMail | None:
    """Queue one mail with the transaction, unless there is one with this key; return it if it is new.

    Plugins have had the draft already, or are not to have it.
    """
    # Not as it is: the address in it would outlive the erasure of its owner.
    key = hashlib.sha256(dedup_key.encode()).hexdigest()
    if tx.session.scalar(select(OutgoingMail.id).where(OutgoingMail.dedup_key == key)) is not None:
        return None
    mail = OutgoingMail(
        dedup_key=key,
        state="dropped" if draft.dropped else "queued",
        template=draft.template,
        sender=str(draft.sender),
        recipients=[str(mailbox) for mailbox in draft.to],
        cc=[str(mailbox) for mailbox in draft.cc],
        accepted=[],
        subject=draft.subject[:MOST_SUBJECT],
        body_text=draft.text,
        body_html=draft.html,
        headers=_headers(draft),
        message_id=draft.message_id,
        attachment_ids=list(draft.attachment_ids),
        ticket_id=draft.ticket_id,
        message_ref=draft.message_ref,
        department_id=draft.department_id,
        due_at=tx.now,
        error=draft.dropped,
        created_at=tx.now,
    )
    tx.session.add(mail)
    tx.brings_work = True
    if draft.message_ref is not None and not draft.automatic and not draft.dropped:
        # The message gets the name under which it travels, so that answers find it; what it says stays untouched.
        unnamed = update(Message).where(Message.id == draft.message_ref, Message.message_id.is_(None))
        affect(tx.session, unnamed.values(message_id=draft.message_id))
    return mail


def _check(draft: OutgoingDraft) -> None:
    """Raise `Invalid` for what could not be sent."""
    if not draft.to:
        raise Invalid("A mail needs a recipient; use drop() for one that is not to leave.")
    if not MESSAGE_ID.fullmatch(draft.message_id):
        raise Invalid("A Message-ID is one word in angle brackets.")
    if any("\n" in text or "\r" in text for header in draft.headers.items() for text in header):
        raise Invalid("A header is one line.")


def _headers(draft: OutgoingDraft) -> dict[str, str]:
    headers = dict(draft.headers)
    if draft.automatic:
        # RFC 3834; the second keeps Exchange from answering that somebody is out of office.
        headers |= {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
    if draft.reply_to is not None:
        headers["Reply-To"] = str(draft.reply_to)
    if draft.in_reply_to:
        headers["In-Reply-To"] = draft.in_reply_to
    if draft.references:
        headers["References"] = " ".join(draft.references)
    return headers
