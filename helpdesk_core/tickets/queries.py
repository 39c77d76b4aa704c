"""Reading tickets: one by its number, and whole conversations. Every read passes the rights clause."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from sqlalchemy import Integer, Select, String, bindparam, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload
from sqlalchemy.orm.strategy_options import _AbstractLoad

from helpdesk_core.actor import Actor
from helpdesk_core.attachments.models import Attachment
from helpdesk_core.attachments.service import find_waiting
from helpdesk_core.errors import HelpdeskError, NotFound
from helpdesk_core.events.models import EventRow
from helpdesk_core.texts import lazy as _l
from helpdesk_core.tickets.models import (
    Message,
    Operation,
    Participant,
    Ticket,
    TicketLink,
    TicketTag,
)
from helpdesk_core.tickets.rights import Reach, Side, reach_of, visible, within_reach
from helpdesk_core.users.permissions import refusal

_WHOLE: Final[tuple[_AbstractLoad, ...]] = (
    joinedload(Ticket.status),
    joinedload(Ticket.priority),
    joinedload(Ticket.type),
    joinedload(Ticket.department),
    joinedload(Ticket.requester),
    joinedload(Ticket.assignee),
)

KEPT_STATEMENTS: Final = 256
"""How many statements are kept for people of different rights: for the agents of a site, not for its customers."""

# Made once, because making them takes as long as running them.
_MESSAGES: Final = (
    select(Message)
    .where(Message.ticket_id == bindparam("ticket", type_=Integer), Message.id > bindparam("after", type_=Integer))
    .order_by(Message.id)
)
_CONVERSATION: Final = _MESSAGES.options(joinedload(Message.attachments))
_PART: Final = _MESSAGES.options(selectinload(Message.attachments))
_TIMELINE: Final = (
    select(EventRow).where(EventRow.ticket_id == bindparam("ticket", type_=Integer)).order_by(EventRow.seq)
)


def find_ticket(session: Session, actor: Actor, number: str, side: Side = "any") -> Ticket:
    """Return the ticket with that number, its status, people and department loaded.

    `NotFound` if the actor may not see it at all, `Forbidden` if they see it as its customer and the desk is asked for.
    """
    ticket = session.scalar(_by_number(reach_of(actor), side), {"number": number})
    if ticket is None:
        raise _out_of_reach(session, actor, number, side)
    return ticket


def _out_of_reach(session: Session, actor: Actor, number: str, side: Side) -> HelpdeskError:
    if side == "desk" and session.scalar(_by_number(reach_of(actor), "portal"), {"number": number}) is not None:
        return refusal(actor, "ticket.read")
    return NotFound(_l("There is no ticket #%(number)s, or you may not see it.", number=number))


@lru_cache(KEPT_STATEMENTS)
def _by_number(reach: Reach, side: Side) -> Select[Ticket]:
    asked = Ticket.number == bindparam("number", type_=String)
    return select(Ticket).where(asked, within_reach(reach, side)).options(*_WHOLE)


def lock_ticket(session: Session, actor: Actor, number: str, side: Side = "any") -> Ticket:
    """Return the ticket as the database has it now, and keep every other writer out until the transaction ends."""
    query = (
        select(Ticket)
        .where(Ticket.number == number, visible(actor, side))
        .options(*_WHOLE)
        .with_for_update(of=Ticket)
        .execution_options(populate_existing=True)
    )
    ticket = session.scalar(query)
    if ticket is None:
        raise _out_of_reach(session, actor, number, side)
    return ticket


def lock_pair(session: Session, actor: Actor, first: str, second: str, side: Side = "desk") -> tuple[Ticket, Ticket]:
    """Lock two tickets, always in the same order, so that two people cannot block each other."""
    locked = {number: lock_ticket(session, actor, number, side) for number in sorted((first, second))}
    return locked[first], locked[second]


def conversation(
    session: Session, ticket: Ticket, *, internal: bool, after: int = 0, limit: int | None = None
) -> Sequence[Message]:
    """Return the ticket's messages in order, attachments loaded; internal notes only if asked for."""
    query = _CONVERSATION if limit is None else _PART.limit(limit)
    if not internal:
        query = query.where(Message.kind == "public")
    return session.scalars(query, {"ticket": ticket.id, "after": after}).unique().all()


