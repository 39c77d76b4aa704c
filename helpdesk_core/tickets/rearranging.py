"""Splitting and merging tickets, and taking either back."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import selectinload

from helpdesk_core.actor import Actor
from helpdesk_core.db.base import new_uid
from helpdesk_core.departments.models import Department
from helpdesk_core.errors import Conflict, Invalid, NotFound
from helpdesk_core.runtime import Helpdesk, Transaction
from helpdesk_core.texts import lazy as _l
from helpdesk_core.tickets import hooks
from helpdesk_core.tickets.content import preview_of
from helpdesk_core.tickets.events import OperationUndone, TicketMerged, TicketOpened, TicketSplit
from helpdesk_core.tickets.inputs import checked_subject
from helpdesk_core.tickets.linking import write_link
from helpdesk_core.tickets.models import Message, Operation, Participant, Ticket
from helpdesk_core.tickets.opening import give_number
from helpdesk_core.tickets.posting import record_change, set_status
from helpdesk_core.tickets.queries import find_ticket, lock_pair, lock_ticket
from helpdesk_core.tickets.vocabulary import vocabulary
from helpdesk_core.users.permissions import require


def split(
    desk: Helpdesk, actor: Actor, number: str, messages: Sequence[str], subject: str, department: str | None = None
) -> Ticket:
    """Move messages (by uid) with their attachments to a new ticket, linked to this one, and return the new ticket.

    The requester of the new ticket is the customer who wrote the first of the messages, else that of the old one. If
    that stays the same person, those in copy go along, so that nobody loses what they could read.
    Another department must be one that the actor could move the ticket to.
    """
    with desk.read() as session:
        words = vocabulary(desk, session)
        aim = words.department(department) if department is not None else None
        source = find_ticket(session, actor, number, "desk")
    if aim is not None:
        _may_arrive(desk, actor, source, aim)
    subject = checked_subject(subject)
    with desk.begin(actor) as tx:
        source = lock_ticket(tx.session, actor, number, "desk")
        require(actor, "ticket.merge", source.department_id)
        moving = _chosen(tx, source, messages)
        first = moving[0]
        author = first.author_id if first.side == "customer" else None
        target = Ticket(
            subject=subject,
            status=source.status if source.is_open else tx.session.merge(words.in_state("open", "us"), load=False),
            priority=source.priority,
            type=source.type,
            department=tx.session.merge(aim or words.department(source.department.key), load=False),
            requester_id=author or source.requester_id,
            organisation_id=source.organisation_id,
            assignee_id=source.assignee_id if department in (None, source.department.key) else None,
            channel=first.channel,
            locale=source.locale,
            message_count=0,
            event_count=0,
            event_hash="",
            event_seal="",
            created_at=first.created_at,
            updated_at=tx.now,
            tags=[],
            participants=[],
        )
        target.is_open, target.waiting_on = target.status.is_open, target.status.turn
        tx.session.add(target)
        tx.session.flush()
        give_number(tx, target)
        operation = _operation(tx, "split", source, target, moving, {})
        opened = TicketOpened(
            number=target.number or "",
            subject=subject,
            department_id=target.department.id,
            requester_id=target.requester_id,
        )
        tx.record(opened, target)
        if target.requester_id == source.requester_id:
            _let_people_follow(tx, source, target)
        _put(tx, source, target, moving)
        ids = [message.id for message in moving]
        source_number, target_number = source.number or "", target.number or ""
        tx.record(TicketSplit(operation=operation.uid, side="source", other=target_number, message_ids=ids), source)
        tx.record(TicketSplit(operation=operation.uid, side="target", other=source_number, message_ids=ids), target)
        write_link(tx, source, target, "split")
    return target


def merge(desk: Helpdesk, actor: Actor, number: str, into: str) -> Ticket:
    """Move everything of one ticket into another, close the emptied one, and return the other.

    The emptied ticket's requester and cc (and so those of what was merged into it before) become cc of the other, so
    that nobody loses sight of their matter.
    """
    if number == into:
        raise Invalid({"into": [_l("A ticket cannot be merged into itself. Give another number.")]})
    with desk.read() as session:
        closed = vocabulary(desk, session).in_state("closed")
    with desk.begin(actor) as tx:
        source, target = lock_pair(tx.session, actor, number, into)
        for ticket in (source, target):
            require(actor, "ticket.merge", ticket.department_id)
            if ticket.merged_into_id is not None:
                raise Conflict(
                    _l("#%(number)s was merged into another ticket already. Undo that first.", number=ticket.number)
                )
        moving = tx.session.scalars(
            select(Message)
            .where(Message.ticket_id == source.id)
            .options(selectinload(Message.attachments))
            .order_by(Message.id)
        ).all()
        joined = _let_people_follow(tx, source, target)
        operation = _operation(tx, "merge", source, target, moving, {"status": source.status.key, "joined": joined})
        _put(tx, source, target, moving)
        source.merged_into_id = target.id
        ids = [message.id for message in moving]
        source_number, target_number = source.number or "", target.number or ""
        tx.record(TicketMerged(operation=operation.uid, side="source", other=target_number, message_ids=ids), source)
        tx.record(TicketMerged(operation=operation.uid, side="target", other=source_number, message_ids=ids), target)
        was_open = source.is_open
        changed = set_status(tx, source, closed)
        record_change(tx, source, {"status": changed} if changed else {}, was_open=was_open)
    return target


def undo(desk: Helpdesk, actor: Actor, uid: str) -> Ticket:
    """Take a split or merge back, and return the ticket it was done to (the source).

    What was written to the target since stays there after a merge. A split that has been written to since
    is taken back with those messages too.
    """
    with desk.begin(actor) as tx:
        operation = tx.session.scalar(select(Operation).where(Operation.uid == uid).with_for_update())
        numbers = _numbers(tx, operation) if operation else ("", "")
        if operation is None:
            raise NotFound(_l("There is no such split or merge."))
        source, target = lock_pair(tx.session, actor, *numbers)
        for ticket in (source, target):
            require(actor, "ticket.merge", ticket.department_id)
        if operation.undone_at is not None:
            raise Conflict(_l("This was undone already. Reload the ticket."))
        _nothing_later(tx, operation)
        with desk.read() as session:
            words = vocabulary(desk, session)
        query = select(Message).where(Message.ticket_id == target.id).options(selectinload(Message.attachments))
        if operation.kind == "merge":
            query = query.where(Message.id.in_(operation.data["messages"]))
        returning = tx.session.scalars(query.order_by(Message.id)).all()
        _put(tx, target, source, returning)
        operation.undone_at = tx.now
        changed_ticket, status = (
            (source, words.statuses.get(operation.data["status"]) or words.in_state("open", "us"))
            if operation.kind == "merge"
            else (target, words.in_state("closed"))
        )
        if operation.kind == "merge":
            source.merged_into_id = None
            _let_go(tx, target, operation.data["joined"])
        else:
            target.merged_into_id = source.id
        ids = [message.id for message in returning]
        for ticket, other in ((source, target), (target, source)):
            tx.record(
                OperationUndone(operation=uid, kind=operation.kind, other=other.number or "", message_ids=ids), ticket
            )
        was_open = changed_ticket.is_open
        changed = set_status(tx, changed_ticket, status)
        record_change(tx, changed_ticket, {"status": changed} if changed else {}, was_open=was_open)
    with desk.read() as session:
        return find_ticket(session, actor, numbers[0])


def _may_arrive(desk: Helpdesk, actor: Actor, source: Ticket, department: Department) -> None:
    """Ask of messages that go to another department what is asked when a whole ticket goes there."""
    if department.id == source.department_id:
        return
    require(actor, "ticket.move", source.department_id)
    if not department.is_active:
        raise Invalid(
            {
                "department": [
                    _l("“%(department)s” is switched off. Choose another department.", department=department.name)
                ]
            }
        )
    desk.hooks.veto(hooks.ticket_move_check, ticket=source, department=department.key, actor=actor)


def _chosen(tx: Transaction, source: Ticket, uids: Sequence[str]) -> Sequence[Message]:
    if not uids:
        raise Invalid({"messages": [_l("Choose at least one message to split off.")]})
    query = select(Message).where(Message.ticket_id == source.id, Message.uid.in_(uids)).order_by(Message.id)
    chosen = tx.session.scalars(query.options(selectinload(Message.attachments))).all()
    if len(chosen) < len(set(uids)):
        raise Invalid({"messages": [_l("A chosen message is no longer on this ticket. Reload it and choose again.")]})
    remaining = tx.session.scalar(select(func.count()).where(Message.ticket_id == source.id)) or 0
    if remaining == len(chosen):
        raise Invalid({"messages": [_l("At least one message has to stay. To move all, move or merge the ticket.")]})
    return chosen


def _operation(
    tx: Transaction, kind: str, source: Ticket, target: Ticket, messages: Sequence[Message], data: dict[str, Any]
) -> Operation:
    operation = Operation(
        uid=new_uid(),
        kind=kind,
        source_id=source.id,
        target_id=target.id,
        data={"messages": [message.id for message in messages], **data},
        actor_id=tx.actor.user_id,
        created_at=tx.now,
    )
    tx.session.add(operation)
    return operation


def _put(tx: Transaction, source: Ticket, target: Ticket, messages: Sequence[Message]) -> None:
    """Let the messages stand on the target from now on, and make both tickets' summaries true again."""
    ids = [message.id for message in messages]
    if ids:
        tx.session.flush()
        tx.session.execute(update(Message).where(Message.id.in_(ids)).values(ticket_id=target.id))
    for ticket in (source, target):
        _summarise(tx, ticket)
    tx.desk.hooks.within(hooks.messages_moving, tx=tx, source=source, target=target, messages=messages)


