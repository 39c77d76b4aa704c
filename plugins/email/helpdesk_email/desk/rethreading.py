"""Moving mails to the ticket they belong to, with core's split and merge, so that all is undoable."""

from collections.abc import Sequence

from sqlalchemy import func, select, update

from helpdesk_core.api import Actor, Helpdesk, Transaction
from helpdesk_core.api.db import affect
from helpdesk_core.api.errors import Invalid
from helpdesk_core.api.tickets import (
    Message,
    Ticket,
    find_ticket,
    lock_ticket,
    merge,
    participants,
    remove_participant,
    split,
)
from helpdesk_core.api.users import require

from ..models import Received
from ..senders import CHANNEL
from ..texts import texts

_l = texts.lazy


def move_mails(
    desk: Helpdesk,
    actor: Actor,
    number: str,
    messages: Sequence[str],
    *,
    into: str = "",
    subject: str = "",
    department: str | None = None,
) -> str:
    """Move messages that came by mail (by uid) to another ticket, or with no `into` to a new one; return its number.

    What moves is split off first; for another ticket the part is merged there, so that a ticket may stay behind which
    says where everything went. If nothing would remain, the whole ticket is merged.
    """
    into = into.strip().lstrip("#")
    with desk.begin(actor) as tx:
        source = lock_ticket(tx.session, actor, number, "desk")
        require(actor, "ticket.merge", source.department_id)
        if into:
            if into == number:
                raise Invalid({"into": [_l("This is the ticket it is on. Give another number.")]})
            aim = find_ticket(tx.session, actor, into, "desk")
            require(actor, "ticket.merge", aim.department_id)
        chosen = _mails(tx, source, messages)
        everything = len(chosen) == tx.session.scalar(select(func.count()).where(Message.ticket_id == source.id))
        if everything and not into:
            raise Invalid({"message": [_l("All of the ticket would move. Move the ticket, or leave a message here.")]})
        if everything:
            target = merge(desk, actor, number, into)
        else:
            made = split(desk, actor, number, messages, subject or source.subject, None if into else department)
            target = _merge_part(tx, actor, made, into, chosen) if into else made
        _tell_where(tx, chosen, target)
    return target.number or ""


def _merge_part(tx: Transaction, actor: Actor, part: Ticket, into: str, messages: Sequence[Message]) -> Ticket:
    """Merge what was split off; who has written none of it gets no sight of the other ticket by that."""
    there = {each.user_id for each in participants(tx.session, find_ticket(tx.session, actor, into, "desk"))}
    target = merge(tx.desk, actor, part.number or "", into)
    writers = {each.author_id for each in messages}
    for each in participants(tx.session, target):
        if each.role == "cc" and each.user_id not in there | writers:
            remove_participant(tx.desk, actor, into, "cc", each.user.uid)
    return target


def _mails(tx: Transaction, ticket: Ticket, uids: Sequence[str]) -> Sequence[Message]:
    if not uids:
        raise Invalid({"message": [_l("Choose at least one mail.")]})
    query = select(Message).where(Message.ticket_id == ticket.id, Message.uid.in_(uids), Message.channel == CHANNEL)
    found = tx.session.scalars(query).all()
    if len(found) < len(set(uids)):
        raise Invalid({"message": [_l("A chosen mail is no longer on this ticket. Reload the page and choose again.")]})
    return found


def _tell_where(tx: Transaction, messages: Sequence[Message], target: Ticket) -> None:
    """Let the received mails name the ticket where they are now."""
    uids = [uid for each in messages if isinstance(uid := each.details.get("email"), str)]
    step = {"step": "by hand", "result": _l("moved to #%(number)s", number=target.number), "why": tx.actor.name}
    for row in tx.session.scalars(select(Received).where(Received.uid.in_(uids)).with_for_update()):
        row.decisions = [*row.decisions, step]
    place = {"ticket_id": target.id, "department_id": target.department_id}
    affect(tx.session, update(Received).where(Received.uid.in_(uids)).values(**place))
