"""A hook that does not return is given up: the caller gets an answer in time, and the hook is in quarantine."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from contextvars import ContextVar
from typing import Any

import pytest

from helpdesk_core.errors import Refused
from helpdesk_core.hooks import (
    CANNOT_CHECK,
    DeliveryFailed,
    HookFailed,
    HookHoldsDatabase,
    HookOverrun,
    Limits,
    Rendered,
    current_call,
    hookimpl,
    hookspec,
)
from tests.hooks import examples as spec
from tests.hooks.examples import QUICK, Ticket, Tx, hooks_of
from tests.hooks.test_failures import Does, Works

TICKET = Ticket()
UNHURRIED = 3.0
"""Seconds that no dispatch of these tests may take, however busy the machine is."""


def sleep_in_c() -> None:
    time.sleep(10)


def loop_in_python() -> None:
    while True:
        pass


def loop_against_exceptions() -> None:
    until = time.monotonic() + 0.6
    while time.monotonic() < until:
        try:
            while time.monotonic() < until:
                pass
        except BaseException:  # noqa: BLE001 - plugins do such things
            pass


@pytest.fixture(params=[sleep_in_c, loop_in_python])
def hangs(request: pytest.FixtureRequest) -> Does:
    return Does(request.param)


@pytest.fixture(autouse=True)
def in_time() -> Iterator[None]:
    started = time.monotonic()
    yield
    assert time.monotonic() - started < UNHURRIED


def test_collect_goes_on_without_the_hanging_plugin(hangs: Does) -> None:
    hooks = hooks_of(Works(), hangs, Works())
    assert hooks.collect(spec.actions, ticket=TICKET, actor="ann") == ["close", "close"]
    (breaker,) = hooks.breakers()
    assert (breaker.plugin_id, breaker.hook) == ("p2", "actions")
    assert "did not return within 0.15 s" in breaker.reason


def test_the_quarantined_hook_is_not_called_again(hangs: Does) -> None:
    hooks = hooks_of(hangs, Works())
    hooks.pick(spec.route, subject="x")
    started = time.monotonic()
    assert hooks.pick(spec.route, subject="x") == 3
    assert time.monotonic() - started < 0.1
    assert [line.calls for line in hooks.report() if line.hook == "route"] == [1, 2]


def test_a_loop_that_swallows_every_exception_is_passed_over_too() -> None:
    assert hooks_of(Does(loop_against_exceptions), Works()).pick(spec.route, subject="x") == 3


def test_several_hanging_plugins_are_all_passed_over(hangs: Does) -> None:
    hooks = hooks_of(hangs, Does(sleep_in_c), Works())
    assert hooks.pick(spec.route, subject="x") == 3
    assert [breaker.plugin_id for breaker in hooks.breakers()] == ["p1", "p2"]


def test_refine_keeps_the_value_from_before(hangs: Does) -> None:
    hooks = hooks_of(Works(), hangs, Works())
    assert hooks.refine(spec.refine_body, ticket=TICKET, body="Hello") == "Hello!!"


def test_veto_lets_the_change_pass_unless_it_fails_closed(hangs: Does) -> None:
    hooks = hooks_of(hangs, Works())
    hooks.veto(spec.check_reply, body="polite")
    with pytest.raises(Refused) as refused:
        hooks.veto(spec.check_sign_in, address="ann@example.com")
    assert str(refused.value) == CANNOT_CHECK


def test_within_rolls_back_the_savepoint_of_the_hanging_plugin_and_goes_on(hangs: Does) -> None:
    tx = Tx(rows=["ticket"])
    hooks_of(hangs, Works()).within(spec.on_opening, tx=tx, ticket=TICKET)
    assert tx.rows == ["ticket", "done"]
    assert tx.story == ["begin", "rollback", "begin", "release"]


def test_render_shows_an_error_and_the_other_panels(hangs: Does) -> None:
    box, panel = hooks_of(hangs, Works()).render(spec.panel, ticket=TICKET)
    assert box.error_id
    assert panel == Rendered("p2", "a panel")


def test_a_hanging_delivery_fails(hangs: Does) -> None:
    hooks = hooks_of(hangs)
    with pytest.raises(DeliveryFailed) as failed:
        hooks.deliver(spec.opened, "p1", event=spec.Opened())
    assert isinstance(failed.value.__cause__, HookOverrun)
    assert [breaker.hook for breaker in hooks.breakers()] == ["opened"]


def test_hanging_at_start_up_fails_the_plugin_and_opens_no_breaker(hangs: Does) -> None:
    hooks = hooks_of(hangs)
    with pytest.raises(HookFailed):
        hooks.collect_from(spec.channels, "p1")
    assert hooks.breakers() == ()


def test_the_report_says_where_the_hook_hangs() -> None:
    hooks = hooks_of(Does(loop_in_python))
    hooks.pick(spec.route, subject="x")
    (line,) = [line for line in hooks.report() if line.hook == "route"]
    assert line.last_error is not None
    assert "loop_in_python" in line.last_error.traceback


def test_a_python_loop_is_ended() -> None:
    ended = threading.Event()

    def loop() -> None:
        try:
            loop_in_python()
        finally:
            ended.set()

    hooks_of(Does(loop)).pick(spec.route, subject="x")
    assert ended.wait(2)


def test_each_implementation_has_the_whole_deadline() -> None:
    hooks = hooks_of(*(Does(lambda: time.sleep(0.1)) for _ in range(3)), Works())
    assert hooks.pick(spec.route, subject="x") == 3
    assert hooks.breakers() == ()


def test_what_an_abandoned_hook_returns_later_does_not_count() -> None:
    returned = threading.Event()

    def late() -> list[str]:
        with suppress(SystemExit):
            time.sleep(0.3)
            time.sleep(0)
        returned.set()
        return ["late"]

    hooks = hooks_of(Does(late), Works())
    found = hooks.collect(spec.actions, ticket=TICKET, actor="ann")
    assert returned.wait(2)
    time.sleep(0.05)
    assert found == ["close"]
    assert [line.calls for line in hooks.report() if line.hook == "actions"] == [1, 1]


def test_context_variables_reach_the_hook_also_after_a_hang() -> None:
    language = ContextVar("language", default="en")
    seen: list[str] = []
    token = language.set("hr")
    try:
        tell, tell_again = (Does(lambda: seen.append(language.get())) for _ in range(2))
        hooks_of(tell, Does(sleep_in_c), tell_again).pick(spec.route, subject="x")
    finally:
        language.reset(token)
    assert seen == ["hr", "hr"]


def test_threads_are_used_again_but_not_those_that_hang() -> None:
    threads: list[int] = []
    note, note_again = (Does(lambda: threads.append(threading.get_ident())) for _ in range(2))
    hooks = hooks_of(note, Does(sleep_in_c), note_again)
    hooks.pick(spec.route, subject="x")
    hooks.pick(spec.route, subject="x")
    before, after, *again = threads
    assert before != after
    assert again == [after, after]
    assert threading.get_ident() not in threads


def test_dispatches_of_several_threads_do_not_wait_for_each_other() -> None:
    barrier = threading.Barrier(4, timeout=2)
    hooks = hooks_of(Does(barrier.wait), limits=Limits())
    callers = [threading.Thread(target=hooks.render, args=(spec.panel,), kwargs={"ticket": TICKET}) for _ in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert not barrier.broken


def test_nothing_is_handed_over_when_nobody_implements_the_hook() -> None:
    before = threading.active_count()
    hooks_of().collect(spec.actions, ticket=TICKET, actor="ann")
    assert threading.active_count() == before


class InDatabase:
    """A plugin that hangs inside a database call, as the database layer would note it."""

    def hang(self) -> None:
        call = current_call()
        assert call is not None
        call.enter_database()
        time.sleep(1)
        call.leave_database()

    @hookimpl(spec.on_opening)
    def on_opening(self, tx: Tx) -> None:
        self.hang()

    @hookimpl(spec.panel)
    def panel(self) -> str | None:
        self.hang()
        return None

    @hookimpl(spec.opened)
    def opened(self) -> None:
        self.hang()


def test_a_hook_that_hangs_in_the_database_ends_the_dispatch() -> None:
    tx = Tx()
    hooks = hooks_of(InDatabase(), Works())
    with pytest.raises(HookHoldsDatabase, match="plugin p1 holds the database connection in on_opening"):
        hooks.within(spec.on_opening, tx=tx, ticket=TICKET)
    assert tx.story == ["begin"]
    with pytest.raises(HookHoldsDatabase):
        hooks.render(spec.panel, ticket=TICKET)
    assert [breaker.hook for breaker in hooks.breakers()] == ["on_opening", "panel"]
    hooks.within(spec.on_opening, tx=tx, ticket=TICKET)
    assert tx.rows == ["done"]


def test_a_delivery_that_hangs_in_the_database_has_a_connection_of_its_own() -> None:
    with pytest.raises(DeliveryFailed, match="inside a database call"):
        hooks_of(InDatabase()).deliver(spec.opened, "p1", event=spec.Opened())


def test_a_slow_savepoint_is_not_the_plugins_fault() -> None:
    class SlowTx(Tx):
        def savepoint(self) -> Any:
            time.sleep(1)
            return super().savepoint()

    hooks = hooks_of(Works())
    with pytest.raises(HookHoldsDatabase):
        hooks.within(spec.on_opening, tx=SlowTx(), ticket=TICKET)
    assert hooks.breakers() == ()


def test_transactions_that_the_hook_began_are_ended_for_it() -> None:
    ended: list[str] = []

    def lost() -> None:
        raise ConnectionError("gone already")

    def close() -> None:
        ended.append(threading.current_thread().name)

    def begin_and_hang() -> None:
        call = current_call()
        assert call is not None
        forgotten: Callable[[], None] = lambda: ended.append("forgotten")  # noqa: E731 - one line
        call.on_revoke(forgotten)
        call.on_revoke(lost)
        call.on_revoke(close)
        call.forget(forgotten)
        sleep_in_c()

    with pytest.raises(DeliveryFailed):
        hooks_of(Does(begin_and_hang)).deliver(spec.opened, "p1", event=spec.Opened())
    assert ended == [threading.current_thread().name]


def test_a_spec_may_set_its_own_deadline() -> None:
    assert Limits().deadline(spec.route) == 3
    assert Limits().deadline(spec.channels) == 10
    assert Limits().deadline(spec.opened) == 60
    assert QUICK.deadline(spec.actions) == 0.15

    @hookspec.pick(since="0.1", deadline=0.4)
    def slow_route(subject: str) -> int | None:
        """Take your time."""

    class Slow:
        @hookimpl(slow_route)
        def route(self) -> int | None:
            time.sleep(0.2)
            return 9

    assert hooks_of(Slow()).pick(slow_route, subject="x") == 9
