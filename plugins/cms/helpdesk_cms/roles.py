"""Roles that people have because a site says so, and their end."""

from collections.abc import Collection

from sqlalchemy import select
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


def take(desk: Helpdesk, uid: str, role: str, at: str) -> None:
    """Take a role from somebody; it may have been removed from the helpdesk meanwhile."""
    try:
        revoke_role(desk, SYSTEM, uid, role, at or None)
    except HelpdeskError:
        return


def take_all_but(tx: Transaction, site: Site, kept: Collection[Pair]) -> None:
    """Take what people have because of the site, besides `kept` and what another site gives them too."""
    rows = select(Person.id, Person.user_id, Person.roles).where(Person.site_id == site.id)
    for person_id, user_id, roles in tx.session.execute(rows).all():
        ended = [pair for pair in roles if tuple(pair) not in kept]
        if not ended:
            continue
        elsewhere = given_elsewhere(tx.session, user_id, person_id)
        person, user = tx.session.get_one(Person, person_id), tx.session.get_one(User, user_id)
        person.roles = [pair for pair in roles if pair not in ended]
        for role, at in ended:
            if (role, at) not in elsewhere:
                take(tx.desk, user.uid, role, at)
