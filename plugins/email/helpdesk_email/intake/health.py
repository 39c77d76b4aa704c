"""What is wrong with mail on its ways in and out, and what waits, in sentences for administrators."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk_core.api import Helpdesk
from helpdesk_core.api.departments import Department
from helpdesk_core.api.errors import Refused
from helpdesk_core.api.mail import OutgoingMail

from ..leaving.models import DepartmentMail, DkimKey
from ..models import Received
from ..sentences import words_of
from ..texts import texts
from .mailboxes import secrets_of
from .models import Mailbox

_l = texts.lazy
SILENT = timedelta(minutes=15)
"""A mailbox that was not looked into for so long after it was due is not fetched by anybody."""
UNPROCESSED = timedelta(minutes=15)
"""A stored mail that is older should have become a ticket: a worker takes up after a minute what was left behind."""
UNSENT = timedelta(minutes=15)
"""A mail that has waited for so long to leave is held up."""
UNSEEN = timedelta(hours=24)
"""For so long a mail may wait in the quarantine before administrators hear of it."""
ENDS_SOON = timedelta(days=7)
"""So long before the access to a mailbox ends it should be renewed."""
_OUTAGES: Final = (
    select(DepartmentMail, Department.name)
    .join(Department, Department.id == DepartmentMail.department_id)
    .where(DepartmentMail.failures > 1, DepartmentMail.host != "")
    .order_by(Department.name)
)
"""Once may be chance; the second look is half a minute later."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is wrong: a key that stays the same as long as it is, and a sentence that says it."""

    key: str
    text: str


def troubles(desk: Helpdesk) -> Sequence[Trouble]:
    """Return what is wrong: mailboxes not fetched, accesses that end, servers down, mails that wait, unsigned mail."""
    with desk.read() as session:
        mailboxes = session.scalars(select(Mailbox).where(Mailbox.is_active).order_by(Mailbox.name)).all()
        outages = session.execute(_OUTAGES).all()
        unsigned = session.scalars(select(DkimKey).where(DkimKey.is_active, DkimKey.last_error.is_not(None))).all()
        waiting = _waiting(session, desk.now())
    found = [each for mailbox in mailboxes for each in _of_mailbox(desk, mailbox)]
    for row in unsigned:
        text = _l("Mail from %(domain)s leaves unsigned: %(why)s", domain=row.domain, why=row.last_error or "")
        found.append(Trouble(f"dkim:{row.uid}", text))
    found += [_of_outage(row, name) for row, name in outages]
    return [*found, *_of_queues(waiting)]


def _of_outage(row: DepartmentMail, name: str) -> Trouble:
    values = {"name": name, "why": row.last_error or ""}
    if row.falls_back:
        text = _l("The mail server of “%(name)s” is down, and its mail leaves by the site's way out: %(why)s", **values)
    else:
        text = _l("The mail server of “%(name)s” is down, and its mail waits: %(why)s", **values)
    return Trouble(f"smtp:{row.uid}", text)


def complaints(desk: Helpdesk) -> Sequence[str]:
    """Return a sentence for everything that is wrong."""
    return [texts.gettext(each.text) for each in troubles(desk)]


def _waiting(session: Session, now: datetime) -> Mapping[str, int]:
    """Return how many mails wait for too long, by what for; one query."""
    received = select(func.count()).select_from(Received)
    stored = received.where(Received.state == "stored", Received.received_at < now - UNPROCESSED)
    unseen = received.where(Received.state == "quarantined", Received.received_at < now - UNSEEN)
    unsent = select(func.count()).where(
        OutgoingMail.state.in_(("queued", "sending")), OutgoingMail.created_at < now - UNSENT
    )
    wanted = {"stored": stored, "unseen": unseen, "unsent": unsent}
    row = session.execute(select(*(each.scalar_subquery().label(name) for name, each in wanted.items()))).one()
    return dict(zip(wanted, row, strict=True))


def _of_queues(waiting: Mapping[str, int]) -> Iterator[Trouble]:
    if count := waiting["stored"]:
        text = texts.lazy_n(
            "%(num)s received mail is not processed. Is a worker running?",
            "%(num)s received mails are not processed. Is a worker running?",
            count,
        )
        yield Trouble("stored", text)
    if count := waiting["unsent"]:
        text = texts.lazy_n(
            "%(num)s mail waits to be sent for more than a quarter of an hour.",
            "%(num)s mails wait to be sent for more than a quarter of an hour.",
            count,
        )
        yield Trouble("unsent", text)
    if count := waiting["unseen"]:
        text = texts.lazy_n(
            "%(num)s mail waits in the quarantine for more than a day. Look at “Mail” on the desk.",
            "%(num)s mails wait in the quarantine for more than a day. Look at “Mail” on the desk.",
            count,
        )
        yield Trouble("quarantine", text)


def _of_mailbox(desk: Helpdesk, mailbox: Mailbox) -> Iterator[Trouble]:
    if mailbox.failures > 1:
        text = _l(
            "The mailbox “%(name)s” could not be fetched %(count)s times: %(why)s",
            name=mailbox.name,
            count=mailbox.failures,
            why=mailbox.last_error or "",
        )
        yield Trouble(f"mailbox:{mailbox.uid}:fails", text)
    latest = max(mailbox.tried_at or mailbox.changed_at, mailbox.changed_at)
    due = max(latest + timedelta(seconds=mailbox.interval), mailbox.next_at or latest)
    if desk.now() - due > SILENT:
        text = _l("Nobody fetches the mailbox “%(name)s”. Is a worker running?", name=mailbox.name)
        yield Trouble(f"mailbox:{mailbox.uid}:silent", text)
    if mailbox.login != "password" and (ends := _access(desk, mailbox)):
        yield Trouble(f"mailbox:{mailbox.uid}:access", ends)


def _access(desk: Helpdesk, mailbox: Mailbox) -> str:
    """Return what is wrong with the access to an account at a provider; empty if nothing is."""
    try:
        kept = secrets_of(desk, mailbox)
    except Refused as error:
        return words_of(error)
    if not kept.get("refresh_token"):
        return _l("The account of the mailbox “%(name)s” is not connected.", name=mailbox.name)
    ends = kept.get("refresh_ends_at")
    if not ends or datetime.fromisoformat(ends) - desk.now() > ENDS_SOON:
        return ""
    return _l(
        "The access to the mailbox “%(name)s” ends on %(day)s. Connect its account again.",
        name=mailbox.name,
        day=datetime.fromisoformat(ends).date().isoformat(),
    )
