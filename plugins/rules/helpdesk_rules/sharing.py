"""Whom a ticket is given to: in turn, or to who has least, among those who know it and are there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from helpdesk_core.api import Transaction
from helpdesk_core.api.errors import Refused
from helpdesk_core.api.tickets import Ticket
from helpdesk_core.api.users import User, people_who_may

from .models import Person
from .settings import times
from .texts import lazy

IN_TURN, LEAST = "in turn", "least loaded"
NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Way:
    """How somebody is chosen: in turn or by load, with all of the skills, and only who is present."""

    by_load: bool = False
    skills: tuple[str, ...] = ()
    present: bool = False

    @classmethod
    def read(cls, text: str) -> "Way":
        """Read `least loaded, skill dns, present`; ValueError says what cannot be read."""
        way = cls()
        for part in filter(None, (" ".join(each.split()).casefold() for each in text.split(","))):
            if part.startswith("skill ") and part != "skill ":
                way = cls(way.by_load, (*way.skills, part.removeprefix("skill ")), way.present)
            elif part == "present":
                way = cls(way.by_load, way.skills, True)
            elif part in (IN_TURN, "round robin", LEAST):
                way = cls(part == LEAST, way.skills, way.present)
            else:
                raise ValueError(
                    lazy(
                        "“%(part)s” says not whom. Write “in turn” or “least loaded”, “skill WORD”, “present”, "
                        "parted by commas.",
                        part=part,
                    )
                )
        return way


def next_person(tx: Transaction, ticket: Ticket, way: Way) -> User:
    """Return who is to have the ticket, and note that it was their turn; `Refused` says why it is nobody.

    Owners, who may everything everywhere, get tickets only if somebody has said what they know.
    """
    people = people_who_may(tx.session, "ticket.reply", ticket.department_id)
    rows = _rows(tx, [each.id for each in people])
    seen_from = tx.now - times(tx.desk).present
    fit = [
        user
        for user in people
        if not rows[user.id].is_away
        and (not user.is_owner or rows[user.id].skills)
        and set(way.skills) <= set(rows[user.id].skills)
        and (not way.present or (user.last_seen_at is not None and user.last_seen_at >= seen_from))
    ]
    if not fit:
        raise Refused(lazy("Nobody who may answer in this department fits: by skill, presence, or being away."))
    loads = _loads(tx, [each.id for each in fit]) if way.by_load else {}
    chosen = min(fit, key=lambda user: (loads.get(user.id, 0), rows[user.id].given_at or NEVER, user.id))
    rows[chosen.id].given_at = tx.now
    return chosen


def _rows(tx: Transaction, ids: Sequence[int]) -> dict[int, Person]:
    """Return the rows of these people, made where they are missing and locked: two workers take turns."""
    known = set(tx.session.scalars(select(Person.user_id).where(Person.user_id.in_(ids))))
    for id in sorted(set(ids) - known):
        try:
            with tx.savepoint():
                tx.session.add(Person(user_id=id, skills=[], is_away=False, given_at=None))
                tx.session.flush()
        except IntegrityError:
            continue  # another worker made it in the same moment
    query = select(Person).where(Person.user_id.in_(ids)).order_by(Person.user_id)
    found = tx.session.scalars(query.with_for_update().execution_options(populate_existing=True))
    return {row.user_id: row for row in found}


def _loads(tx: Transaction, ids: Sequence[int]) -> dict[int, int]:
    query = select(Ticket.assignee_id, func.count()).where(Ticket.is_open, Ticket.assignee_id.in_(ids))
    counted = tx.session.execute(query.group_by(Ticket.assignee_id))
    return {id: count for id, count in counted if id is not None}
