"""Sites: making, changing and removing them, and their secrets."""

import re
import secrets as random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk_core.api import Actor, Helpdesk
from helpdesk_core.api.departments import Department
from helpdesk_core.api.errors import Invalid, NotFound, Refused
from helpdesk_core.api.settings import CannotOpen, Seal
from helpdesk_core.api.tickets import clean_line
from helpdesk_core.api.users import all_roles, require_everywhere

from .events import SiteChanged
from .models import Person, Site
from .roles import LENDING
from .signing import is_secret, new_secret
from .texts import ID, lazy

MANAGE: Final = "cms.manage"
GIVES: Final = "role.manage"
"""Needed besides to say whether staff come from a site and which roles it gives; and, of such a site, to learn its
secret and to switch it on again."""
KEY: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
LOOPBACK: Final = ("localhost", "127.0.0.1", "[::1]")
OWNERS_ONLY: Final = frozenset({"role.manage", "plugin.manage", "settings.manage", "oidc.manage", MANAGE})
"""Who holds one of these can come by all the others; a site never gives such a role, nor do they come from one."""


@dataclass(frozen=True, kw_only=True)
class SiteDraft:
    """A site as it is entered; departments are keys, `roles` are [role of the site, role here, department or ""]."""

    key: str
    name: str
    url: str = ""
    origins: Sequence[str] = ()
    department: str = ""
    comment_department: str = ""
    logout_url: str = ""
    answers_url: str = ""
    staff: bool = False
    roles: Sequence[Sequence[str]] = ()
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class NewKey:
    """A secret just made, with its id; shown once."""

    site: Site
    kid: str
    secret: str


def all_sites(session: Session) -> Sequence[Site]:
    """Return the sites by name."""
    return session.scalars(select(Site).order_by(Site.name, Site.id)).all()


def find_site(session: Session, key: str, *, lock: bool = False) -> Site:
    """Return the site with that key; `NotFound` if there is none."""
    query = select(Site).where(Site.key == key)
    row = session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise NotFound(lazy("There is no site “%(key)s”.", key=key[:64]))
    return row


def make(desk: Helpdesk, actor: Actor, draft: SiteDraft, secret: str | None = None) -> NewKey:
    """Make a site with its first secret (or the given one); `Invalid` names every mistake by field."""
    require_everywhere(actor, MANAGE)
    if draft.staff or draft.roles:
        require_everywhere(actor, GIVES)
    secret = _checked_secret(secret)
    with desk.begin(actor) as tx:
        values = _checked(desk, tx.session, draft)
        if tx.session.scalar(select(Site.id).where(Site.key == draft.key)) is not None:
            raise Invalid({"key": [lazy("There is a site “%(key)s” already.", key=draft.key)]})
        kid = new_kid()
        row = Site(key=draft.key, created_at=tx.now, updated_at=tx.now, **values)
        row.secrets = _seal(desk, draft.key, {kid: {"secret": secret, "made": tx.now.isoformat()}})
        tx.session.add(row)
        tx.record(SiteChanged(site=row.key, name=row.name, what="made"))
    return NewKey(row, kid, secret)


def change(desk: Helpdesk, actor: Actor, key: str, draft: SiteDraft) -> Site:
    """Change a site; its key stays. Roles that people have because of it go where it gives them no more."""
    require_everywhere(actor, MANAGE)
    with desk.begin(actor) as tx:
        row = find_site(tx.session, key, lock=True)
        gave, values = row.lends, _checked(desk, tx.session, draft)
        given = (row.staff, row.roles) != (values["staff"], values["roles"])
        is_again = values["is_active"] and not row.is_active
        if given or (is_again and (row.staff or row.roles)):
            require_everywhere(actor, GIVES)
        for name, value in values.items():
            setattr(row, name, value)
        if gave - row.lends:
            LENDING.take_all_but(tx, Person.site_id == row.id, row.lends)
        row.updated_at = tx.now
        tx.record(SiteChanged(site=row.key, name=row.name, what="changed"))
    return row


def remove(desk: Helpdesk, actor: Actor, key: str) -> None:
    """Remove a site; accounts and tickets that came from there stay, roles that it gave go."""
    require_everywhere(actor, MANAGE)
    with desk.begin(actor) as tx:
        row = find_site(tx.session, key, lock=True)
        LENDING.take_all_but(tx, Person.site_id == row.id)
        tx.record(SiteChanged(site=row.key, name=row.name, what="removed"))
        tx.session.delete(row)


def rotate(desk: Helpdesk, actor: Actor, key: str, secret: str | None = None) -> NewKey:
    """Add a secret and return it; the one before stays good beside it, an older one ends.

    Who has the secret is whoever they like to be, so of a site for staff it is for those who may make such a site.
    """
    require_everywhere(actor, MANAGE)
    secret = _checked_secret(secret)
    with desk.begin(actor) as tx:
        row = find_site(tx.session, key, lock=True)
        if row.staff or row.roles:
            require_everywhere(actor, GIVES)
        try:
            kept = _opened(desk, row)
        except Refused:  # the old ones cannot be read any more: this is how to get on
            kept = {}
        kid = new_kid()
        newest = list(kept)[-1:]
        kept = {each: kept[each] for each in newest} | {kid: {"secret": secret, "made": tx.now.isoformat()}}
        row.secrets = _seal(desk, row.key, kept)
        tx.record(SiteChanged(site=row.key, name=row.name, what="new secret"))
    return NewKey(row, kid, secret)


