"""The clocks of tickets in the database: brought up to date by events, and by the job of every minute."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from helpdesk_core.api import SYSTEM, Helpdesk, Transaction
from helpdesk_core.api.tickets import Ticket, vocabulary

from . import escalating
from .calendars import ALWAYS
from .history import Past, pasts
from .machine import Machine, Moment, State
from .models import MICROSECOND, Clock, Firing, LedgerRow, Watched
from .policies import Policies
from .reading import policies

log = logging.getLogger(__name__)
PORTION: Final = 500


def bring_up(desk: Helpdesk, ticket_id: int, *, taken_up: bool = False) -> None:
    """Let a ticket's clocks catch up with what happened to it until now.

    It does not matter how often, for which event, or by how many workers this is called: the ticket's row is locked,
    and remembers after which event it stands. `taken_up` says that the ticket is older than the plugin's work on it.
    """
    with desk.begin(SYSTEM) as tx:
        watched = tx.session.scalar(select(Watched).where(Watched.ticket_id == ticket_id).with_for_update())
        more = policies(desk, tx.session).more_fields
        found = pasts(desk, tx.session, vocabulary(desk, tx.session), [ticket_id], more)
        if not found:
            return
        if watched is None:
            watched = _begin(tx, found[0], taken_up=taken_up)
        _catch_up(tx, watched, found[0])


def tick(desk: Helpdesk) -> int:
    """Do what is due on any ticket: breaches, steps, changed policies; return on how many tickets that was.

    Each ticket is a unit of work, held by one worker: what is interrupted is undone as a whole and done by the next.
    """
    done = 0
    tried: set[int] = set()
    while True:
        with desk.read() as session:
            ids = [id for id in due_tickets(session, desk, PORTION + len(tried)) if id not in tried]
        if not ids:
            return done
        for ticket_id in ids:
            tried.add(ticket_id)
            done += _tick_one(desk, ticket_id)


def due_tickets(session: Session, desk: Helpdesk, limit: int) -> Sequence[int]:
    """Return the ids of tickets on which something is due, the longest due first; found by an index."""
    query = select(Watched.ticket_id).where(Watched.next_at <= desk.now()).order_by(Watched.next_at).limit(limit)
    return session.scalars(query).all()


def _tick_one(desk: Helpdesk, ticket_id: int) -> bool:
    with desk.begin(escalating.ACTOR) as tx:
        query = select(Watched).where(Watched.ticket_id == ticket_id, Watched.next_at <= tx.now)
        watched = tx.session.scalar(query.with_for_update(skip_locked=True))
        if watched is None:
            return False
        more = policies(desk, tx.session).more_fields
        found = pasts(desk, tx.session, vocabulary(desk, tx.session), [ticket_id], more)
        if not found:
            return False
        _catch_up(tx, watched, found[0])
        escalating.carry_out(tx, watched)
    return True


def take_up(desk: Helpdesk) -> None:
    """Begin to watch open tickets that are older than the plugin, without doing what was due before."""
    while True:
        with desk.read() as session:
            query = (
                select(Ticket.id)
                .outerjoin(Watched, Watched.ticket_id == Ticket.id)
                .where(Ticket.is_open, Watched.ticket_id.is_(None))
                .limit(PORTION)
            )
            ids = session.scalars(query).all()
        for ticket_id in ids:
            try:
                bring_up(desk, ticket_id, taken_up=True)
            except IntegrityError:
                log.debug("Another worker took ticket %s up in the same moment", ticket_id)
        if len(ids) < PORTION:
            return


def state_of(session: Session, watched: Watched, known: Policies) -> State:
    """Return the stored state of a ticket's clocks."""
    query = select(Clock).where(Clock.ticket_id == watched.ticket_id, Clock.is_current)
    return State(
        ticket_id=watched.ticket_id,
        policy=known.by_id(watched.policy_id),
        calendar=known.calendars.get(watched.calendar_id, ALWAYS) if watched.calendar_id else ALWAYS,
        calendar_id=watched.calendar_id,
        has_reply=watched.has_reply,
        is_open=watched.is_open,
        clocks={clock.kind: clock for clock in session.scalars(query)},
    )


def _begin(tx: Transaction, past: Past, *, taken_up: bool) -> Watched:
    first = past.moments[0].at if past.moments else tx.now
    watched = Watched(
        ticket_id=past.ticket_id,
        policy_id=None,
        calendar_id=None,
        seq=0,
        at=first,
        is_open=True,
        has_reply=False,
        watched_from=tx.now if taken_up or past.is_imported else first,
        next_at=None,
        due_at=None,
    )
    tx.session.add(watched)
    tx.session.flush()
    return watched


def _catch_up(tx: Transaction, watched: Watched, past: Past) -> None:
    known = policies(tx.desk, tx.session)
    machine, state = Machine(known), state_of(tx.session, watched, known)
    for moment in past.moments:
        if moment.seq > watched.seq:
            machine.take(state, _not_before(moment, watched))
            watched.at = max(moment.at, watched.at)
    now = max(tx.now, watched.at)
    machine.take(
        state,
        Moment(now, past.seq, None, {"code": "edited"}, past.properties, is_open=past.is_open, turn=past.turn),
    )
    watched.seq, watched.at, watched.is_open, watched.has_reply = past.seq, now, state.is_open, state.has_reply
    watched.policy_id = state.policy.id if state.policy else None
    watched.calendar_id = state.calendar_id
    _store(tx, watched, state)
    watched.due_at = state.due_at()
    watched.next_at = now if _has_due(tx, watched) else state.next_at()


def _not_before(moment: Moment, watched: Watched) -> Moment:
    return moment if moment.at >= watched.at else replace(moment, at=watched.at)


def _has_due(tx: Transaction, watched: Watched) -> bool:
    query = select(Firing.id).where(Firing.ticket_id == watched.ticket_id, Firing.state == "due").limit(1)
    return tx.session.scalar(query) is not None


def _store(tx: Transaction, watched: Watched, state: State) -> None:
    tx.session.add_all([*state.past, *state.clocks.values()])
    for entry in state.entries:
        tx.session.add(
            LedgerRow(
                ticket_id=watched.ticket_id,
                at=entry.at,
                kind=entry.kind,
                what=entry.what,
                cause=entry.cause,
                microseconds=entry.ran // MICROSECOND,
                due_at=entry.due_at,
                event_id=entry.event_id,
            )
        )
    tx.session.flush()  # clocks get their ids
    for due in state.due:
        tx.session.add(
            Firing(
                ticket_id=watched.ticket_id,
                clock_id=due.clock.id,
                step=due.step.uid,
                action={"action": due.step.action, "value": due.step.value, "kind": due.clock.kind},
                state="due" if due.at >= watched.watched_from else "skipped",
                due_at=due.at,
                done_at=None,
                error=None,
            )
        )
    tx.session.flush()
