"""Who a site's people are here: accounts join by proved addresses only, and staff only where the site may."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from helpdesk_core.api import ANONYMOUS, SYSTEM, Actor, Helpdesk
from helpdesk_core.api.errors import Forbidden, HelpdeskError
from helpdesk_core.api.users import (
    RolePair,
    SignedIn,
    User,
    find_by_address,
    find_or_create_by_address,
    find_role,
    load_actor_by_user,
)

from .models import Person, Site
from .roles import LENDING
from .sites import OWNERS_ONLY
from .texts import lazy as _l
from .tokens import Claims

TOUCHED_AFTER: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody in front of a site: an account (`signed`), or a visitor of whom the site knows a name and an address."""

    signed: SignedIn | None = None
    name: str = ""
    email: str = ""
    locale: str | None = None
    ip: str | None = None
    data: Mapping[str, str] = field(default_factory=dict)

    @property
    def customer(self) -> Actor:
        """Who acts in a site's pages: the account with a customer's rights and no more, whatever else it may do."""
        if self.signed is None:
            return replace(ANONYMOUS, locale=self.locale)
        actor = self.signed.actor
        return replace(actor, grants={}, locale=actor.locale or self.locale, channel="web")


class NotFromHere(Forbidden):
    """The person is known, and must not come from this site; the message says what to do."""

    code = "not-from-here"


def recognise(desk: Helpdesk, claims: Claims) -> Who:
    """Return who the token is about; an account is made for a proved address that is new here.

    `NotFromHere` for accounts that are deactivated, and for staff where the site is not for staff.
    """
    person = _known(desk, claims) or _joined(desk, claims)
    if person is None:
        return _visitor(claims)
    _roles_given(desk, claims, person)
    _remember(desk, claims, person)
    with desk.read() as session:
        signed = load_actor_by_user(desk, session, person.user_id, channel="web")
    if signed is None:
        raise NotFromHere(_l("This account is deactivated. Write to us if you think that is a mistake."))
    _check_staff(claims.site, signed)
    return Who(signed, signed.actor.name, signed.actor.email, claims.locale, claims.ip, claims.data)


def recognise_customer(desk: Helpdesk, claims: Claims) -> Who:
    """Return who the token is about, for pages where everybody is a customer: who must not come is a visitor."""
    try:
        return recognise(desk, claims)
    except NotFromHere:
        return _visitor(claims)


def may_come(site: Site, signed: SignedIn) -> bool:
    """Tell whether an account may come from the site: staff where it is for staff, who changes the desk never."""
    grants = signed.actor.grants
    return not signed.user.is_owner and (not grants or (site.staff and not grants.keys() & OWNERS_ONLY))


def find_person(session: Session, site: Site, sub: str) -> Person | None:
    """Return who has that id at the site, if they have been here."""
    return session.scalar(select(Person).where(Person.site_id == site.id, Person.sub == sub))


def facts_about(desk: Helpdesk, user_id: int) -> list[tuple[str, str]]:
    """Return what sites say of a person, by name, and their id there as `<site>.id`; of two sites the latest wins.

    A name with a point is left out: it could speak for another site's id.
    """
    query = (
        select(Site.key, Person.sub, Person.data)
        .join(Site, Site.id == Person.site_id)
        .where(Person.user_id == user_id, Site.is_active)
        .order_by(Person.seen_at)
    )
    facts: dict[str, str] = {}
    ids: dict[str, str] = {}
    with desk.read() as session:
        for site, sub, data in session.execute(query):
            facts |= {name: value for name, value in data.items() if "." not in name}
            ids[f"{site}.id"] = sub
    return [*facts.items(), *ids.items()]


def _known(desk: Helpdesk, claims: Claims) -> Person | None:
    if not claims.sub:
        return None
    with desk.read() as session:
        return find_person(session, claims.site, claims.sub)


