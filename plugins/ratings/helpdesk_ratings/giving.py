"""Rating: who may, what is kept, and what it is about."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk_core.api import Actor, Helpdesk
from helpdesk_core.api.errors import Conflict, Forbidden, Invalid, NotFound
from helpdesk_core.api.tickets import Message, Participant, Ticket, find_message, lock_ticket
from helpdesk_core.api.users import load_actor_by_user

from .events import RatingGiven
from .models import Rating
from .scales import SCALES, step_of
from .settings import Rules, rules
from .texts import lazy as _l

MOST_COMMENT: Final = 2000
"""Characters."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What somebody says: a score of the scale in force, reasons among those of the site, and a comment."""

    score: int
    reasons: tuple[str, ...] = ()
    comment: str = ""


def target_of(ticket: Ticket, message: Message | None) -> str:
    """Return the name of what is rated."""
    return f"message:{message.id}" if message else f"ticket:{ticket.id}"


def rates(desk: Helpdesk, session: Session, actor: Actor, ticket: Ticket) -> bool:
    """Tell whether the actor is one of those who rate the ticket and its answers: its customers, never its staff."""
    if actor.user_id is None or actor.kind not in ("user", "guest"):
        return False
    if actor.user_id != ticket.requester_id:
        if not rules(desk).copied:
            return False
        in_copy = select(Participant.id).where(
            Participant.ticket_id == ticket.id, Participant.user_id == actor.user_id, Participant.role == "cc"
        )
        if session.scalar(in_copy) is None:
            return False
    return not _is_staff(desk, session, actor, ticket)


def is_ratable(rule: Rules, ticket: Ticket, message: Message | None) -> bool:
    """Tell whether this can be rated at all: a public answer of an agent, or a ticket that is closed."""
    if message is not None:
        return rule.rate_replies and message.kind == "public" and message.side == "agent"
    return rule.rate_tickets and not ticket.is_open and ticket.merged_into_id is None


def is_open_again(rule: Rules, ticket: Ticket, message: Message | None) -> bool:
    """Tell whether this could be rated if it were closed, as it was when it was rated."""
    return message is None and rule.rate_tickets and ticket.is_open and ticket.merged_into_id is None


def rating_of(session: Session, user_id: int | None, target: str) -> Rating | None:
    """Return what the person said about it, if they did."""
    return session.scalar(select(Rating).where(Rating.target == target, Rating.user_id == user_id))


def may_change(desk: Helpdesk, rating: Rating) -> bool:
    """Tell whether the time for changing the rating is not over."""
    return desk.now() < rating.created_at + rules(desk).changeable


def give(desk: Helpdesk, actor: Actor, number: str, message_uid: str | None, opinion: Opinion) -> Rating:
    """Rate a ticket, or with `message_uid` an answer on it; a rating that is there is changed.

    `NotFound` for what the actor may not see or nobody can rate, `Forbidden` for those who do not rate, `Conflict` when
    the time for changing is over, `Invalid` for a score or reason that there is not.
    """
    rule = rules(desk)
    opinion = _checked(rule, opinion)
    step = step_of(rule.scale, opinion.score)
    assert step is not None  # `_checked` has looked
    with desk.begin(actor) as tx:
        ticket = lock_ticket(tx.session, actor, number, "portal")
        message = find_message(tx.session, ticket, message_uid, internal=False) if message_uid else None
        found = require_ratable(desk, tx.session, actor, ticket, message)
        if found is not None and not may_change(desk, found):
            raise Conflict(_l("The time for changing this rating is over. Write us if something is left to say."))
        same = found is not None and (found.scale, found.score) == (rule.scale, opinion.score)
        if found is not None and same and (tuple(found.reasons), found.comment) == (opinion.reasons, opinion.comment):
            return found
        was_bad = found is not None and found.verdict == "bad"
        rating = found or Rating(
            target=target_of(ticket, message),
            ticket_id=ticket.id,
            message_id=message.id if message else None,
            user_id=actor.user_id,
            agent_id=message.author_id if message else who_helped(tx.session, ticket),
            department_id=ticket.department_id,
            channel=actor.channel,
            day=tx.now.date(),
            created_at=tx.now,
        )
        rating.scale, rating.score, rating.verdict = rule.scale, step.score, step.verdict
        rating.reasons, rating.comment, rating.updated_at = list(opinion.reasons), opinion.comment, tx.now
        tx.session.add(rating)
        tx.session.flush()
        tx.record(
            RatingGiven(
                rating=rating.uid,
                score=rating.score,
                scale=rating.scale,
                verdict=rating.verdict,
                turned_bad=rating.verdict == "bad" and not was_bad,
            ),
            ticket,
        )
    return rating


def require_ratable(
    desk: Helpdesk, session: Session, actor: Actor, ticket: Ticket, message: Message | None
) -> Rating | None:
    """Return what the actor said about this before, if they did; raise unless they may rate it.

    `message` is None for the ticket as a whole. A ticket that was rated and is open again (it may be so because of the
    rating) is one whose rating can be changed.
    """
    if not rates(desk, session, actor, ticket):
        raise Forbidden(_l("Only the customer of a ticket can rate it."))
    found = rating_of(session, actor.user_id, target_of(ticket, message))
    if is_ratable(rules(desk), ticket, message) or (found is not None and is_open_again(rules(desk), ticket, message)):
        return found
    if message is None and ticket.merged_into_id is not None:
        raise NotFound(_l("This ticket was joined with another one. Rate that one once it is closed."))
    if message is None and ticket.is_open and rules(desk).rate_tickets:
        raise Conflict(_l("This ticket is open. You can rate it once it is closed."))
    raise NotFound(_l("This cannot be rated."))


def _checked(rule: Rules, opinion: Opinion) -> Opinion:
    if step_of(rule.scale, opinion.score) is None:
        most = len(SCALES[rule.scale])
        raise Invalid({"score": [_l("Choose one of the answers: a score from 1 to %(most)s.", most=most)]})
    if not set(opinion.reasons) <= set(rule.reasons):
        raise Invalid({"reasons": [_l("Choose reasons from the list.")]})
    comment = opinion.comment.replace("\r\n", "\n").replace("\0", "").strip()
    if len(comment) > MOST_COMMENT:
        raise Invalid({"comment": [_l("Make it shorter: at most %(most)s characters fit.", most=MOST_COMMENT)]})
    return Opinion(opinion.score, tuple(each for each in rule.reasons if each in opinion.reasons), comment)


def _is_staff(desk: Helpdesk, session: Session, actor: Actor, ticket: Ticket) -> bool:
    whole: Actor | None = actor
    if actor.kind == "guest" or actor.limited:  # a link and a token say less than the person may
        assert actor.user_id is not None
        signed = load_actor_by_user(desk, session, actor.user_id)
        whole = signed.actor if signed else None
    return whole is None or whole.may("ticket.read", ticket.department_id)


def who_helped(session: Session, ticket: Ticket) -> int | None:
    """Return the assignee, or whoever answered last."""
    if ticket.assignee_id is not None:
        return ticket.assignee_id
    last = select(func.max(Message.id)).where(
        Message.ticket_id == ticket.id, Message.kind == "public", Message.side == "agent"
    )
    return session.scalar(select(Message.author_id).where(Message.id == last.scalar_subquery()))
