"""Mailboxes as administrators see them: making, changing, removing, and reading their secrets."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from helpdesk_core.api import Actor, Helpdesk, Transaction
from helpdesk_core.api.errors import Invalid, NotFound
from helpdesk_core.api.users import require_everywhere

from ..senders import normal
from ..texts import texts
from .events import WayInChanged
from .models import AFTERWARDS, LOGINS, PROTOCOLS, SECURITY, Mailbox, Taken
from .secrets import seal, unseal

_l = texts.lazy
MANAGE = "settings.manage"
HOSTS = {"google": "imap.gmail.com", "microsoft": "outlook.office365.com"}
PORTS = {("imap", "tls"): 993, ("pop3", "tls"): 995, ("pop3", "starttls"): 110, ("pop3", "none"): 110}
SHORTEST, LONGEST = 10, 86_400
"""Seconds between two looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxDraft:
    """What an administrator says of a mailbox; `password` None keeps the one there is, `port` 0 means the usual one."""

    name: str = ""
    is_active: bool = True
    protocol: str = "imap"
    host: str = ""
    port: int = 0
    security: str = "tls"
    login: str = "password"
    username: str = ""
    password: str | None = None
    folder: str = "INBOX"
    afterwards: str = "leave"
    move_to: str = ""
    address: str = ""
    interval: int = 60
    idle: bool = True
    only_new: bool = True

    @property
    def usual_port(self) -> int:
        """The port as given, else the usual one of protocol and security."""
        return self.port or PORTS.get((self.protocol, self.security), 143)


KEPT = tuple(each.name for each in fields(MailboxDraft) if each.name != "password")
PLACE = ("protocol", "host", "username", "folder")
"""With another of these it is another mailbox, whose mails have other numbers."""


def draft_of(mailbox: Mailbox) -> MailboxDraft:
    """Return what is set now, without the password."""
    return MailboxDraft(**{name: getattr(mailbox, name) for name in KEPT})


def all_mailboxes(session: Session) -> Sequence[Mailbox]:
    """Return all mailboxes by name."""
    return session.scalars(select(Mailbox).order_by(Mailbox.name)).all()


def find_mailbox(session: Session, uid: str) -> Mailbox:
    """Return a mailbox; `NotFound` if there is none."""
    found = session.scalar(select(Mailbox).where(Mailbox.uid == uid))
    if found is None:
        raise NotFound(_l("There is no such mailbox. The list of mailboxes shows those there are."))
    return found


def create_mailbox(desk: Helpdesk, actor: Actor, draft: MailboxDraft) -> Mailbox:
    """Add a mailbox; it is looked into soon after."""
    require_everywhere(actor, MANAGE)
    with desk.begin(actor) as tx:
        _check(tx.session, draft, None)
        mailbox = Mailbox(created_at=tx.now, changed_at=tx.now, **_values(draft))
        tx.session.add(mailbox)
        tx.session.flush()
        _set_password(desk, mailbox, draft.password)
        tx.record(WayInChanged(kind="mailbox", name=mailbox.name, what="created"))
    return mailbox


def change_mailbox(desk: Helpdesk, actor: Actor, uid: str, draft: MailboxDraft) -> Mailbox:
    """Change a mailbox; it is tried again at once."""
    require_everywhere(actor, MANAGE)
    with desk.begin(actor) as tx:
        mailbox = _locked(tx, uid)
        _check(tx.session, draft, mailbox)
        values = _values(draft)
        if any(getattr(mailbox, name) != values[name] for name in PLACE):
            _forget_place(tx, mailbox)
        if mailbox.login != draft.login or mailbox.host != draft.host:
            mailbox.sealed = None  # a secret goes to no other server than the one it was entered for
        for name, value in values.items():
            setattr(mailbox, name, value)
        _set_password(desk, mailbox, draft.password)
        mailbox.changed_at, mailbox.next_at, mailbox.failures = tx.now, None, 0
        tx.record(WayInChanged(kind="mailbox", name=mailbox.name, what="changed"))
    return mailbox


def delete_mailbox(desk: Helpdesk, actor: Actor, uid: str) -> None:
    """Remove a mailbox from the helpdesk; on the server nothing changes, and its tickets stay."""
    require_everywhere(actor, MANAGE)
    with desk.begin(actor) as tx:
        mailbox = _locked(tx, uid)
        tx.record(WayInChanged(kind="mailbox", name=mailbox.name, what="deleted"))
        tx.session.delete(mailbox)


