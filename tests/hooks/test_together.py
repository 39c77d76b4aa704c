"""Several hooks asked in one go answer as they do alone."""

import threading
import time

import pytest

from helpdesk_core.hooks import Hooks, Rendered, hookimpl
from tests.hooks import examples as spec
from tests.hooks.examples import QUICK, Ticket, hooks_of

TICKET = Ticket()


class Both:
    """Answers two hooks, and notes on which threads."""

    def __init__(self, word: str) -> None:
        self.word = word
        self.threads: list[int] = []

    @hookimpl(spec.actions)
    def actions(self, ticket: Ticket) -> list[str]:
        self.threads.append(threading.get_ident())
        return [self.word, ticket.subject]

    @hookimpl(spec.panel)
    def panel(self, ticket: Ticket) -> str | None:
        self.threads.append(threading.get_ident())
        return self.word


class Fails:
    @hookimpl(spec.actions)
    def actions(self) -> list[str]:
        raise ValueError("no")


class Hangs:
    @hookimpl(spec.actions)
    def actions(self) -> list[str]:
        time.sleep(10)
        return []


def asked(hooks: Hooks) -> tuple[list[tuple[str, list[str]]], list[Rendered[str]]]:
    together = hooks.together()
    items = together.collect(spec.actions, ticket=TICKET, actor="ann")
    panels = together.render_as(spec.panel, lambda plugin_id, text: f"{plugin_id}: {text}", ticket=TICKET)
    assert (items, panels) == ([], [])
    together.ask()
    return items, panels


def test_each_hook_gets_its_own_arguments_and_answers_in_the_order_of_the_plugins() -> None:
    one, two = Both("one"), Both("two")
    items, panels = asked(hooks_of(one, two))
    assert items == [("p1", ["one", "Server down"]), ("p2", ["two", "Server down"])]
    assert panels == [Rendered("p1", "p1: one"), Rendered("p2", "p2: two")]
    assert len({*one.threads, *two.threads}) == 1
    assert threading.get_ident() not in one.threads


@pytest.mark.parametrize("bad", [Fails, Hangs])
def test_a_plugin_that_fails_or_hangs_keeps_no_other_from_answering(bad: type[Fails | Hangs]) -> None:
    hooks = hooks_of(Both("one"), bad(), Both("two"), limits=QUICK)
    items, panels = asked(hooks)
    assert [plugin_id for plugin_id, _items in items] == ["p1", "p3"]
    assert [panel.plugin_id for panel in panels] == ["p1", "p3"]
    [report] = [each for each in hooks.report() if each.errors]
    assert (report.plugin_id, report.hook) == ("p2", "actions")


def test_what_is_in_quarantine_is_not_asked() -> None:
    hooks = hooks_of(Hangs(), Both("two"), limits=QUICK)
    asked(hooks)
    assert [breaker.plugin_id for breaker in hooks.breakers()] == ["p1"]
    before = time.monotonic()
    items, _panels = asked(hooks)
    assert [plugin_id for plugin_id, _items in items] == ["p2"]
    assert time.monotonic() - before < 3


def test_a_hook_is_asked_once_at_a_time_and_with_its_arguments() -> None:
    together = hooks_of(Both("one")).together()
    for _ in range(2):
        together.collect(spec.actions, ticket=TICKET, actor="ann")
    with pytest.raises(TypeError, match="actions can be asked once"):
        together.ask()
    together.collect(spec.actions, ticket=TICKET)  # type: ignore[call-arg]  # what is being tested
    with pytest.raises(TypeError, match="pass ticket, actor to actions"):
        together.ask()
