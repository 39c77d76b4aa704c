"""Plugins: a catalogue of all that are known, switches, and a page for each with what it does and how it does."""

from dataclasses import dataclass
from typing import Any

from flask import current_app, flash, redirect, request, url_for
from flask_babel import ngettext
from werkzeug.wrappers import Response

from helpdesk_core.administration import service as administration
from helpdesk_core.db.migrate import MigrationError
from helpdesk_core.errors import ConfigError, Conflict, Invalid, NotFound, Unavailable
from helpdesk_core.events.parked import hurry
from helpdesk_core.hooks import HookReport
from helpdesk_core.plugins.purge import Purged
from helpdesk_core.plugins.registry import PluginState, PluginStatus
from helpdesk_core.settings.enabled import pinned_by
from helpdesk_core.users.hooks import permissions
from helpdesk_core.web.admin.common import act, attempt, new_routes, reason, show, ticked
from helpdesk_core.web.context import close_session, current_actor, current_desk
from helpdesk_core.web.localisation import gettext as _
from helpdesk_core.web.localisation import said
from helpdesk_core.web.switch import EXTENSION, Switch

routes = new_routes()

NO_PANELS = frozenset({"ticket_extras", "ticket_column_values", "message_parts", "page_head", "page_foot"})
"""Hooks that give markup for other places than a panel."""
LOOKS = 8
"""How often the page that waits for a switch looks again by itself, once a second."""


@dataclass(frozen=True)
class Card:
    """A plugin as the catalogue shows it."""

    state: PluginState
    word: str
    kind: str
    adds: str
    has_settings: bool


@routes.get("/plugins", permission="plugin.manage")
def plugins() -> Any:
    """Show every plugin that is known, with its state."""
    desk, switch = current_desk(), current_switch()
    return show(
        "plugins",
        cards=[card(state) for state in desk.plugins],
        pinned=reason(ConfigError(pinned)) if (pinned := pinned_by(desk.config)) else "",
        restart=switch.restart_needed if switch else (),
        problem=switch.problem if switch else None,
        waiting=_waiting(),
    )


@routes.get("/plugins/<plugin_id>", permission="plugin.manage")
def plugin(plugin_id: str) -> Any:
    """Show one plugin: what it adds, how its hooks do, and what can be done about it."""
    return _page(plugin_id, {})


@routes.post("/plugins/<plugin_id>/enable", permission="plugin.manage")
def enable(plugin_id: str) -> Response:
    """Make or update a plugin's tables, and switch it on."""
    return _switch(plugin_id, "on")


@routes.post("/plugins/<plugin_id>/disable", permission="plugin.manage")
def disable(plugin_id: str) -> Response:
    """Switch a plugin off; what it stored is kept."""
    return _switch(plugin_id, "off")


@routes.post("/plugins/<plugin_id>/breaker", permission="plugin.manage")
def breaker(plugin_id: str) -> Response:
    """Let a hook in quarantine be called again, and deliver at once what has waited for it."""
    hook = request.form.get("hook", "")

    def close() -> None:
        administration.close_breaker(current_desk(), current_actor(), plugin_id, hook)
        hurry(current_desk(), current_actor(), plugin_id)

    done = _("The hook %(hook)s is called again. If it fails again, it is taken out again.", hook=hook)
    return act(close, done, url_for("admin.plugin", plugin_id=plugin_id))


@routes.post("/plugins/<plugin_id>/purge", permission="plugin.manage")
def purge(plugin_id: str) -> Any:
    """Remove all that a disabled plugin has stored, once its name was typed."""
    copy = ticked("copy")
    done: list[Purged] = []

    def remove() -> None:
        name = request.form.get("name", "").strip()
        done.append(administration.purge_plugin(current_desk(), current_actor(), plugin_id, name, keep_copy=copy))

    try:
        errors = attempt(remove)
    except NotFound as error:
        errors = {"": [said(error)]}
    if errors:
        return _page(plugin_id, errors)
    where = _(" A copy lies in %(folder)s.", folder=done[0].dump) if done[0].dump else ""
    flash(_("All that %(name)s stored is removed.", name=plugin_id) + where, "success")
    _hurry()
    return redirect(url_for("admin.plugins"))


def current_switch() -> Switch | None:
    """Return the switch that this application stands behind; None where each change needs a restart."""
    switch: Switch | None = current_app.extensions.get(EXTENSION)
    return switch


def card(state: PluginState) -> Card:
    """Return what the catalogue says of a plugin."""
    looks = {
        PluginStatus.ACTIVE: (_("Active"), "success"),
        PluginStatus.DISABLED: (_("Disabled"), ""),
        PluginStatus.NEEDS_MIGRATION: (_("Tables not up to date"), "warning"),
        PluginStatus.INCOMPATIBLE: (_("Does not fit"), "danger"),
        PluginStatus.MISSING: (_("Not installed"), "danger"),
        PluginStatus.FAILED: (_("Failed"), "danger"),
        PluginStatus.QUARANTINED: (_("Partly in quarantine"), "warning"),
    }
    word, kind = looks[state.status]
    return Card(state, word, kind, _sentence(added(state)), bool(state.adds.get("settings")))


