"""Who acts: from a session, an API token, a signed link or an account to an `Actor`, with one query."""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, or_, select
from sqlalchemy.orm import Session

from helpdesk_core.actor import EVERYWHERE, Actor
from helpdesk_core.db.generation import REFERENCE, Generation
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.users import hooks
from helpdesk_core.users.models import ApiToken, Grant, LoginSession, Organisation, RolePermission, User
from helpdesk_core.users.permissions import CORE_PERMISSIONS, READ_SCOPE, Permission

Grants = dict[str, frozenset[int] | None]


@dataclass(frozen=True, slots=True)
class SignedIn:
    """An actor with the account behind it, and the session or API token that proved it.

    `generation` is the counter of reference data as of now, for `desk.remember`.
    """

    actor: Actor
    user: User
    generation: int
    session: LoginSession | None = None
    token: ApiToken | None = None


def load_actor_by_session(desk: Helpdesk, session: Session, token: str, *, channel: str = "web") -> SignedIn | None:
    """Return who holds the session token of a cookie, or None if it is unknown, over, or its owner deactivated."""
    rows = session.execute(_BY_SESSION, {"key": hashed(token), "now": desk.now()}).all()
    return _signed_in(desk, session, rows, channel, key=True)


def load_actor_by_api_token(desk: Helpdesk, session: Session, token: str, *, channel: str = "api") -> SignedIn | None:
    """Return who holds the API token, limited to its scopes, or None if unknown, over, or its owner deactivated."""
    rows = session.execute(_BY_TOKEN, {"key": hashed(token), "now": desk.now()}).all()
    return _signed_in(desk, session, rows, channel, key=True)


def load_actor_by_user(desk: Helpdesk, session: Session, user_id: int, *, channel: str = "system") -> SignedIn | None:
    """Return the account's actor without any proof, for jobs, mail and command line; None if gone or deactivated."""
    rows = session.execute(_BY_USER, {"key": user_id}).all()
    return _signed_in(desk, session, rows, channel, key=False)


def load_actors_by_users(
    desk: Helpdesk, session: Session, user_ids: Collection[int], *, channel: str = "system"
) -> Mapping[int, SignedIn]:
    """Return the same for many accounts, by their ids, with one query; without those who are gone or deactivated."""
    rows: dict[int, list[Any]] = {}
    for row in session.execute(_BY_USERS, {"keys": list(user_ids)}):
        rows.setdefault(row[0].id, []).append(row)
    found = {id_: _signed_in(desk, session, each, channel, key=False) for id_, each in rows.items()}
    return {id_: signed for id_, signed in found.items() if signed is not None}


def hashed(token: str) -> str:
    """Return the SHA-256 under which a token is stored; tokens are random, so they need no salt and no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def all_permissions(desk: Helpdesk) -> Mapping[str, Permission]:
    """Return every permission by name: the core's, then those of the active plugins."""
    found = {permission.name: permission for permission in CORE_PERMISSIONS}
    for plugin_id, asked in desk.gather(hooks.permissions):
        found |= {each.name: each for each in asked if each.name.startswith(f"{plugin_id}.")}
    return found


def merge_grants(pairs: Iterable[tuple[str, int | None]]) -> Grants:
    """Return permissions with the departments where they hold, from pairs of permission and department (None: all)."""
    merged: Grants = {}
    for permission, department_id in pairs:
        here = merged.get(permission, frozenset())
        if department_id is EVERYWHERE or here is EVERYWHERE:
            merged[permission] = EVERYWHERE
        else:
            merged[permission] = here | {department_id}
    return merged


def _statement(*key: type[LoginSession] | type[ApiToken]) -> Select[*tuple[Any, ...]]:
    generation = select(Generation.value).where(Generation.topic == REFERENCE).scalar_subquery()
    columns = (
        User,
        Organisation.shares_tickets,
        Grant.role_id,
        Grant.department_id,
        func.coalesce(generation, 0),
        *key,
    )
    statement = (
        select(*columns)
        .select_from(User)
        .outerjoin(Organisation, Organisation.id == User.organisation_id)
        .outerjoin(Grant, Grant.user_id == User.id)
        .where(User.is_active)
    )
    for each in key:
        in_time: ColumnElement[bool] = or_(each.expires_at.is_(None), each.expires_at > bindparam("now"))
        statement = statement.join(each, each.user_id == User.id)
        statement = statement.where(each.token_hash == bindparam("key"), in_time)
    return statement


_BY_SESSION = _statement(LoginSession)
_BY_TOKEN = _statement(ApiToken)
_BY_USER = _statement().where(User.id == bindparam("key"))
_BY_USERS = _statement().where(User.id.in_(bindparam("keys", expanding=True)))


def _signed_in(desk: Helpdesk, session: Session, rows: Sequence[Any], channel: str, *, key: bool) -> SignedIn | None:
    if not rows:
        return None
    user, shares, _, _, generation = rows[0][:5]
    if user.is_owner:
        grants = desk.remember(session, "owner's grants", lambda _: _everything(desk), generation)
    else:
        roles = desk.remember(
            session, "permissions of roles", lambda each: _permissions_of_roles(desk, each), generation
        )
        grants = merge_grants(
            (permission.name, row.department_id)
            for row in rows
            for permission in roles.get(row.role_id, ())
            if permission.means_something(row.department_id)
        )
    actor = Actor(
        kind="user",
        user_id=user.id,
        uid=user.uid,
        name=user.name,
        email=user.primary_email or "",
        grants=grants,
        organisation_id=user.organisation_id if shares else None,
        channel=channel,
        locale=user.locale,
        timezone=user.timezone,
    )
    proof = rows[0][5] if key else None
    if isinstance(proof, ApiToken):
        return SignedIn(_limited(desk, session, actor, proof.scopes, generation), user, generation, token=proof)
    return SignedIn(actor, user, generation, session=proof)


def _limited(desk: Helpdesk, session: Session, actor: Actor, scopes: list[str], generation: int) -> Actor:
    if not scopes:
        return actor
    known = desk.remember(session, "all permissions", lambda _: all_permissions(desk), generation)
    reading = {name for name, permission in known.items() if permission.reading}
    allowed = set(scopes) | (reading if READ_SCOPE in scopes else set())
    return replace(
        actor,
        grants={permission: where for permission, where in actor.grants.items() if permission in allowed},
        limited=True,
        read_only=set(scopes) <= reading | {READ_SCOPE},
    )


def _everything(desk: Helpdesk) -> Grants:
    return dict.fromkeys(all_permissions(desk), EVERYWHERE)


def _permissions_of_roles(desk: Helpdesk, session: Session) -> dict[int, tuple[Permission, ...]]:
    known = all_permissions(desk)
    found: dict[int, tuple[Permission, ...]] = {}
    for role_id, name in session.execute(select(RolePermission.role_id, RolePermission.permission)):
        permission = known.get(name) or Permission(name, "")
        found[role_id] = (*found.get(role_id, ()), permission)
    return found
