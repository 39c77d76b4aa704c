"""Providers: making, changing and removing them, and their secrets."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from helpdesk_core.api import Actor, Helpdesk
from helpdesk_core.api.departments import Department
from helpdesk_core.api.errors import Invalid, NotFound, Refused
from helpdesk_core.api.outgoing import AddressRefused, NoReply, check_url
from helpdesk_core.api.settings import CannotOpen, Seal
from helpdesk_core.api.tickets import clean_line
from helpdesk_core.api.users import all_roles, require_everywhere

from .discovery import is_safe
from .events import ProviderChanged
from .models import Begun, Person, Provider
from .roles import LENDING
from .settings import rules
from .texts import ID, lazy

MANAGE: Final = "oidc.manage"
GIVES: Final = "role.manage"
"""Needed besides to say whether staff come from a provider and which roles it gives by which claim; and, of such a
provider, to say who it is and to switch it on again."""
KEY: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
OWNERS_ONLY: Final = frozenset({"role.manage", "plugin.manage", "settings.manage", MANAGE, "cms.manage"})
"""Who holds one of these can come by all the others; a provider never gives such a role."""
RESERVED: Final = frozenset({"new"})
"""Keys that would be hidden by an admin page of that address."""
LONGEST_NAME: Final = 120


@dataclass(frozen=True, kw_only=True)
class ProviderDraft:
    """A provider as it is entered. An empty `secret` keeps the one there is; `roles` as in `Provider`."""

    key: str
    name: str
    issuer: str
    client_id: str
    secret: str = ""
    scopes: str = "openid profile email"
    roles_claim: str = ""
    roles: Sequence[Sequence[str]] = ()
    staff: bool = False
    sign_out: bool = True
    is_active: bool = True


def all_providers(session: Session) -> Sequence[Provider]:
    """Return the providers by name."""
    return session.scalars(select(Provider).order_by(Provider.name, Provider.id)).all()


def find_provider(session: Session, key: str, *, lock: bool = False) -> Provider:
    """Return the provider with that key; `NotFound` if there is none."""
    query = select(Provider).where(Provider.key == key)
    row = session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise NotFound(lazy("There is no such provider."))
    return row


def make(desk: Helpdesk, actor: Actor, draft: ProviderDraft) -> Provider:
    """Make a provider; `Invalid` names every mistake by field."""
    require_everywhere(actor, MANAGE)
    if draft.staff or draft.roles:
        require_everywhere(actor, GIVES)
    problem = _issuer_problem(desk, draft.issuer.strip())
    with desk.begin(actor) as tx:
        values = _checked(tx.session, draft, problem)
        if tx.session.scalar(select(Provider.id).where(Provider.key == draft.key)) is not None:
            raise Invalid({"key": [lazy("There is a provider “%(key)s” already.", key=draft.key)]})
        row = Provider(key=draft.key, created_at=tx.now, updated_at=tx.now, **values)
        row.secret = _sealed(desk, draft)
        tx.session.add(row)
        tx.record(ProviderChanged(provider=row.key, name=row.name, what="made"))
    return row


def change(desk: Helpdesk, actor: Actor, key: str, draft: ProviderDraft) -> Provider:
    """Change a provider; its key stays, as it is part of the address that the provider sends people back to.

    With another issuer nobody is known to come from there any more: what it calls a person means nothing to the next.
    Roles that people have because of it go where it gives them no more, and all of them with another issuer.
    """
    require_everywhere(actor, MANAGE)
    problem = _issuer_problem(desk, draft.issuer.strip())
    with desk.begin(actor) as tx:
        row = find_provider(tx.session, key, lock=True)
        values = _checked(tx.session, draft, problem)
        is_another = values["issuer"].rstrip("/") != row.issuer.rstrip("/")
        given = (row.staff, row.roles) != (values["staff"], values["roles"])
        same = ("client_id", "roles_claim")
        who = is_another or bool(draft.secret.strip()) or any(getattr(row, name) != values[name] for name in same)
        is_again = values["is_active"] and not row.is_active
        if given or ((who or is_again) and (row.staff or row.roles)):
            require_everywhere(actor, GIVES)
        gave = row.lends
        if is_another:
            LENDING.take_all_but(tx, Person.provider_id == row.id)
            _forget_people(tx.session, row)
        for name, value in values.items():
            setattr(row, name, value)
        if gave - row.lends:
            LENDING.take_all_but(tx, Person.provider_id == row.id, row.lends)
        if draft.secret.strip():
            row.secret = _sealed(desk, draft)
        row.updated_at = tx.now
        tx.record(ProviderChanged(provider=row.key, name=row.name, what="changed"))
    return row


def remove(desk: Helpdesk, actor: Actor, key: str) -> None:
    """Remove a provider; accounts of people who came from there stay, and so do their sessions; roles it gave go."""
    require_everywhere(actor, MANAGE)
    with desk.begin(actor) as tx:
        row = find_provider(tx.session, key, lock=True)
        LENDING.take_all_but(tx, Person.provider_id == row.id)
        tx.record(ProviderChanged(provider=row.key, name=row.name, what="removed"))
        tx.session.delete(row)


def secret_of(desk: Helpdesk, row: Provider) -> str:
    """Return the client's secret, empty for a public client; `Refused` if it cannot be opened."""
    if not row.secret:
        return ""
    try:
        return str(Seal(desk.secret).open(ID, row.key, row.secret))
    except CannotOpen:
        raise Refused(
            lazy("The provider's secret was sealed with another secret key of the site. Enter it again.")
        ) from None


