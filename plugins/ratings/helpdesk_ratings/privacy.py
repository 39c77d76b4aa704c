"""What is kept about a person: handing it out, and forgetting whose it was."""

from collections.abc import Sequence

from sqlalchemy import delete, select, update

from helpdesk_core.api import Helpdesk, Transaction
from helpdesk_core.api.db import affect
from helpdesk_core.api.tickets import Ticket
from helpdesk_core.api.users import PersonalData, User

from .models import Ask, Rating


def ratings_by(desk: Helpdesk, user: User) -> Sequence[PersonalData]:
    """Return what the person said, and when they were asked."""
    said = (
        select(Rating, Ticket.number)
        .join(Ticket, Ticket.id == Rating.ticket_id)
        .where(Rating.user_id == user.id)
        .order_by(Rating.id)
    )
    asked = select(Ask.asked_at, Ticket.number).join(Ticket, Ticket.id == Ask.ticket_id).where(Ask.user_id == user.id)
    with desk.read() as session:
        ratings = [
            {
                "ticket": number,
                "of": "ticket" if rating.message_id is None else "answer",
                "scale": rating.scale,
                "score": rating.score,
                "reasons": rating.reasons,
                "comment": rating.comment,
                "channel": rating.channel,
                "created_at": rating.created_at.isoformat(),
                "updated_at": rating.updated_at.isoformat(),
            }
            for rating, number in session.execute(said)
        ]
        asks = [
            {"ticket": number, "asked_at": at.isoformat()}
            for at, number in session.execute(asked.order_by(Ask.id))
            if at is not None
        ]
    found = [PersonalData(name="ratings", data=ratings)] if ratings else []
    return [*found, PersonalData(name="asks", data=asks)] if asks else found


def forget(tx: Transaction, user: User) -> None:
    """Leave the bare figures for the statistics: no name, no comment; what was asked goes."""
    mine = update(Rating).where(Rating.user_id == user.id)
    affect(tx.session, mine.values(user_id=None, comment=""))
    affect(tx.session, delete(Ask).where(Ask.user_id == user.id))
