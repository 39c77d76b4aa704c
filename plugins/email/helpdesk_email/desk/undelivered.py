"""Messages that did not arrive: which, where to and why; and addresses that nothing is sent to any more."""

import re
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk_core.api import SYSTEM, Actor, Helpdesk, Transaction
from helpdesk_core.api.errors import NotFound
from helpdesk_core.api.events import MailFailed
from helpdesk_core.api.mail import Mailbox, OutgoingDraft, OutgoingMail, find_by_message_id
from helpdesk_core.api.users import require_everywhere

from ..models import Received
from ..reading import Bounce
from ..senders import normal
from ..sentences import in_site_language, lazy_of
from ..texts import texts
from .events import MailPolicyChanged
from .models import Suppressed, Undelivered

_l = texts.lazy
MANAGE = "email.manage"
_NO_SUCH_ADDRESS = re.compile(r"^(\S+@\S+): (5\d\d[ -]5\.(?:1\.(?:1|2|3|6|10)|2\.1)\b.*)", re.MULTILINE)
"""What a server says of an address that is none or is switched off (RFC 3463), not of our mail or of us."""


def mark_undelivered(tx: Transaction, row: Received, ids: Sequence[str], bounce: Bounce) -> list[str]:
    """Mark the message of ours that a report returns, and return the addresses it did not reach.

    Only addresses that the returned mail really went to count: anybody can write a report about anybody's address.
    """
    outgoing = next((found for each in ids if (found := find_by_message_id(tx.session, each)) is not None), None)
    if outgoing is None:
        return []
    sent_to = {normal(Mailbox.parse(each).address) for each in (*outgoing.recipients, *outgoing.cc)}
    reasons = {
        address: each.diagnostic or lazy_of(bounce.reason)
        for each in bounce.failures
        if (address := normal(each.address)) in sent_to and address is not None
    }
    for address, reason in reasons.items():
        if outgoing.message_ref is not None:
            _mark(tx, outgoing.message_ref, address, reason, row, permanent=bounce.permanent)
        if bounce.permanent and not bounce.complaint and _suppresses(tx.desk):
            _suppress(tx, address, reason)
    return list(reasons)


def suppress_refused(desk: Helpdesk, event: MailFailed) -> None:
    """Send nothing more to addresses that the mail server refused as not being there, before any report."""
    if not _suppresses(desk):
        return
    with desk.begin(SYSTEM) as tx:
        mail = tx.session.scalar(select(OutgoingMail).where(OutgoingMail.uid == event.mail))
        for written, reason in _NO_SUCH_ADDRESS.findall((mail.error if mail is not None else None) or ""):
            if (address := normal(written)) is not None:
                _suppress(tx, address, reason)


def without_suppressed(desk: Helpdesk, session: Session, draft: OutgoingDraft) -> OutgoingDraft:
    """Return the draft without addresses that nothing is sent to; dropped, with the reason, if nobody is left."""
    wanted = {each: normal(each.address) for each in (*draft.to, *draft.cc)}
    query = select(Suppressed.address).where(Suppressed.address.in_([each for each in wanted.values() if each]))
    gone = set(session.scalars(query))
    if not gone:
        return draft
    to = tuple(each for each in draft.to if wanted[each] not in gone)
    cc = tuple(each for each in draft.cc if wanted[each] not in gone)
    if not to and not cc:
        why = _l(
            "Earlier mail to %(addresses)s came back. Allow the address on the page “Mail”.",
            addresses=", ".join(sorted(gone)),
        )
        return draft.drop(in_site_language(desk, why))
    return replace(draft, to=to or cc, cc=cc if to else ())


def suppressed_addresses(
    session: Session, *, q: str = "", after: int | None = None, limit: int = 50
) -> tuple[Sequence[Suppressed], int | None]:
    """Return addresses, the newest first, and the `after` of the next page (None on the last one)."""
    query = select(Suppressed).order_by(Suppressed.id.desc()).limit(limit + 1)
    if q:
        query = query.where(Suppressed.address.contains(q.strip().lower(), autoescape=True))
    if after is not None:
        query = query.where(Suppressed.id < after)
    rows = session.scalars(query).all()
    return rows[:limit], rows[limit - 1].id if len(rows) > limit else None


def allow(desk: Helpdesk, actor: Actor, uid: str) -> str:
    """Write to an address again, and return it."""
    require_everywhere(actor, MANAGE)
    with desk.begin(actor) as tx:
        row = tx.session.scalar(select(Suppressed).where(Suppressed.uid == uid).with_for_update())
        if row is None:
            raise NotFound(_l("This address is not on the list any more. Reload it."))
        tx.session.delete(row)
        tx.record(MailPolicyChanged(kind="suppressed", what="removed"))
    return row.address


def forget_addresses(tx: Transaction, addresses: Sequence[str]) -> None:
    """Remove all that is kept about a person's addresses."""
    for table in (Suppressed, Undelivered):
        for row in tx.session.scalars(select(table).where(table.address.in_(addresses))):
            tx.session.delete(row)
    tx.session.flush()


def _suppresses(desk: Helpdesk) -> bool:
    return bool(desk.settings.effective("email").values["suppress_bounced"])


def _mark(tx: Transaction, message_id: int, address: str, reason: str, row: Received, *, permanent: bool) -> None:
    there = tx.session.scalar(
        select(Undelivered).where(Undelivered.message_id == message_id, Undelivered.address == address)
    )
    if there is None:
        there = Undelivered(message_id=message_id, address=address)
        tx.session.add(there)
    there.reason, there.permanent, there.received_id, there.reported_at = reason, permanent, row.id, tx.now
    tx.session.flush()


def _suppress(tx: Transaction, address: str, reason: str) -> None:
    if tx.session.scalar(select(Suppressed.id).where(Suppressed.address == address)) is None:
        tx.session.add(Suppressed(address=address, reason=reason, suppressed_at=tx.now))
        tx.session.flush()
