"""What rules keep about people: whom tickets can be given to, and what the log says of somebody."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import Text, delete, func, or_, select, type_coerce

from helpdesk_core.api import Helpdesk, Transaction
from helpdesk_core.api.db import affect
from helpdesk_core.api.tickets import Ticket
from helpdesk_core.api.users import PersonalData, User

from .models import Person, Verdict

PORTION: Final = 500


def kept_about(desk: Helpdesk, user: User) -> Sequence[PersonalData]:
    """Return what a colleague is said to know, and when they last got a ticket; nothing for others."""
    with desk.read() as session:
        row = session.get(Person, user.id)
        if row is None:
            return []
        given_at = row.given_at.isoformat() if row.given_at else None
        return [
            PersonalData(name="sharing", data={"skills": row.skills, "away": row.is_away, "last_given_at": given_at})
        ]


def forget(tx: Transaction, user: User) -> None:
    """Forget what somebody knows, and what the log says of their tickets and where it names one of their addresses."""
    affect(tx.session, delete(Person).where(Person.user_id == user.id))
    theirs = Verdict.ticket_id.in_(select(Ticket.id).where(Ticket.requester_id == user.id))
    affect(tx.session, delete(Verdict).where(theirs))
    addresses = sorted(each.address.lower() for each in user.emails)
    if not addresses:
        return
    name = re.compile("|".join(rf"(?<![\w.+%-]){re.escape(each)}(?![\w-]|\.\w)" for each in addresses))
    # The database finds what may name one of them; “ann@x” also stands in “joann@x”.
    details = func.lower(type_coerce(Verdict.details, Text))
    named = or_(*(details.contains(each, autoescape=True) for each in addresses))
    last = 0
    while True:
        query = select(Verdict.id, Verdict.details).where(Verdict.id > last, named).order_by(Verdict.id).limit(PORTION)
        rows = tx.session.execute(query).all()
        wanted = [id for id, kept in rows if _names(kept, name)]
        if wanted:
            affect(tx.session, delete(Verdict).where(Verdict.id.in_(wanted)))
        if len(rows) < PORTION:
            break
        last = rows[-1][0]


def _names(kept: object, name: re.Pattern[str]) -> bool:
    """Tell whether a name stands somewhere in what the log keeps: as a value, or within a text."""
    if isinstance(kept, str):
        return name.search(kept.lower()) is not None
    if isinstance(kept, Mapping):
        return any(_names(each, name) for each in kept.values())
    return isinstance(kept, Sequence) and any(_names(each, name) for each in kept)
