"""The keys that mail is signed with: keeping them, choosing the one for a mail, and signing."""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from helpdesk_core.api import SYSTEM, Actor, Helpdesk
from helpdesk_core.api.db import affect
from helpdesk_core.api.errors import HelpdeskError, Invalid, NotFound, Refused
from helpdesk_core.api.mail import Envelope, OutgoingMail
from helpdesk_core.api.users import domain_of, require_everywhere

from ..desk.events import MailPolicyChanged
from ..intake.secrets import seal, unseal
from ..texts import texts
from .departments import MANAGE, department_of
from .dkim import Signer, load_key, new_key
from .models import DkimKey

_l = texts.lazy
log = logging.getLogger(__name__)
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
_SELECTOR = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
LARGEST_FILE = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyDraft:
    """What an administrator says of a key. `department` is a key or empty; `file` a path, else `pem` is the key itself.

    `pem` None keeps what there is, or has a new key made.
    """

    domain: str = ""
    selector: str = ""
    department: str = ""
    file: str = ""
    pem: str | None = None
    is_active: bool = True


def all_keys(session: Session) -> Sequence[DkimKey]:
    """Return all keys by domain."""
    return session.scalars(select(DkimKey).order_by(DkimKey.domain, DkimKey.id)).all()


def find_key(session: Session, uid: str) -> DkimKey:
    """Return a key; `NotFound` if there is none."""
    found = session.scalar(select(DkimKey).where(DkimKey.uid == uid))
    if found is None:
        raise NotFound(_l("There is no such key. The list shows those there are."))
    return found


def save_key(desk: Helpdesk, actor: Actor, uid: str | None, draft: KeyDraft) -> DkimKey:
    """Add a key (`uid` None) or change one. Without a key of its own or a file, a new key is made."""
    require_everywhere(actor, MANAGE)
    with desk.begin(actor) as tx:
        row = find_key(tx.session, uid) if uid is not None else DkimKey(changed_at=tx.now)
        domain, selector = draft.domain.strip().lower(), draft.selector.strip().lower()
        problems: dict[str, list[str]] = {}
        if not _DOMAIN.fullmatch(domain):
            problems["domain"] = [_l("Give a domain such as example.com.")]
        if not _SELECTOR.fullmatch(selector):
            problems["selector"] = [_l("Use letters, digits and dashes, such as helpdesk1.")]
        if problems:
            raise Invalid(problems)
        row.domain, row.selector, row.is_active, row.file = domain, selector, draft.is_active, draft.file.strip()
        row.department_id = department_of(tx.session, draft.department).id if draft.department else None
        row.changed_at, row.last_error = tx.now, None
        if uid is None:
            tx.session.add(row)
        tx.session.flush()
        try:
            if row.file:
                row.sealed = None
            elif draft.pem or not row.sealed:
                pem = draft.pem.encode() if draft.pem else new_key()
                load_key(pem)
                row.sealed = seal(desk, row.uid, {"key": pem.decode("ascii", "replace")})
            signer_of(desk, row)
        except Refused as error:
            raise Invalid({"file" if row.file else "pem": [error.args[0]]}) from error
        tx.record(MailPolicyChanged(kind="dkim", what="changed" if uid else "added", name=f"{selector}.{domain}"))
    return row


def delete_key(desk: Helpdesk, actor: Actor, uid: str) -> None:
    """Remove a key; mail of its domain leaves unsigned from now on, unless there is another."""
    require_everywhere(actor, MANAGE)
    with desk.begin(actor) as tx:
        row = find_key(tx.session, uid)
        tx.record(MailPolicyChanged(kind="dkim", what="removed", name=f"{row.selector}.{row.domain}"))
        tx.session.delete(row)


def signer_of(desk: Helpdesk, row: DkimKey) -> Signer:
    """Return what signs with the key; `Refused`, with the mend, if it cannot be read."""
    if not row.file:
        kept = str(unseal(desk, row.uid, row.sealed).get("key", ""))
        return Signer(row.domain, row.selector, load_key(kept.encode()))
    path = desk.config.instance / row.file
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise Refused(_l("The file %(path)s is too large for a key. Name the file of the key.", path=row.file))
        pem = path.read_bytes()
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise Refused(_l("The file %(path)s cannot be read: %(why)s.", path=row.file, why=why)) from error
    return Signer(row.domain, row.selector, load_key(pem))


def sign(desk: Helpdesk, envelope: Envelope, mail: OutgoingMail) -> Envelope:
    """Return the mail signed for the domain of its sender, if there is a key; one of the department goes first.

    A key that cannot be used keeps no mail from leaving: it leaves unsigned, and administrators are told.
    """
    domain = domain_of(envelope.sender).lower()
    with desk.read() as session:
        row = session.scalar(
            select(DkimKey)
            .where(DkimKey.is_active, DkimKey.domain == domain)
            .where(or_(DkimKey.department_id.is_(None), DkimKey.department_id == mail.department_id))
            .order_by(DkimKey.department_id.is_(None), DkimKey.id.desc())
            .limit(1)
        )
    if row is None:
        return envelope
    try:
        signed = signer_of(desk, row).sign(envelope.content, desk.now())
    except HelpdeskError as error:
        log.warning("Mail from %s leaves unsigned: %s", domain, error)
        _note(desk, row, str(error))
        return envelope
    _note(desk, row, None)
    return replace(envelope, content=signed)


def _note(desk: Helpdesk, row: DkimKey, error: str | None) -> None:
    if row.last_error != error:
        with desk.begin(SYSTEM) as tx:
            affect(tx.session, update(DkimKey).where(DkimKey.id == row.id).values(last_error=error))
