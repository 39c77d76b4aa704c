"""Ratings for the demo: what customers said in its three months."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, TypeVar

from sqlalchemy import select

from helpdesk_core.api import SYSTEM, Helpdesk, Transaction
from helpdesk_core.api.tickets import Message, Ticket
from helpdesk_core.api.users import all_roles, change_role

from .giving import target_of, who_helped
from .mailing import ALERT
from .models import Rating
from .reporting import REPORT
from .scales import step_of
from .settings import rules

T = TypeVar("T")

_ROLES: Final = ("manager", "admin")
_SCORES: Final = (3, 3, 2, 3, 1, 3, 3, 2, 3, 3, 3)
"""On the scale of three, which is the one that a demo begins with."""
_COMMENTS: Final = {
    3: ("Quick and clear, thank you.", "Solved within the hour.", "", "Friendly as always."),
    2: ("", "It works now, but I had to explain it twice.", ""),
    1: ("I waited two days for this.", "That did not answer my question."),
}
_REASONS: Final = {3: (("Speed",), ("Friendliness", "Solution"), ()), 2: (("Speed",), ()), 1: (("Speed", "Solution"),)}


def fill(desk: Helpdesk, tx: Transaction) -> None:
    """Let some customers have rated answers and closed tickets, and let those who lead see the results."""
    for role in all_roles(tx.session):
        if role.key in _ROLES:
            wanted = {each.permission for each in role.permissions} | {REPORT, ALERT}
            change_role(desk, SYSTEM, role.key, permissions=wanted)
    scale = rules(desk).scale
    closed = select(Ticket).where(Ticket.is_open.is_(False), Ticket.merged_into_id.is_(None)).order_by(Ticket.id)
    for ticket in tx.session.scalars(closed).all():
        if ticket.closed_at is not None and ticket.id % 5 in (0, 2):
            at = ticket.closed_at + timedelta(hours=20 + ticket.id % 9)
            _rate(tx, scale, ticket, None, who_helped(tx.session, ticket), at)
    answers = (
        select(Message, Ticket)
        .join(Ticket, Ticket.id == Message.ticket_id)
        .where(Message.kind == "public", Message.side == "agent", Message.author_id.is_not(None), Message.id % 4 == 1)
        .order_by(Message.id)
    )
    for message, ticket in tx.session.execute(answers).all():
        _rate(tx, scale, ticket, message, message.author_id, message.created_at + timedelta(hours=3))


def _rate(
    tx: Transaction, scale: str, ticket: Ticket, message: Message | None, agent_id: int | None, at: datetime
) -> None:
    number = message.id // 4 if message else ticket.id // 2
    score = _turn(_SCORES, number)
    step = step_of(scale, score)
    if at >= tx.now or step is None:
        return
    tx.session.add(
        Rating(
            target=target_of(ticket, message),
            ticket_id=ticket.id,
            message_id=message.id if message else None,
            user_id=ticket.requester_id,
            agent_id=agent_id,
            department_id=ticket.department_id,
            scale=scale,
            score=score,
            verdict=step.verdict,
            reasons=list(_turn(_REASONS[score], number)),
            comment=_turn(_COMMENTS[score], number // 3),
            channel="web" if message else "email",
            day=at.date(),
            created_at=at,
            updated_at=at,
        )
    )


def _turn(things: Sequence[T], number: int) -> T:
    return things[number % len(things)]
