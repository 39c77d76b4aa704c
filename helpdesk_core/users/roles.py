"""Roles: sets of permissions, given to people in one department or everywhere."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session, joinedload, selectinload

from helpdesk_core.actor import EVERYWHERE, Actor
from helpdesk_core.db.seeded import translate_names
from helpdesk_core.departments.models import Department
from helpdesk_core.errors import Forbidden, Invalid, NotFound
from helpdesk_core.runtime import Helpdesk, Transaction
from helpdesk_core.texts import lazy as _l
from helpdesk_core.users.accounts import find_user
from helpdesk_core.users.actors import Grants, all_permissions
from helpdesk_core.users.addresses import clean_name
from helpdesk_core.users.events import OwnerChanged, RoleChanged, RoleGranted, RoleRevoked
from helpdesk_core.users.guards import acts_as_owner, keep_an_owner, require_owner
from helpdesk_core.users.models import Grant, Role, RolePermission, User
from helpdesk_core.users.permissions import DEFAULT_ROLES, covers, require, require_everywhere

KEY: Final = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?")

translate_names(Role, (each.name for each in DEFAULT_ROLES))


def add_default_roles(session: Session) -> None:
    """Add the roles that a new desk begins with, unless there are any; in the caller's transaction."""
    if session.scalar(select(Role.id).limit(1)) is None:
        for each in DEFAULT_ROLES:
            session.add(Role(key=each.key, name=str(each.name), permissions=_rows(each.permissions)))
        session.flush()


def all_roles(session: Session) -> Sequence[Role]:
    """Return every role by name, permissions loaded."""
    return session.scalars(select(Role).options(selectinload(Role.permissions)).order_by(Role.name, Role.id)).all()


def find_role(session: Session, key: str) -> Role:
    """Return the role with that key, permissions loaded; `NotFound` if there is none."""
    role = session.scalar(select(Role).where(Role.key == key).options(selectinload(Role.permissions)))
    if role is None:
        raise NotFound(_l("There is no role “%(key)s”.", key=key))
    return role


def roles_of(session: Session, user_id: int) -> Sequence[Grant]:
    """Return what roles the person has and where, roles loaded."""
    query = select(Grant).where(Grant.user_id == user_id).options(joinedload(Grant.role)).order_by(Grant.id)
    return session.scalars(query).all()


def create_role(desk: Helpdesk, actor: Actor, key: str, name: str, permissions: Iterable[str]) -> Role:
    """Make a role; needs `role.manage` everywhere, and every permission that goes into it."""
    require_everywhere(actor, "role.manage")
    name, wanted = _checked_name(name), sorted(set(permissions))
    if not KEY.fullmatch(key):
        raise Invalid({"key": [_l("A key has up to 64 small letters, digits, - and _, such as “second-line”.")]})
    _check_known(desk, wanted)
    with desk.begin(actor) as tx:
        if tx.session.scalar(select(Role.id).where(Role.key == key)) is not None:
            raise Invalid({"key": [_l("There is a role “%(key)s” already. Choose another key.", key=key)]})
        _require_held(tx.session, actor, wanted, EVERYWHERE)
        role = Role(key=key, name=name, permissions=_rows(wanted))
        tx.session.add(role)
        tx.session.flush()
        _changed(tx, role)
    return role


def change_role(
    desk: Helpdesk, actor: Actor, key: str, *, name: str | None = None, permissions: Iterable[str] | None = None
) -> Role:
    """Change a role's name or (as a whole) its permissions, for everybody who has it; at once, in every process.

    Needs `role.manage` everywhere, and every permission that is added or taken away. Permissions of plugins that are
    off stay as long as they are named.
    """
    require_everywhere(actor, "role.manage")
    with desk.begin(actor) as tx:
        role = find_role(tx.session, key)
        if name is not None:
            role.name = _checked_name(name)
        if permissions is not None:
            wanted, before = set(permissions), {each.permission for each in role.permissions}
            _check_known(desk, wanted - before)
            _require_held(tx.session, actor, wanted ^ before, EVERYWHERE)
            kept = [each for each in role.permissions if each.permission in wanted]
            role.permissions = kept + _rows(sorted(wanted - before))
        tx.session.flush()
        _changed(tx, role)
    return role


def delete_role(desk: Helpdesk, actor: Actor, key: str) -> None:
    """Delete a role, which takes it from everybody who has it; needs all of its permissions."""
    require_everywhere(actor, "role.manage")
    with desk.begin(actor) as tx:
        role = find_role(tx.session, key)
        _require_held(tx.session, actor, [each.permission for each in role.permissions], EVERYWHERE)
        tx.session.delete(role)
        tx.record(RoleChanged(role=key, permissions=[], deleted=True))
        tx.reference_changed()


