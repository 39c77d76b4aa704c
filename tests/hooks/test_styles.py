"""What each call style promises while plugins behave."""

import time
from typing import Any

import pytest

from helpdesk_core.errors import Refused
from helpdesk_core.hooks import HookFailed, InvalidHook, Rendered, Veto, hookimpl
from tests.hooks import examples as spec
from tests.hooks.examples import Ticket, Tx, hooks_of

TICKET = Ticket()


class Says:
    """A plugin that says its word in every style."""

    def __init__(self, word: str) -> None:
        self.word = word

    @hookimpl(spec.actions)
    def actions(self, ticket: Ticket) -> list[str]:
        return [f"{self.word} 1", f"{self.word} 2"]

    @hookimpl(spec.route)
    def route(self, subject: str) -> int | None:
        return int(self.word) if self.word.isdigit() else None

    @hookimpl(spec.refine_body)
    def refine_body(self, body: str, ticket: Ticket) -> str:
        return f"{body} {self.word}"

    @hookimpl(spec.check_reply)
    def check_reply(self, body: str) -> list[str]:
        return [f"{self.word}!", "Sorry."] if self.word in body else []

    @hookimpl(spec.on_opening)
    def on_opening(self, tx: Tx) -> None:
        tx.rows.append(self.word)

    @hookimpl(spec.panel)
    def panel(self, ticket: Ticket) -> str | None:
        return self.word or None


def test_collect_joins_the_lists_in_the_order_of_the_plugins() -> None:
    hooks = hooks_of(Says("a"), Says("b"))
    assert hooks.collect(spec.actions, ticket=TICKET, actor="ann") == ["a 1", "a 2", "b 1", "b 2"]
    assert hooks.collect_by_plugin(spec.actions, ticket=TICKET, actor="ann") == [
        ("p1", ["a 1", "a 2"]),
        ("p2", ["b 1", "b 2"]),
    ]


def test_pick_takes_the_first_answer_that_is_not_none() -> None:
    assert hooks_of(Says("a"), Says("7"), Says("8")).pick(spec.route, subject="x") == 7
    assert hooks_of(Says("a")).pick(spec.route, subject="x") is None


def test_pick_accepts_an_answer_that_is_false_but_not_none() -> None:
    assert hooks_of(Says("0"), Says("8")).pick(spec.route, subject="x") == 0


def test_pick_does_not_ask_further_than_the_first_answer() -> None:
    hooks = hooks_of(Says("7"), Says("8"))
    hooks.pick(spec.route, subject="x")
    assert [line.calls for line in hooks.report() if line.hook == "route"] == [1, 0]


def test_refine_hands_each_plugin_the_value_of_the_one_before() -> None:
    assert hooks_of(Says("a"), Says("b")).refine(spec.refine_body, ticket=TICKET, body="Hello") == "Hello a b"


def test_veto_says_nothing_when_nobody_objects() -> None:
    hooks_of(Says("a"), Says("b")).veto(spec.check_reply, body="Hello")


def test_veto_refuses_with_the_problems_of_the_first_plugin_that_objects() -> None:
    with pytest.raises(Refused, match=r"^b! Sorry\.$") as refused:
        hooks_of(Says("x"), Says("b"), Says("bad")).veto(spec.check_reply, body="bad")
    assert refused.value.by == "p2"


def test_veto_refuses_with_the_message_of_a_raised_veto() -> None:
    class Stops:
        @hookimpl(spec.check_reply)
        def check_reply(self, body: str) -> None:
            raise Veto("Not on Sundays.")

    hooks = hooks_of(Stops())
    with pytest.raises(Refused, match=r"^Not on Sundays\.$") as refused:
        hooks.veto(spec.check_reply, body="Hello")
    assert refused.value.by == "p1"
    assert hooks.report()[0].errors == 0


def test_a_veto_hook_that_returns_none_has_no_objection() -> None:
    class Quiet:
        @hookimpl(spec.check_sign_in)
        def check(self, address: str) -> None:
            return None

    hooks_of(Quiet()).veto(spec.check_sign_in, address="ann@example.com")


def test_within_gives_each_plugin_a_savepoint_of_its_own() -> None:
    tx = Tx()
    hooks_of(Says("a"), Says("b")).within(spec.on_opening, tx=tx, ticket=TICKET)
    assert tx.rows == ["a", "b"]
    assert tx.story == ["begin", "release", "begin", "release"]


def test_within_needs_something_that_has_savepoints() -> None:
    with pytest.raises(TypeError, match="savepoint"):
        hooks_of().within(spec.on_opening, tx=None, ticket=TICKET)  # type: ignore[arg-type]  # the point of the test


def test_render_names_the_plugin_and_leaves_out_those_with_nothing_to_show() -> None:
    assert hooks_of(Says("a"), Says(""), Says("c")).render(spec.panel, ticket=TICKET) == [
        Rendered("p1", "a"),
        Rendered("p3", "c"),
    ]


