"""A plugin's methods are compared with the specs when it is registered."""

from typing import Any

import pytest

from helpdesk_core.hooks import Hooks, InvalidHook, hookimpl, hookspec
from tests.hooks import examples as spec
from tests.hooks.examples import Ticket, hooks_of

EXPECTED = r"collect hook tests\.hooks\.examples expects actions\(ticket: Ticket, actor: str\) -> list\[str\]"


class UrgentTicket(Ticket):
    pass


class Named:
    def __init__(self, name: str) -> None:
        self.name = name

    @hookimpl(spec.actions)
    def actions(self) -> list[str]:
        return [self.name]


def refused(plugin: object, match: str) -> None:
    hooks = Hooks()
    with pytest.raises(InvalidHook, match=match):
        hooks.register(plugin, "sla")
    assert hooks.report() == ()
    hooks.register(Named("works"), "sla")


def test_a_method_may_take_some_of_the_arguments_in_any_order() -> None:
    class Plugin:
        @hookimpl(spec.actions)
        def offer(self, *, actor: str, ticket: Ticket) -> list[str]:
            return [actor, ticket.subject]

    assert hooks_of(Plugin()).collect(spec.actions, ticket=Ticket("Fire"), actor="ann") == ["ann", "Fire"]


def test_an_unknown_argument_is_refused() -> None:
    class Plugin:
        @hookimpl(spec.actions)
        def actions(self, tiket: Ticket) -> list[str]:
            return []

    refused(Plugin(), r"plugin sla: Plugin\.actions takes an unknown argument 'tiket'; " + EXPECTED)


def test_a_wrong_argument_type_is_refused() -> None:
    class Plugin:
        @hookimpl(spec.actions)
        def actions(self, ticket: int) -> list[str]:
            return []

    refused(Plugin(), r"Plugin\.actions takes ticket: int; " + EXPECTED)


def test_an_argument_type_narrower_than_promised_is_refused() -> None:
    class Plugin:
        @hookimpl(spec.actions)
        def actions(self, ticket: UrgentTicket) -> list[str]:
            return []

    refused(Plugin(), r"takes ticket: UrgentTicket; ")


def test_a_wider_argument_type_is_fine() -> None:
    class Plugin:
        @hookimpl(spec.actions)
        def actions(self, ticket: object, actor: str | None) -> list[str]:
            return []

    assert hooks_of(Plugin()).warnings("p1") == ()


def test_a_wrong_return_type_is_refused() -> None:
    class Plugin:
        @hookimpl(spec.actions)  # type: ignore[arg-type]  # mypy sees it too
        def actions(self) -> list[int]:
            return []

    refused(Plugin(), r"Plugin\.actions returns list\[int\]; " + EXPECTED)


def test_missing_annotations_are_recorded_as_warnings() -> None:
    class Plugin:
        @hookimpl(spec.actions)
        def actions(self, ticket):  # type: ignore[no-untyped-def]  # the point of the test
            return ["a"]

    hooks = hooks_of(Plugin())
    assert hooks.warnings("p1") == (
        "plugin p1: Plugin.actions has no annotation for 'ticket'",
        "plugin p1: Plugin.actions has no return annotation",
    )
    assert hooks.collect(spec.actions, ticket=Ticket(), actor="ann") == ["a"]


def test_annotations_that_cannot_be_resolved_are_recorded_as_warnings() -> None:
    class Plugin:
        @hookimpl(spec.actions)
        def actions(self, ticket: "NotImported") -> list[str]:  # type: ignore[name-defined]  # noqa: F821 - the point
            return []

    (warning,) = hooks_of(Plugin()).warnings("p1")
    assert "was not checked: name 'NotImported' is not defined" in warning


def test_deprecated_hooks_are_recorded_as_warnings() -> None:
    @hookspec.collect(since="0.1", stability="deprecated")
    def badges() -> list[str]:
        """List badges."""

    class Plugin:
        @hookimpl(badges)
        def my_badges(self) -> list[str]:
            return []

    (warning,) = hooks_of(Plugin()).warnings("p1")
    assert "deprecated" in warning


def test_stars_are_refused() -> None:
    class Plugin:
        @hookimpl(spec.actions)
        def actions(self, **everything: Any) -> list[str]:
            return []

    refused(Plugin(), r"takes \*\*everything: Any, but arguments are passed by name")


def test_async_methods_and_generators_are_refused() -> None:
    class Async:
        @hookimpl(spec.actions)  # type: ignore[arg-type]  # mypy sees it too
        async def actions(self) -> list[str]:
            return []

    class Generator:
        @hookimpl(spec.actions)
        def actions(self) -> Any:
            yield "a"

    refused(Async(), "is async")
    refused(Generator(), "is a generator")


def test_two_methods_for_one_hook_are_refused() -> None:
    class Plugin:
        @hookimpl(spec.actions)
        def actions(self) -> list[str]:
            return []

        @hookimpl(spec.actions)
        def more_actions(self) -> list[str]:
            return []

    refused(Plugin(), "more_actions and actions both implement actions")


def test_two_hooks_of_the_same_name_are_refused() -> None:
    @hookspec.collect(since="0.1")
    def actions() -> list[str]:
        """Another hook of the same name."""

    class Plugin:
        @hookimpl(actions)
        def my_actions(self) -> list[str]:
            return []

    hooks = hooks_of(Named("a"))
    with pytest.raises(InvalidHook, match="names of hooks are unique"):
        hooks.register(Plugin(), "p2")


def test_a_plugin_id_is_registered_once() -> None:
    hooks = hooks_of(Named("a"))
    with pytest.raises(InvalidHook, match="plugin p1 cannot be registered"):
        hooks.register(Named("b"), "p1")


def test_properties_of_a_plugin_are_not_evaluated() -> None:
    class Plugin(Named):
        @property
        def desk(self) -> object:
            raise RuntimeError("not yet")

    assert hooks_of(Plugin("a")).implementers(spec.actions) == ("p1",)


def test_plugins_run_in_the_order_in_which_they_were_registered() -> None:
    hooks = Hooks()
    for name in ("zeta", "alpha", "mid"):
        hooks.register(Named(name), name)
    assert hooks.collect(spec.actions, ticket=Ticket(), actor="ann") == ["zeta", "alpha", "mid"]
    assert hooks.implementers(spec.actions) == ("zeta", "alpha", "mid")


def test_an_unregistered_plugin_is_not_asked_any_more() -> None:
    hooks = hooks_of(Named("a"), Named("b"), Named("c"))
    hooks.unregister("p2")
    hooks.unregister("never there")
    assert hooks.collect(spec.actions, ticket=Ticket(), actor="ann") == ["a", "c"]
    assert [line.plugin_id for line in hooks.report()] == ["p1", "p3"]


def test_two_dispatchers_share_nothing() -> None:
    one, other = hooks_of(Named("a")), hooks_of(Named("b"))
    assert one.collect(spec.actions, ticket=Ticket(), actor="ann") == ["a"]
    assert other.collect(spec.actions, ticket=Ticket(), actor="ann") == ["b"]