def grant_role(desk: Helpdesk, actor: Actor, uid: str, role: str, department: str | None = None) -> None:
    """Give somebody a role in the department with that key, or everywhere; having it already is no error.

    Needs `role.manage` there, and every permission of the role there: nobody hands out more than they have.
    """
    with desk.begin(actor) as tx:
        user, found, department_id = _grant_target(tx, actor, uid, role, department)
        if not user.is_active:
            raise Invalid(_l("The account of %(user)s is deactivated. Reactivate it first.", user=user.name))
        if tx.session.scalar(select(Grant.id).where(*_is(user, found, department_id))) is None:
            tx.session.add(Grant(user_id=user.id, role_id=found.id, department_id=department_id))
            tx.record(RoleGranted(user_id=user.id, role=role, department_id=department_id))
            tx.reference_changed()


def revoke_role(desk: Helpdesk, actor: Actor, uid: str, role: str, department: str | None = None) -> None:
    """Take a role from somebody again, where it was given; not having it is no error. Needs what giving it needs."""
    with desk.begin(actor) as tx:
        user, found, department_id = _grant_target(tx, actor, uid, role, department)
        there = tx.session.scalars(select(Grant.id).where(*_is(user, found, department_id))).all()
        if there:
            tx.session.execute(delete(Grant).where(Grant.id.in_(there)))
            tx.record(RoleRevoked(user_id=user.id, role=role, department_id=department_id))
            tx.reference_changed()


def set_owner(desk: Helpdesk, actor: Actor, uid: str, is_owner: bool) -> None:
    """Make somebody an owner, or no owner any more; only owners do that, and one always remains."""
    with desk.begin(actor) as tx:
        require_owner(tx.session, actor)
        user = find_user(tx.session, uid)
        if user.is_owner == is_owner:
            return
        if is_owner and not user.is_active:
            raise Invalid(_l("The account of %(user)s is deactivated. Reactivate it first.", user=user.name))
        if not is_owner:
            keep_an_owner(tx.session, user)
        user.is_owner = is_owner
        tx.record(OwnerChanged(user_id=user.id, is_owner=is_owner))
        tx.reference_changed()


def _grant_target(
    tx: Transaction, actor: Actor, uid: str, role: str, department: str | None
) -> tuple[User, Role, int | None]:
    department_id = _department_id(tx.session, department)
    if department_id is EVERYWHERE:
        require_everywhere(actor, "role.manage")
    else:
        require(actor, "role.manage", department_id)
    found, known = find_role(tx.session, role), all_permissions(tx.desk)
    # What a grant in one department does not give is not handed out by it.
    given = [
        each.permission
        for each in found.permissions
        if each.permission not in known or known[each.permission].means_something(department_id)
    ]
    _require_held(tx.session, actor, given, department_id)
    return find_user(tx.session, uid), found, department_id


def _require_held(session: Session, actor: Actor, permissions: Iterable[str], department_id: int | None) -> None:
    """Raise unless the actor holds the permissions there; owners hold every one, also of plugins that are off."""
    where = EVERYWHERE if department_id is EVERYWHERE else frozenset({department_id})
    missing = [each for each in sorted(permissions) if not covers(actor.grants, _one(each, where))]
    if missing and not acts_as_owner(session, actor):
        raise Forbidden(
            _l(
                "You cannot give or take %(missing)s: you do not hold it yourself there. Ask an owner.",
                missing=", ".join(missing),
            ),
            permission=missing[0],
        )


def _one(permission: str, where: frozenset[int] | None) -> Grants:
    return {permission: where}


def _check_known(desk: Helpdesk, permissions: Iterable[str]) -> None:
    unknown = sorted(set(permissions) - all_permissions(desk).keys())
    if unknown:
        raise Invalid(
            {
                "permissions": [
                    _l("There is no permission %(unknown)s. Is its plugin enabled?", unknown=", ".join(unknown))
                ]
            }
        )


def _checked_name(name: str) -> str:
    cleaned = clean_name(name)
    if not cleaned:
        raise Invalid({"name": [_l("Write a name for the role.")]})
    return cleaned


def _department_id(session: Session, key: str | None) -> int | None:
    if key is None:
        return EVERYWHERE
    department_id = session.scalar(select(Department.id).where(Department.key == key))
    if department_id is None:
        raise Invalid({"department": [_l("There is no department “%(key)s”. Choose another, or everywhere.", key=key)]})
    return department_id


def _is(user: User, role: Role, department_id: int | None) -> tuple[ColumnElement[bool], ...]:
    here = Grant.department_id.is_(None) if department_id is EVERYWHERE else Grant.department_id == department_id
    return Grant.user_id == user.id, Grant.role_id == role.id, here


def _rows(permissions: Iterable[str]) -> list[RolePermission]:
    return [RolePermission(permission=each) for each in permissions]


def _changed(tx: Transaction, role: Role) -> None:
    permissions = sorted(each.permission for each in role.permissions)
    tx.record(RoleChanged(role=role.key, permissions=permissions))
    tx.reference_changed()
