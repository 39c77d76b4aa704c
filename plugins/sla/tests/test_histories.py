"""Clocks over random histories, held against a reference that goes through them minute by minute."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk_core.api.automation import Condition
from helpdesk_sla.calendars import Calendar
from helpdesk_sla.machine import Machine, Moment, State
from helpdesk_sla.models import Clock
from helpdesk_sla.policies import FIRST_REPLY, NEXT_REPLY, RESOLUTION, TARGETS, UPDATE, Policies, Policy, Properties

from .test_calendars import MINUTE, calendars, counts

PRIORITIES = ("low", "normal", "urgent")
DEPARTMENTS = ("support", "nights")


@dataclass(frozen=True)
class Happening:
    """What is done to a ticket `minutes` after what was done before."""

    minutes: int
    what: str
    value: str = ""


@dataclass
class Run:
    """One run of a target, as the reference counts it."""

    kind: str
    ran: int = 0
    late: bool = False
    outcome: str = ""


@dataclass
class Reference:
    """A ticket whose clocks are looked at every minute, by the words of the guide and nothing else."""

    policies: Policies
    has_reply: bool = False
    is_open: bool = True
    turn: str = "us"
    ticket: Properties = field(default_factory=lambda: Properties(DEPARTMENTS[0], "normal"))
    current: dict[str, Run] = field(default_factory=dict)
    ended: list[Run] = field(default_factory=list)

    def minute(self, at: datetime) -> None:
        """Let the minute that begins there pass."""
        policy = self._policy()
        if policy is None or not (self.is_open and self.turn == "us"):
            return
        calendar = self._calendar(policy)
        for run in self.current.values():
            target = policy.targets.get(run.kind)
            if not run.outcome and target is not None:
                run.late = run.late or run.ran * MINUTE >= target
                run.ran += counts(calendar, at)

    def happen(self, each: Happening) -> None:
        """Let something be done."""
        if each.what in ("priority", "department"):
            now = {"department": self.ticket.department, "priority": self.ticket.priority, each.what: each.value}
            self.ticket = Properties(now["department"], now["priority"])
            self._aim_anew()
        elif each.what == "agent" and self.is_open:
            self._answered()
        elif each.what == "customer":
            self._reopened()
            self.turn = "us"
            self._begin(NEXT_REPLY if self.has_reply else FIRST_REPLY)
        elif each.what == "close" and self.is_open:
            self.is_open = False
            for kind in TARGETS:
                self._end(kind, dropped=kind != RESOLUTION)

    def _answered(self) -> None:
        self.has_reply, self.turn = True, "customer"
        for kind in (FIRST_REPLY, NEXT_REPLY, UPDATE):
            self._end(kind)
        self._begin(UPDATE)

    def _reopened(self) -> None:
        if not self.is_open:
            self.is_open = True
            self._aim_anew()
            self.current[RESOLUTION].outcome = ""

    def _policy(self) -> Policy | None:
        return self.policies.first_fit(self.ticket)

    def _calendar(self, policy: Policy) -> Calendar:
        return self.policies.hours(policy, self.ticket)[1]

    def _begin(self, kind: str) -> None:
        run = self.current.get(kind)
        if run is None or run.outcome:
            self.current[kind] = Run(kind)
            if run is not None:
                self.ended.append(run)

    def _end(self, kind: str, *, dropped: bool = False) -> None:
        run = self.current.get(kind)
        if run is not None and not run.outcome:
            policy = self._policy()
            promised = policy is not None and kind in policy.targets
            run.outcome = "missed" if run.late else "dropped" if dropped or not promised else "met"

    def _aim_anew(self) -> None:
        """Take a miss back where a new policy leaves time again."""
        policy = self._policy()
        for run in self.current.values():
            target = policy.targets.get(run.kind) if policy else None
            if not run.outcome and target is not None and run.ran * MINUTE < target:
                run.late = False

    def runs(self) -> list[tuple[str, int, bool, str]]:
        """Return all runs, to be compared."""
        return sorted((run.kind, run.ran, run.late, run.outcome) for run in (*self.ended, *self.current.values()))


@st.composite
def policies(draw: st.DrawFn) -> tuple[Policies, datetime]:
    """Up to three policies, each for all priorities or some, with hours of its own or the ticket's."""
    first, start = draw(calendars())
    second, _start = draw(calendars())
    found = []
    for id in range(1, draw(st.integers(1, 3)) + 1):
        targets = draw(st.dictionaries(st.sampled_from(TARGETS), st.integers(1, 20).map(lambda n: n * 45 * MINUTE)))
        wanted = draw(st.sets(st.sampled_from(PRIORITIES), max_size=2))
        conditions = (Condition("priority", "is", tuple(sorted(wanted))),) if wanted else ()
        follows = draw(st.booleans())
        found.append(
            Policy(
                id,
                f"Policy {id}",
                targets,
                calendar=first,
                calendar_id=1,
                follows_ticket=follows,
                conditions=conditions,
            )
        )
    return Policies(found, {1: first, 2: second}, {"nights": 2}), start