def _summarise(tx: Transaction, ticket: Ticket) -> None:
    public = select(Message.side, func.count(), func.max(Message.created_at), func.min(Message.created_at)).where(
        Message.ticket_id == ticket.id, Message.kind == "public"
    )
    by_side = {
        side: (count, last, first) for side, count, last, first in tx.session.execute(public.group_by(Message.side))
    }
    nothing = (0, None, None)
    ticket.message_count = sum(count for count, _last, _first in by_side.values())
    ticket.last_customer_at = by_side.get("customer", nothing)[1]
    ticket.last_agent_at, ticket.first_replied_at = by_side.get("agent", nothing)[1:]
    last = tx.session.scalar(
        select(Message.body_text)
        .where(Message.ticket_id == ticket.id, Message.kind == "public")
        .order_by(Message.id.desc())
        .limit(1)
    )
    ticket.preview = preview_of(last or "")
    ticket.updated_at = max(tx.now, ticket.updated_at)


def _let_people_follow(tx: Transaction, source: Ticket, target: Ticket) -> list[int]:
    """Make the requester and cc of the one a cc of the other; return the ids of those who were not on it."""
    there = {target.requester_id, *_copied(tx, target.id)}
    joined = [id_ for id_ in dict.fromkeys((source.requester_id, *_copied(tx, source.id))) if id_ not in there]
    tx.session.add_all(
        Participant(ticket_id=target.id, user_id=user_id, role="cc", created_at=tx.now) for user_id in joined
    )
    return joined


