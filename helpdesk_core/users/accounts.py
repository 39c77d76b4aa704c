"""Accounts: making them, changing them, and shutting them without losing their history."""

from contextlib import nullcontext
from dataclasses import fields, replace
from typing import Unpack

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from helpdesk_core.actor import Actor
from helpdesk_core.errors import Forbidden, Invalid, NotFound
from helpdesk_core.runtime import Helpdesk, Transaction
from helpdesk_core.texts import lazy as _l
from helpdesk_core.users import hooks
from helpdesk_core.users.addresses import clean_name, domain_of, name_from_address, normalise
from helpdesk_core.users.attempts import count_attempt
from helpdesk_core.users.events import (
    PasswordLinkRequested,
    UserChanged,
    UserDeactivated,
    UserReactivated,
)
from helpdesk_core.users.guards import (
    acts_as_owner,
    is_self,
    keep_an_owner,
    require_manager,
    require_self_or_manager,
)
from helpdesk_core.users.inputs import UserChanges, UserDraft
from helpdesk_core.users.models import ApiToken, LoginSession, Organisation, User
from helpdesk_core.users.passwords import check_password, hash_password
from helpdesk_core.users.permissions import require_everywhere
from helpdesk_core.users.profiles import (
    announce_user,
    checked_draft,
    draft_of,
    find_organisation_for,
    insert_user,
    mark_verified,
    owner_of,
    write_user,
)

NO_SUCH_USER = _l("There is no such account, or you may not see it.")


def find_user(session: Session, uid: str) -> User:
    """Return the person with that uid, addresses loaded, whoever asks; `NotFound` if there is none."""
    user = session.scalar(select(User).where(User.uid == uid).options(selectinload(User.emails)))
    if user is None:
        raise NotFound(NO_SUCH_USER)
    return user


def find_by_address(session: Session, address: str) -> User | None:
    """Return whose address this is, addresses loaded, or None; `Invalid` if it is no address."""
    return owner_of(session, normalise(address))


def create_user(
    desk: Helpdesk,
    actor: Actor,
    draft: UserDraft,
    address: str,
    *,
    password: str | None = None,
    is_owner: bool = False,
    is_verified: bool = True,
    invite: bool = False,
) -> User:
    """Make an account, needing `user.manage` everywhere; `is_verified` says that the address is proved to be theirs.

    With `invite` they are sent a link to choose a password. `Invalid` names what does not fit, `Refused` is a plugin's
    no.
    """
    draft = desk.hooks.refine_valid(hooks.user_draft, checked_draft, draft=draft, user=None, actor=actor)
    require_everywhere(actor, "user.manage")
    draft, address = checked_draft(draft), normalise(address)
    password_hash = hash_password(desk, check_password(password, draft.name, address)) if password else None
    desk.hooks.veto(hooks.user_check, draft=draft, address=address, user=None, actor=actor)
    with desk.begin(actor) as tx:
        if is_owner and not acts_as_owner(tx.session, actor):
            raise Forbidden(_l("Only an owner can make another owner. Ask one of them."))
        if owner_of(tx.session, address) is not None:
            raise Invalid(
                {
                    "address": [
                        _l("%(address)s belongs to another account already. Open that one instead.", address=address)
                    ]
                }
            )
        user = write_user(tx, draft, address, verified=is_verified, password_hash=password_hash, is_owner=is_owner)
        if invite:
            tx.record(PasswordLinkRequested(user_id=user.id, reason="invite"))
    return user


def sign_up(desk: Helpdesk, actor: Actor, name: str, address: str, *, ip: str | None) -> None:
    """Let somebody make their own account, if `[site] signup` is open: they are sent a link to choose a password.

    Nothing tells an address that is known from a new one, and nobody can take an address by being the first to type
    it. `RateLimited` after too many requests for one address or from one place.
    """
    if desk.settings.site().signup != "open":
        raise Forbidden(_l("This helpdesk makes no accounts by itself. Write to us, and we open one for you."))
    count_attempt(desk, "link", normalise(address), ip)
    draft = UserDraft(name=name, locale=actor.locale)
    draft = desk.hooks.refine_valid(hooks.user_draft, checked_draft, draft=draft, user=None, actor=actor)
    draft, address = checked_draft(draft), normalise(address)
    if "." not in domain_of(address):
        raise Invalid(
            {
                "address": [
                    _l("“%(address)s” is not complete. Is something missing at the end, such as .com?", address=address)
                ]
            }
        )
    desk.hooks.veto(hooks.user_check, draft=draft, address=address, user=None, actor=actor)
    with desk.begin(actor) as tx:
        user = owner_of(tx.session, address)
        if user is None:
            user = write_user(tx, draft, address, verified=False, reason="sign_up")
        if user.is_active:
            tx.record(PasswordLinkRequested(user_id=user.id, reason="sign_up"))


