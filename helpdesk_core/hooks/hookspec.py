"""The decorators that make hook specs, one per call style: `@hookspec.collect(since="0.1")`.

The decorated function describes one implementation; its docstring is the contract. Implementations are asked in the
order of the plugin list: the first plugin runs first. `deadline` is in seconds per implementation.
"""

from collections.abc import Callable, Sequence
from typing import ParamSpec, TypeVar

from helpdesk_core.hooks.errors import HookSpecError
from helpdesk_core.hooks.specs import (
    AfterSpec,
    CollectSpec,
    PickSpec,
    RefineSpec,
    RenderSpec,
    Stability,
    VetoSpec,
    When,
    WithinSpec,
)

P = ParamSpec("P")
T = TypeVar("T")


def collect(
    *, since: str, stability: Stability = "provisional", deadline: float | None = None, when: When = "request"
) -> Callable[[Callable[P, Sequence[T]]], CollectSpec[P, T]]:
    """Ask every plugin for a list; core gets all items in order. `when="startup"`: an error fails the plugin."""
    return lambda function: CollectSpec(function, since=since, stability=stability, deadline=deadline, when=when)


def pick(
    *, since: str, stability: Stability = "provisional", deadline: float | None = None
) -> Callable[[Callable[P, T | None]], PickSpec[P, T]]:
    """Ask plugins until one returns something else than `None`."""
    return lambda function: PickSpec(function, since=since, stability=stability, deadline=deadline)


def refine(
    *, since: str, stability: Stability = "provisional", deadline: float | None = None, refines: str | None = None
) -> Callable[[Callable[P, T]], RefineSpec[P, T]]:
    """Pass a value from plugin to plugin, each returning a new one; `refines` names the argument (default: the first).

    Let the value be immutable: a plugin that changes it in place and then fails cannot be undone.
    """
    return lambda function: RefineSpec(function, since=since, stability=stability, deadline=deadline, refines=refines)


def veto(
    *, since: str, stability: Stability = "provisional", deadline: float | None = None, fail_closed: bool = False
) -> Callable[[Callable[P, Sequence[str] | None]], VetoSpec[P]]:
    """Let plugins stop a change, with problems or by raising `Veto`; `fail_closed` makes an error refuse as well."""
    return lambda function: VetoSpec(
        function, since=since, stability=stability, deadline=deadline, fail_closed=fail_closed
    )


def within(
    *, since: str, stability: Stability = "provisional", deadline: float | None = None
) -> Callable[[Callable[P, None]], WithinSpec[P]]:
    """Let plugins write in core's transaction, each in its own savepoint; the spec needs an argument `tx`."""
    return lambda function: WithinSpec(function, since=since, stability=stability, deadline=deadline)


def after(
    *,
    since: str,
    stability: Stability = "provisional",
    deadline: float | None = None,
    event: type | None = None,
    any_event: bool = False,
) -> Callable[[Callable[P, None]], AfterSpec[P]]:
    """Tell plugins of an event after commit, from the outbox: of class `event` and its subclasses, or `any_event`."""
    if (event is None) is not any_event:
        raise HookSpecError("hookspec.after takes either event=SomeEvent or any_event=True")
    return lambda function: AfterSpec(function, since=since, stability=stability, deadline=deadline, event=event)


def render(
    *, since: str, stability: Stability = "provisional", deadline: float | None = None
) -> Callable[[Callable[P, T | None]], RenderSpec[P, T]]:
    """Ask plugins for something to show on a page, each on its own; a failed one leaves an error id instead."""
    return lambda function: RenderSpec(function, since=since, stability=stability, deadline=deadline)
