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
from ..sentences import words_of
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
    domain, selector, file = draft.domain.strip().lower(), draft.selector.strip().lower(), draft.file.strip()
    problems: dict[str, list[str]] = {}
    if not _DOMAIN.fullmatch(domain):
        problems["domain"] = [_l("Give a domain such as example.com.")]
    if not _SELECTOR.fullmatch(selector):
        problems["selector"] = [_l("Use letters, digits and dashes, such as helpdesk1.")]
    if problems:
        raise Invalid(problems)
    try:
        pem = _checked_pem(desk, uid, file, draft.pem)
    except Refused as error:
        raise Invalid({"file" if file else "pem": [error.args[0]]}) from error
    with desk.begin(actor) as tx:
        row = find_key(tx.session, uid) if uid is not None else DkimKey(changed_at=tx.now)
        row.domain, row.selector, row.is_active, row.file = domain, selector, draft.is_active, file
        row.department_id = department_of(tx.session, draft.department).id if draft.department else None
        row.changed_at, row.last_error = tx.now, None
        if uid is None:
            tx.session.add(row)
        tx.session.flush()
        if file:
            row.sealed = None
        elif pem is not None or not row.sealed:
            row.sealed = seal(desk, row.uid, {"key": (pem or new_key()).decode("ascii", "replace")})
        tx.record(MailPolicyChanged(kind="dkim", what="changed" if uid else "added", name=f"{selector}.{domain}"))
    return row


def _checked_pem(desk: Helpdesk, uid: str | None, file: str, given: str | None) -> bytes | None:
    """Return the key to keep, a new one if need be; None for that of the file, or the one there is.

    Before anything is written: to read a file or to make a key takes its time. `Refused` if it cannot sign.
    """
    if file:
        load_key(_read(desk, file))
        return None
    if given:
        load_key(given.encode())
        return given.encode()
    if uid is not None:
        with desk.read() as session:
            row = find_key(session, uid)
        if row.sealed:
            load_key(_unsealed(desk, row))
            return None
    return new_key()


def delete_key(desk: Helpdesk, actor: Actor, uid: str) -> None:
    """Remove a key; mail of its domain leaves unsigned from now on, unless there is another."""
    require_everywhere(actor, MANAGE)
    with desk.begin(actor) as tx:
        row = find_key(tx.session, uid)
        tx.record(MailPolicyChanged(kind="dkim", what="removed", name=f"{row.selector}.{row.domain}"))
        tx.session.delete(row)


def signer_of(desk: Helpdesk, row: DkimKey) -> Signer:
    """Return what signs with the key; `Refused`, with the mend, if it cannot be read."""
    pem = _read(desk, row.file) if row.file else _unsealed(desk, row)
    return Signer(row.domain, row.selector, load_key(pem))


def _unsealed(desk: Helpdesk, row: DkimKey) -> bytes:
    return str(unseal(desk, row.uid, row.sealed).get("key", "")).encode()


def _read(desk: Helpdesk, file: str) -> bytes:
    """Return what the file of a key holds. Only a plain file is opened, since a device or a pipe might never end."""
    path = desk.config.instance / file
    try:
        if not path.is_file() and path.exists():
            raise Refused(_l("The file %(path)s cannot be read: %(why)s.", path=file, why="Not a regular file"))
        with path.open("rb") as stream:
            pem = stream.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        raise Refused(_l("The file %(path)s cannot be read: %(why)s.", path=file, why=why)) from error
    if len(pem) > LARGEST_FILE:
        raise Refused(_l("The file %(path)s is too large for a key. Name the file of the key.", path=file))
    return pem


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
        _note(desk, row, words_of(error))
        return envelope
    _note(desk, row, None)
    return replace(envelope, content=signed)


def _note(desk: Helpdesk, row: DkimKey, error: str | None) -> None:
    if row.last_error != error:
        with desk.begin(SYSTEM) as tx:
            affect(tx.session, update(DkimKey).where(DkimKey.id == row.id).values(last_error=error))
