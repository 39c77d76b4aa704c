"""Who works where: the people whose roles let them read a department's tickets."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from helpdesk_core.runtime import Helpdesk
from helpdesk_core.texts import lazy as _l
from helpdesk_core.users.addresses import normalise
from helpdesk_core.users.models import Grant, Role, RolePermission, User
from helpdesk_core.users.profiles import owner_of


def may_work(session: Session, user: User, department_id: int) -> bool:
    """Tell whether the person may read (and so be given) the tickets of the department; active or not."""
    query = select(User.id).where(User.id == user.id, _may("ticket.read", department_id))
    return session.scalar(query) is not None


def people_who_may(session: Session, permission: str, department_id: int | None = None) -> Sequence[User]:
    """Return the active people who hold the permission in the department (None: anywhere), by name; owners included."""
    query = select(User).where(User.is_active, _may(permission, department_id)).order_by(User.name, User.id)
    return session.scalars(query).all()


def people_with_role(session: Session, role_key: str, department_id: int | None = None) -> Sequence[User]:
    """Return the active people who have the role in the department (None: for the whole helpdesk), by name."""
    held = select(Grant.user_id).join(Role, Role.id == Grant.role_id).where(Role.key == role_key)
    held = held.where(or_(Grant.department_id.is_(None), Grant.department_id == department_id))
    query = select(User).where(User.is_active, User.id.in_(held)).order_by(User.name, User.id)
    return session.scalars(query).all()


def is_staff() -> ColumnElement[bool]:
    """Return the SQL condition on `User` that somebody works tickets anywhere."""
    return _may("ticket.read", None)


def _may(permission: str, department_id: int | None) -> ColumnElement[bool]:
    held = (
        select(Grant.user_id)
        .join(RolePermission, RolePermission.role_id == Grant.role_id)
        .where(RolePermission.permission == permission)
    )
    if department_id is not None:
        held = held.where(or_(Grant.department_id.is_(None), Grant.department_id == department_id))
    return or_(User.is_owner, User.id.in_(held))


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who works tickets; `departments` are those they read, None for all."""

    uid: str
    name: str
    departments: frozenset[int] | None

    def works_in(self, department_id: int) -> bool:
        """Tell whether tickets of the department can be theirs."""
        return self.departments is None or department_id in self.departments


def colleagues(desk: Helpdesk, session: Session, generation: int | None = None) -> Sequence[Colleague]:
    """Return everybody who works tickets, by name; remembered between requests."""
    return desk.remember(session, "colleagues", _load, generation)


def colleague_problem(desk: Helpdesk, session: Session, address: str) -> str | None:
    """Return why tickets cannot be given to whom this address belongs, as a sentence; None if that is a colleague.

    `Invalid` if it is no address.
    """
    user = owner_of(session, normalise(address))
    if user is not None and any(each.uid == user.uid for each in colleagues(desk, session)):
        return None
    return _l("Nobody who works tickets has the address “%(address)s”.", address=address)


def _load(session: Session) -> Sequence[Colleague]:
    query = (
        select(Grant.user_id, Grant.department_id)
        .join(RolePermission, RolePermission.role_id == Grant.role_id)
        .where(RolePermission.permission == "ticket.read")
    )
    where: dict[int, set[int | None]] = {}
    for user_id, department_id in session.execute(query):
        where.setdefault(user_id, set()).add(department_id)
    return [
        Colleague(
            user.uid,
            user.name,
            None
            if user.is_owner or None in where[user.id]
            else frozenset(each for each in where[user.id] if each is not None),
        )
        for user in people_who_may(session, "ticket.read")
    ]
