"""Plugins: their state, and switching them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from marshmallow import fields

from helpdesk_core.administration import service as administration
from helpdesk_core.db.migrate import MigrationError
from helpdesk_core.errors import ConfigError, Conflict, NotFound
from helpdesk_core.events.parked import hurry
from helpdesk_core.hooks import HookReport
from helpdesk_core.plugins.registry import PluginStatus
from helpdesk_core.rest.context import current_actor, current_desk
from helpdesk_core.rest.routing import Endpoints
from helpdesk_core.rest.views import Page
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.schemas import Input, Moment, Output, page_of
from helpdesk_core.settings import enabled

endpoints: Final = Endpoints("Plugins", "What completes this helpdesk.")

MANAGE: Final = "plugin.manage"


class PluginShown(Output):
    """A plugin that is installed, enabled, or has data here."""

    id = fields.String()
    status = fields.String(metadata={"enum": [str(each) for each in PluginStatus]})
    reason = fields.String(metadata={"description": "What to do about a status but active and disabled."})
    enabled = fields.Boolean(metadata={"description": "Whether it is on the list, loaded already or not."})
    title = fields.String()
    summary = fields.String()
    version = fields.String()
    distribution = fields.String()
    requires = fields.List(fields.String())
    adds = fields.Dict(fields.String(), fields.List(fields.String()), metadata={"description": "What it brings."})


PluginPage = page_of(PluginShown, "PluginPage")


class HookError(Output):
    """The latest failure of a hook."""

    id = fields.String(attribute="error_id", metadata={"description": "Under which it is found in the log."})
    at = Moment()
    summary = fields.String()


class HookShown(Output):
    """How a hook of a plugin has done in the process that answers."""

    hook = fields.String()
    calls = fields.Integer()
    errors = fields.Integer()
    slow = fields.Integer(metadata={"description": "How often somebody waited too long for it."})
    total_seconds = fields.Float()
    last_error = fields.Nested(HookError, allow_none=True)
    quarantine = fields.String(
        allow_none=True, metadata={"description": "Why it is not called any more, in no process; null if it is."}
    )


HookPage = page_of(HookShown, "HookPage")


class Purge(Input):
    """The confirmation that all that a plugin stored is to be removed."""

    name = fields.String(required=True, metadata={"description": "The plugin's id, once more."})
    keep_copy = fields.Boolean(
        load_default=True, metadata={"description": "Whether a copy is left in `dumps` of the instance."}
    )


class PurgedShown(Output):
    """What was removed."""

    tables = fields.List(fields.String(), metadata={"description": "The plugin's own tables."})
    rows = fields.Dict(fields.String(), fields.Integer(), metadata={"description": "How many rows of core's tables."})
    copy = fields.String(allow_none=True, metadata={"description": "The folder in `dumps` with the copy."})


@endpoints.get("/plugins", permission=MANAGE, returns=PluginPage)
def list_plugins() -> Page:
    """List every known plugin: the enabled ones in their order, then the others by name."""
    desk = current_desk()
    wanted = _wanted(desk)
    return Page([{**state.as_dict(), "enabled": state.id in wanted} for state in desk.plugins])


@endpoints.get("/plugins/<id>", permission=MANAGE, returns=PluginShown)
def read_plugin(id: str) -> dict[str, Any]:
    """Read the state of a plugin."""
    desk = current_desk()
    return {**desk.plugins.get(id).as_dict(), "enabled": id in _wanted(desk)}


@endpoints.post("/plugins/<id>/enable", permission=MANAGE, returns=PluginShown, status=202)
def enable_plugin(id: str) -> dict[str, Any]:
    """Make or update a plugin's tables and enable it; every process takes it up within two seconds."""
    desk = current_desk()
    with _possible():
        administration.enable_plugin(desk, current_actor(), id)
    return {**desk.plugins.get(id).as_dict(), "enabled": True}


@endpoints.post("/plugins/<id>/disable", permission=MANAGE, returns=PluginShown, status=202)
def disable_plugin(id: str) -> dict[str, Any]:
    """Disable a plugin; everything it stored is kept. Every process lets go of it within two seconds."""
    desk = current_desk()
    with _possible():
        administration.disable_plugin(desk, current_actor(), id)
    return {**desk.plugins.get(id).as_dict(), "enabled": False}


@endpoints.post("/plugins/<id>/purge", permission=MANAGE, body=Purge, returns=PurgedShown)
def purge_plugin(id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Remove all that a disabled plugin stored: its tables, settings, jobs and deliveries. It cannot be undone."""
    with _possible():
        done = administration.purge_plugin(
            current_desk(), current_actor(), id, body["name"], keep_copy=body["keep_copy"]
        )
    return {"tables": done.tables, "rows": done.rows, "copy": done.dump.name if done.dump else None}


@endpoints.get("/plugins/<id>/hooks", permission=MANAGE, returns=HookPage)
def list_hooks(id: str) -> Page:
    """List the hooks of a plugin: how often they were called and failed, how long they took, which are in quarantine.

    The counters are of the process that answers, since it started.
    """
    desk = current_desk()
    desk.plugins.get(id)
    reports = {line.hook: line for line in desk.hooks.report() if line.plugin_id == id}
    quarantined = {each.hook: each.reason for each in desk.hooks.breakers() if each.plugin_id == id}
    return Page([_hook(hook, reports.get(hook), quarantined.get(hook)) for hook in sorted({*reports, *quarantined})])


@endpoints.post("/plugins/<id>/hooks/<hook>/close", permission=MANAGE, returns=HookPage)
def close_breaker(id: str, hook: str) -> Page:
    """Let a hook in quarantine be called again, and deliver at once what has waited for it."""
    if hook not in {each["hook"] for each in list_hooks(id).items}:
        raise NotFound(f"The plugin {id} has no hook “{hook}”.")
    desk, actor = current_desk(), current_actor()
    administration.close_breaker(desk, actor, id, hook)
    hurry(desk, actor, id)
    return list_hooks(id)


def _wanted(desk: Helpdesk) -> tuple[str, ...]:
    """Return the list as the file has it now; as it was loaded, if somebody has just made the file unreadable."""
    try:
        return enabled.listed(desk.config)
    except ConfigError:
        return desk.config.plugins.enabled


def _hook(hook: str, line: HookReport | None, reason: str | None) -> dict[str, Any]:
    return {
        "hook": hook,
        "calls": line.calls if line else 0,
        "errors": line.errors if line else 0,
        "slow": line.slow if line else 0,
        "total_seconds": line.total_seconds if line else 0.0,
        "last_error": line.last_error if line else None,
        "quarantine": reason,
    }


@contextmanager
def _possible() -> Iterator[None]:
    """Tell the client what stands in the way, which for these errors is for admins to know."""
    try:
        yield
    except (ConfigError, MigrationError) as error:
        raise Conflict(str(error)) from error