def find_message(session: Session, ticket: Ticket, uid: str, *, internal: bool) -> Message:
    """Return one message of the ticket, attachments loaded."""
    query = (
        select(Message)
        .where(Message.ticket_id == ticket.id, Message.uid == uid)
        .options(selectinload(Message.attachments))
    )
    if not internal:
        query = query.where(Message.kind == "public")
    message = session.scalar(query)
    if message is None:
        raise NotFound(_l("There is no such message on this ticket; it may have been moved. Reload the ticket."))
    return message


def find_readable_message(session: Session, actor: Actor, uid: str) -> Message:
    """Return a message that the actor may see, on whichever ticket it is; else `NotFound`."""
    readable = or_(visible(actor, "desk"), (Message.kind == "public") & visible(actor, "portal"))
    query = select(Message).join(Ticket, Ticket.id == Message.ticket_id).where(Message.uid == uid, readable)
    message = session.scalar(query)
    if message is None:
        raise NotFound(_l("There is no such message, or you may not see it."))
    return message


def find_attachment(session: Session, actor: Actor, uid: str) -> Attachment:
    """Return an attachment of a message the actor may see, or an upload of their own; else `NotFound`."""
    readable = or_(visible(actor, "desk"), (Message.kind == "public") & visible(actor, "portal"))
    attachment = session.scalar(
        select(Attachment)
        .join(Message, Message.id == Attachment.message_id)
        .join(Ticket, Ticket.id == Message.ticket_id)
        .where(Attachment.uid == uid, readable)
    )
    return attachment or find_waiting(session, actor, uid)


def timeline(session: Session, ticket: Ticket) -> Sequence[EventRow]:
    """Return all events of the ticket in order; for the desk only."""
    return session.scalars(_TIMELINE, {"ticket": ticket.id}).all()


def participants(session: Session, ticket: Ticket) -> Sequence[Participant]:
    """Return who else is on the ticket, with their names loaded."""
    query = select(Participant).where(Participant.ticket_id == ticket.id).options(joinedload(Participant.user))
    return session.scalars(query.order_by(Participant.id)).all()


@dataclass(frozen=True, slots=True)
class Linked:
    """Another ticket this one is linked to; `outgoing` tells which of the two the link starts from."""

    number: str
    subject: str
    kind: str
    outgoing: bool
    is_open: bool


def linked(session: Session, actor: Actor, ticket: Ticket, side: Side) -> list[Linked]:
    """Return the linked tickets that the actor may see."""
    rows = []
    for outgoing, here, there in (
        (True, TicketLink.from_id, TicketLink.to_id),
        (False, TicketLink.to_id, TicketLink.from_id),
    ):
        query = (
            select(Ticket.number, Ticket.subject, TicketLink.kind, Ticket.is_open)
            .join(TicketLink, there == Ticket.id)
            .where(here == ticket.id, visible(actor, side))
        )
        rows += [
            Linked(number or "", subject, kind, outgoing, is_open)
            for number, subject, kind, is_open in session.execute(query)
        ]
    return rows


def operations(session: Session, ticket: Ticket) -> Sequence[Operation]:
    """Return the splits and merges that touch the ticket and are not undone, newest first."""
    query = (
        select(Operation)
        .where((Operation.source_id == ticket.id) | (Operation.target_id == ticket.id), Operation.undone_at.is_(None))
        .order_by(Operation.id.desc())
    )
    return session.scalars(query).all()


def tags_of(session: Session, ticket_ids: Sequence[int]) -> dict[int, list[str]]:
    """Return the tags of tickets by id, in order; the caller has found them visible from the desk."""
    found: dict[int, list[str]] = {}
    query = select(TicketTag.ticket_id, TicketTag.tag).where(TicketTag.ticket_id.in_(ticket_ids))
    for ticket_id, tag in session.execute(query.order_by(TicketTag.tag)):
        found.setdefault(ticket_id, []).append(tag)
    return found