def hurry(desk: Helpdesk, actor: Actor, uid: str) -> None:
    """Have a mailbox looked into as soon as a worker can, and give mails another try that the server refused."""
    require_everywhere(actor, MANAGE)
    with desk.begin(actor) as tx:
        mailbox = _locked(tx, uid)
        mailbox.next_at, mailbox.failures = None, 0
        failed = select(Taken).where(Taken.mailbox_id == mailbox.id, Taken.state == "failed")
        for each in tx.session.scalars(failed):
            each.tries = 0


def secrets_of(desk: Helpdesk, mailbox: Mailbox) -> dict[str, Any]:
    """Return password or tokens of the mailbox."""
    return unseal(desk, mailbox.uid, mailbox.sealed)


def keep_secrets(desk: Helpdesk, mailbox_id: int, values: Mapping[str, Any], *, actor: Actor) -> None:
    """Put other tokens in the place of those there are."""
    with desk.begin(actor) as tx:
        mailbox = tx.session.get(Mailbox, mailbox_id)
        if mailbox is not None:
            mailbox.sealed = seal(desk, mailbox.uid, dict(values))


def _values(draft: MailboxDraft) -> dict[str, Any]:
    values = {name: getattr(draft, name) for name in KEPT}
    values["port"] = draft.usual_port
    values["address"] = normal(draft.address) or ""
    return values | {key: value.strip() for key, value in values.items() if isinstance(value, str)}


def _set_password(desk: Helpdesk, mailbox: Mailbox, password: str | None) -> None:
    if password and mailbox.login == "password":
        mailbox.sealed = seal(desk, mailbox.uid, {"password": password})


def _forget_place(tx: Transaction, mailbox: Mailbox) -> None:
    mailbox.generation, mailbox.last_uid, mailbox.looked = None, 0, False
    tx.session.execute(delete(Taken).where(Taken.mailbox_id == mailbox.id))


def _locked(tx: Transaction, uid: str) -> Mailbox:
    mailbox = find_mailbox(tx.session, uid)
    tx.session.refresh(mailbox, with_for_update=True)
    return mailbox


def _check(session: Session, draft: MailboxDraft, there: Mailbox | None) -> None:
    """Raise `Invalid` with everything that does not fit."""
    problems: dict[str, list[str]] = {}

    def unless(fits: object, field: str, text: str) -> None:
        if not fits:
            problems.setdefault(field, []).append(text)

    name, host = draft.name.strip(), draft.host.strip()
    unless(0 < len(name) <= 100, "name", _l("Give it a name of 1 to 100 characters."))
    same = select(Mailbox.uid).where(func.lower(Mailbox.name) == name.lower())
    other = session.scalar(same)
    unless(other is None or (there is not None and other == there.uid), "name", _l("Another mailbox has this name."))
    unless(
        re.fullmatch(r"[A-Za-z0-9.:-]{1,255}", host), "host", _l("Give the server's name, such as imap.example.com.")
    )
    unless(0 <= draft.port < 65_536, "port", _l("A port is a number from 1 to 65535."))
    unless(0 < len(draft.username.strip()) <= 320, "username", _l("Give the name to sign in with."))
    for field, options in (("protocol", PROTOCOLS), ("security", SECURITY), ("login", LOGINS)):
        unless(getattr(draft, field) in options, field, _l("Choose one of the options."))
    allowed = AFTERWARDS if draft.protocol == "imap" else ("leave", "delete")
    unless(draft.afterwards in allowed, "afterwards", _l("POP3 can only leave mails or delete them."))
    if draft.afterwards == "move":
        unless(draft.move_to.strip(), "move_to", _l("Name the folder that mails are moved to."))
        unless(
            draft.move_to.strip() != draft.folder.strip(), "move_to", _l("Choose another folder than the one above.")
        )
    unless(
        draft.login == "password" or draft.security != "none", "security", _l("Tokens need an encrypted connection.")
    )
    unless(SHORTEST <= draft.interval <= LONGEST, "interval", _l("Look every 10 to 86400 seconds."))
    unless(not draft.address.strip() or normal(draft.address), "address", _l("This is not a mail address."))
    new_place = there is None or there.host != draft.host or there.login != draft.login
    needed = draft.login == "password" and (there is None or new_place or not there.sealed)
    unless(draft.password or not needed, "password", _l("Enter the password for this server."))
    if problems:
        raise Invalid(problems)