def given_roles(session: Session) -> list[tuple[str, str]]:
    """Return the roles, key and name, that a provider may give."""
    return [(role.key, role.name) for role in all_roles(session) if _may_be_given(role)]


def _forget_people(session: Session, row: Provider) -> None:
    theirs = select(Person.id).where(Person.provider_id == row.id)
    unread = {"synchronize_session": False}
    session.execute(delete(Begun).where(Begun.person_id.in_(theirs)).execution_options(**unread))
    session.execute(delete(Person).where(Person.provider_id == row.id).execution_options(**unread))


def _may_be_given(role: Any) -> bool:
    return not {each.permission for each in role.permissions} & OWNERS_ONLY


def _sealed(desk: Helpdesk, draft: ProviderDraft) -> str:
    secret = draft.secret.strip()
    return Seal(desk.secret).close(ID, draft.key, secret) if secret else ""


def _checked(session: Session, draft: ProviderDraft, issuer_problem: str) -> dict[str, Any]:
    """Return the columns of what was entered; the issuer was looked up before, outside of the unit of work."""
    problems: dict[str, list[str]] = {}
    if not KEY.fullmatch(draft.key):
        problems["key"] = [lazy("Write small letters, digits and “-”, at most 64.")]
    if draft.key in RESERVED:
        problems["key"] = [lazy("“%(key)s” cannot be a key here. Choose another.", key=draft.key)]
    name, client_id = clean_line(draft.name), draft.client_id.strip()
    if not 1 <= len(name) <= LONGEST_NAME:
        problems["name"] = [lazy("Write a name of 1 to %(most)s characters.", most=LONGEST_NAME)]
    if not 1 <= len(client_id) <= 255:
        problems["client_id"] = [lazy("Enter the client id that the provider gave you.")]
    if issuer_problem:
        problems["issuer"] = [issuer_problem]
    scopes = draft.scopes.split()
    if "openid" not in scopes or len(draft.scopes) > 255:
        problems["scopes"] = [lazy("“openid” has to be among the scopes; divide them by spaces.")]
    roles, problem = _checked_roles(session, draft.roles)
    if problem:
        problems["roles"] = [problem]
    claim = draft.roles_claim.strip()
    if len(claim) > 64 or (roles and not claim):
        problems["roles_claim"] = [lazy("Name the claim that holds the roles, such as “groups”.")]
    if problems:
        raise Invalid(problems)
    return {
        "name": name,
        "issuer": draft.issuer.strip(),
        "client_id": client_id,
        "scopes": " ".join(scopes),
        "roles_claim": claim,
        "roles": roles,
        "staff": draft.staff,
        "sign_out": draft.sign_out,
        "is_active": draft.is_active,
    }


def _issuer_problem(desk: Helpdesk, issuer: str) -> str:
    if not is_safe(issuer) or len(issuer) > 500 or "?" in issuer or "#" in issuer:
        return lazy("Write an address that begins with https://, without “?” and “#”.")
    try:
        check_url(issuer, rules(desk).allowed)
    except AddressRefused as error:
        return str(error)
    except NoReply:
        return ""  # a name that is not known just now may be known when somebody signs in
    return ""


def _checked_roles(session: Session, given: Sequence[Sequence[str]]) -> tuple[list[list[str]], str]:
    roles = {key for key, _ in given_roles(session)}
    departments = set(session.scalars(select(Department.key)))
    found = []
    for theirs, mine, at in given:
        if not theirs.strip() or len(theirs) > 255:
            return [], lazy("Write what the claim says, for every role.")
        if mine not in roles:
            return [], lazy("“%(role)s” is no role that a provider may give. Choose from the list.", role=mine[:64])
        if at and at not in departments:
            return [], lazy("There is no department “%(department)s”. Choose from the list.", department=at[:64])
        found.append([theirs.strip(), mine, at])
    return found, ""
