"""Running changed policies over tickets of the past, before anything is saved."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import select

from helpdesk_core.api import SYSTEM, Actor, Helpdesk
from helpdesk_core.api.tickets import Ticket, visible, vocabulary

from .history import pasts
from .machine import Machine, State
from .policies import TARGETS, Policies

MOST: Final = 2000
PORTION: Final = 200


@dataclass
class Tally:
    """How often a target was met and missed; what is still open and late counts as missed."""

    met: int = 0
    missed: int = 0

    @property
    def percent(self) -> int | None:
        """The part that was met, in whole percent, never rounded up to all; None if there was none of either."""
        return self.met * 100 // (self.met + self.missed) if self.met + self.missed else None


@dataclass
class Outcome:
    """What came of one set of policies: by target, the numbers of tickets that missed one, and how many it fits."""

    tallies: dict[str, Tally] = field(default_factory=lambda: {kind: Tally() for kind in TARGETS})
    late: dict[str, set[str]] = field(default_factory=lambda: {kind: set() for kind in TARGETS})
    tickets: int = 0


def run(
    desk: Helpdesk, sets: Sequence[Policies], begin: datetime, end: datetime, actor: Actor = SYSTEM, most: int = MOST
) -> list[Outcome]:
    """Return what each set of policies would have made of tickets opened from `begin` until `end`, the newest `most`.

    Only tickets that the actor may see from the desk are taken; nothing is written.
    """
    outcomes = [Outcome() for _each in sets]
    with desk.read() as session:
        words = vocabulary(desk, session)
        more = frozenset[str]().union(*(each.more_fields for each in sets))
        query = (
            select(Ticket.id, Ticket.number)
            .where(Ticket.created_at >= begin, Ticket.created_at < end, visible(actor, "desk"))
            .order_by(Ticket.created_at.desc(), Ticket.id.desc())
            .limit(most)
        )
        numbers = {id: number or "" for id, number in session.execute(query)}
        ids = list(numbers)
        for start in range(0, len(ids), PORTION):
            for past in pasts(desk, session, words, dict.fromkeys(ids[start : start + PORTION], 0), more):
                for outcome, policies in zip(outcomes, sets, strict=True):
                    machine, state = Machine(policies), State(past.ticket_id)
                    for moment in past.moments:
                        machine.take(state, moment)
                    machine.advance(state, desk.now())
                    _count(outcome, state, numbers[past.ticket_id])
            session.expire_all()
    return outcomes


def _count(outcome: Outcome, state: State, number: str) -> None:
    outcome.tickets += any(clock.target is not None for clock in state.clocks.values())
    for clock in (*state.past, *state.clocks.values()):
        if clock.outcome == "met":
            outcome.tallies[clock.kind].met += 1
        elif clock.outcome == "missed" or (clock.state != "done" and clock.breached_at is not None):
            outcome.tallies[clock.kind].missed += 1
            outcome.late[clock.kind].add(number)
