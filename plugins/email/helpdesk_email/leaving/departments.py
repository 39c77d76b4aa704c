"""How the mail of departments leaves, as administrators set it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk_core.api import Actor, Helpdesk
from helpdesk_core.api.departments import Department
from helpdesk_core.api.errors import Invalid, NotFound
from helpdesk_core.api.users import require_everywhere

from ..desk.events import MailPolicyChanged
from ..intake.secrets import seal, unseal
from ..texts import texts
from .models import HISTORY, REPLY_TOKENS, SECURITY, DepartmentMail
from .outages import WELL, bring_forward

_l = texts.lazy
MANAGE = "settings.manage"
PORTS = {"tls": 465, "starttls": 587, "none": 25}


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartmentDraft:
    """What an administrator says of a department's mail; `password` None keeps the one there is, `port` 0 is the usual.

    An empty `host` means the site's way out.
    """

    host: str = ""
    port: int = 0
    security: str = "starttls"
    username: str = ""
    password: str | None = None
    falls_back: bool = True
    history: str = "none"
    reply_token: str = ""


KEPT = tuple(each.name for each in fields(DepartmentDraft) if each.name != "password")


def department_of(session: Session, key: str) -> Department:
    """Return the department with that key; `NotFound` if there is none."""
    found = session.scalar(select(Department).where(Department.key == key))
    if found is None:
        raise NotFound(_l("There is no such department. The list shows those there are."))
    return found


def mail_of(session: Session, department_id: int | None) -> DepartmentMail | None:
    """Return what is set for a department, None if nothing is."""
    return session.scalar(select(DepartmentMail).where(DepartmentMail.department_id == department_id))


def all_mail(session: Session) -> Mapping[int, DepartmentMail]:
    """Return what is set, by the id of the department."""
    return {each.department_id: each for each in session.scalars(select(DepartmentMail))}


def draft_of(row: DepartmentMail | None) -> DepartmentDraft:
    """Return what is set now, without the password."""
    if row is None:
        return DepartmentDraft()
    return DepartmentDraft(**{name: getattr(row, name) for name in KEPT})


def set_mail(desk: Helpdesk, actor: Actor, key: str, draft: DepartmentDraft) -> DepartmentMail:
    """Set how the mail of a department leaves; mail that waits takes the new way at once."""
    require_everywhere(actor, MANAGE)
    with desk.begin(actor) as tx:
        department = department_of(tx.session, key)
        query = select(DepartmentMail).where(DepartmentMail.department_id == department.id).with_for_update()
        row = tx.session.scalar(query)
        _check(draft, row)
        if row is None:
            row = DepartmentMail(department_id=department.id, changed_at=tx.now)
            tx.session.add(row)
        host = draft.host.strip()
        if row.host != host or not draft.username.strip():
            row.sealed = None  # a password goes to no other server than the one it was entered for
        values: dict[str, Any] = {name: getattr(draft, name) for name in KEPT}
        values |= {"host": host, "username": draft.username.strip()}
        values["port"] = draft.port or PORTS[draft.security]
        values |= WELL  # whether it works as it is set now will show
        for name, value in values.items():
            setattr(row, name, value)
        row.changed_at = tx.now
        tx.session.flush()
        if draft.password and host and row.username:
            row.sealed = seal(desk, row.uid, {"password": draft.password})
        bring_forward(tx, department.id)
        tx.record(MailPolicyChanged(kind="department", what="changed", name=department.name))
    return row


def password_of(desk: Helpdesk, row: DepartmentMail) -> str:
    """Return the password of the server; `Refused` if it was sealed with another secret key."""
    return str(unseal(desk, row.uid, row.sealed).get("password", ""))


def _check(draft: DepartmentDraft, there: DepartmentMail | None) -> None:
    """Raise `Invalid` with everything that does not fit."""
    problems: dict[str, list[str]] = {}

    def unless(fits: object, field: str, text: str) -> None:
        if not fits:
            problems.setdefault(field, []).append(text)

    host = draft.host.strip()
    good = not host or re.fullmatch(r"[A-Za-z0-9.:-]{1,255}", host)
    unless(good, "host", _l("Give the server's name, such as smtp.example.com."))
    unless(0 <= draft.port < 65_536, "port", _l("A port is a number from 1 to 65535."))
    unless(len(draft.username) <= 255, "username", _l("Use at most 255 characters."))
    unless(host or not draft.username.strip(), "host", _l("Name the server that the user name is for."))
    keeps = there is not None and there.host == host and there.username == draft.username.strip() and there.sealed
    unless(draft.password or not draft.username.strip() or keeps, "password", _l("Enter the password for this server."))
    signs_in_openly = draft.username.strip() and draft.security == "none" and host not in ("localhost", "127.0.0.1")
    unless(not signs_in_openly, "security", _l("A password needs an encrypted connection."))
    for field, options in (("security", SECURITY), ("history", HISTORY), ("reply_token", REPLY_TOKENS)):
        unless(getattr(draft, field) in options, field, _l("Choose one of the options."))
    if problems:
        raise Invalid(problems)
