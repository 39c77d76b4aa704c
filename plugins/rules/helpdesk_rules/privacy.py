"""What rules keep about people: whom tickets can be given to, and what the log says of somebody."""

from collections.abc import Sequence

from sqlalchemy import Text, delete, func, or_, select, type_coerce

from helpdesk_core.api import Helpdesk, Transaction
from helpdesk_core.api.db import affect
from helpdesk_core.api.tickets import Ticket
from helpdesk_core.api.users import PersonalData, User

from .models import Person, Verdict


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
    details = func.lower(type_coerce(Verdict.details, Text))
    named = [details.contains(each.address.lower(), autoescape=True) for each in user.emails]
    affect(tx.session, delete(Verdict).where(or_(theirs, *named)))
