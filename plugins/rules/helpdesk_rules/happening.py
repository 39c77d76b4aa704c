"""When rules are asked: by events, each once, and by the clock."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, exists, func, or_, select
from sqlalchemy.orm import Session

from helpdesk_core.api import SYSTEM, Event, Helpdesk, NotFound, Transaction
from helpdesk_core.api.automation import clause_of, load_facts
from helpdesk_core.api.db import affect
from helpdesk_core.api.events import EventRow, MessagePosted, TicketOpened
from helpdesk_core.api.tickets import Message, Ticket, lock_ticket

from .models import Run, Timed
from .rules import AGENT, CHANGED, CUSTOMER, NOTED, OPENED, TIME, Rule, rules_for
from .running import FIRED, judge, run
from .settings import times

PORTION: Final = 500
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


def tick(desk: Helpdesk) -> int:
    """Carry out the rules on time that are due, each once a ticket until somebody writes again; return how many."""
    with desk.read() as session:
        rules = rules_for(desk, session, TIME)
    return sum(_carry_out(desk, rule, id, number) for rule in rules for id, number in list(due(desk, rule)))


def due(desk: Helpdesk, rule: Rule) -> Iterator[tuple[int, str]]:
    """Return ids and numbers of the tickets to which a rule on time applies now and has not been carried out on."""
    last = 0
    while True:
        with desk.read() as session:
            query = select(Ticket.id, Ticket.number).where(
                Ticket.id > last, Ticket.merged_into_id.is_(None), ~_is_done(rule), *clauses(desk, rule)
            )
            found = {id: number or "" for id, number in session.execute(query.order_by(Ticket.id).limit(PORTION))}
            known = load_facts(desk, session, list(found), rule.fields)
        yield from ((id, found[id]) for id in found if judge(desk, rule, known[id]).outcome == FIRED)
        if len(found) < PORTION:
            return
        last = max(found)


def clauses(desk: Helpdesk, rule: Rule) -> Sequence[ColumnElement[bool]]:
    """Return what the database can look for; tickets that it finds are to be looked at once more."""
    now = desk.now()
    found = [clause_of(desk, each, now) for each in rule.conditions]
    usable = [each for each in found if each is not None]
    if rule.match == "any":
        return [or_(*usable)] if usable and len(usable) == len(found) else []
    return usable


def forget(desk: Helpdesk) -> None:
    """Forget the log after its time."""
    before = desk.now() - times(desk).keep_log
    with desk.begin(SYSTEM) as tx:
        affect(tx.session, delete(Run).where(Run.at < before))


def _carry_out(desk: Helpdesk, rule: Rule, ticket_id: int, number: str) -> int:
    with desk.begin(SYSTEM) as tx:
        ticket = lock_ticket(tx.session, SYSTEM, number)
        if tx.session.scalar(select(_is_done(rule)).where(Ticket.id == ticket_id)):
            return 0
        fired = any(each.outcome == FIRED for each in run(tx, ticket, [rule], TIME))
        if fired:
            _note_done(tx, rule, ticket_id)
        return int(fired)


def _note_done(tx: Transaction, rule: Rule, ticket_id: int) -> None:
    mark = tx.session.scalar(select(_mark()).where(Ticket.id == ticket_id)) or 0
    row = tx.session.get(Timed, (rule.id, ticket_id), populate_existing=True)
    if row is None:
        tx.session.add(Timed(rule_id=rule.id, ticket_id=ticket_id, mark=mark))
    else:
        row.mark = mark


def _mark() -> ColumnElement[int]:
    """Return the id of the last message of a ticket that no rule wrote."""
    return func.coalesce(
        select(func.max(Message.id))
        .where(Message.ticket_id == Ticket.id, Message.kind == "public", Message.channel != "rules")
        .correlate(Ticket)
        .scalar_subquery(),
        0,
    )


def _is_done(rule: Rule) -> ColumnElement[Any]:
    return (
        exists(Timed.ticket_id)
        .where(Timed.rule_id == rule.id, Timed.ticket_id == Ticket.id, Timed.mark == _mark())
        .correlate(Ticket)
    )


def _is_imported(session: Session, ticket_id: int, seq: int | None) -> bool:
    """Tell whether a ticket was opened with a message of which nobody is told."""
    first = EventRow.ticket_id == ticket_id, EventRow.seq == (seq or 0) + 1, EventRow.type == POSTED
    data = session.scalar(select(EventRow.data).where(*first))
    return data is not None and not data.get("notify", True)
