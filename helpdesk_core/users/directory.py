"""Looking people up: one, a page of a list, or by what one remembers of them."""

import base64
import binascii
import json
from dataclasses import dataclass

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from helpdesk_core.actor import Actor
from helpdesk_core.errors import Invalid, NotFound
from helpdesk_core.texts import lazy as _l
from helpdesk_core.users.accounts import NO_SUCH_USER
from helpdesk_core.users.models import EmailAddress, Organisation, User
from helpdesk_core.users.permissions import refusal
from helpdesk_core.users.staff import is_staff

MAX_LIMIT = 200


@dataclass(frozen=True, slots=True)
class UserPage:
    """Some people, and the cursor to go on from; None at the end."""

    items: list[User]
    next: str | None


def read_user(session: Session, actor: Actor, uid: str) -> User:
    """Return the person, addresses and organisation loaded: oneself, or with `user.read` anybody; else `NotFound`."""
    query = select(User).where(User.uid == uid)
    user = session.scalar(query.options(selectinload(User.emails), joinedload(User.organisation)))
    if user is None or not (actor.may("user.read") or (actor.kind == "user" and user.id == actor.user_id)):
        raise NotFound(NO_SUCH_USER)
    return user


def list_users(
    session: Session,
    actor: Actor,
    *,
    query: str = "",
    organisation: str | None = None,
    staff: bool | None = None,
    active: bool | None = None,
    after: str | None = None,
    limit: int = 50,
) -> UserPage:
    """Return a page of people by name, addresses and organisations loaded; needs `user.read`.

    Each word of `query` must be in a name or an address. `organisation` is a uid; `staff` and `active` keep those who
    are, or are not. `after` is the `next` of the page before.
    """
    if not actor.may("user.read"):
        raise refusal(actor, "user.read")
    limit = max(1, min(limit, MAX_LIMIT))
    found = select(User).options(selectinload(User.emails), joinedload(User.organisation))
    for word in query.lower().split():
        addresses = select(EmailAddress.user_id).where(EmailAddress.address.contains(word, autoescape=True))
        found = found.where(or_(func.lower(User.name).contains(word, autoescape=True), User.id.in_(addresses)))
    if organisation is not None:
        found = found.where(
            User.organisation_id == select(Organisation.id).where(Organisation.uid == organisation).scalar_subquery()
        )
    if staff is not None:
        found = found.where(is_staff() if staff else ~is_staff())
    if active is not None:
        found = found.where(User.is_active.is_(active))
    if after is not None:
        name, user_id = _read_cursor(after)
        found = found.where(or_(User.name > name, and_(User.name == name, User.id > user_id)))
    rows = list(session.scalars(found.order_by(User.name, User.id).limit(limit + 1)))
    more = len(rows) > limit
    return UserPage(rows[:limit], _cursor(rows[limit - 1]) if more else None)


def _cursor(user: User) -> str:
    return base64.urlsafe_b64encode(json.dumps([user.name, user.id]).encode()).decode().rstrip("=")


def _read_cursor(text: str) -> tuple[str, int]:
    try:
        name, user_id = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, TypeError, binascii.Error):
        name, user_id = None, None
    if not isinstance(name, str) or not isinstance(user_id, int):
        raise Invalid({"after": [_l("This is not a cursor of this list. Take it from “next” of the page before.")]})
    return name, user_id
