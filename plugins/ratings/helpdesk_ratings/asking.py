"""Asking by mail how a closed ticket went: whom, when, and whom not."""

import hmac
from datetime import timedelta
from typing import Final

from sqlalchemy import select

from helpdesk_core.api import SYSTEM, Helpdesk, Transaction
from helpdesk_core.api.events import TicketChanged
from helpdesk_core.api.tickets import Ticket, lock_ticket
from helpdesk_core.api.users import load_actor_by_user

from .events import RatingAsked
from .giving import rates, target_of
from .models import Ask, Rating
from .settings import Rules, rules

PORTION: Final = 100
LATE: Final = timedelta(days=7)
"""Nobody is asked about what is longer past than this, for example after the worker has stood still for weeks."""


def closed_or_reopened(desk: Helpdesk, event: TicketChanged) -> None:
    """Plan to ask when a ticket is closed, and call it off when it is opened again; a second delivery does no harm."""
    if event.ticket_id is None or not (event.closed or event.reopened):
        return
    rule = rules(desk)
    with desk.begin(SYSTEM) as tx:
        ticket = tx.session.get(Ticket, event.ticket_id)
        ask = tx.session.scalar(select(Ask).where(Ask.ticket_id == event.ticket_id).with_for_update())
        if ticket is None or (ask is not None and ask.state in ("asked", "skipped")):
            return
        if event.reopened:
            if ask is not None:
                ask.state = "cancelled"
        elif rule.ask and rule.rate_tickets:
            ask = ask or Ask(ticket_id=ticket.id, user_id=ticket.requester_id)
            ask.state, ask.due_at = "waiting", event.at + rule.ask_after
            tx.session.add(ask)


def ask_due(desk: Helpdesk) -> None:
    """Ask wherever the time has come; each in a transaction of its own, so that a crash repeats and loses none."""
    last = 0
    while True:
        with desk.read() as session:
            due = select(Ask.id).where(Ask.state == "waiting", Ask.due_at <= desk.now(), Ask.id > last)
            ids = session.scalars(due.order_by(Ask.id).limit(PORTION)).all()
        for ask_id in ids:
            _ask(desk, ask_id)
            last = ask_id
        if len(ids) < PORTION:
            return


def _ask(desk: Helpdesk, ask_id: int) -> None:
    rule = rules(desk)
    with desk.begin(SYSTEM) as tx:
        number = select(Ticket.number).join(Ask, Ask.ticket_id == Ticket.id).where(Ask.id == ask_id)
        ticket = lock_ticket(tx.session, SYSTEM, tx.session.scalar(number) or "")
        ask = tx.session.scalar(
            select(Ask).where(Ask.id == ask_id, Ask.state == "waiting").execution_options(populate_existing=True)
        )
        if ask is None:
            return
        if ticket.is_open:
            ask.state = "cancelled"
            return
        ask.user_id = ticket.requester_id
        ask.reason = _why_not(tx, rule, ticket, ask)
        if ask.reason:
            ask.state = "skipped"
        else:
            ask.state, ask.asked_at = "asked", tx.now
            tx.record(RatingAsked(user_id=ticket.requester_id), ticket)


def _why_not(tx: Transaction, rule: Rules, ticket: Ticket, ask: Ask) -> str:
    """Return a word that says why this person is not asked; none if they are."""
    if not (rule.ask and rule.rate_tickets):
        return "off"
    if ticket.merged_into_id is not None:
        return "merged"
    if ask.due_at < tx.now - LATE:
        return "late"
    person = load_actor_by_user(tx.desk, tx.session, ask.user_id)
    if person is None or not rates(tx.desk, tx.session, person.actor, ticket):
        return "staff"
    if not drawn(tx.desk, ticket, rule.ask_share):
        return "sample"
    rated = select(Rating.id).where(Rating.target == target_of(ticket, None), Rating.user_id == ask.user_id)
    if tx.session.scalar(rated) is not None:
        return "rated"
    lately = select(Ask.id).where(Ask.user_id == ask.user_id, Ask.asked_at > tx.now - rule.ask_pause)
    return "pause" if tx.session.scalar(lately.limit(1)) is not None else ""


def drawn(desk: Helpdesk, ticket: Ticket, share: int) -> bool:
    """Tell whether the lot falls on the ticket; the same answer each time, and nobody can foresee it."""
    lot = hmac.digest(desk.secret, f"helpdesk ratings sample {ticket.id}".encode(), "sha256")
    return int.from_bytes(lot[:8]) % 100 < share
