"""A hook that fails too often is not called again until an admin closes its breaker."""

import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

import pytest

from helpdesk_core.errors import Refused
from helpdesk_core.hooks import Breaker, DeliveryFailed, HookFailed, Hooks, Limits, hookimpl
from tests.hooks import examples as spec


class Store:
    """Breakers shared by several dispatchers, as a database table would."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], str] = {}
        self.saved = threading.Event()
        self.threads: list[str] = []
        self.broken = False

    def load(self) -> Iterable[tuple[str, str, str]]:
        return [(*key, reason) for key, reason in self.rows.items()]

    def opened(self, plugin_id: str, hook: str, reason: str) -> None:
        if self.broken:
            raise ConnectionError("database down")
        self.threads.append(threading.current_thread().name)
        self.rows[plugin_id, hook] = reason
        self.saved.set()

    def closed(self, plugin_id: str, hook: str) -> None:
        self.rows.pop((plugin_id, hook), None)


class Fails:
    """Fails as long as told to, and counts how often it is asked."""

    def __init__(self) -> None:
        self.broken = True
        self.asked = 0

    def answer(self) -> None:
        self.asked += 1
        if self.broken:
            raise ValueError("broken")

    @hookimpl(spec.route)
    def route(self) -> int | None:
        self.answer()
        return 1

    @hookimpl(spec.panel)
    def panel(self) -> str | None:
        return "a panel"

    @hookimpl(spec.check_sign_in)
    def check_sign_in(self) -> list[str]:
        self.answer()
        return []

    @hookimpl(spec.opened)
    def opened(self) -> None:
        self.answer()

    @hookimpl(spec.channels)
    def channels(self) -> list[str]:
        self.answer()
        return []


class Time:
    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def plugin() -> Fails:
    return Fails()


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def hooks(plugin: Fails, clock: Time) -> Hooks:
    hooks = Hooks(now=clock)
    hooks.register(plugin, "p1")
    return hooks


def times(count: int, action: Callable[[], object]) -> None:
    for _ in range(count):
        action()


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline, "it did not happen within 5 seconds"
        time.sleep(0.005)


def test_five_errors_open_the_breaker_of_that_hook_only(hooks: Hooks, plugin: Fails) -> None:
    times(4, lambda: hooks.pick(spec.route, subject="x"))
    assert hooks.breakers() == ()
    times(4, lambda: hooks.pick(spec.route, subject="x"))
    assert plugin.asked == 5
    (breaker,) = hooks.breakers()
    assert (breaker.plugin_id, breaker.hook) == ("p1", "route")
    assert "5 errors within 10 minutes, the last one: ValueError: broken" in breaker.reason
    assert [box.value for box in hooks.render(spec.panel, ticket=spec.Ticket())] == ["a panel"]
    (line,) = [line for line in hooks.report() if line.hook == "route"]
    assert line.breaker == breaker.reason


def test_errors_far_apart_do_not_open_it(hooks: Hooks, plugin: Fails, clock: Time) -> None:
    for _ in range(12):
        hooks.pick(spec.route, subject="x")
        clock.now += timedelta(minutes=3)
    assert plugin.asked == 12
    assert hooks.breakers() == ()


def test_a_closed_breaker_lets_the_hook_be_called_and_counts_anew(hooks: Hooks, plugin: Fails) -> None:
    times(5, lambda: hooks.pick(spec.route, subject="x"))
    hooks.close_breaker("p1", "route")
    hooks.pick(spec.route, subject="x")
    assert hooks.breakers() == ()
    plugin.broken = False
    assert hooks.pick(spec.route, subject="x") == 1


def test_the_patience_can_be_set(plugin: Fails, clock: Time) -> None:
    hooks = Hooks(now=clock, limits=Limits(failures=1))
    hooks.register(plugin, "p1")
    times(3, lambda: hooks.pick(spec.route, subject="x"))
    assert plugin.asked == 1


def test_a_check_that_fails_closed_refuses_while_it_is_in_quarantine(hooks: Hooks, plugin: Fails) -> None:
    for _ in range(7):
        with pytest.raises(Refused):
            hooks.veto(spec.check_sign_in, address="ann@example.com")
    assert plugin.asked == 5
    assert [breaker.hook for breaker in hooks.breakers()] == ["check_sign_in"]


def test_failed_deliveries_are_left_to_the_outbox(hooks: Hooks, plugin: Fails) -> None:
    for _ in range(7):
        with pytest.raises(DeliveryFailed):
            hooks.deliver(spec.opened, "p1", event=spec.Opened())
    assert plugin.asked == 7
    assert hooks.breakers() == ()


def test_failed_start_up_hooks_are_left_to_the_loader(hooks: Hooks, plugin: Fails) -> None:
    for _ in range(7):
        with pytest.raises(HookFailed):
            hooks.collect_from(spec.channels, "p1")
    assert hooks.breakers() == ()


def test_an_open_breaker_is_stored_on_another_thread(plugin: Fails) -> None:
    store = Store()
    hooks = Hooks(breaker_store=store)
    hooks.register(plugin, "p1")
    times(5, lambda: hooks.pick(spec.route, subject="x"))
    assert store.saved.wait(5)
    assert [breaker.reason for breaker in hooks.breakers()] == list(store.rows.values())
    assert store.threads == ["helpdesk-hook"]


def test_breakers_are_shared_between_processes_through_the_store(plugin: Fails) -> None:
    store = Store()
    one, other = Hooks(breaker_store=store), Hooks(breaker_store=store)
    one.register(plugin, "p1")
    other.register(plugin, "p1")
    times(5, lambda: one.pick(spec.route, subject="x"))
    assert store.saved.wait(5)
    other.refresh_breakers()
    other.pick(spec.route, subject="x")
    assert plugin.asked == 5
    other.close_breaker("p1", "route")
    assert store.rows == {}

    def closed() -> bool:
        one.refresh_breakers()
        return not one.breakers()

    wait_until(closed)
    plugin.broken = False
    assert one.pick(spec.route, subject="x") == 1


def test_a_stored_breaker_keeps_deliveries_and_start_up_from_the_plugin(plugin: Fails) -> None:
    store = Store()
    store.rows = {("p1", "opened"): "hung", ("p1", "channels"): "hung"}
    hooks = Hooks(breaker_store=store)
    hooks.register(plugin, "p1")
    hooks.refresh_breakers()
    with pytest.raises(DeliveryFailed, match="in quarantine until an admin closes it: hung") as failed:
        hooks.deliver(spec.opened, "p1", event=spec.Opened())
    assert failed.value.quarantined
    with pytest.raises(HookFailed, match="in quarantine"):
        hooks.collect_from(spec.channels, "p1")
    assert plugin.asked == 0
    assert hooks.subscribers(spec.Opened) == ("p1",)


def test_a_breaker_that_could_not_be_stored_stays_open_and_is_stored_later(plugin: Fails) -> None:
    store = Store()
    store.broken = True
    hooks = Hooks(breaker_store=store)
    hooks.register(plugin, "p1")
    times(5, lambda: hooks.pick(spec.route, subject="x"))
    hooks.refresh_breakers()
    assert [breaker.hook for breaker in hooks.breakers()] == ["route"]
    assert store.rows == {}
    store.broken = False
    hooks.refresh_breakers()
    assert list(store.rows) == [("p1", "route")]


def test_breakers_of_plugins_that_are_not_loaded_are_shown_too() -> None:
    store = Store()
    store.rows = {("gone", "route"): "hung"}
    hooks = Hooks(breaker_store=store)
    hooks.refresh_breakers()
    assert hooks.breakers() == (Breaker("gone", "route", "hung"),)


def test_closing_a_breaker_is_not_undone_by_what_the_store_said_a_moment_before(plugin: Fails) -> None:
    loaded, go_on = threading.Event(), threading.Event()

    class Slow(Store):
        def load(self) -> Iterable[tuple[str, str, str]]:
            rows = super().load()
            loaded.set()
            assert go_on.wait(5)
            return rows

    store = Slow()
    hooks = Hooks(breaker_store=store)
    hooks.register(plugin, "p1")
    times(5, lambda: hooks.pick(spec.route, subject="x"))
    assert store.saved.wait(5)
    looking = threading.Thread(target=hooks.refresh_breakers)
    looking.start()
    assert loaded.wait(5)
    closing = threading.Thread(target=hooks.close_breaker, args=("p1", "route"))
    closing.start()
    closing.join(0.2)
    go_on.set()
    looking.join(5)
    closing.join(5)
    assert hooks.breakers() == ()
    assert store.rows == {}
