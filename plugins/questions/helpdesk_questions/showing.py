"""Answers as people and programs see them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import delete, select

from helpdesk_core.api import Helpdesk, Transaction
from helpdesk_core.api.tickets import Message, Ticket, TicketFacts, facts_of
from helpdesk_core.api.users import PersonalData, User

from .models import Answer

ANSWERS: Final = TicketFacts(
    key="answers",
    statement=select(
        Answer.ticket_id,
        Answer.id,
        Answer.key,
        Answer.version,
        Answer.kind,
        Answer.question,
        Answer.value,
        Answer.said,
    ),
)


def answers(desk: Helpdesk, ticket_ids: Sequence[int]) -> Mapping[int, Sequence[Any]]:
    """Return the answers of tickets in the order in which they were asked, with the fields of `Answer`."""
    found = facts_of(desk, "questions", ANSWERS.key, ticket_ids)
    return {ticket_id: sorted(rows, key=lambda row: int(row.id)) for ticket_id, rows in found.items()}


def as_json(row: Any) -> dict[str, Any]:
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
    return {ticket_id: [as_json(row) for row in rows] for ticket_id, rows in answers(desk, ticket_ids).items()}


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


def redacted(tx: Transaction, message: Message) -> None:
    """Remove the answers that came with a message, at whichever ticket it stands now."""
    gone = delete(Answer).where(Answer.message_id == message.id)
    tx.session.execute(gone.execution_options(synchronize_session=False))
