"""What is wrong with the ways in, and what waits, in sentences for administrators."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk_core.api import Helpdesk

from ..models import Received
from ..texts import texts
from .models import Mailbox

_l = texts.lazy
SILENT = timedelta(minutes=15)
"""A mailbox that was not looked into for so long beyond its interval is not fetched by anybody."""
UNPROCESSED = timedelta(minutes=15)
"""A stored mail that is older should have become a ticket: a worker takes up after a minute what was left behind."""
UNSEEN = timedelta(hours=24)
"""For so long a mail may wait in the quarantine before administrators hear of it."""


def complaints(desk: Helpdesk) -> Sequence[str]:
    """Return a sentence for each mailbox that cannot be fetched, or that no worker fetches, and for mails that wait."""
    with desk.read() as session:
        mailboxes = session.scalars(select(Mailbox).where(Mailbox.is_active).order_by(Mailbox.name)).all()
        unprocessed = _waiting(session, "stored", desk.now() - UNPROCESSED)
        unseen = _waiting(session, "quarantined", desk.now() - UNSEEN)
    found = [said for each in mailboxes if (said := _complaint(desk, each)) is not None]
    if unprocessed:
        found.append(
            texts.ngettext(
                "%(num)s received mail is not processed. Is a worker running?",
                "%(num)s received mails are not processed. Is a worker running?",
                unprocessed,
            )
        )
    if unseen:
        found.append(
            texts.ngettext(
                "%(num)s mail waits in the quarantine for more than a day. Look at “Mail” on the desk.",
                "%(num)s mails wait in the quarantine for more than a day. Look at “Mail” on the desk.",
                unseen,
            )
        )
    return found


def _waiting(session: Session, state: str, before: datetime) -> int:
    """Return how many mails of that state came before that moment."""
    query = select(func.count()).where(Received.state == state, Received.received_at < before)
    return session.scalar(query) or 0


def _complaint(desk: Helpdesk, mailbox: Mailbox) -> str | None:
    if mailbox.failures > 1:
        return _l(
            "The mailbox “%(name)s” could not be fetched %(count)s times: %(why)s",
            name=mailbox.name,
            count=mailbox.failures,
            why=mailbox.last_error or "",
        )
    latest = max(mailbox.tried_at or mailbox.changed_at, mailbox.changed_at)
    if desk.now() - latest > timedelta(seconds=mailbox.interval) + SILENT:
        return _l("Nobody fetches the mailbox “%(name)s”. Is a worker running?", name=mailbox.name)
    return None
