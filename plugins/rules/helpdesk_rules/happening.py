"""Rules on events: each event has them asked once."""

from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from helpdesk_core.api import SYSTEM, Event, Helpdesk, NotFound
from helpdesk_core.api.db import affect
from helpdesk_core.api.events import EventRow, MessagePosted, TicketOpened
from helpdesk_core.api.tickets import Ticket, lock_ticket

from .models import Run
from .rules import AGENT, CHANGED, CUSTOMER, NOTED, OPENED, rules_for
from .running import run
from .settings import times

POSTED: Final = "message.posted"


def happened(desk: Helpdesk, event: Event) -> None:
    """Ask the rules because of an event; it does not matter how often, or by how many workers, this is called."""
    trigger = trigger_of(event)
    if trigger is None or event.ticket_id is None:
        return
    with desk.read() as session:
        rules = rules_for(desk, session, trigger)
        number = session.scalar(select(Ticket.number).where(Ticket.id == event.ticket_id)) if rules else None
        seq = session.scalar(select(EventRow.seq).where(EventRow.id == event.id)) if rules else None
        if number is None or (trigger == OPENED and _is_imported(session, event.ticket_id, seq)):
            return
    with desk.begin(SYSTEM) as tx:
        try:
            ticket = lock_ticket(tx.session, SYSTEM, number)
        except NotFound:
            return  # it was deleted in between
        asked = tx.session.scalar(select(Run.id).where(Run.event_id == event.id))
        if asked is None and ticket.merged_into_id is None:
            run(tx, ticket, rules, trigger, event_id=event.id, event_seq=seq)


def trigger_of(event: Event) -> str | None:
    """Return what an event means to rules; None for what they are not asked for, such as imported history."""
    if isinstance(event, TicketOpened):
        return OPENED
    if not isinstance(event, MessagePosted):
        return CHANGED
    if event.first or not event.notify:
        return None
    if event.kind == "internal":
        return NOTED
    return CUSTOMER if event.side == "customer" else AGENT


def forget(desk: Helpdesk) -> None:
    """Forget the log after its time."""
    before = desk.now() - times(desk).keep_log
    with desk.begin(SYSTEM) as tx:
        affect(tx.session, delete(Run).where(Run.at < before))


def _is_imported(session: Session, ticket_id: int, seq: int | None) -> bool:
    """Tell whether a ticket was opened with a message of which nobody is told."""
    first = EventRow.ticket_id == ticket_id, EventRow.seq == (seq or 0) + 1, EventRow.type == POSTED
    data = session.scalar(select(EventRow.data).where(*first))
    return data is not None and not data.get("notify", True)
