"""Reading ratings: those of one ticket, of a page of tickets, and all that somebody may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased

from helpdesk_core.api import Actor, Helpdesk
from helpdesk_core.api.tickets import Message, Ticket, TicketFacts, facts_of, visible, worked
from helpdesk_core.api.users import User

from .models import Rating
from .reporting import within
from .scales import Step, step_of
from .settings import said_reason
from .texts import _

_by, _of = aliased(User, name="rated_by"), aliased(User, name="rated_agent")


@dataclass(frozen=True, slots=True)
class Rated:
    """A rating with the names that belong to it; `message` is the uid of the answer, None for the whole ticket."""

    uid: str
    ticket_id: int
    number: str
    subject: str
    message: str | None
    message_id: int | None
    user_id: int | None
    by: str
    agent: str
    scale: str
    score: int
    verdict: str
    reasons: Sequence[str]
    comment: str
    channel: str
    created_at: datetime
    updated_at: datetime
    row: int

    @property
    def step(self) -> Step | None:
        """The answer that was chosen."""
        return step_of(self.scale, self.score)

    @property
    def said_reasons(self) -> Sequence[str]:
        """The reasons as a page shows them: the default ones in the reader's language."""
        return [said_reason(each, _) for each in self.reasons]


def readable(actor: Actor) -> Any:
    """Return the SQL condition on `Rating` and `Ticket`: ratings of tickets one works on, and one's own."""
    if actor.user_id is None:
        return visible(actor, "desk")
    return or_(visible(actor, "desk"), (Rating.user_id == actor.user_id) & visible(actor, "portal"))


OF_TICKET = TicketFacts(
    key="ratings",
    statement=select(
        Rating.ticket_id,
        Rating.id.label("row"),
        Rating.uid,
        Ticket.number,
        Ticket.subject,
        Message.uid.label("message"),
        Rating.message_id,
        Rating.user_id,
        _by.name.label("by"),
        _of.name.label("agent"),
        Rating.scale,
        Rating.score,
        Rating.verdict,
        Rating.reasons,
        Rating.comment,
        Rating.channel,
        Rating.created_at,
        Rating.updated_at,
    )
    .join(Ticket, Ticket.id == Rating.ticket_id)
    .outerjoin(Message, Message.id == Rating.message_id)
    .outerjoin(_by, _by.id == Rating.user_id)
    .outerjoin(_of, _of.id == Rating.agent_id),
)
"""All ratings of a ticket, for pages whose reader sees the ticket."""


def rated(desk: Helpdesk, ticket: Ticket) -> list[Rated]:
    """Return all ratings of a ticket and its answers, in the order they were given; for readers who work it."""
    return _ratings(desk, [ticket.id]).get(ticket.id, [])


def _ratings(desk: Helpdesk, ticket_ids: Sequence[int]) -> dict[int, list[Rated]]:
    found = facts_of(desk, "ratings", OF_TICKET.key, ticket_ids)
    return {
        ticket_id: [_rated(ticket_id, row._asdict()) for row in sorted(rows, key=lambda row: int(row.row))]
        for ticket_id, rows in found.items()
    }


def _rated(ticket_id: int, values: dict[str, Any]) -> Rated:
    return Rated(**values | {name: values[name] or "" for name in ("number", "by", "agent")}, ticket_id=ticket_id)


def rated_by(desk: Helpdesk, ticket: Ticket, actor: Actor) -> list[Rated]:
    """Return those that somebody with an account gave; none for a guest."""
    return [each for each in rated(desk, ticket) if actor.user_id is not None and each.user_id == actor.user_id]


def ratings_of(desk: Helpdesk, actor: Actor, ticket_ids: Sequence[int]) -> dict[int, list[Rated]]:
    """Return the ratings that the actor may see by ticket: those of tickets they work, and their own."""
    theirs = worked(desk, actor, ticket_ids)
    mine = actor.user_id
    return {
        ticket_id: [each for each in ratings if ticket_id in theirs or (mine is not None and each.user_id == mine)]
        for ticket_id, ratings in _ratings(desk, ticket_ids).items()
    }


def latest(
    session: Session, actor: Actor, *, number: str = "", verdict: str = "", before: int | None = None, limit: int = 50
) -> list[Rated]:
    """Return the newest ratings that the actor may see; `before` is the `row` of the last one already had."""
    query = _query(actor)
    if number:
        query = query.where(Ticket.number == number)
    if verdict:
        query = query.where(Rating.verdict == verdict)
    if before is not None:
        query = query.where(Rating.id < before)
    return _all(session, query.order_by(Rating.id.desc()).limit(limit))


def comments(
    session: Session, actor: Actor, first: date, last: date, *, kind: str = "", department: str = "", limit: int = 20
) -> list[Rated]:
    """Return the newest ratings with a comment among those of a report, on tickets that the actor may see."""
    query = _query(actor).where(Rating.comment != "", *within(actor, first, last, kind, department))
    return _all(session, query.order_by(Rating.id.desc()).limit(limit))


def _query(actor: Actor) -> Any:
    return (
        select(Rating, Ticket.number, Ticket.subject, Message.uid, _by.name, _of.name)
        .join(Ticket, Ticket.id == Rating.ticket_id)
        .outerjoin(Message, Message.id == Rating.message_id)
        .outerjoin(_by, _by.id == Rating.user_id)
        .outerjoin(_of, _of.id == Rating.agent_id)
        .where(readable(actor))
    )


def _all(session: Session, query: Any) -> list[Rated]:
    return [
        Rated(
            uid=rating.uid,
            ticket_id=rating.ticket_id,
            number=number or "",
            subject=subject,
            message=message,
            message_id=rating.message_id,
            user_id=rating.user_id,
            by=by or "",
            agent=agent or "",
            scale=rating.scale,
            score=rating.score,
            verdict=rating.verdict,
            reasons=rating.reasons,
            comment=rating.comment,
            channel=rating.channel,
            created_at=rating.created_at,
            updated_at=rating.updated_at,
            row=rating.id,
        )
        for rating, number, subject, message, by, agent in session.execute(query)
    ]
