"""What a ticket's history does to its clocks: pure, so that the past can be run through it again.

A clock runs while the ticket is open, its turn is ours and a policy sets a target. Time that ran is measured by the
calendar that held while it ran: what changes later never changes what has passed.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from .calendars import ALWAYS, Calendar
from .models import Clock
from .policies import FIRST_REPLY, NEXT_REPLY, RESOLUTION, TARGETS, UPDATE, Policies, Policy, Properties, Step

NOTHING: Final = timedelta(0)
Cause = dict[str, Any]
"""`code` says what happened, the rest are its values, as JSON has them; people are named by the event alone."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What happened at one moment, and how the ticket stood from then on; `speakers` are the sides of its messages."""

    at: datetime
    seq: int
    event_id: int | None
    cause: Cause
    properties: Properties
    is_open: bool
    turn: str
    speakers: tuple[str, ...] = ()
    is_opening: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger.

    `what`: started, paused, resumed, policy, target, hours, breached, met, missed, dropped.
    """

    at: datetime
    kind: str
    what: str
    cause: Cause
    ran: timedelta = NOTHING
    due_at: datetime | None = None
    event_id: int | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """A step whose moment has come."""

    at: datetime
    clock: Clock
    step: Step


@dataclass
class State:
    """The clocks of a ticket and what else its past has left behind."""

    ticket_id: int
    policy: Policy | None = None
    calendar: Calendar = ALWAYS
    calendar_id: int | None = None
    has_reply: bool = False
    is_open: bool = True
    clocks: dict[str, Clock] = field(default_factory=dict)
    """The last run of each target."""
    past: list[Clock] = field(default_factory=list)
    """Runs that were followed by another one since the state was loaded."""
    entries: list[Entry] = field(default_factory=list)
    due: list[Due] = field(default_factory=list)

    def next_at(self) -> datetime | None:
        """Return the next moment at which a clock breaches or a step is due."""
        moments = [at for clock in self.clocks.values() for at, _step in self.coming(clock)]
        return min(moments, default=None)

    def due_at(self) -> datetime | None:
        """Return the earliest target of the clocks that run."""
        return min((clock.due_at for clock in self.clocks.values() if clock.due_at), default=None)

    def coming(self, clock: Clock) -> list[tuple[datetime, Step | None]]:
        """Return what a running clock still has before it: the breach (None), and the steps around it."""
        if clock.state != "running" or clock.since is None or clock.target is None:
            return []
        found: list[tuple[datetime, Step | None]] = []
        if clock.breached_at is None and clock.due_at is not None:
            found.append((clock.due_at, None))
        for step in self.policy.steps_of(clock.kind) if self.policy else ():
            if step.uid not in clock.steps_done:
                left = timedelta(minutes=clock.target) + step.offset - clock.ran
                at = self.calendar.add(clock.since, max(NOTHING, left))
                if at is not None:
                    found.append((at, step))
        return found


class Machine:
    """Runs histories under a set of policies."""

    def __init__(self, policies: Policies) -> None:
        self.policies = policies

    def take(self, state: State, moment: Moment) -> None:
        """Let something happen; it must not be earlier than what happened before."""
        self.advance(state, moment.at)
        reopened = moment.is_open and not state.is_open
        state.is_open = moment.is_open
        if moment.is_open:
            self._choose(state, moment)
        if moment.is_opening:
            self._begin(state, RESOLUTION, moment)
        for side in moment.speakers:
            self._heard(state, side, moment)
        if not moment.is_open:
            self._close(state, moment)
        elif reopened:
            self._reopen(state)
        self._set_going(state, moment)

    def advance(self, state: State, at: datetime) -> None:
        """Let time pass: targets are breached, steps come due."""
        while True:
            coming = [
                (when, clock, step)
                for clock in state.clocks.values()
                for when, step in state.coming(clock)
                if when < at
            ]
            if not coming:
                return
            when, clock, step = min(coming, key=lambda each: (each[0], each[2] is not None))
            if step is None:
                clock.breached_at = when
                target = timedelta(minutes=clock.target or 0)
                state.entries.append(Entry(when, clock.kind, "breached", {"code": "time"}, target, when))
            else:
                clock.steps_done = [*clock.steps_done, step.uid]
                if step.since is None or when >= step.since:
                    state.due.append(Due(when, clock, step))

    def _choose(self, state: State, moment: Moment) -> None:
        """Find the policy that fits now; what ran until now was measured by the one from before."""
        policy = self.policies.first_fit(moment.properties)
        before = state.policy
        same = (policy and policy.id) == (before and before.id)
        calendar_id, calendar = state.calendar_id, state.calendar
        if policy:
            calendar_id, calendar = self.policies.hours(policy, moment.properties)
        active = _active(state)
        if same and calendar == state.calendar and all(clock.target == _target(policy, clock) for clock in active):
            state.policy, state.calendar_id = policy, calendar_id
            return
        for clock in active:
            _settle(state, clock, moment.at)
        measured_anew = same and calendar != state.calendar
        state.policy, state.calendar, state.calendar_id = policy, calendar, calendar_id
        if not same:
            cause = {**moment.cause, "policy": policy.name if policy else None}
            state.entries.append(Entry(moment.at, "", "policy", cause, event_id=moment.event_id))
        for clock in active:
            _aim(state, clock, moment)
            if measured_anew and clock.target is not None:
                cause = {**moment.cause, "calendar": calendar.name or None}
                state.entries.append(
                    Entry(moment.at, clock.kind, "hours", cause, clock.ran, clock.due_at, moment.event_id)
                )

    def _heard(self, state: State, side: str, moment: Moment) -> None:
        if side == "agent":
            state.has_reply = True
            for kind in (FIRST_REPLY, NEXT_REPLY, UPDATE):
                self._end(state, kind, moment)
            if moment.is_open:
                self._begin(state, UPDATE, moment)
        elif moment.is_open:
            self._begin(state, NEXT_REPLY if state.has_reply else FIRST_REPLY, moment)

    def _begin(self, state: State, kind: str, moment: Moment) -> None:
        """Start a target anew unless one is being waited for already."""
        before = state.clocks.get(kind)
        if before is not None and before.state != "done":
            return
        if before is not None:
            before.is_current = False
            state.past.append(before)
        clock = Clock.begun(state.ticket_id, kind, before.run + 1 if before else 1, moment.at)
        state.clocks[kind] = clock
        _aim(state, clock, moment)

    def _end(self, state: State, kind: str, moment: Moment, *, dropped: bool = False) -> None:
        clock = state.clocks.get(kind)
        if clock is None or clock.state == "done":
            return
        promised = clock.target is not None
        _settle(state, clock, moment.at)
        clock.state, clock.since, clock.due_at, clock.ended_at = "done", None, None, moment.at
        late = clock.breached_at is not None
        clock.outcome = "missed" if late else "dropped" if dropped or not promised else "met"
        if promised:
            state.entries.append(
                Entry(moment.at, kind, clock.outcome, moment.cause, clock.ran, event_id=moment.event_id)
            )

    def _close(self, state: State, moment: Moment) -> None:
        for kind in (FIRST_REPLY, NEXT_REPLY, UPDATE):
            self._end(state, kind, moment, dropped=True)
        self._end(state, RESOLUTION, moment)

    def _reopen(self, state: State) -> None:
        """Go on with the resolution where it stood: what ran before it was closed counts."""
        clock = state.clocks.get(RESOLUTION)
        if clock is not None and clock.state == "done":
            clock.state, clock.ended_at, clock.outcome = "paused", None, None

    def _set_going(self, state: State, moment: Moment) -> None:
        """Let clocks run whose turn is ours, and stop the others."""
        for clock in _active(state):
            wanted = "off" if clock.target is None else "running" if moment.turn == "us" else "paused"
            if wanted == clock.state:
                continue
            before, was_new = clock.state, clock.since is None and not clock.microseconds
            _settle(state, clock, moment.at)
            clock.state, clock.since, clock.due_at = wanted, None, None
            if wanted == "running":
                clock.since = moment.at
                clock.due_at = _due(state, clock)
            what = {"paused": "paused", "off": "dropped"}.get(
                wanted, "started" if was_new and before != "paused" else "resumed"
            )
            if not (wanted == "off" and before == "new"):
                state.entries.append(
                    Entry(moment.at, clock.kind, what, moment.cause, clock.ran, clock.due_at, moment.event_id)
                )


def _active(state: State) -> list[Clock]:
    return [state.clocks[kind] for kind in TARGETS if kind in state.clocks and state.clocks[kind].state != "done"]


def _settle(state: State, clock: Clock, at: datetime) -> None:
    """Count what has run until now."""
    if clock.state == "running" and clock.since is not None:
        clock.ran += state.calendar.between(clock.since, at)
        clock.since = at


def _aim(state: State, clock: Clock, moment: Moment) -> None:
    """Give a clock the target of the policy; a breach of the target before is forgotten if there is time again."""
    minutes = _target(state.policy, clock)
    before, clock.target, clock.policy_id = clock.target, minutes, state.policy.id if state.policy else None
    if minutes is not None and clock.ran < timedelta(minutes=minutes):
        clock.breached_at = None
    if clock.state == "running" and clock.target is not None:
        clock.due_at = _due(state, clock)
    if before is not None and minutes is not None and before != minutes:
        cause = {**moment.cause, "before": before, "now": minutes}
        state.entries.append(Entry(moment.at, clock.kind, "target", cause, clock.ran, clock.due_at, moment.event_id))


def _target(policy: Policy | None, clock: Clock) -> int | None:
    target = policy.targets.get(clock.kind) if policy else None
    return None if target is None else target // timedelta(minutes=1)


def _due(state: State, clock: Clock) -> datetime | None:
    """Return when the target is reached; one that was over before it was set is due at once."""
    if clock.since is None or clock.target is None:
        return None
    return state.calendar.add(clock.since, max(NOTHING, timedelta(minutes=clock.target) - clock.ran))