def end_secret(desk: Helpdesk, actor: Actor, key: str, kid: str) -> None:
    """End a secret at once; the last one stays."""
    require_everywhere(actor, MANAGE)
    with desk.begin(actor) as tx:
        row = find_site(tx.session, key, lock=True)
        kept = _opened(desk, row)
        if kid not in kept:
            raise NotFound(lazy("There is no secret %(kid)s.", kid=kid[:16]))
        if len(kept) == 1:
            raise Refused(lazy("This is the only secret. Make another one first."))
        row.secrets = _seal(desk, row.key, {each: value for each, value in kept.items() if each != kid})
        tx.record(SiteChanged(site=row.key, name=row.name, what="secret ended"))


def kids(desk: Helpdesk, row: Site) -> dict[str, str]:
    """Return when each secret in force was made (ISO 8601), by its id, oldest first; nothing if they cannot be read."""
    try:
        return {kid: value["made"] for kid, value in _opened(desk, row).items()}
    except Refused:
        return {}


def secrets_of(desk: Helpdesk, row: Site) -> dict[str, str]:
    """Return the secrets in force by their ids, oldest first; `Refused` if they cannot be opened."""
    return {kid: value["secret"] for kid, value in _opened(desk, row).items()}


def new_kid() -> str:
    """Return an id for a secret."""
    return random.token_hex(4)


def _checked_secret(secret: str | None) -> str:
    if secret is None:
        return new_secret()
    if not is_secret(secret):
        raise Invalid({"secret": [lazy("A secret has 32 characters or more, without spaces. Let one be made.")]})
    return secret


def _checked(desk: Helpdesk, session: Session, draft: SiteDraft) -> dict[str, Any]:
    problems: dict[str, list[str]] = {}
    if not KEY.fullmatch(draft.key):
        problems["key"] = [lazy("A key has up to 64 small letters, digits and -, such as “main”.")]
    name = clean_line(draft.name)
    if not 1 <= len(name) <= 120:
        problems["name"] = [lazy("Write a name of 1 to %(most)s characters.", most=120)]
    for field in ("url", "logout_url", "answers_url"):
        if problem := _address_problem(getattr(draft, field)):
            problems[field] = [problem]
    origins: list[str] = []
    for each in draft.origins:
        origin = origin_of(each)
        if origin is None:
            problems.setdefault("origins", []).append(
                lazy("“%(text)s” is no origin. Write it like https://www.example.com.", text=each[:80])
            )
        elif origin not in origins:
            origins.append(origin)
    departments = {each.key: each.id for each in session.scalars(select(Department))}
    for field in ("department", "comment_department"):
        if (wanted := getattr(draft, field)) and wanted not in departments:
            problems[field] = [lazy("There is no department “%(key)s”.", key=wanted[:64])]
    if role_problems := _role_problems(session, draft.roles, departments):
        problems["roles"] = role_problems
    if problems:
        raise Invalid(problems)
    return {
        "name": name,
        "url": draft.url.strip(),
        "origins": origins,
        "department_id": departments.get(draft.department),
        "comment_department_id": departments.get(draft.comment_department),
        "logout_url": draft.logout_url.strip(),
        "answers_url": draft.answers_url.strip(),
        "staff": draft.staff,
        "roles": [list(each) for each in draft.roles],
        "is_active": draft.is_active,
    }


def _role_problems(session: Session, roles: Sequence[Sequence[str]], departments: dict[str, int]) -> list[str]:
    known = {role.key: {each.permission for each in role.permissions} for role in all_roles(session)}
    problems: list[str] = []
    for _theirs, ours, department in roles:
        if ours not in known:
            problems.append(lazy("There is no role “%(key)s”.", key=ours[:64]))
        elif known[ours] & OWNERS_ONLY:
            problems.append(
                lazy("The role “%(key)s” changes the helpdesk itself; no site can give it. Choose another.", key=ours)
            )
        if department and department not in departments:
            problems.append(lazy("There is no department “%(key)s”.", key=department[:64]))
    return problems


def origin_of(text: str) -> str | None:
    """Return scheme, host and port of an address in small letters, or None: HTTPS, or HTTP of this machine."""
    try:
        parts = urlsplit(text.strip().lower())
        port = parts.port
    except ValueError:
        return None
    host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname or ""
    if not re.fullmatch(r"[a-z0-9.-]+|\[[0-9a-f:]+\]", host) or parts.username is not None:
        return None
    if parts.scheme != "https" and not (parts.scheme == "http" and host in LOOPBACK):
        return None
    usual = {"https": 443, "http": 80}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{port}" if port and port != usual else "")


def _address_problem(text: str) -> str:
    if not text.strip():
        return ""
    if len(text) > 2000 or origin_of(text) is None or not text.isprintable():
        return lazy("Write an address that begins with https://, or http://localhost for a trial.")
    return ""


def _seal(desk: Helpdesk, key: str, kept: dict[str, dict[str, str]]) -> str:
    return Seal(desk.secret).close(ID, key, kept)


def _opened(desk: Helpdesk, row: Site) -> dict[str, dict[str, str]]:
    try:
        kept: dict[str, dict[str, str]] = Seal(desk.secret).open(ID, row.key, row.secrets)
    except CannotOpen:
        raise Refused(
            lazy("The secrets were sealed with another secret key of the helpdesk. Make a new one for the site.")
        ) from None
    return dict(sorted(kept.items(), key=lambda item: item[1]["made"]))
