"""Roles that people have because a site says so, and their end."""

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from helpdesk_core.api import SYSTEM, Helpdesk, Transaction
from helpdesk_core.api.errors import HelpdeskError
from helpdesk_core.api.users import User, revoke_role

from .models import Person, Site

Pair = tuple[str, str]
"""A role and the key of its department, or an empty text for everywhere."""


def given_by(site: Site) -> set[Pair]:
    """Return what the site can give as it is now: nothing if it is off, or not for staff."""
    return {(mine, at) for _theirs, mine, at in site.roles} if site.is_active and site.staff else set()


def given_elsewhere(session: Session, user_id: int, person_id: int) -> set[Pair]:
    """Return what somebody has because of other sites than the one that knows them as that person."""
    others = select(Person.roles).where(Person.user_id == user_id, Person.id != person_id)
    return {(mine, at) for theirs in session.scalars(others) for mine, at in theirs}


def lock_people(session: Session, which: ColumnElement[bool]) -> Sequence[Person]:
    """Return people as they are by now, and keep others from changing what they have; in one order, so that all get on.

    Where somebody comes from other sites, too, lock those rows with it: what one gives decides what another takes.
    """
    query = select(Person).where(which).order_by(Person.id).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).all()


def take(desk: Helpdesk, uid: str, role: str, at: str) -> None:
    """Take a role from somebody; it may have been removed from the helpdesk meanwhile."""
    try:
        revoke_role(desk, SYSTEM, uid, role, at or None)
    except HelpdeskError:
        return


def take_all_but(tx: Transaction, site: Site, kept: Collection[Pair]) -> None:
    """Take what people have because of the site, besides `kept` and what another site gives them too."""
    theirs = select(Person.user_id).where(Person.site_id == site.id)
    for person in lock_people(tx.session, Person.user_id.in_(theirs)):
        ended = [pair for pair in person.roles if tuple(pair) not in kept]
        if person.site_id != site.id or not ended:
            continue
        elsewhere = given_elsewhere(tx.session, person.user_id, person.id)
        user = tx.session.get_one(User, person.user_id)
        person.roles = [pair for pair in person.roles if pair not in ended]
        for role, at in ended:
            if (role, at) not in elsewhere:
                take(tx.desk, user.uid, role, at)
