"""Replying and noting: how a ticket is worked, message by message."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk_core.actor import SYSTEM, Actor
from helpdesk_core.errors import Conflict, Forbidden, NotFound, Refused
from helpdesk_core.runtime import Helpdesk, Transaction
from helpdesk_core.texts import lazy as _l
from helpdesk_core.tickets import hooks
from helpdesk_core.tickets.checks import check_step
from helpdesk_core.tickets.inputs import NewMessage, NewTicket, Requester, checked_text
from helpdesk_core.tickets.linking import write_link
from helpdesk_core.tickets.models import Message, Participant, Status, Ticket
from helpdesk_core.tickets.opening import Opening, prepare_opening, write_ticket
from helpdesk_core.tickets.posting import Kind, Posted, Speaker, record_change, set_status, with_files, write_message
from helpdesk_core.tickets.queries import find_ticket, lock_ticket
from helpdesk_core.tickets.rights import Side, works
from helpdesk_core.tickets.vocabulary import Vocabulary, vocabulary
from helpdesk_core.users.models import User
from helpdesk_core.users.permissions import require


def reply(desk: Helpdesk, actor: Actor, number: str, draft: NewMessage) -> Posted:
    """Post a public message, and let the ticket's status follow whose turn it is.

    A customer's answer wakes a ticket up; to a closed one it reopens it or opens a linked follow-up, by the
    department's policy. A reply to a merged ticket goes where the ticket went.
    """
    return post_reply(desk, actor, number, draft, prepare_reply(desk, actor, number, draft))


@dataclass(frozen=True, slots=True)
class Prepared:
    """A reply that may be posted: refined, checked, rendered, its files stored.

    `follow_up` is the ticket to open instead, if it comes too late.
    """

    ticket: Ticket
    side: Speaker
    draft: NewMessage
    words: Vocabulary
    follow_up: Opening | None = None


def prepare_reply(desk: Helpdesk, actor: Actor, number: str, draft: NewMessage) -> Prepared:
    """Do all of `reply` that comes before the unit of work."""
    with desk.read() as session:
        ticket = _where_it_went(session, actor, find_ticket(session, actor, number))
        side = _side(session, actor, ticket)
        words = vocabulary(desk, session)
        late = side == "customer" and needs_follow_up(ticket, desk.now())
        author = session.get(User, actor.user_id) if late and actor.user_id is not None else None
    if draft.status is not None:
        require(actor, "ticket.change", ticket.department_id)
        words.usable_status(draft.status)
    draft = _refined(desk, actor, ticket, draft, words, "public")
    desk.hooks.veto(hooks.message_check, draft=draft, ticket=ticket, actor=actor, kind="public")
    draft = with_files(desk, actor, draft)
    follow_up = _prepare_follow_up(desk, actor, ticket, author, draft) if late else None
    return Prepared(ticket, side, draft, words, follow_up)


def post_reply(desk: Helpdesk, actor: Actor, number: str, asked: NewMessage, prepared: Prepared) -> Posted:
    """Write what was prepared; if the ticket was merged, closed or opened in between, it is prepared anew."""
    with desk.begin(actor) as tx:
        ticket = lock_ticket(tx.session, actor, prepared.ticket.number or number)
        late = prepared.side == "customer" and needs_follow_up(ticket, tx.now)
        if ticket.merged_into_id is None and late == (prepared.follow_up is not None):
            if prepared.follow_up is not None:
                return _follow_up(tx, actor, ticket, prepared.follow_up)
            return write_reply(tx, actor, ticket, prepared.draft, prepared.words, prepared.side)
    return reply(desk, actor, number, asked)


def write_reply(
    tx: Transaction, actor: Actor, ticket: Ticket, draft: NewMessage, words: Vocabulary, side: Speaker
) -> Posted:
    """Write a reply that was checked to the locked ticket."""
    message = write_message(tx, actor, ticket, draft, "public", side)
    was_open = ticket.is_open
    if draft.status is not None:
        check_step(words, ticket.status, words.status(draft.status))
    status = _next_status(words, ticket, draft, side)
    change = set_status(tx, ticket, status) if status else None
    record_change(tx, ticket, {"status": change} if change else {}, was_open=was_open)
    return Posted(ticket, message)


def note(desk: Helpdesk, actor: Actor, number: str, draft: NewMessage) -> Posted:
    """Post an internal note: colleagues see it, customers never do, in no way.

    A note on a merged ticket goes where the ticket went.
    """
    asked = draft
    with desk.read() as session:
        ticket = _where_it_went(session, actor, find_ticket(session, actor, number, "desk"), "desk")
        if not is_specialist(session, actor, ticket):
            require(actor, "ticket.note", ticket.department_id)
        words = vocabulary(desk, session)
    draft = _refined(desk, actor, ticket, draft, words, "internal")
    desk.hooks.veto(hooks.message_check, draft=draft, ticket=ticket, actor=actor, kind="internal")
    draft = with_files(desk, actor, draft)
    with desk.begin(actor) as tx:
        ticket = lock_ticket(tx.session, actor, ticket.number or number, "desk")
        if ticket.merged_into_id is None:
            return Posted(ticket, write_message(tx, actor, ticket, draft, "internal", "agent"))
    return note(desk, actor, number, asked)


def _refined(
    desk: Helpdesk, actor: Actor, ticket: Ticket, draft: NewMessage, words: Vocabulary, kind: Kind
) -> NewMessage:
    def check(message: NewMessage) -> None:
        checked_text(message)
        if message.status is not None:
            status = words.status(message.status)
            if kind == "public":
                check_step(words, ticket.status, status)

    draft = desk.hooks.refine_valid(hooks.message_draft, check, draft=draft, ticket=ticket, actor=actor, kind=kind)
    check(draft)
    return draft


def is_specialist(session: Session, actor: Actor, ticket: Ticket) -> bool:
    """Tell whether the actor was brought in on this ticket as a specialist."""
    if actor.user_id is None:
        return False
    query = select(Participant.id).where(
        Participant.ticket_id == ticket.id, Participant.user_id == actor.user_id, Participant.role == "specialist"
    )
    return session.scalar(query) is not None


def _where_it_went(session: Session, actor: Actor, ticket: Ticket, side: Side = "any") -> Ticket:
    """Return the ticket that has this one's messages now, which the actor has to see to answer there.

    Who was on the emptied ticket came along; who was taken off since is told so, and does not write to the others.
    """
    for _step in range(20):
        if ticket.merged_into_id is None:
            return ticket
        number = session.scalar(select(Ticket.number).where(Ticket.id == ticket.merged_into_id))
        try:
            ticket = find_ticket(session, actor, number or "", side)
        except (NotFound, Forbidden):
            if side == "desk":
                raise Refused(
                    _l("This ticket was merged into another one, which you may not see. Ask a colleague who may.")
                ) from None
            raise Refused(
                _l("This ticket was merged into another one, on which you do not take part. Open a new ticket instead.")
            ) from None
    raise Conflict(_l("This ticket was merged in a circle; undo one of the merges."))


def _side(session: Session, actor: Actor, ticket: Ticket) -> Speaker:
    """Tell for whom the actor speaks; who answers their own ticket speaks as a customer, also if they are an agent."""
    if actor.kind == "system":
        return "agent"
    if actor.user_id == ticket.requester_id and actor.user_id is not None:
        return "customer"
    if actor.may("ticket.reply", ticket.department_id) or is_specialist(session, actor, ticket):
        return "agent"
    if works(actor, ticket):
        raise Forbidden(
            _l(
                "You may read this ticket but not answer it. Ask an administrator for “ticket.reply” in its department."
            ),
            permission="ticket.reply",
        )
    return "customer"


def _next_status(words: Vocabulary, ticket: Ticket, draft: NewMessage, side: Speaker) -> Status | None:
    if draft.status is not None:
        return words.status(draft.status)
    if side == "customer":
        return (
            None if ticket.is_open and ticket.waiting_on == "us" else words.in_state("open", "us", after=ticket.status)
        )
    return (
        words.in_state("waiting", "customer", after=ticket.status) if ticket.status.state in ("new", "open") else None
    )


def needs_follow_up(ticket: Ticket, now: datetime) -> bool:
    """Tell whether an answer comes too late for this ticket and opens a new one, by its department's policy.

    A department out of use takes no new tickets, so there the old one is opened again.
    """
    if ticket.status.state != "closed" or not ticket.department.is_active:
        return False
    if ticket.department.reopen_policy == "follow_up":
        return True
    days = ticket.department.reopen_days
    return bool(days) and ticket.closed_at is not None and now - ticket.closed_at > timedelta(days=days)


def _prepare_follow_up(desk: Helpdesk, actor: Actor, ticket: Ticket, author: User | None, draft: NewMessage) -> Opening:
    """Prepare a new ticket for an answer that comes too late; it belongs to who wrote, if that is known."""
    new = NewTicket(
        subject=ticket.subject,
        message=draft.but(status=None),
        department=ticket.department.key,
        requester=Requester(uid=(author or ticket.requester).uid),
        priority=ticket.priority.key,
        type=ticket.type.key if ticket.type and ticket.type.is_active else None,
    )
    return prepare_opening(desk, _on_behalf(actor), new)


def _follow_up(tx: Transaction, actor: Actor, ticket: Ticket, opening: Opening) -> Posted:
    """Open the follow-up of the locked ticket."""
    posted = write_ticket(tx, _on_behalf(actor), opening)
    write_link(tx, posted.ticket, ticket, "follow_up")
    return Posted(posted.ticket, posted.message, followed_up=True)


def _on_behalf(actor: Actor) -> Actor:
    """The system opens the follow-up, since a customer may not choose a priority; the words stay the customer's."""
    return replace(SYSTEM, channel=actor.channel)


def find_by_message_id(session: Session, message_id: str) -> Message | None:
    """Return the message with that Message-ID header, if there is one; for matching replies, not for showing."""
    return session.scalar(select(Message).where(Message.message_id == message_id).order_by(Message.id).limit(1))
