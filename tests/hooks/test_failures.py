"""A plugin that raises, or returns rubbish, fails alone; what happened is counted and can be found."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from helpdesk_core.errors import Refused
from helpdesk_core.hooks import (
    CANNOT_CHECK,
    DeliveryFailed,
    HookFailed,
    Hooks,
    Rendered,
    hookimpl,
)
from tests.hooks import examples as spec
from tests.hooks.examples import Ticket, Tx, hooks_of

TICKET = Ticket()


class Does:
    """A plugin that does the same thing in every hook; without annotations, so that it may return anything."""

    def __init__(self, behaviour: Callable[[], Any]) -> None:
        self.behaviour = behaviour

    @hookimpl(spec.actions)
    def actions(self) -> Any:
        return self.behaviour()

    @hookimpl(spec.channels)
    def channels(self) -> Any:
        return self.behaviour()

    @hookimpl(spec.route)
    def route(self) -> Any:
        return self.behaviour()

    @hookimpl(spec.refine_body)
    def refine_body(self) -> Any:
        return self.behaviour()

    @hookimpl(spec.check_reply)
    def check_reply(self) -> Any:
        return self.behaviour()

    @hookimpl(spec.check_sign_in)
    def check_sign_in(self) -> Any:
        return self.behaviour()

    @hookimpl(spec.on_opening)
    def on_opening(self, tx: Tx) -> Any:
        tx.rows.append("half done")
        return self.behaviour()

    @hookimpl(spec.opened)
    def opened(self) -> Any:
        return self.behaviour()

    @hookimpl(spec.panel)
    def panel(self) -> Any:
        return self.behaviour()


class Works:
    """A plugin that works, asked after the broken one."""

    @hookimpl(spec.actions)
    def actions(self) -> list[str]:
        return ["close"]

    @hookimpl(spec.route)
    def route(self) -> int | None:
        return 3

    @hookimpl(spec.refine_body)
    def refine_body(self, body: str) -> str:
        return body + "!"

    @hookimpl(spec.check_reply)
    def check_reply(self, body: str) -> list[str]:
        return ["Too rude."] if body == "rude" else []

    @hookimpl(spec.on_opening)
    def on_opening(self, tx: Tx) -> None:
        tx.rows.append("done")

    @hookimpl(spec.panel)
    def panel(self) -> str | None:
        return "a panel"


def raises(error: BaseException) -> Callable[[], Any]:
    def behaviour() -> Any:
        raise error

    return behaviour


class Unprintable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("not even its text")


FAILURES = [
    pytest.param(raises(ValueError("broken")), id="raises"),
    pytest.param(raises(SystemExit(1)), id="exits"),
    pytest.param(raises(KeyboardInterrupt()), id="interrupts"),
    pytest.param(raises(GeneratorExit()), id="generator exit"),
    pytest.param(raises(StopIteration()), id="stops iteration"),
    pytest.param(raises(Unprintable()), id="raises what cannot be printed"),
    pytest.param(lambda: object(), id="returns rubbish"),
]


@pytest.fixture(params=FAILURES)
def hooks(request: pytest.FixtureRequest) -> Hooks:
    return hooks_of(Does(request.param), Works())


def errors(hooks: Hooks, hook: str) -> list[int]:
    return [line.errors for line in hooks.report() if line.hook == hook]


def test_collect_goes_on_without_the_failed_plugin(hooks: Hooks) -> None:
    assert hooks.collect(spec.actions, ticket=TICKET, actor="ann") == ["close"]
    assert errors(hooks, "actions") == [1, 0]


def test_a_failed_start_up_hook_names_its_plugin(hooks: Hooks) -> None:
    with pytest.raises(HookFailed) as failed:
        hooks.collect_from(spec.channels, "p1")
    assert (failed.value.plugin_id, failed.value.hook) == ("p1", "channels")
    assert failed.value.error_id
    assert failed.value.error_id in str(failed.value)


def test_pick_asks_the_next_plugin(hooks: Hooks) -> None:
    assert hooks.pick(spec.route, subject="x") == 3
    assert errors(hooks, "route") == [1, 0]


def test_refine_keeps_the_value_from_before(hooks: Hooks) -> None:
    assert hooks.refine(spec.refine_body, ticket=TICKET, body="Hello") == "Hello!"
    assert errors(hooks, "refine_body") == [1, 0]


def test_veto_lets_an_error_pass_and_still_asks_the_others(hooks: Hooks) -> None:
    hooks.veto(spec.check_reply, body="polite")
    with pytest.raises(Refused, match=r"^Too rude\.$"):
        hooks.veto(spec.check_reply, body="rude")
    assert errors(hooks, "check_reply") == [2, 0]


def test_a_veto_that_fails_closed_refuses_without_details(hooks: Hooks) -> None:
    with pytest.raises(Refused) as refused:
        hooks.veto(spec.check_sign_in, address="ann@example.com")
    assert str(refused.value) == CANNOT_CHECK
    assert refused.value.by == "p1"


def test_within_takes_back_what_the_failed_plugin_wrote(hooks: Hooks) -> None:
    tx = Tx(rows=["ticket"])
    hooks.within(spec.on_opening, tx=tx, ticket=TICKET)
    assert tx.rows == ["ticket", "done"]
    assert tx.story == ["begin", "rollback", "begin", "release"]
    assert errors(hooks, "on_opening") == [1, 0]


def test_a_failed_delivery_is_told_with_its_cause(hooks: Hooks) -> None:
    with pytest.raises(DeliveryFailed) as failed:
        hooks.deliver(spec.opened, "p1", event=spec.Opened())
    assert failed.value.__cause__ is not None
    assert not failed.value.quarantined


def test_render_leaves_an_error_id_that_leads_to_the_traceback(hooks: Hooks) -> None:
    broken, works = hooks.render(spec.panel, ticket=TICKET)
    assert works == Rendered("p2", "a panel")
    assert broken.value is None
    (line,) = [line for line in hooks.report() if line.hook == "panel" and line.plugin_id == "p1"]
    assert line.last_error is not None
    assert line.last_error.error_id == broken.error_id
    assert "Traceback" in line.last_error.traceback


def test_delivery_to_a_plugin_without_the_hook_fails() -> None:
    with pytest.raises(DeliveryFailed, match="not active or has no hook opened"):
        hooks_of(Works()).deliver(spec.opened, "p1", event=spec.Opened())


@pytest.mark.parametrize(
    "rubbish", ["text", ("a",), [1], None, {"a": 1}, iter(["a"])], ids=["str", "tuple", "ints", "none", "dict", "iter"]
)
def test_collect_takes_lists_of_the_right_items_only(rubbish: object) -> None:
    hooks = hooks_of(Does(lambda: rubbish), Works())
    assert hooks.collect(spec.actions, ticket=TICKET, actor="ann") == ["close"]
    (line,) = [line for line in hooks.report() if line.hook == "actions" and line.plugin_id == "p1"]
    assert line.last_error is not None
    assert "not the list[str] it should" in line.last_error.summary


def test_a_text_is_no_list_of_problems() -> None:
    hooks_of(Does(lambda: "no!")).veto(spec.check_reply, body="Hello")


def test_refine_never_takes_none_for_a_value() -> None:
    assert hooks_of(Does(lambda: None)).refine(spec.refine_body, ticket=TICKET, body="Hello") == "Hello"


def test_an_error_found_on_releasing_the_savepoint_is_the_plugins() -> None:
    class StrictTx(Tx):
        @contextmanager
        def savepoint(self) -> Iterator[None]:
            with super().savepoint():
                yield
                if "half done" in self.rows:
                    raise ValueError("unique constraint")

    tx = StrictTx()
    hooks = hooks_of(Does(lambda: None), Works())
    hooks.within(spec.on_opening, tx=tx, ticket=TICKET)
    assert tx.rows == ["done"]
    assert errors(hooks, "on_opening") == [1, 0]


def test_a_savepoint_that_cannot_be_begun_is_no_fault_of_the_plugin() -> None:
    class LostTx(Tx):
        @contextmanager
        def savepoint(self) -> Iterator[None]:
            if not self.rows:
                raise ConnectionError("connection lost")
            yield

    hooks = hooks_of(Works())
    with pytest.raises(ConnectionError, match="connection lost"):
        hooks.within(spec.on_opening, tx=LostTx(), ticket=TICKET)
    assert errors(hooks, "on_opening") == [0]


def test_errors_are_logged_with_plugin_hook_id_and_traceback(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        (box,) = hooks_of(Does(raises(ValueError("broken")))).render(spec.panel, ticket=TICKET)
    assert f"hook panel of plugin p1 failed [{box.error_id}]" in caplog.text
    assert "ValueError: broken" in caplog.text


def test_calls_and_slow_calls_are_counted() -> None:
    hooks = hooks_of(Does(lambda: time.sleep(0.06)))
    hooks.pick(spec.route, subject="x")
    hooks.pick(spec.route, subject="x")
    (line,) = [line for line in hooks.report() if line.hook == "route"]
    assert (line.calls, line.slow, line.errors) == (2, 2, 0)
    assert line.total_seconds >= 0.12


def test_nobody_waits_for_deliveries_so_none_is_slow() -> None:
    hooks = hooks_of(Does(lambda: time.sleep(0.06)))
    hooks.deliver(spec.opened, "p1", event=spec.Opened())
    (line,) = [line for line in hooks.report() if line.hook == "opened"]
    assert (line.calls, line.slow) == (1, 0)
