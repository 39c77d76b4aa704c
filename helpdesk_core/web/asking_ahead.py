"""Plugins asked for a page's parts in one go, before the page is put together.

A view that knows what its page will ask of plugins says so with `ask_ahead`; where the parts are put together they are
asked for as ever, and what is there already is taken. What nobody has asked ahead is asked for then.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

from flask import current_app

from helpdesk_core.hooks import CollectSpec, HookSpec, Rendered, RenderSpec
from helpdesk_core.web.context import current_desk, state

P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R")
Show = Callable[[str, Any], Any]


@dataclass(frozen=True, slots=True)
class Question:
    """A hook, what it is asked with, and for parts of a page what makes them of an answer."""

    spec: HookSpec[..., Any]
    values: Mapping[str, Any]
    show: Show | None = None


def ask_ahead(questions: Iterable[Question]) -> None:
    """Ask plugins all of it at once, and keep the answers for the page."""
    if state().known_to_all is None:
        current_app.update_template_context({})  # what all templates know is not to be found on a plugin's time
    together, kept = current_desk().hooks.together(), state().answers
    for each in questions:
        found: list[Any]
        if isinstance(each.spec, RenderSpec):
            found = together.render_as(each.spec, each.show or _as_it_is, **each.values)
        elif isinstance(each.spec, CollectSpec):
            found = together.collect(each.spec, **each.values)
        else:
            raise TypeError(f"{each.spec.name} is not asked for a page")
        kept[each.spec] = (each.values, found)
    together.ask()


def collected(spec: CollectSpec[P, T], /, *_args: P.args, **values: P.kwargs) -> list[T]:
    """Return the items of all plugins in order, as `Hooks.collect` does."""
    found: list[tuple[str, list[T]]] | None = _kept(spec, values)
    if found is None:
        found = current_desk().hooks.collect_by_plugin(spec, *_args, **values)
    return [item for _plugin_id, items in found for item in items]


def rendered(
    spec: RenderSpec[P, T], show: Callable[[str, T], R] | None, /, *_args: P.args, **values: P.kwargs
) -> list[Rendered[R]]:
    """Return what `show` makes of each plugin's answer, as `Hooks.render_as` does; the answers if it is None.

    Who asks ahead gives the same `show`, or one that does the same.
    """
    found: list[Rendered[R]] | None = _kept(spec, values)
    if found is None:
        found = current_desk().hooks.render_as(spec, show or _as_it_is, *_args, **values)
    return found


def _kept(spec: HookSpec[..., Any], values: Mapping[str, Any]) -> Any:
    """Return the answers if they were asked for with the very same; they are taken once."""
    kept = state().answers.get(spec)
    if kept is None or kept[0].keys() != values.keys() or any(kept[0][name] is not values[name] for name in values):
        return None
    del state().answers[spec]
    return kept[1]


def _as_it_is(_plugin_id: str, value: Any) -> Any:
    return value
