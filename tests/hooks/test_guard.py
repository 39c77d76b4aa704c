"""What the database layer can learn about the call of a hook on its thread."""

import threading
import time
from contextlib import suppress

import pytest

from helpdesk_core.hooks import CallRevoked, CallScope, Hooks, current_call, hookimpl
from tests.hooks import examples as spec
from tests.hooks.examples import Ticket, Tx, hooks_of
from tests.hooks.test_failures import Does, Works


class Notes:
    """A plugin that keeps the scopes it was called in, and may call hooks itself."""

    def __init__(self) -> None:
        self.hooks: Hooks | None = None
        self.scopes: list[CallScope | None] = []

    @hookimpl(spec.on_opening)
    def on_opening(self, tx: Tx, ticket: Ticket) -> None:
        self.scopes.append(current_call())
        if self.hooks is not None:
            self.hooks.render(spec.panel, ticket=ticket)
        self.scopes.append(current_call())

    @hookimpl(spec.panel)
    def panel(self) -> str | None:
        self.scopes.append(current_call())
        return None


def test_outside_of_hooks_there_is_no_call() -> None:
    plugin = Notes()
    hooks_of(plugin).render(spec.panel, ticket=Ticket())
    assert plugin.scopes != [None]
    assert current_call() is None


def test_the_call_names_plugin_and_hook_and_ends_with_it() -> None:
    plugin = Notes()
    hooks = hooks_of(Works(), plugin)
    hooks.within(spec.on_opening, tx=Tx(), ticket=Ticket())
    (call, same) = plugin.scopes
    assert call is not None
    assert call is same
    assert (call.plugin_id, call.hook, call.outer) == ("p2", "on_opening", None)
    assert not call.revoked
    assert not call.in_database


def test_a_hook_inside_a_hook_has_a_call_of_its_own() -> None:
    plugin = Notes()
    plugin.hooks = hooks_of(plugin)
    plugin.hooks.within(spec.on_opening, tx=Tx(), ticket=Ticket())
    outer, inner, outer_again = plugin.scopes
    assert inner is not None
    assert inner.hook == "panel"
    assert inner.outer is outer
    assert outer_again is outer


def test_core_manages_savepoints_outside_of_the_call() -> None:
    seen: list[CallScope | None] = []

    class WatchedTx(Tx):
        def savepoint(self):  # type: ignore[no-untyped-def]  # passes on what it gets
            seen.append(current_call())
            return super().savepoint()

    hooks_of(Works()).within(spec.on_opening, tx=WatchedTx(), ticket=Ticket())
    assert seen == [None]


def test_a_call_that_was_given_up_is_kept_from_the_database() -> None:
    outcome: list[str] = []
    finished = threading.Event()

    def late() -> None:
        call = current_call()
        assert call is not None
        for seconds in (0.4, 0.01):
            with suppress(SystemExit):  # as a careless plugin would
                time.sleep(seconds)
        try:
            call.enter_database()
        except CallRevoked:
            outcome.append("refused")
        outcome.append(f"revoked: {call.revoked}")
        finished.set()

    hooks_of(Does(late)).pick(spec.route, subject="x")
    assert finished.wait(3)
    assert outcome == ["refused", "revoked: True"]


def test_a_call_that_was_given_up_cannot_call_further_hooks() -> None:
    inner = Does(lambda: called.append("inner"))
    called: list[str] = []
    finished = threading.Event()
    others = hooks_of(inner)

    def late() -> None:
        for _ in range(2):
            with suppress(SystemExit):
                time.sleep(0.2)
        try:
            others.pick(spec.route, subject="x")
        except CallRevoked:
            called.append("refused")
        finished.set()

    hooks_of(Does(late)).pick(spec.route, subject="x")
    assert finished.wait(3)
    assert called == ["refused"]


def test_an_exception_handler_of_a_plugin_does_not_catch_the_revocation() -> None:
    with pytest.raises(CallRevoked), suppress(Exception):
        raise CallRevoked("given up")