def _copied(tx: Transaction, ticket_id: int) -> Sequence[int]:
    query = select(Participant.user_id).where(Participant.ticket_id == ticket_id, Participant.role == "cc")
    return tx.session.scalars(query.order_by(Participant.id)).all()


def _let_go(tx: Transaction, target: Ticket, user_ids: Sequence[int]) -> None:
    """Take those off who came with an undone merge, unless another merge would have brought them: then it does."""
    leaving = set(user_ids)
    others = select(Operation, Ticket.requester_id).join(Ticket, Ticket.id == Operation.source_id)
    others = others.where(Operation.target_id == target.id, Operation.kind == "merge", Operation.undone_at.is_(None))
    for other, requester_id in tx.session.execute(others).all():
        staying = leaving & {requester_id, *_copied(tx, other.source_id)}
        if staying:
            other.data = {**other.data, "joined": [*other.data["joined"], *sorted(staying)]}
            leaving -= staying
    there = Participant.ticket_id == target.id, Participant.role == "cc"
    tx.session.execute(delete(Participant).where(*there, Participant.user_id.in_(leaving)))


def _numbers(tx: Transaction, operation: Operation) -> tuple[str, str]:
    ends = select(Ticket).where(Ticket.id.in_([operation.source_id, operation.target_id]))
    by_id = {ticket.id: ticket.number or "" for ticket in tx.session.scalars(ends)}
    return by_id[operation.source_id], by_id[operation.target_id]


def _nothing_later(tx: Transaction, operation: Operation) -> None:
    later = tx.session.scalar(
        select(Operation.id)
        .where(
            Operation.id > operation.id,
            Operation.undone_at.is_(None),
            Operation.source_id.in_([operation.target_id]) | Operation.target_id.in_([operation.source_id]),
        )
        .limit(1)
    )
    if later is not None:
        raise Conflict(_l("Something was split off or merged after this. Undo the later one first."))
