"""The clocks of tickets in the database, brought up to date with what happened to the tickets."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from helpdesk_core.api import SYSTEM, Helpdesk, Transaction
from helpdesk_core.api.jobs import stopping
from helpdesk_core.api.tickets import Ticket, vocabulary

from .calendars import ALWAYS
from .history import Past, pasts
from .machine import Entry, Machine, Moment, State
from .models import MICROSECOND, Clock, Firing, LedgerRow, Watched
from .policies import Policies
from .reading import policies

log = logging.getLogger(__name__)
PORTION: Final = 500


@dataclass(frozen=True, slots=True)
class LookedAt:
    """A ticket whose clocks have caught up until `at`; `next_at` is when they are to be looked at after its steps.

    Until these are done its row has `at` in place of that.
    """

    ticket_id: int
    at: datetime
    next_at: datetime | None
    has_steps: bool


def bring_up(desk: Helpdesk, ticket_id: int, *, taken_up: bool = False) -> None:
    """Let a ticket's clocks catch up with what happened to it until now.

    It does not matter how often, for which event, or by how many workers this is called: the ticket's row is locked,
    and remembers after which event it stands. `taken_up` says that the ticket is older than the plugin's work on it.
    """
    with desk.begin(SYSTEM) as tx:
        tx.hold_reference()
        watched = tx.session.scalar(select(Watched).where(Watched.ticket_id == ticket_id).with_for_update())
        known, words = policies(desk, tx.session), vocabulary(desk, tx.session)
        since = {ticket_id: watched.seq if watched else 0}
        found = pasts(desk, tx.session, words, since, known.more_fields)
        if not found:
            return
        if watched is None:
            watched = _begin(tx, found[0], taken_up=taken_up)
        _run_through(tx, known, [watched], found)


def catch_up(tx: Transaction, watched: Sequence[Watched]) -> Sequence[LookedAt]:
    """Let the clocks of locked tickets catch up, with few queries for all of them.

    Before it locked them the transaction has to hold what was agreed.
    """
    known = policies(tx.desk, tx.session)
    stands = {each.ticket_id: each.seq for each in watched}
    found = pasts(tx.desk, tx.session, vocabulary(tx.desk, tx.session), stands, known.more_fields)
    return _run_through(tx, known, watched, found)


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
            if stopping():
                return
            try:
                bring_up(desk, ticket_id, taken_up=True)
            except IntegrityError:
                log.debug("Another worker took ticket %s up in the same moment", ticket_id)
        if len(ids) < PORTION:
            return


def states_of(session: Session, watched: Iterable[Watched], known: Policies) -> Mapping[int, State]:
    """Return the stored states of the clocks of tickets, by id."""
    states = {each.ticket_id: _without_clocks(each, known) for each in watched}
    query = select(Clock).where(Clock.ticket_id.in_(states), Clock.is_current)
    for clock in session.scalars(query):
        states[clock.ticket_id].clocks[clock.kind] = clock
    return states


def _without_clocks(watched: Watched, known: Policies) -> State:
    return State(
        ticket_id=watched.ticket_id,
        policy=known.by_id(watched.policy_id),
        calendar=known.calendars.get(watched.calendar_id, ALWAYS) if watched.calendar_id else ALWAYS,
        calendar_id=watched.calendar_id,
        has_reply=watched.has_reply,
        is_open=watched.is_open,
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


def _run_through(
    tx: Transaction, known: Policies, watched: Sequence[Watched], found: Sequence[Past]
) -> Sequence[LookedAt]:
    rows = {each.ticket_id: each for each in watched}
    states = states_of(tx.session, watched, known)
    for past in found:
        _take(tx, Machine(known), states[past.ticket_id], rows[past.ticket_id], past)
    _store(tx, rows, [states[past.ticket_id] for past in found])
    query = select(Firing.ticket_id).where(Firing.ticket_id.in_(rows), Firing.state == "due").distinct()
    due = set(tx.session.scalars(query))
    looked_at: list[LookedAt] = []
    for past in found:
        row, state = rows[past.ticket_id], states[past.ticket_id]
        each = LookedAt(row.ticket_id, row.at, state.next_at(), row.ticket_id in due)
        row.due_at = state.due_at()
        row.next_at = row.at if each.has_steps else each.next_at
        row.edited_at = None
        looked_at.append(each)
    return looked_at


def _take(tx: Transaction, machine: Machine, state: State, watched: Watched, past: Past) -> None:
    for moment in past.moments:
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


def _not_before(moment: Moment, watched: Watched) -> Moment:
    return moment if moment.at >= watched.at else replace(moment, at=watched.at)


def _store(tx: Transaction, rows: Mapping[int, Watched], states: Sequence[State]) -> None:
    for state in states:
        tx.session.add_all([*state.past, *state.clocks.values()])
    lines = [_line(state, entry) for state in states for entry in state.entries]
    if lines:
        tx.session.execute(insert(LedgerRow), lines)  # written once and never asked for here, so without objects
    tx.session.flush()  # clocks get their ids
    for state in states:
        tx.session.add_all(
            Firing(
                ticket_id=state.ticket_id,
                clock_id=due.clock.id,
                step=due.step.uid,
                action={"action": due.step.action, "value": due.step.value, "kind": due.clock.kind},
                state="due" if due.at >= rows[state.ticket_id].watched_from else "skipped",
                due_at=due.at,
                done_at=None,
                error=None,
            )
            for due in state.due
        )
    tx.session.flush()


def _line(state: State, entry: Entry) -> dict[str, Any]:
    return {
        "ticket_id": state.ticket_id,
        "at": entry.at,
        "kind": entry.kind,
        "what": entry.what,
        "cause": entry.cause,
        "microseconds": entry.ran // MICROSECOND,
        "due_at": entry.due_at,
        "event_id": entry.event_id,
    }
