"""What is wrong with the ways in, in sentences for administrators."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select

from helpdesk_core.api import Helpdesk

from ..texts import texts
from .models import Mailbox

_l = texts.lazy
SILENT = timedelta(minutes=15)
"""A mailbox that was not looked into for so long beyond its interval is not fetched by anybody."""


def complaints(desk: Helpdesk) -> Sequence[str]:
    """Return a sentence for each mailbox that cannot be fetched, or that no worker fetches."""
    with desk.read() as session:
        mailboxes = session.scalars(select(Mailbox).where(Mailbox.is_active).order_by(Mailbox.name)).all()
    return [said for each in mailboxes if (said := _complaint(desk, each)) is not None]


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