def test_what_is_made_of_an_answer_is_made_in_the_plugins_own_call() -> None:
    def show(plugin_id: str, value: str) -> int:
        if value == "a":
            raise ZeroDivisionError
        return len(f"{plugin_id}: {value}")

    hooks = hooks_of(Says("a"), Says(""), Says("ccc"))
    broken, shown = hooks.render_as(spec.panel, show, ticket=TICKET)
    assert (broken.plugin_id, broken.value, shown) == ("p1", None, Rendered("p3", 7))
    (line, *_) = [line for line in hooks.report() if line.plugin_id == "p1" and line.hook == "panel"]
    assert line.last_error is not None
    assert line.last_error.error_id == broken.error_id


def test_code_that_a_plugin_handed_over_runs_under_the_rules_of_its_hook() -> None:
    hooks = hooks_of(Says("a"), Says("b"))
    assert hooks.run_for(spec.panel, "p2", lambda: 7) == 7
    with pytest.raises(HookFailed, match="p1 failed"):
        hooks.run_for(spec.panel, "p1", lambda: divmod(1, 0))
    assert [(line.calls, line.errors) for line in hooks.report() if line.hook == "panel"] == [(1, 1), (1, 0)]
    with pytest.raises(HookFailed, match="did not return"):
        hooks.run_for(spec.panel, "p1", lambda: time.sleep(2))
    with pytest.raises(HookFailed, match="quarantine"):
        hooks.run_for(spec.panel, "p1", lambda: 7)


def test_without_implementations_every_style_has_its_empty_answer() -> None:
    hooks = hooks_of()
    tx = Tx()
    assert hooks.collect(spec.actions, ticket=TICKET, actor="ann") == []
    assert hooks.collect_from(spec.channels, "p1") == []
    assert hooks.pick(spec.route, subject="x") is None
    assert hooks.refine(spec.refine_body, ticket=TICKET, body="Hello") == "Hello"
    hooks.veto(spec.check_reply, body="Hello")
    hooks.within(spec.on_opening, tx=tx, ticket=TICKET)
    assert tx.story == []
    assert hooks.render(spec.panel, ticket=TICKET) == []


def test_arguments_are_checked_even_when_nobody_implements_the_hook() -> None:
    with pytest.raises(TypeError, match="pass ticket, actor to actions, by name"):
        hooks_of().collect(spec.actions, ticket=TICKET)  # type: ignore[call-arg]  # the point of the test
    with pytest.raises(TypeError, match="by name"):
        hooks_of().pick(spec.route, "x")


def test_subscribers_are_the_plugins_with_a_hook_for_the_event_or_for_all() -> None:
    class OnOpened:
        @hookimpl(spec.opened)
        def opened(self, event: spec.Opened) -> None: ...

    class OnAll:
        @hookimpl(spec.anything)
        def anything(self, event: object) -> None: ...

    class Both(OnOpened, OnAll):
        pass

    hooks = hooks_of(OnAll(), OnOpened(), Says("a"), Both())
    assert hooks.subscribers(spec.Opened) == ("p1", "p2", "p4")
    assert hooks.subscribers(spec.OpenedByMail) == ("p1", "p2", "p4")
    assert hooks.subscribers(spec.Closed) == ("p1", "p4")
    assert set(hooks.after_specs("p4", spec.Opened)) == {spec.opened, spec.anything}
    assert hooks.after_specs("p4", spec.Closed) == (spec.anything,)


def test_a_plugin_can_ask_for_some_kinds_of_all_events_and_gets_no_others() -> None:
    class OnSome:
        @hookimpl(spec.anything, events=(spec.Opened,))
        def anything(self, event: object) -> None: ...

    hooks = hooks_of(OnSome())
    assert hooks.subscribers(spec.Opened) == hooks.subscribers(spec.OpenedByMail) == ("p1",)
    assert hooks.subscribers(spec.Closed) == ()
    assert hooks.after_specs("p1", spec.Closed) == ()


@pytest.mark.parametrize("hook", [spec.opened, spec.panel], ids=["of another event", "of another style"])
def test_asking_for_kinds_of_events_that_the_hook_does_not_get_is_refused(hook: Any) -> None:
    with pytest.raises(InvalidHook, match="gets no events of Closed"):
        hookimpl(hook, events=(spec.Closed,))


def test_deliver_calls_one_plugin_only() -> None:
    seen: list[str] = []

    class Listens:
        def __init__(self, name: str) -> None:
            self.name = name

        @hookimpl(spec.opened)
        def opened(self, event: spec.Opened) -> None:
            seen.append(self.name)

    hooks = hooks_of(Listens("first"), Listens("second"))
    hooks.deliver(spec.opened, "p2", event=spec.Opened())
    assert seen == ["second"]


def test_collect_from_returns_the_items_of_one_plugin() -> None:
    class Brings:
        @hookimpl(spec.channels)
        def channels(self) -> list[str]:
            return ["phone"]

    class Other:
        @hookimpl(spec.channels)
        def channels(self) -> list[str]:
            return ["chat"]

    assert hooks_of(Brings(), Other()).collect_from(spec.channels, "p2") == ["chat"]
