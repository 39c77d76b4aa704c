"""Passwords and addresses of one's own: setting them, and proving them by a link."""

from sqlalchemy import delete, select
from sqlalchemy.orm import selectinload

from helpdesk_core.actor import ANONYMOUS, EVERYWHERE, Actor
from helpdesk_core.db.base import new_uid
from helpdesk_core.errors import Conflict, Forbidden, Invalid
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.texts import lazy as _l
from helpdesk_core.users.accounts import end_access, find_user
from helpdesk_core.users.addresses import normalise, readable
from helpdesk_core.users.attempts import count_attempt, note_success
from helpdesk_core.users.events import AddressConfirmationRequested, PasswordLinkRequested, UserChanged
from helpdesk_core.users.guards import is_self, require_self_or_manager
from helpdesk_core.users.links import request_of_address_token, user_of_password_token
from helpdesk_core.users.models import AddressRequest, EmailAddress, LoginSession, User
from helpdesk_core.users.passwords import check_password, hash_password, password_fits
from helpdesk_core.users.profiles import join_by_domain, mark_verified, owner_of

DEAD_LINK = _l("This link was used already or is too old. Ask for a new one.")


def request_password_link(desk: Helpdesk, address: str, *, ip: str | None) -> None:
    """Have a link to choose a new password sent, if the address has an account; nothing tells whether it has.

    `RateLimited` after too many requests for one address or from one place.
    """
    normal = normalise(address)
    count_attempt(desk, "link", normal, ip)
    with desk.begin(ANONYMOUS) as tx:
        user = owner_of(tx.session, normal)
        if user is not None and user.is_active:
            tx.record(PasswordLinkRequested(user_id=user.id, reason="reset"))


def choose_password(desk: Helpdesk, token: str, password: str) -> User:
    """Set the password by a link's token, and return whose it is; every session of theirs ends.

    Following the link has proved the primary address. `Invalid` if the link is dead or the password too poor.
    """
    with desk.begin(ANONYMOUS) as tx:
        user = user_of_password_token(desk, tx.session, token)
        if user is None:
            raise Invalid(DEAD_LINK)
        check_password(password, user.name, user.primary_email or "")
        user.password_hash = hash_password(desk, password)
        end_access(tx, user, tokens=False)
        tx.record(UserChanged(user_id=user.id, changed=["password"]))
        mark_verified(tx, user, user.primary_email or "")
    return user


def set_password(
    desk: Helpdesk,
    actor: Actor,
    uid: str,
    password: str,
    *,
    current: str | None = None,
    keep: LoginSession | None = None,
) -> None:
    """Set a password: one's own, giving the `current` one if there is one, or with `user.manage` somebody else's.

    Every session of that person ends, except for the one to `keep`.
    """
    with desk.read() as session:
        user = find_user(session, uid)
        require_self_or_manager(session, actor, user)
    attempt = None
    if is_self(actor, user) and user.password_hash is not None:
        attempt = count_attempt(desk, "password", user.primary_email or "", None)
        if not password_fits(desk, current or "", user.password_hash):
            raise Invalid({"current": [_l("This is not your present password.")]})
    check_password(password, user.name, user.primary_email or "")
    password_hash = hash_password(desk, password)
    with desk.begin(actor) as tx:
        user = find_user(tx.session, uid)
        user.password_hash = password_hash
        end_access(tx, user, tokens=False, keep=keep)
        if attempt is not None:
            note_success(tx.session, attempt)
        tx.record(UserChanged(user_id=user.id, changed=["password"]))


def add_address(desk: Helpdesk, actor: Actor, uid: str, address: str) -> AddressRequest | None:
    """Add an address to an account: staff with `user.manage` at once, oneself only after following a link sent to it.

    Returns the request that waits for the link, or None if the address was added. `RateLimited` after too many links
    for one account, or to one address.
    """
    normal = normalise(address)
    at_once = actor.departments("user.manage") is EVERYWHERE
    with desk.read() as session:
        user = find_user(session, uid)
        require_self_or_manager(session, actor, user)
        if any(email.address == normal for email in user.emails):
            return None
    if not at_once:
        count_attempt(desk, "address", user.primary_email or user.uid, None)
        count_attempt(desk, "address", normal, None)
    with desk.begin(actor) as tx:
        user = find_user(tx.session, uid)
        if at_once:
            if owner_of(tx.session, normal) is not None:
                raise Invalid({"address": [_l("%(value)s belongs to another account.", value=readable(normal))]})
            user.emails.append(EmailAddress(address=normal, verified_at=tx.now))
            user.primary_email = user.primary_email or normal
            join_by_domain(tx.session, user, normal)
            tx.record(UserChanged(user_id=user.id, changed=["addresses"]))
            return None
        waiting = AddressRequest.user_id == user.id, AddressRequest.address == normal
        request = tx.session.scalar(select(AddressRequest).where(*waiting))
        if request is None:
            request = AddressRequest(uid=new_uid(), user_id=user.id, address=normal, created_at=tx.now)
            tx.session.add(request)
            tx.session.flush()
        tx.record(AddressConfirmationRequested(user_id=user.id, request_id=request.id))
    return request


def confirm_address(desk: Helpdesk, token: str) -> User:
    """Add the address that the link's token proves, and return whose it is now; `Conflict` if somebody else has it."""
    with desk.begin(ANONYMOUS) as tx:
        request = request_of_address_token(desk, tx.session, token)
        if request is None:
            raise Invalid(DEAD_LINK)
        query = select(User).where(User.id == request.user_id, User.is_active).options(selectinload(User.emails))
        user = tx.session.scalar(query)
        if user is None:
            raise Invalid(DEAD_LINK)
        owner = owner_of(tx.session, request.address)
        if owner is not None and owner.id != user.id:
            raise Conflict(
                _l(
                    "%(value)s belongs to another account. Write to us to join the two.",
                    value=readable(request.address),
                )
            )
        if owner is None:
            user.emails.append(EmailAddress(address=request.address, verified_at=tx.now))
            user.primary_email = user.primary_email or request.address
            join_by_domain(tx.session, user, request.address)
            tx.record(UserChanged(user_id=user.id, changed=["addresses"]))
        tx.session.execute(delete(AddressRequest).where(AddressRequest.id == request.id))
    return user


def set_primary_address(desk: Helpdesk, actor: Actor, uid: str, address: str) -> None:
    """Choose which of the person's proved addresses mail goes to."""
    normal = normalise(address)
    with desk.begin(actor) as tx:
        user = find_user(tx.session, uid)
        require_self_or_manager(tx.session, actor, user)
        if not any(email.address == normal and email.verified_at for email in user.emails):
            raise Invalid({"address": [_l("Add this address and follow the link sent to it first.")]})
        if user.primary_email != normal:
            user.primary_email = normal
            tx.record(UserChanged(user_id=user.id, changed=["addresses"]))


def remove_address(desk: Helpdesk, actor: Actor, uid: str, address: str) -> None:
    """Take an address off an account; the one that mail goes to cannot go before another takes its place."""
    normal = normalise(address)
    with desk.begin(actor) as tx:
        user = find_user(tx.session, uid)
        require_self_or_manager(tx.session, actor, user)
        tx.session.execute(
            delete(AddressRequest).where(AddressRequest.user_id == user.id, AddressRequest.address == normal)
        )
        gone = [email for email in user.emails if email.address == normal]
        if gone and user.primary_email == normal:
            raise Forbidden(_l("Mail goes to this address. Choose another address for that first."))
        for email in gone:
            user.emails.remove(email)
            tx.record(UserChanged(user_id=user.id, changed=["addresses"]))
