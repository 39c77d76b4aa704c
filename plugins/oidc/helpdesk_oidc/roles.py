"""Roles that people have because a provider says so, and their end."""

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from helpdesk_core.api import SYSTEM, Helpdesk, Transaction
from helpdesk_core.api.departments import Department
from helpdesk_core.api.errors import HelpdeskError
from helpdesk_core.api.users import User, revoke_role, roles_of

from .models import Person, Provider

Pair = tuple[str, str]
"""A role and the key of its department, or an empty text for everywhere."""


def given_by(provider: Provider) -> set[Pair]:
    """Return what the provider can give as it is now: nothing if it is off, or not for staff."""
    return {(mine, at) for _theirs, mine, at in provider.roles} if provider.is_active and provider.staff else set()


def given_elsewhere(session: Session, user_id: int, person_id: int) -> set[Pair]:
    """Return what somebody has because of other providers than the one that knows them as that person."""
    others = select(Person.roles).where(Person.user_id == user_id, Person.id != person_id)
    return {(mine, at) for theirs in session.scalars(others) for mine, at in theirs}


def held(session: Session, user: User) -> set[Pair]:
    """Return the roles that somebody has, whoever gave them."""
    keys = {row.id: row.key for row in session.execute(select(Department.id, Department.key))}
    return {(each.role.key, keys.get(each.department_id or 0, "")) for each in roles_of(session, user.id)}


def lock_people(session: Session, which: ColumnElement[bool]) -> Sequence[Person]:
    """Return people as they are by now, and keep others from changing what they have; in one order, so that all get on.

    Where somebody comes from other providers, too, lock those rows with it: what one gives decides what another takes.
    """
    query = select(Person).where(which).order_by(Person.id).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).all()


def take(desk: Helpdesk, uid: str, role: str, at: str) -> None:
    """Take a role that may have been removed from the helpdesk meanwhile."""
    try:
        revoke_role(desk, SYSTEM, uid, role, at or None)
    except HelpdeskError:
        return


def take_all_but(tx: Transaction, provider: Provider, kept: Collection[Pair]) -> None:
    """Take what people have because of the provider, besides `kept` and what another provider gives them too."""
    theirs = select(Person.user_id).where(Person.provider_id == provider.id)
    for person in lock_people(tx.session, Person.user_id.in_(theirs)):
        ended = [pair for pair in person.roles if tuple(pair) not in kept]
        if person.provider_id != provider.id or not ended:
            continue
        elsewhere = given_elsewhere(tx.session, person.user_id, person.id)
        user = tx.session.get_one(User, person.user_id)
        person.roles = [pair for pair in person.roles if pair not in ended]
        for role, at in ended:
            if (role, at) not in elsewhere:
                take(tx.desk, user.uid, role, at)
