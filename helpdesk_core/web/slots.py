"""Slots: places in templates where plugins show something, each a `render` hook of the same name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import render_template, request
from markupsafe import Markup

from helpdesk_core.hooks import Rendered, RenderSpec
from helpdesk_core.web import hooks
from helpdesk_core.web.asking_ahead import Question, rendered
from helpdesk_core.web.context import current_actor, signed_in
from helpdesk_core.web.parts import Panel

SLOTS: Mapping[str, RenderSpec[..., Any]] = {
    name.replace("_", "."): spec
    for name, spec in vars(hooks).items()
    if isinstance(spec, RenderSpec) and spec.types["return"] == (Panel | None)
}
LAST = 1000
"""Where the box for a panel that failed stands among the others."""


@dataclass(frozen=True, slots=True)
class _Shown:
    order: int
    html: Markup


def slot(name: str, **context: Any) -> Markup:
    """Return what plugins show in a slot: panels in order, and for staff a small box where a plugin failed.

    An unknown name shows nothing, so that a theme made for a newer core still works; `helpdesk themes check`
    reports it.
    """
    spec = SLOTS.get(name)
    if spec is None:
        return Markup("")
    asked = of_slot(name, **context)
    results: list[Rendered[_Shown]] = rendered(spec, asked.show, **asked.values)
    if spec is hooks.page_head:
        results = [result for result in results if result.value is not None]  # there is no place for a box in a head
    found = [result.value or _Shown(LAST, failure(result)) for result in results]
    parts = [each.html for each in sorted(found, key=lambda each: each.order)]
    if shows_slots():
        parts.insert(0, Markup('<code class="hd-slotname">{}</code>').format(name))
    return Markup("").join(parts)


def of_slot(name: str, **context: Any) -> Question:
    """Return what plugins are asked for a slot that there is."""
    spec = SLOTS[name]
    values = {key: value for key, value in {"actor": current_actor(), **context}.items() if key in spec.arguments}

    def show(plugin_id: str, panel: Panel) -> _Shown:
        return _Shown(panel.order, as_html(plugin_id, panel, name))

    return Question(spec, values, show)


def of_layout() -> list[Question]:
    """Return what plugins are asked for the layout of a page, of the portal or another, whatever it shows."""
    every = [of_slot("page.head"), of_slot("page.foot")]
    if not on_portal():
        return every
    # Links first: a panel of a slot may look at the navigation.
    return [Question(hooks.portal_links, {"actor": current_actor()}), *every, of_slot("portal.footer")]


def on_portal() -> bool:
    """Tell whether the page at hand is one that customers see."""
    return not request.path.startswith(("/desk", "/admin"))


def shows_slots() -> bool:
    """Tell whether the page is to show the names of its slots: an admin has asked with `?slots=1`."""
    return request.args.get("slots") == "1" and current_actor().may("settings.manage")


def as_html(plugin_id: str, panel: Panel, place: str) -> Markup:
    """Return a plugin's panel as HTML; for `render_as`, so that a template that fails counts as the plugin's error."""
    body = Markup(render_template(panel.template, **panel.context))  # noqa: S704 - rendered with autoescape
    if not panel.title:
        return body
    return Markup(  # noqa: S704 - rendered with autoescape
        render_template(
            "parts/panel.html", panel=panel, body=body, key=(key := f"{plugin_id}.{place}"), open=_is_open(key, panel)
        )
    )


def _is_open(key: str, panel: Panel) -> bool:
    """Tell whether the person has left the panel open, wherever they last saw it."""
    signed = signed_in()
    kept = signed.user.preferences.get("panels") if signed else None
    return bool(kept.get(key, panel.open)) if isinstance(kept, dict) else panel.open


def failure(result: Rendered[Any]) -> Markup:
    """Return what stands where a plugin failed: for staff a box with the error's id, for customers nothing."""
    if result.error_id is None or not current_actor().is_staff:
        return Markup("")
    return Markup(  # noqa: S704 - rendered with autoescape
        render_template("parts/panel_failed.html", plugin_id=result.plugin_id, error_id=result.error_id)
    )