def _joined(desk: Helpdesk, claims: Claims) -> Person | None:
    """Join the account that has the proved address, or a new one; None where nothing is proved."""
    if not claims.sub or not claims.email or not claims.email_verified:
        return None
    with desk.read() as session:
        there = find_by_address(session, claims.email)
        if there is not None:
            _check_joins(desk, session, claims, there)
    user = find_or_create_by_address(
        desk, ANONYMOUS, claims.email, claims.name, verified=True, locale=_offered(desk, claims), reason="plugin"
    )
    try:
        with desk.begin(SYSTEM) as tx:
            person = Person(site_id=claims.site.id, sub=claims.sub, user_id=user.id, data={}, roles=[], seen_at=tx.now)
            tx.session.add(person)
            tx.session.flush()
    except IntegrityError:  # the same person came twice in the same moment
        found = _known(desk, claims)
        if found is None:
            raise
        return found
    return person


def _check_joins(desk: Helpdesk, session: Session, claims: Claims, user: User) -> None:
    """Raise `NotFromHere` for an account that a proof of the address alone does not open."""
    verified = any(each.address == claims.email and each.verified_at is not None for each in user.emails)
    if not verified and user.password_hash is not None:
        raise NotFromHere(
            _l("There is an account with your address that is not confirmed. Follow the link in the mail we sent you.")
        )
    signed = load_actor_by_user(desk, session, user.id, channel="web")
    if signed is None:
        raise NotFromHere(_l("This account is deactivated. Write to us if you think that is a mistake."))
    _check_staff(claims.site, signed)


def _check_staff(site: Site, signed: SignedIn) -> None:
    if signed.user.is_owner:
        raise NotFromHere(_l("Owners of the helpdesk sign in here, not from another site."))
    if not may_come(site, signed):
        raise NotFromHere(_l("Staff cannot come from this site. Sign in here instead."))


def _roles_given(desk: Helpdesk, claims: Claims, person: Person) -> None:
    """Give and take what the site's roles mean here, and note what is given because of the site.

    What somebody was given by hand stays theirs, and so does what another site or a provider gives.
    """
    if claims.roles is None or not claims.site.staff:
        return
    with desk.read() as session:
        if LENDING.is_as_meant(session, person, _meant(claims.site, claims.roles)):
            return  # most visits: nothing is locked for them
    with desk.begin(SYSTEM) as tx:
        site = tx.session.get(Site, claims.site.id, with_for_update={"read": True})
        row = tx.session.get(Person, person.id)
        user = tx.session.get(User, person.user_id)
        if site is None or not site.is_active or not site.staff:
            return  # switched off since the token was checked
        if row is None or user is None or not user.is_active or user.is_owner:
            return
        meant = {pair for pair in _meant(site, claims.roles) if _is_given(tx.session, pair[0])}
        LENDING.set_roles(tx, row, meant)


def _meant(site: Site, theirs: Collection[str]) -> set[RolePair]:
    return {(mine, at) for name, mine, at in site.roles if name in theirs}


def _is_given(session: Session, role: str) -> bool:
    """Tell whether the role is there and none that only owners give; it may have been changed after it was chosen."""
    try:
        found = find_role(session, role)
    except HelpdeskError:
        return False
    return not {each.permission for each in found.permissions} & OWNERS_ONLY


def _remember(desk: Helpdesk, claims: Claims, person: Person) -> None:
    if person.data == dict(claims.data) and desk.now() - person.seen_at < TOUCHED_AFTER:
        return
    with desk.begin(SYSTEM) as tx:
        row = tx.session.get(Person, person.id)
        if row is not None:
            row.data, row.seen_at = dict(claims.data), tx.now


def _visitor(claims: Claims) -> Who:
    return Who(None, claims.name, claims.email, claims.locale, claims.ip, claims.data)


def _offered(desk: Helpdesk, claims: Claims) -> str | None:
    return str(offered) if (offered := desk.catalogues.offered(claims.locale)) is not None else None
