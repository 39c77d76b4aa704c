"""Answers as people and programs see them."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from helpdesk_core.api import Helpdesk, Transaction
from helpdesk_core.api.tickets import Message, Ticket
from helpdesk_core.api.users import PersonalData, User

from .models import Answer


def answers(session: Session, ticket_id: int) -> Sequence[Answer]:
    """Return the answers of a ticket in the order in which they were asked."""
    return session.scalars(select(Answer).where(Answer.ticket_id == ticket_id).order_by(Answer.id)).all()


def as_json(row: Answer) -> dict[str, Any]:
    """Return an answer as the API shows it."""
    return {
        "key": row.key,
        "version": row.version,
        "kind": row.kind,
        "question": row.question,
        "value": row.value,
        "answer": row.said,
    }


def extras(desk: Helpdesk, ticket_ids: Sequence[int]) -> Mapping[int, Any]:
    """Return the answers of tickets for the API; one query."""
    found: dict[int, list[dict[str, Any]]] = {}
    with desk.read() as session:
        for row in session.scalars(select(Answer).where(Answer.ticket_id.in_(ticket_ids)).order_by(Answer.id)):
            found.setdefault(row.ticket_id, []).append(as_json(row))
    return found


def data_of(desk: Helpdesk, user: User) -> Sequence[PersonalData]:
    """Return what a person has answered."""
    query = select(Answer, Ticket.number).join(Ticket, Ticket.id == Answer.ticket_id)
    with desk.read() as session:
        rows = session.execute(query.where(Ticket.requester_id == user.id).order_by(Answer.id))
        found = [{"ticket": number, **as_json(row)} for row, number in rows]
    return [PersonalData(name="answers", data=found)] if found else []


def forget(tx: Transaction, user: User) -> None:
    """Remove what a person has answered."""
    theirs = select(Ticket.id).where(Ticket.requester_id == user.id)
    tx.session.execute(delete(Answer).where(Answer.ticket_id.in_(theirs)).execution_options(synchronize_session=False))


def redacted(tx: Transaction, ticket: Ticket, message: Message) -> None:
    """Remove the answers along with the message that they came with, the first of the ticket."""
    first = tx.session.scalar(select(Message.id).where(Message.ticket_id == ticket.id).order_by(Message.id).limit(1))
    if first == message.id:
        tx.session.execute(
            delete(Answer).where(Answer.ticket_id == ticket.id).execution_options(synchronize_session=False)
        )
