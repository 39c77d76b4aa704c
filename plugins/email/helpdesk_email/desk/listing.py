"""Which received mails somebody may look at, and finding them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, and_, false, func, literal, or_, select, true
from sqlalchemy.orm import Session

from helpdesk_core.api import EVERYWHERE, Actor
from helpdesk_core.api.errors import NotFound
from helpdesk_core.api.tickets import Ticket, visible

from ..models import STATES, Received
from ..texts import texts
from .undelivered import MANAGE

_l = texts.lazy
PAGE: Final = 50
MOST_COUNTED: Final = 1000


@dataclass(frozen=True, slots=True)
class MailPage:
    """Mails, the newest first, with the numbers of their tickets; `next` is the `after` of the following page."""

    mails: Sequence[Received]
    numbers: Mapping[int, str]
    next: int | None


def readable(actor: Actor) -> ColumnElement[bool]:
    """Return the SQL condition on `Received` under which the actor may see a mail.

    It takes the permission for mails in the mail's department, and the right to read what it became: its ticket, or
    the department's tickets. Mails of no department are for those who may everywhere.
    """
    if actor.kind == "system":
        return true()
    managed = _in_department(actor, MANAGE)
    if actor.departments("ticket.read") is EVERYWHERE:
        return managed
    no_ticket = and_(Received.ticket_id.is_(None), _in_department(actor, "ticket.read"))
    # Lists join the ticket as well; the condition is to look at all tickets, not at that one.
    seen = select(Ticket.id).where(visible(actor, "desk")).correlate(None)
    return and_(managed, or_(no_ticket, Received.ticket_id.in_(seen)))


def list_mails(
    session: Session, actor: Actor, *, state: str = "", q: str = "", after: int | None = None, limit: int = PAGE
) -> MailPage:
    """Return mails of one state if asked, whose sender or subject has the words, or that belong to the ticket."""
    query = (
        select(Received, Ticket.number)
        .outerjoin(Ticket, Ticket.id == Received.ticket_id)
        .where(readable(actor))
        .order_by(Received.id.desc())
        .limit(limit + 1)
    )
    if state in STATES:
        query = query.where(Received.state == state)
    if words := q.strip():
        query = query.where(_has(words))
    if after is not None:
        query = query.where(Received.id < after)
    rows = session.execute(query).all()
    shown = rows[:limit]
    numbers = {mail.id: number for mail, number in shown if number}
    return MailPage([mail for mail, _number in shown], numbers, shown[-1][0].id if len(rows) > limit else None)


def count_mails(session: Session, actor: Actor) -> Mapping[str, int]:
    """Return how many mails there are in each state, each at most 1000; one statement."""
    may = readable(actor)
    counts = [
        select(func.count())
        .select_from(select(literal(1)).where(Received.state == state, may).limit(MOST_COUNTED).subquery(f"of_{state}"))
        .scalar_subquery()
        .label(state)
        for state in STATES
    ]
    row = session.execute(select(*counts)).one()
    return dict(zip(STATES, row, strict=True))


def find_received(session: Session, actor: Actor, uid: str) -> tuple[Received, Ticket | None]:
    """Return a mail and its ticket; `NotFound` if there is none, or the actor may not see it."""
    query = (
        select(Received, Ticket)
        .outerjoin(Ticket, Ticket.id == Received.ticket_id)
        .where(Received.uid == uid, readable(actor))
    )
    found = session.execute(query).one_or_none()
    if found is None:
        raise NotFound(_l("There is no such mail, or you may not see it."))
    return found[0], found[1]


def _in_department(actor: Actor, permission: str) -> ColumnElement[bool]:
    where = actor.departments(permission)
    if where is EVERYWHERE:
        return true()
    return Received.department_id.in_(sorted(where)) if where else false()


def _has(words: str) -> ColumnElement[bool]:
    pattern = words.casefold()
    return or_(
        Received.sender.contains(pattern, autoescape=True),
        func.lower(Received.subject).contains(pattern, autoescape=True),
        Ticket.number == words.lstrip("#"),
    )
