"""How long copies of what was mailed are kept: the outbox is no second archive."""

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, select, update

from helpdesk_core.actor import SYSTEM
from helpdesk_core.db.rows import affect
from helpdesk_core.mail.models import OutgoingMail
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.tickets.models import Message, Ticket
from helpdesk_core.users.traces import KEYS

KEPT: Final = timedelta(days=90)
"""How long the row of a mail is kept once it is over."""
PERSONAL_KEPT: Final = timedelta(days=1)
"""How long the text of a mail about an account is kept once it is over; it holds a link that opens the account."""
OVER: Final = ("sent", "failed", "dropped")
REMOVED: Final = "(removed)"


def tidy(desk: Helpdesk) -> None:
    """Forget old mails, and the text of mails about accounts; for an hourly job."""
    with desk.begin(SYSTEM) as tx:
        over = OutgoingMail.state.in_(OVER)
        affect(tx.session, delete(OutgoingMail).where(over, OutgoingMail.created_at < tx.now - KEPT))
        personal = over & OutgoingMail.ticket_id.is_(None) & (OutgoingMail.created_at < tx.now - PERSONAL_KEPT)
        blank = update(OutgoingMail).where(personal, OutgoingMail.body_text != REMOVED)
        affect(tx.session, blank.values(body_text=REMOVED, body_html=None))


def forget_message(desk: Helpdesk, message_id: int) -> None:
    """Remove a redacted message from every mail that carries it; what has not left does not leave any more.

    The answers that the API keeps for its author go as well: they may repeat it.
    """
    author = select(Message.author_id).where(Message.id == message_id).scalar_subquery()
    with desk.begin(SYSTEM) as tx:
        affect(tx.session, delete(KEYS).where(KEYS.c.user_id == author))
    _forget(desk, OutgoingMail.message_ref == message_id, "The message was redacted before this mail left.")


def forget_person(desk: Helpdesk, user_id: int) -> None:
    """Remove what was mailed in the tickets of a person who was erased, and to whom."""
    theirs = OutgoingMail.ticket_id.in_(select(Ticket.id).where(Ticket.requester_id == user_id))
    _forget(desk, theirs, "The person was erased before this mail left.")
    with desk.begin(SYSTEM) as tx:
        affect(tx.session, update(OutgoingMail).where(theirs).values(recipients=[], cc=[], accepted=[], error=None))


def _forget(desk: Helpdesk, which: ColumnElement[bool], reason: str) -> None:
    with desk.begin(SYSTEM) as tx:
        waiting = update(OutgoingMail).where(which, OutgoingMail.state == "queued")
        affect(tx.session, waiting.values(state="dropped", error=reason))
        content: dict[str, Any] = {"subject": REMOVED, "body_text": REMOVED, "body_html": None, "attachment_ids": []}
        affect(tx.session, update(OutgoingMail).where(which).values(**content))