def find_or_create_by_address(
    desk: Helpdesk,
    actor: Actor,
    address: str,
    name: str = "",
    *,
    verified: bool = False,
    locale: str | None = None,
    reason: str = "contact",
) -> User:
    """Return whose address this is, making an account without password or rights if it is new.

    Joins a running unit of work. The caller has decided that the actor may bring people in. `verified` says that the
    address has proved to be theirs (a sender that authenticated, never a mere From header): only then an
    organisation's domain rule takes them in. A deactivated person is returned as they are.
    """
    normal = normalise(address)
    with desk.begin(actor) as tx:
        with tx.session.no_autoflush:  # accounts are flushed when they are made, so nothing that waits matters here
            user = owner_of(tx.session, normal)
        if user is None:
            draft = UserDraft(name=clean_name(name) or name_from_address(normal), locale=locale)
            try:
                with nullcontext() if tx.starts_over else tx.savepoint():
                    user = insert_user(tx, draft, normal, verified=verified)
                return announce_user(tx, user, reason)
            except IntegrityError:
                if tx.starts_over:
                    raise
                user = owner_of(tx.session, normal)  # somebody wrote from this address in the same moment
                if user is None:
                    raise
        if verified:
            mark_verified(tx, user, normal)
    return user


def change_user(desk: Helpdesk, actor: Actor, uid: str, **changes: Unpack[UserChanges]) -> User:
    """Change what is written about a person, oneself or (with `user.manage`) somebody else.

    Only staff can change the organisation. Addresses and passwords have services of their own.
    """
    with desk.read() as session:
        user = find_user(session, uid)
        organisation = session.get(Organisation, user.organisation_id) if user.organisation_id else None
    before = draft_of(user, organisation)
    asked = replace(before, **changes)
    draft = desk.hooks.refine_valid(hooks.user_draft, checked_draft, draft=asked, user=user, actor=actor)
    with desk.read() as session:
        require_self_or_manager(session, actor, user)
    if asked.organisation != before.organisation:
        require_everywhere(actor, "user.manage")
    draft = checked_draft(draft)
    desk.hooks.veto(hooks.user_check, draft=draft, address=None, user=user, actor=actor)
    with desk.begin(actor) as tx:
        user = find_user(tx.session, uid)
        organisation = find_organisation_for(tx.session, draft.organisation)
        changed = [each.name for each in fields(draft) if getattr(draft, each.name) != getattr(before, each.name)]
        for name in changed:
            if name == "organisation":
                user.organisation_id = organisation.id if organisation else None
            else:
                setattr(user, name, getattr(draft, name))
        if [name for name in changed if name != "preferences"]:
            tx.record(UserChanged(user_id=user.id, changed=changed))
            tx.reference_changed()
    return user


def deactivate_user(desk: Helpdesk, actor: Actor, uid: str) -> User:
    """Shut somebody out: sessions and API tokens end at once; tickets, messages and assignments stay as they are."""
    with desk.begin(actor) as tx:
        user = find_user(tx.session, uid)
        require_manager(tx.session, actor, user)
        if is_self(actor, user):
            raise Forbidden(_l("You cannot deactivate yourself. Ask a colleague to do it."))
        if user.is_active:
            keep_an_owner(tx.session, user)
            user.is_active = False
            end_access(tx, user)
            tx.record(UserDeactivated(user_id=user.id))
            tx.reference_changed()
    return user


def reactivate_user(desk: Helpdesk, actor: Actor, uid: str) -> User:
    """Let somebody in again, with the roles they had; they sign in anew. Erased people stay erased."""
    with desk.begin(actor) as tx:
        user = find_user(tx.session, uid)
        require_manager(tx.session, actor, user)
        if user.erased_at is not None:
            raise Invalid(_l("This person's data was erased. Make a new account."))
        if not user.is_active:
            user.is_active = True
            tx.record(UserReactivated(user_id=user.id))
            tx.reference_changed()
    return user


def end_access(tx: Transaction, user: User, *, tokens: bool = True, keep: LoginSession | None = None) -> None:
    """End the person's sessions, but for the one to `keep`, and their API tokens."""
    ended = delete(LoginSession).where(LoginSession.user_id == user.id)
    tx.session.execute(ended.where(LoginSession.id != keep.id) if keep else ended)
    if tokens:
        tx.session.execute(delete(ApiToken).where(ApiToken.user_id == user.id))
