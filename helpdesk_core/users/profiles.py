"""What services of accounts share: checking and writing a person, addresses that prove true, domain rules."""

from collections.abc import Iterable
from dataclasses import replace
from zoneinfo import available_timezones

from babel import Locale, UnknownLocaleError
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from helpdesk_core.db.base import new_uid
from helpdesk_core.errors import Invalid
from helpdesk_core.runtime import Transaction
from helpdesk_core.texts import lazy as _l
from helpdesk_core.users import hooks
from helpdesk_core.users.addresses import clean_name, domain_of
from helpdesk_core.users.events import UserChanged, UserCreated
from helpdesk_core.users.inputs import UserDraft
from helpdesk_core.users.models import EmailAddress, Organisation, User

THEME_MODES = ("light", "dark")
MAX_PREFERENCES = 20_000


def mark_verified(tx: Transaction, user: User, address: str) -> None:
    """Note that a normalised address is proved to be the person's; a domain rule may now take them in."""
    for email in user.emails:
        if email.address == address and email.verified_at is None:
            email.verified_at = tx.now
            join_by_domain(tx.session, user, address)
            tx.record(UserChanged(user_id=user.id, changed=["addresses"]))


def join_by_domain(session: Session, user: User, address: str) -> None:
    """Put a person who belongs nowhere into the organisation whose domain the (verified) address has."""
    if user.organisation_id is None:
        rule = select(Organisation.id).where(Organisation.domain == domain_of(address)).order_by(Organisation.id)
        user.organisation_id = session.scalar(rule.limit(1))


def write_user(
    tx: Transaction,
    draft: UserDraft,
    address: str,
    *,
    verified: bool,
    password_hash: str | None = None,
    is_owner: bool = False,
    reason: str = "created",
) -> User:
    """Write a new person with a checked draft and a normalised address, and record it."""
    user = insert_user(tx, draft, address, verified=verified, password_hash=password_hash, is_owner=is_owner)
    return announce_user(tx, user, reason)


def insert_user(
    tx: Transaction,
    draft: UserDraft,
    address: str,
    *,
    verified: bool,
    password_hash: str | None = None,
    is_owner: bool = False,
) -> User:
    """Write the row of a new person; `IntegrityError` if somebody else had the address first."""
    organisation = find_organisation_for(tx.session, draft.organisation)
    user = User(
        uid=new_uid(),
        name=draft.name,
        organisation_id=organisation.id if organisation else None,
        locale=draft.locale,
        timezone=draft.timezone,
        theme_mode=draft.theme_mode,
        password_hash=password_hash,
        is_active=True,
        is_owner=is_owner,
        preferences=dict(draft.preferences),
        created_at=tx.now,
        primary_email=address,
        emails=[EmailAddress(address=address, verified_at=tx.now if verified else None)],
    )
    if verified:
        join_by_domain(tx.session, user, address)
    tx.session.add(user)
    tx.session.flush()
    _known(tx.session)[address] = user
    return user


def announce_user(tx: Transaction, user: User, reason: str) -> User:
    """Let plugins write along with a new person, and record it."""
    tx.desk.hooks.within(hooks.user_creating, tx=tx, user=user)
    tx.record(UserCreated(user_id=user.id, reason=reason))
    if user.is_owner:
        tx.reference_changed()
    return user


def owner_of(session: Session, address: str) -> User | None:
    """Return whose normalised address this is, addresses loaded, or None; a session asks once for each it finds."""
    user = _known(session).get(address)
    if user is not None and _has(session, user, address):
        return user
    query = select(User).join(EmailAddress, EmailAddress.user_id == User.id).where(EmailAddress.address == address)
    user = session.scalar(query.options(selectinload(User.emails)))
    if user is not None:
        _known(session)[address] = user
    return user


def owners_of(session: Session, addresses: Iterable[str]) -> dict[str, User]:
    """Return whose normalised addresses these are, by address; two queries. `owner_of` need not ask for them again."""
    wanted = list(dict.fromkeys(addresses))
    query = select(EmailAddress.address, User).join(User, User.id == EmailAddress.user_id)
    query = query.where(EmailAddress.address.in_(wanted)).options(selectinload(User.emails))
    found = {row[0]: row[1] for row in session.execute(query)}
    _known(session).update(found)
    return found


def _known(session: Session) -> dict[str, User]:
    """Return who was found or made in this session, by address: a mail asks several times who its sender is."""
    known: dict[str, User] = session.info.setdefault("owners of addresses", {})
    return known


def _has(session: Session, user: User, address: str) -> bool:
    """Tell whether what the session knows of the person is still so: undone parts of it forget people."""
    return user in session and "emails" in user.__dict__ and any(each.address == address for each in user.emails)


def find_organisation_for(session: Session, uid: str | None) -> Organisation | None:
    """Return the organisation that a draft names; `Invalid` if it is gone."""
    if uid is None:
        return None
    organisation = session.scalar(select(Organisation).where(Organisation.uid == uid))
    if organisation is None:
        raise Invalid({"organisation": [_l("There is no such organisation. Choose another, or none.")]})
    return organisation


def draft_of(user: User, organisation: Organisation | None) -> UserDraft:
    """Return what is written about a person now."""
    return UserDraft(
        name=user.name,
        organisation=organisation.uid if organisation else None,
        locale=user.locale,
        timezone=user.timezone,
        theme_mode=user.theme_mode,
        preferences=user.preferences,
    )


def checked_draft(draft: UserDraft) -> UserDraft:
    """Return the draft with a clean name, or raise `Invalid` with all that does not fit."""
    problems: dict[str, list[str]] = {}
    name = clean_name(draft.name)
    if not name:
        problems["name"] = [_l("Write a name.")]
    if draft.timezone is not None and draft.timezone not in available_timezones():
        problems["timezone"] = [
            _l("“%(timezone)s” is not a time zone. Choose one such as Europe/Berlin.", timezone=draft.timezone)
        ]
    if draft.locale is not None and not is_locale(draft.locale):
        problems["locale"] = [
            _l("“%(locale)s” is not a language. Choose one such as en or pt_BR.", locale=draft.locale)
        ]
    if draft.theme_mode is not None and draft.theme_mode not in THEME_MODES:
        problems["theme_mode"] = [_l("Choose light, dark, or neither to follow the system.")]
    if len(str(draft.preferences)) > MAX_PREFERENCES:
        problems["preferences"] = [_l("These are too many preferences. Remove some.")]
    if problems:
        raise Invalid(problems)
    return replace(draft, name=name)


def is_locale(text: str) -> bool:
    """Tell whether that is a language, as `de` or `pt_BR`."""
    try:
        return len(text) <= 16 and bool(Locale.parse(text))
    except (UnknownLocaleError, ValueError):
        return False