@st.composite
def histories(draw: st.DrawFn) -> Sequence[Happening]:
    """What may happen to a ticket in some days."""
    found = []
    for _each in range(draw(st.integers(0, 6))):
        what = draw(st.sampled_from(("agent", "customer", "priority", "department", "close")))
        values: Mapping[str, Sequence[str]] = {"priority": PRIORITIES, "department": DEPARTMENTS}
        value = draw(st.sampled_from(values[what])) if what in values else ""
        found.append(Happening(draw(st.integers(1, 400)), what, value))
    return found


@settings(max_examples=60, deadline=None)
@given(policies(), histories(), st.integers(1, 900))
def test_clocks_say_what_a_look_at_each_minute_finds(
    given_: tuple[Policies, datetime], history: Sequence[Happening], rest: int
) -> None:
    known, start = given_
    reference, machine, state = Reference(known), Machine(known), State(1)
    reference.current = {RESOLUTION: Run(RESOLUTION), FIRST_REPLY: Run(FIRST_REPLY)}
    machine.take(state, _moment(reference, start, 1, ("customer",), is_opening=True))
    at = start
    for seq, each in enumerate(history, start=2):
        for _minute in range(each.minutes):
            reference.minute(at)
            at += MINUTE
        heard = each.what in ("agent", "customer") and (reference.is_open or each.what == "customer")
        reference.happen(each)
        machine.take(state, _moment(reference, at, seq, (each.what,) if heard else ()))
    for _minute in range(rest):
        reference.minute(at)
        at += MINUTE
    machine.take(state, _moment(reference, at, len(history) + 2, ()))
    found = sorted(
        (clock.kind, _ran(state, clock, at) // MINUTE, clock.breached_at is not None, clock.outcome or "")
        for clock in (*state.past, *state.clocks.values())
    )
    assert found == reference.runs()


def _ran(state: State, clock: Clock, at: datetime) -> timedelta:
    going = clock.state == "running" and clock.since is not None
    return clock.ran + (state.calendar.between(clock.since, at) if going and clock.since else timedelta(0))


def _moment(
    reference: Reference, at: datetime, seq: int, speakers: tuple[str, ...], *, is_opening: bool = False
) -> Moment:
    return Moment(
        at=at,
        seq=seq,
        event_id=None,
        cause={"code": "edited"},
        properties=reference.ticket,
        is_open=reference.is_open,
        turn=reference.turn,
        speakers=speakers,
        is_opening=is_opening,
    )


def test_the_reference_knows_the_clock_on_the_wall() -> None:
    nights = Calendar("Europe/Berlin", (((0, 8 * 60),),) * 7)
    known = Policies([Policy(1, "Nights", {RESOLUTION: timedelta(hours=8)}, calendar=nights, calendar_id=1)])
    reference = Reference(known, current={RESOLUTION: Run(RESOLUTION)})
    at = datetime(2026, 3, 29, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(ZoneInfo("UTC"))
    for minute in range(12 * 60):
        reference.minute(at + minute * MINUTE)
    assert reference.current[RESOLUTION].ran == 7 * 60, "an hour of that night is left out"
