"""Sources of services: asked side by side, for a short time, remembered, left alone when they fail."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import update

from helpdesk_core.actor import SYSTEM
from helpdesk_core.api.services import Customer, Service, ServiceAnswer, ServiceSource, ask_services, find_customer
from helpdesk_core.errors import Unavailable
from helpdesk_core.hooks import hookimpl
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.services import asking, hooks
from helpdesk_core.services.models import KnownServices
from helpdesk_core.testing.site import TestClock, World
from helpdesk_core.users.models import EmailAddress, User
from helpdesk_core.users.privacy import erase_user

HOSTING = Service(id="7", name="example.com", type="hosting", state="active", facts={"Server": "web7"})


@dataclass
class Billing:
    """A plugin with sources; `asked` counts the questions to each."""

    fetches: dict[str, Callable[[], Sequence[Service]]]
    asked: list[str] = field(default_factory=list)
    customers: list[Customer] = field(default_factory=list)

    @hookimpl(hooks.customer_services)
    def sources(self, customer: Customer) -> Sequence[ServiceSource]:
        self.customers.append(customer)
        return [ServiceSource(key=key, name=key.title(), fetch=self._fetch(key)) for key in self.fetches]

    @hookimpl(hooks.customer_facts)
    def facts(self, user_id: int) -> Sequence[tuple[str, str]]:
        return [("number", f"C{user_id}")]

    def _fetch(self, key: str) -> Callable[[], Sequence[Service]]:
        def fetch() -> Sequence[Service]:
            self.asked.append(key)
            return self.fetches[key]()

        return fetch


@pytest.fixture
def customer(desk: Helpdesk, world: World) -> Callable[..., Customer]:
    """Return what finds the customer, whose address is confirmed."""
    user = world.user("Carla Customer")
    with desk.begin(SYSTEM) as tx:
        tx.session.execute(update(EmailAddress).where(EmailAddress.user_id == user.id).values(verified_at=desk.now()))

    def find() -> Customer:
        with desk.read() as session:
            found = find_customer(desk, session, user.id)
        assert found is not None
        return found

    return find


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """An event that slow sources wait for."""
    event = threading.Event()
    yield event
    event.set()


def billing(desk: Helpdesk, **fetches: Callable[[], Sequence[Service]]) -> Billing:
    plugin = Billing(fetches)
    desk.hooks.register(plugin, "billing")
    return plugin


def test_services_are_asked_for_once_and_then_known(
    desk: Helpdesk, customer: Callable[..., Customer], clock: TestClock
) -> None:
    plugin = billing(desk, panel=lambda: [HOSTING])
    for _ in range(2):
        [answer] = ask_services(desk, customer(), wait=20)
        assert (answer.source, answer.services, answer.problem) == ("billing.panel", [HOSTING], "")
        assert answer.key_of(answer.services[0]) == "billing.panel:7"
    assert plugin.asked == ["panel"]
    assert plugin.customers[0].facts["billing.number"].startswith("C")
    clock.advance(minutes=6)
    ask_services(desk, customer(), wait=20)
    assert plugin.asked == ["panel", "panel"]


def test_a_source_that_hangs_holds_up_nobody_and_its_answer_is_kept_when_it_comes(
    desk: Helpdesk, customer: Callable[..., Customer], gate: threading.Event
) -> None:
    def slow() -> Sequence[Service]:
        gate.wait(30)
        return [HOSTING]

    plugin = billing(desk, slow=slow, quick=lambda: [HOSTING])
    late, quick = ask_services(desk, customer(), wait=0.2)
    assert (late.services, late.answered_at, late.problem) == ((), None, asking.NOT_IN_TIME)
    assert quick.services == [HOSTING]
    ask_services(desk, customer(), wait=0)
    assert plugin.asked.count("slow") == 1, "what is under way is not asked for again"
    gate.set()
    assert ask_services(desk, customer(), wait=20)[0].services == [HOSTING]


def test_who_asks_again_while_a_call_is_under_way_waits_no_longer_for_it(
    desk: Helpdesk, customer: Callable[..., Customer], gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow() -> Sequence[Service]:
        gate.wait(30)
        return [HOSTING]

    waits: list[float] = []
    asker, really = threading.current_thread(), threading.Event.wait

    def wait(event: threading.Event, timeout: float | None = None) -> bool:
        if timeout is None or threading.current_thread() is not asker:
            return really(event, timeout)
        waits.append(timeout)
        return event.is_set()

    billing(desk, slow=slow)
    monkeypatch.setattr(threading.Event, "wait", wait)
    ask_services(desk, customer(), wait=20)
    monkeypatch.setattr(asking, "monotonic", lambda: time.monotonic() + 21)
    ask_services(desk, customer(), wait=20)
    monkeypatch.undo()
    assert [each > 0 for each in waits] == [True, False]


def test_a_source_that_fails_shows_what_it_last_said_and_why(
    desk: Helpdesk, customer: Callable[..., Customer], clock: TestClock
) -> None:
    plugin = billing(desk, panel=lambda: [HOSTING])
    then = desk.now()
    ask_services(desk, customer(), wait=20)

    def away() -> Sequence[Service]:
        raise Unavailable("The panel is away.")

    plugin.fetches["panel"] = away
    clock.advance(hours=3)
    [answer] = ask_services(desk, customer(), wait=20)
    assert (answer.services, answer.problem) == ([HOSTING], "The panel is away.")
    assert answer.answered_at is not None
    assert answer.answered_at - then < timedelta(minutes=1)


def test_a_source_that_raises_is_left_alone_after_three_times(
    desk: Helpdesk, customer: Callable[..., Customer]
) -> None:
    def broken() -> Sequence[Service]:
        raise ZeroDivisionError

    plugin = billing(desk, panel=broken)
    answers: list[ServiceAnswer] = []
    for _ in range(5):
        answers += ask_services(desk, customer(), wait=20)
    assert [each.problem for each in answers] == [*[asking.FAILED] * 3, *[asking.RESTS] * 2]
    assert len(plugin.asked) == 3


def test_a_source_that_hangs_for_many_people_is_no_reason_to_leave_another_out(
    desk: Helpdesk, world: World, gate: threading.Event
) -> None:
    def hanging() -> Sequence[Service]:
        gate.wait(30)
        return []

    plugin = billing(desk, hangs=hanging, quick=lambda: [HOSTING])
    people = [world.user(f"Carla {number}") for number in range(asking.MOST_CALLS * 5)]
    with desk.read() as session:
        customers = [find_customer(desk, session, each.id, for_staff=True) for each in people]
    before = threading.active_count()
    answers = [ask_services(desk, each, wait=0) for each in customers if each is not None]
    assert [each[0].problem for each in answers[asking.MOST_CALLS :]] == [asking.BUSY] * (asking.MOST_CALLS * 4)
    assert plugin.asked.count("hangs") == asking.MOST_CALLS
    assert threading.active_count() <= before + 2 * asking.MOST_CALLS
    for each in customers[asking.MOST_CALLS :]:
        assert each is not None
        assert ask_services(desk, each, wait=20, fresh=timedelta(days=1))[1].services == [HOSTING]


def test_one_tries_a_source_that_has_rested(
    desk: Helpdesk,
    customer: Callable[..., Customer],
    gate: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
    world: World,
) -> None:
    def away() -> Sequence[Service]:
        raise Unavailable("The panel is away.")

    plugin = billing(desk, panel=away)
    for _ in range(asking.FAILURES):
        ask_services(desk, customer(), wait=20)
    monkeypatch.setattr(asking, "monotonic", lambda: time.monotonic() + 2 * asking.REST)

    def hanging() -> Sequence[Service]:
        gate.wait(30)
        return [HOSTING]

    plugin.fetches["panel"] = hanging
    with desk.read() as session:
        other = find_customer(desk, session, world.user("Otto Other").id, for_staff=True)
    assert other is not None
    [first], [second] = ask_services(desk, customer(), wait=0), ask_services(desk, other, wait=0)
    assert (first.problem, second.problem) == (asking.NOT_IN_TIME, asking.BUSY)
    gate.set()
    assert ask_services(desk, customer(), wait=20)[0].services == [HOSTING]
    assert ask_services(desk, other, wait=20)[0].services == [HOSTING]


def test_nothing_is_asked_inside_a_unit_of_work(desk: Helpdesk, customer: Callable[..., Customer]) -> None:
    plugin = billing(desk, panel=lambda: [HOSTING])
    whose = customer()
    with desk.begin(SYSTEM):
        [answer] = ask_services(desk, whose, wait=20)
    assert (answer.services, plugin.asked) == ((), [])


def test_only_staff_see_what_is_found_by_an_address_that_is_not_confirmed(desk: Helpdesk, world: World) -> None:
    user = world.user("Nobody Proved")
    with desk.begin(SYSTEM) as tx:
        tx.session.execute(update(EmailAddress).where(EmailAddress.user_id == user.id).values(verified_at=None))
    billing(desk, panel=lambda: [HOSTING])
    with desk.read() as session:
        assert find_customer(desk, session, user.id) is None
        found = find_customer(desk, session, user.id, for_staff=True)
    assert found is not None
    assert not found.is_proved
    ask_services(desk, found, wait=20)
    with desk.begin(SYSTEM) as tx:
        tx.session.execute(update(EmailAddress).where(EmailAddress.user_id == user.id).values(verified_at=desk.now()))
    desk.hooks.unregister("billing")
    billing(desk, panel=list)
    with desk.read() as session:
        proved = find_customer(desk, session, user.id)
    assert proved is not None
    assert ask_services(desk, proved, wait=20)[0].services == [], "what was found without proof is not used"


def test_what_was_known_of_an_erased_person_is_gone(
    desk: Helpdesk, world: World, customer: Callable[..., Customer]
) -> None:
    billing(desk, panel=lambda: [HOSTING])
    whose = customer()
    ask_services(desk, whose, wait=20)
    owner = world.actor(world.user("Olga Owner", is_owner=True))
    with desk.read() as session:
        uid = session.get_one(User, whose.user_id).uid
        assert session.query(KnownServices).count() == 1
    erase_user(desk, owner, uid)
    with desk.read() as session:
        assert session.query(KnownServices).count() == 0
        assert find_customer(desk, session, whose.user_id, for_staff=True) is None
