"""A hook may call a service that calls hooks: they run on its thread, under its deadline."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from helpdesk_core.errors import Refused
from helpdesk_core.hooks import Hooks, hookimpl
from tests.hooks import examples as spec
from tests.hooks.examples import QUICK, Ticket, Tx
from tests.hooks.test_failures import Does, Works, raises

TICKET = Ticket()


class Calls:
    """A plugin whose `within` hook does what it is told with the hooks."""

    def __init__(self, service: Callable[[Hooks, Tx], Any]) -> None:
        self.service = service
        self.hooks = Hooks()

    @hookimpl(spec.on_opening)
    def on_opening(self, tx: Tx) -> None:
        self.service(self.hooks, tx)


def nested(service: Callable[[Hooks, Tx], Any], *inner: object) -> tuple[Hooks, Tx]:
    """Run a service inside a hook of `outer`; return the hooks it was run with, and the transaction."""
    outer = Calls(service)
    hooks = Hooks(limits=QUICK)
    hooks.register(outer, "outer")
    for number, plugin in enumerate(inner, 1):
        hooks.register(plugin, f"p{number}")
    outer.hooks = hooks
    tx = Tx()
    hooks.within(spec.on_opening, tx=tx, ticket=TICKET)
    return hooks, tx


class Routes:
    """A plugin that does something when it is asked for a route."""

    def __init__(self, behaviour: Callable[[], object]) -> None:
        self.behaviour = behaviour

    @hookimpl(spec.route)
    def route(self) -> int | None:
        self.behaviour()
        return None


def test_nested_hooks_run_on_the_same_thread() -> None:
    idents: list[int] = []

    def note() -> None:
        idents.append(threading.get_ident())

    def service(hooks: Hooks, tx: Tx) -> None:
        note()
        hooks.pick(spec.route, subject="x")

    nested(service, Routes(note))
    first, second = idents
    assert first == second != threading.get_ident()


@pytest.mark.parametrize("error", [ValueError("broken"), SystemExit(1)])
def test_a_failing_nested_hook_does_not_fail_the_outer_one(error: BaseException) -> None:
    found: list[object] = []
    hooks, tx = nested(
        lambda hooks, tx: found.append(hooks.pick(spec.route, subject="x")), Does(raises(error)), Works()
    )
    assert found == [3]
    assert [line.errors for line in hooks.report() if line.plugin_id == "outer"] == [0]
    assert tx.story[:2] == ["begin", "release"]


def test_a_nested_veto_fails_the_outer_hook_like_any_error() -> None:
    class Objects:
        @hookimpl(spec.check_reply)
        def check_reply(self) -> list[str]:
            return ["No."]

    caught: list[Refused] = []

    def service(hooks: Hooks, tx: Tx) -> None:
        try:
            hooks.veto(spec.check_reply, body="x")
        except Refused as refused:
            caught.append(refused)
            raise

    hooks, tx = nested(service, Objects())
    assert [refused.by for refused in caught] == ["p1"]
    assert [line.errors for line in hooks.report() if line.plugin_id == "outer"] == [1]
    assert tx.story == ["begin", "rollback"]


def test_a_nested_hook_that_hangs_is_the_one_in_quarantine() -> None:
    def service(hooks: Hooks, tx: Tx) -> None:
        hooks.pick(spec.route, subject="x")

    hooks, tx = nested(service, Routes(lambda: time.sleep(1)))
    assert [(breaker.plugin_id, breaker.hook) for breaker in hooks.breakers()] == [("p1", "route")]
    assert tx.story == ["begin", "rollback"]


def test_a_hook_that_keeps_calling_quick_ones_is_itself_in_quarantine() -> None:
    def service(hooks: Hooks, tx: Tx) -> None:
        while True:
            hooks.pick(spec.route, subject="x")

    hooks, _ = nested(service, Routes(lambda: time.sleep(0.01)))
    assert [(breaker.plugin_id, breaker.hook) for breaker in hooks.breakers()] == [("outer", "on_opening")]


def test_nested_savepoints_lie_inside_the_outer_one() -> None:
    depth: list[str] = []

    def service(hooks: Hooks, tx: Tx) -> None:
        if not depth:
            depth.append("once")
            hooks.within(spec.on_opening, tx=tx, ticket=TICKET)

    _, tx = nested(service, Works())
    assert tx.rows == ["done", "done"]
    assert tx.story == ["begin", "begin", "release", "begin", "release", "release", "begin", "release"]
