"""What tickets are about: reading it, and changing it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from helpdesk_core.api import Actor, Helpdesk, Transaction
from helpdesk_core.api.errors import Invalid
from helpdesk_core.api.tickets import Ticket, TicketFacts, facts_of, find_ticket, lock_ticket, worked
from helpdesk_core.api.users import PersonalData, User, require

from . import choosing
from .events import ServiceChanged
from .models import TicketService
from .texts import lazy

CURRENT: Final = TicketFacts(
    key="service",
    statement=select(
        TicketService.ticket_id,
        TicketService.key,
        TicketService.name,
        TicketService.type,
        TicketService.state,
        TicketService.source,
        TicketService.link,
        TicketService.facts,
        TicketService.taken_at,
    ).where(TicketService.is_current),
)


def current(session: Session, ticket_ids: Sequence[int]) -> dict[int, TicketService]:
    """Return what tickets are about now, by ticket id; one query."""
    query = select(TicketService).where(TicketService.ticket_id.in_(ticket_ids), TicketService.is_current)
    return {row.ticket_id: row for row in session.scalars(query.order_by(TicketService.id))}


def history(session: Session, ticket_id: int) -> Sequence[TicketService]:
    """Return all that a ticket has been about, the newest first."""
    query = select(TicketService).where(TicketService.ticket_id == ticket_id)
    return session.scalars(query.order_by(TicketService.id.desc())).all()


def change(desk: Helpdesk, actor: Actor, number: str, key: str) -> None:
    """Say that a ticket is about another service, with `ticket.change` in its department; empty takes it away.

    `Invalid` for one that the customer does not have.
    """
    with desk.read() as session:
        ticket = find_ticket(session, actor, number, "desk")
    require(actor, "ticket.change", ticket.department_id)
    known = choosing.by_key(choosing.answers_for(desk, ticket.requester_id, for_staff=True))
    if key not in ("", choosing.NONE, choosing.OTHER) and key not in known:
        raise Invalid({choosing.FIELD: [lazy("Choose one from the list.")]})
    with desk.begin(actor) as tx:
        ticket = lock_ticket(tx.session, actor, number, "desk")
        require(actor, "ticket.change", ticket.department_id)
        before = current(tx.session, [ticket.id]).get(ticket.id)
        if (before.key if before else "") == key:
            return
        tx.session.execute(update(TicketService).where(TicketService.ticket_id == ticket.id).values(is_current=False))
        row = choosing.add(tx, ticket, key, known) if key else None
        tx.record(ServiceChanged(kind=row.type if row else ""), ticket)


def as_json(row: Any, *, for_staff: bool) -> dict[str, Any]:
    """Return a service as the API shows it; link and facts are for staff."""
    plain = {
        "key": row.key,
        "name": row.name,
        "type": row.type,
        "state": row.state,
        "taken_at": row.taken_at.isoformat(),
    }
    return {**plain, "source": row.source, "link": row.link, "facts": row.facts} if for_staff else plain


def extras(desk: Helpdesk, ticket_ids: Sequence[int], actor: Actor) -> Mapping[int, Any]:
    """Return what tickets are about, for the API."""
    staffed = worked(desk, actor, ticket_ids)
    found = facts_of(desk, "services", CURRENT.key, ticket_ids)
    return {ticket_id: as_json(rows[-1], for_staff=ticket_id in staffed) for ticket_id, rows in found.items()}


def data_of(desk: Helpdesk, user: User) -> Sequence[PersonalData]:
    """Return what is kept about the services of a person's tickets."""
    query = (
        select(TicketService, Ticket.number)
        .join(Ticket, Ticket.id == TicketService.ticket_id)
        .where(Ticket.requester_id == user.id)
        .order_by(TicketService.id)
    )
    with desk.read() as session:
        found = [{"ticket": number, **as_json(row, for_staff=True)} for row, number in session.execute(query)]
    return [PersonalData(name="services", data=found)] if found else []


def forget(tx: Transaction, user: User) -> None:
    """Take out of a person's tickets what tells whose they are; kinds and states stay for statistics."""
    theirs = select(Ticket.id).where(Ticket.requester_id == user.id)
    tx.session.execute(
        update(TicketService)
        .where(TicketService.ticket_id.in_(theirs))
        .values(key=choosing.OTHER, name="", link="", facts={})
        .execution_options(synchronize_session=False)
    )
