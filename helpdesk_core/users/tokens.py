"""API tokens: keys that a person makes for programs that act in their name."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk_core.actor import Actor
from helpdesk_core.db.base import new_uid
from helpdesk_core.errors import Forbidden, Invalid, NotFound
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.texts import lazy as _l
from helpdesk_core.users.accounts import find_user
from helpdesk_core.users.actors import all_permissions, hashed
from helpdesk_core.users.addresses import clean_name
from helpdesk_core.users.events import ApiTokenCreated, ApiTokenRevoked
from helpdesk_core.users.guards import is_self, require_reader, require_self_or_manager
from helpdesk_core.users.models import ApiToken, User
from helpdesk_core.users.permissions import READ_SCOPE

PREFIX = "hd_"
"""So that people and scanners for leaked keys recognise a token."""


@dataclass(frozen=True, slots=True)
class NewToken:
    """An API token just made: `token` is shown once and kept nowhere."""

    token: str
    row: ApiToken


def create_token(
    desk: Helpdesk,
    actor: Actor,
    uid: str,
    name: str,
    *,
    scopes: Sequence[str] = (),
    expires_at: datetime | None = None,
) -> NewToken:
    """Make a token for oneself; only the system (the command line) makes one for somebody else.

    `scopes` are `read`, or permissions; none for all that its owner may do, now and later. It never may more than its
    owner.
    """
    name, scopes = _checked_name(name), _checked_scopes(desk, scopes)
    if expires_at is not None and expires_at <= desk.now():
        raise Invalid({"expires_at": [_l("This moment is over. Choose one to come, or none.")]})
    with desk.begin(actor) as tx:
        user = find_user(tx.session, uid)
        if actor.kind != "system" and (not is_self(actor, user) or actor.limited):
            raise Forbidden(_l("Tokens can be made only for oneself, signed in. Ask the person to make one."))
        if not user.is_active:
            raise Invalid(_l("This account is deactivated. Reactivate it first."))
        token = PREFIX + secrets.token_urlsafe(32)
        row = ApiToken(
            uid=new_uid(),
            user_id=user.id,
            name=name,
            token_hash=hashed(token),
            scopes=list(scopes),
            created_at=tx.now,
            expires_at=expires_at,
        )
        tx.session.add(row)
        tx.session.flush()
        tx.record(ApiTokenCreated(user_id=user.id, token=row.uid))
    return NewToken(token, row)


def tokens_of(session: Session, actor: Actor, uid: str) -> Sequence[ApiToken]:
    """Return the person's tokens, newest first; one's own, or with `user.read` anybody's."""
    user = find_user(session, uid)
    require_reader(actor, user)
    return session.scalars(select(ApiToken).where(ApiToken.user_id == user.id).order_by(ApiToken.id.desc())).all()


def revoke_token(desk: Helpdesk, actor: Actor, token_uid: str) -> None:
    """Make a token worthless at once, by its uid; one's own, or that of somebody one may manage."""
    with desk.begin(actor) as tx:
        query = select(ApiToken, User).join(User, User.id == ApiToken.user_id).where(ApiToken.uid == token_uid)
        row = tx.session.execute(query).first()
        if row is None:
            raise NotFound(_l("There is no such token; it may have been revoked already."))
        token, user = row
        require_self_or_manager(tx.session, actor, user)
        tx.session.delete(token)
        tx.record(ApiTokenRevoked(user_id=user.id, token=token_uid))


def _checked_name(name: str) -> str:
    cleaned = clean_name(name)
    if not cleaned:
        raise Invalid({"name": [_l("Give the token a name that says what uses it.")]})
    return cleaned


def _checked_scopes(desk: Helpdesk, scopes: Sequence[str]) -> list[str]:
    unknown = sorted(set(scopes) - {READ_SCOPE, *all_permissions(desk)})
    if unknown:
        raise Invalid(
            {
                "scopes": [
                    _l(
                        "There is no permission %(unknown)s. Choose “read”, permissions, or none.",
                        unknown=", ".join(unknown),
                    )
                ]
            }
        )
    return sorted(set(scopes))
