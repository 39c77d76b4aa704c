"""Signing in: by the core's password, by what a plugin knows, or by a link."""

from typing import Final

from helpdesk_core.actor import ANONYMOUS, Actor
from helpdesk_core.errors import Invalid
from helpdesk_core.runtime import Helpdesk, Transaction
from helpdesk_core.texts import lazy as _l
from helpdesk_core.users import hooks
from helpdesk_core.users.accounts import find_or_create_by_address, find_user
from helpdesk_core.users.addresses import normalise
from helpdesk_core.users.attempts import count_attempt, note_success
from helpdesk_core.users.inputs import Credentials
from helpdesk_core.users.models import User
from helpdesk_core.users.passwords import hash_password, needs_new_hash, password_fits
from helpdesk_core.users.profiles import owner_of
from helpdesk_core.users.sessions import NewSession, begin_session

WRONG = _l("Address and password do not fit together. Check both, or have a link sent to choose a new password.")
DEACTIVATED = _l("This account is deactivated. Write to us if you think that is a mistake.")
UNVERIFIED = _l("Follow the link in the mail we sent to this address first, so that we know it is yours.")
PASSWORD: Final = "password"  # noqa: S105 - the name of a way to sign in


def sign_in(desk: Helpdesk, credentials: Credentials) -> NewSession:
    """Sign somebody in by address and password, and begin a session.

    The core's own password is compared first; only if it does not fit are plugins asked. An owner with the right
    password is in without any plugin being asked. `Invalid` if nothing fits (in the same words and time whether the
    address is known or not), `RateLimited` after too many failures, `Refused` when a plugin says no.
    """
    address = _address(credentials.address)
    attempt = count_attempt(desk, PASSWORD, address, credentials.ip)
    user, method = _by_password(desk, address, credentials), PASSWORD
    if user is None:
        user, method = _by_plugin(desk, credentials)
    _may_enter(user)
    if not (user.is_owner and method == PASSWORD):
        if method == PASSWORD and not _is_verified(user, address):
            raise Invalid(UNVERIFIED)
        desk.hooks.veto(hooks.sign_in_check, user=user, method=method, credentials=credentials)
    with desk.begin(_acting(user)) as tx:
        user = find_user(tx.session, user.uid)
        note_success(tx.session, attempt)
        if method == PASSWORD:
            _renew_hash(tx, user, credentials.password)
        return begin_session(tx, user, method=method, device=credentials.device)


def open_session(desk: Helpdesk, uid: str, credentials: Credentials, *, method: str) -> NewSession:
    """Begin a session for somebody who has proved in another way who they are: by a link, or at another site.

    For plugins that bring their own way to sign in (OIDC): `method` is its name. The hook `sign_in_check` is asked;
    `Refused` is a plugin's no.
    """
    with desk.read() as session:
        user = find_user(session, uid)
    _may_enter(user)
    desk.hooks.veto(hooks.sign_in_check, user=user, method=method, credentials=credentials)
    with desk.begin(_acting(user)) as tx:
        return begin_session(tx, find_user(tx.session, uid), method=method, device=credentials.device)


def _by_password(desk: Helpdesk, address: str, credentials: Credentials) -> User | None:
    with desk.read() as session:
        user = owner_of(session, address)
    fits = password_fits(desk, credentials.password, user.password_hash if user else None)
    return user if fits else None


def _by_plugin(desk: Helpdesk, credentials: Credentials) -> tuple[User, str]:
    identity = desk.hooks.pick_valid(
        hooks.authenticate, lambda found: normalise(found.address), credentials=credentials
    )
    if identity is None:
        raise Invalid(WRONG)
    user = find_or_create_by_address(desk, ANONYMOUS, identity.address, identity.name, verified=True, reason="plugin")
    # A plugin cannot pass for the core's own password, which spares owners every check.
    return user, f"plugin:{identity.method}" if identity.method == PASSWORD else identity.method


def _may_enter(user: User) -> None:
    if not user.is_active:
        raise Invalid(DEACTIVATED)


def _is_verified(user: User, address: str) -> bool:
    return any(email.address == address and email.verified_at is not None for email in user.emails)


def _renew_hash(tx: Transaction, user: User, password: str) -> None:
    if user.password_hash is not None and needs_new_hash(tx.desk, user.password_hash):
        user.password_hash = hash_password(tx.desk, password)


def _acting(user: User) -> Actor:
    return Actor(kind="user", user_id=user.id, uid=user.uid, name=user.name, channel="web")


def _address(given: str) -> str:
    try:
        return normalise(given)
    except Invalid:
        return given.strip().lower()[:320]
