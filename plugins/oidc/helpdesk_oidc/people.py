"""Who a provider's people are here: accounts join by proved addresses only, and staff only where the provider may."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from helpdesk_core.api import ANONYMOUS, SYSTEM, Helpdesk
from helpdesk_core.api.errors import Invalid
from helpdesk_core.api.users import (
    SignedIn,
    User,
    find_by_address,
    find_or_create_by_address,
    load_actor_by_user,
    normalise,
)

from .failing import SignInFailed
from .models import Person, Provider
from .providers import given_roles
from .roles import LENDING
from .texts import lazy as _l

LONGEST_SUB, LONGEST_NAME = 255, 255


def recognise(desk: Helpdesk, provider: Provider, claims: Mapping[str, Any]) -> tuple[Person, User]:
    """Return whom the claims are about; an account is made for a proved address that is new here.

    `SignInFailed` says why somebody must not come from there.
    """
    sub = claims.get("sub")
    if not isinstance(sub, str) or not 0 < len(sub) <= LONGEST_SUB:
        raise SignInFailed(_l("The provider does not say who you are. Ask who runs it."))
    with desk.read() as session:
        provider = _as_it_is(session, provider)
        person = _find(session, provider, sub)
        if person is not None:
            _admitted(desk, session, provider, person.user_id)
    if person is None:
        person = _joined(desk, provider, sub, claims)
    provider = _roles_given(desk, provider, person, claims)
    with desk.read() as session:
        return person, _admitted(desk, session, provider, person.user_id).user


def _as_it_is(session: Session, provider: Provider, *, lock: bool = False) -> Provider:
    """Return the provider as it is by now; `SignInFailed` if what it said counts no more. With `lock`, it stays so."""
    query = select(Provider).where(Provider.id == provider.id)
    row = session.scalar(query.with_for_update(read=True) if lock else query)
    if row is None or not row.is_active or (row.issuer, row.client_id) != (provider.issuer, provider.client_id):
        raise SignInFailed(_l("This sign-in was begun elsewhere, or too long ago. Begin again."), status=400)
    return row


def _find(session: Session, provider: Provider, sub: str) -> Person | None:
    return session.scalar(select(Person).where(Person.provider_id == provider.id, Person.sub == sub))


def _joined(desk: Helpdesk, provider: Provider, sub: str, claims: Mapping[str, Any]) -> Person:
    address = _proved_address(claims)
    with desk.read() as session:
        there = find_by_address(session, address)
        if there is not None:
            verified = any(each.address == address and each.verified_at is not None for each in there.emails)
            if not verified and there.password_hash is not None:
                raise SignInFailed(
                    _l("There is an account with your address that is not confirmed. Follow the link we mailed to it.")
                )
            _admitted(desk, session, provider, there.id)
    name, locale = claims.get("name"), claims.get("locale")
    offered = desk.catalogues.offered(locale) if isinstance(locale, str) and len(locale) < 36 else None
    user = find_or_create_by_address(
        desk,
        ANONYMOUS,
        address,
        name[:LONGEST_NAME] if isinstance(name, str) else "",
        verified=True,
        locale=str(offered) if offered is not None else None,
        reason="plugin",
    )
    try:
        with desk.begin(SYSTEM) as tx:
            _as_it_is(tx.session, provider, lock=True)
            person = Person(provider_id=provider.id, sub=sub, user_id=user.id, roles=[], seen_at=tx.now)
            tx.session.add(person)
            tx.session.flush()
    except IntegrityError:  # the same person came twice in the same moment
        with desk.read() as session:
            found = _find(session, provider, sub)
        if found is None:
            raise
        return found
    return person


def _proved_address(claims: Mapping[str, Any]) -> str:
    email = claims.get("email")
    if not isinstance(email, str) or not email.strip():
        raise SignInFailed(_l("The provider does not tell us your e-mail address. Allow that there, and begin again."))
    if claims.get("email_verified") not in (True, "true"):
        raise SignInFailed(_l("Confirm your e-mail address at the provider first, so that we know it is yours."))
    try:
        return normalise(email)
    except Invalid as error:
        raise SignInFailed(
            _l("The provider gave an address that is none. Correct it there, and begin again.")
        ) from error


def _admitted(desk: Helpdesk, session: Session, provider: Provider, user_id: int) -> SignedIn:
    signed = load_actor_by_user(desk, session, user_id, channel="web")
    if signed is None:
        raise SignInFailed(_l("This account is deactivated. Write to us if you think that is a mistake."))
    if signed.user.is_owner:
        raise SignInFailed(_l("Owners of the helpdesk sign in with their password here, not by way of a provider."))
    if signed.actor.grants and not provider.staff:
        raise SignInFailed(_l("Staff cannot sign in by way of this provider. Use your password here."))
    return signed


def _roles_given(desk: Helpdesk, provider: Provider, person: Person, claims: Mapping[str, Any]) -> Provider:
    """Give and take what the provider's roles mean here, and note it; return the provider as it is then.

    A claim that is not there, or not asked for any more, means that nothing is given. What somebody was given by hand
    stays theirs, and so does what another provider or a site gives.
    """
    with desk.begin(SYSTEM) as tx:
        provider = _as_it_is(tx.session, provider, lock=True)
        row = tx.session.get(Person, person.id)
        user = tx.session.get(User, person.user_id)
        if row is None or user is None:
            return provider
        if provider.staff and (provider.roles_claim or row.roles):
            theirs = _texts(claims.get(provider.roles_claim)) if provider.roles_claim else set()
            may = {key for key, _ in given_roles(tx.session)}
            meant = {(mine, at) for each, mine, at in provider.roles if each in theirs and mine in may}
            LENDING.set_roles(tx, row, meant)
        row.seen_at = tx.now  # last, as roles are not set while the row is locked
        return provider


def _texts(said: Any) -> set[str]:
    """Return what a claim lists; a single text is a list of one."""
    return {each for each in (said if isinstance(said, list) else [said]) if isinstance(each, str)}