def added(state: PluginState) -> dict[str, list[str]]:
    """Return what a plugin adds, by kind: pages, panels, commands and so on, each with its names."""
    desk = current_desk()
    mine = [line for line in desk.hooks.report() if line.plugin_id == state.id]
    names = {line.hook for line in mine}
    asked = dict(desk.gather(permissions)).get(state.id, ())
    return {
        "pages": list(dict.fromkeys(state.adds.get("routes", ()))),
        "panels": sorted(line.hook for line in mine if line.style == "render" and line.hook not in NO_PANELS),
        "columns": ["ticket_columns"] if "ticket_columns" in names else [],
        "commands": [f"helpdesk {state.id}"] if "cli_commands" in names else [],
        "jobs": ["scheduled_jobs"] if "scheduled_jobs" in names else [],
        "operations": list(dict.fromkeys(state.adds.get("api", ()))),
        "permissions": [each.name for each in asked],
        "tables": list(state.adds.get("tables", ())),
        "settings": list(state.adds.get("settings", ())),
    }


def _sentence(things: dict[str, list[str]]) -> str:
    """Return in a few words what a plugin adds."""
    count = {kind: len(names) for kind, names in things.items()}
    parts = [
        (count["pages"], ngettext("%(num)d page", "%(num)d pages", count["pages"])),
        (count["panels"], ngettext("%(num)d panel", "%(num)d panels", count["panels"])),
        (count["columns"], _("columns of the list")),
        (count["commands"], _("a command")),
        (count["jobs"], _("work behind the scenes")),
        (count["operations"], ngettext("%(num)d operation", "%(num)d operations", count["operations"])),
        (count["permissions"], ngettext("%(num)d permission", "%(num)d permissions", count["permissions"])),
        (count["tables"], ngettext("%(num)d table", "%(num)d tables", count["tables"])),
        (count["settings"], ngettext("%(num)d setting", "%(num)d settings", count["settings"])),
    ]
    return ", ".join(text for there, text in parts if there)


def _page(plugin_id: str, errors: dict[str, list[str]]) -> Any:
    desk = current_desk()
    state = desk.plugins.get(plugin_id)
    reports = [line for line in desk.hooks.report() if line.plugin_id == plugin_id]
    quarantined = {each.hook: each.reason for each in desk.hooks.breakers() if each.plugin_id == plugin_id}
    return show(
        "plugin",
        errors,
        card=card(state),
        state=state,
        added=added(state),
        hooks=[_timed(line) for line in sorted(reports, key=lambda line: (-line.errors, line.hook))],
        quarantined=quarantined,
        needed_by=[each.title or each.id for each in desk.plugins if plugin_id in each.requires],
        pinned=reason(ConfigError(pinned)) if (pinned := pinned_by(desk.config)) else "",
        copy=ticked("copy", True),
        typed_name=request.form.get("name", ""),
    )


def _timed(line: HookReport) -> dict[str, Any]:
    average = line.total_seconds / line.calls * 1000 if line.calls else None
    return {"line": line, "average": f"{average:.1f}" if average is not None else ""}


def _switch(plugin_id: str, to: str) -> Response:
    desk, actor = current_desk(), current_actor()
    close_session()
    title = next((state.title for state in desk.plugins if state.id == plugin_id and state.title), plugin_id)
    try:
        if to == "on":
            administration.enable_plugin(desk, actor, plugin_id)
        else:
            administration.disable_plugin(desk, actor, plugin_id)
    except (ConfigError, NotFound, Conflict, Invalid, MigrationError, Unavailable) as error:
        flash(reason(error), "error")
        return redirect(url_for("admin.plugins"))
    if _hurry():
        return redirect(url_for("admin.plugins", switched=plugin_id, to=to))
    if to == "on":
        text = _("%(name)s is on the list of plugins. Restart the helpdesk to take it up.", name=title)
    else:
        text = _("%(name)s is off the list of plugins. Restart the helpdesk to let it go.", name=title)
    flash(text, "warning")
    return redirect(url_for("admin.plugins"))


def _hurry() -> bool:
    switch = current_switch()
    if switch is not None:
        switch.hurry()
    return switch is not None


def _waiting() -> dict[str, Any] | None:
    """Return what the page says of a plugin that was just switched: whether it is done, or when to look again."""
    plugin_id, to = request.args.get("switched", ""), request.args.get("to", "")
    state = next((each for each in current_desk().plugins if each.id == plugin_id), None)
    if state is None:
        return None
    round_ = request.args.get("look", default=1, type=int)
    again = url_for("admin.plugins", switched=plugin_id, to=to, look=round_ + 1)
    return {
        "title": state.title or state.id,
        "on": to == "on",
        "done": state.enabled == (to == "on"),
        "works": state.status in (PluginStatus.ACTIVE, PluginStatus.QUARANTINED),
        "reason": state.reason,
        "again": again if round_ < LOOKS else "",
        "here": url_for("admin.plugins"),
    }
