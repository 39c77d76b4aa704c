"""What admins change about the helpdesk itself, each with an event, so that the record of changes is whole."""

from collections.abc import Mapping
from typing import Any

from helpdesk_core.actor import Actor
from helpdesk_core.administration import hooks
from helpdesk_core.administration.events import PluginSwitched, SettingsChanged
from helpdesk_core.events.base import Event
from helpdesk_core.plugins import switching
from helpdesk_core.plugins.purge import Purged, purge
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.settings.effective import Change
from helpdesk_core.users.permissions import require


def save_settings(desk: Helpdesk, actor: Actor, owner: str, values: Mapping[str, Any]) -> tuple[Change, ...]:
    """Store settings of one owner and put them in force; needs `settings.manage`. `Invalid` names what does not fit."""
    require(actor, "settings.manage")
    desk.hooks.veto(hooks.settings_check, owner=owner, values=values, actor=actor)
    with desk.begin(actor) as tx:
        changes = desk.settings.save(tx.session, owner, values, actor.user_id)
        if changes:
            tx.record(SettingsChanged(owner=owner, keys=[each.key for each in changes]))
        tx.afterwards(lambda: _put_in_force(desk))
    return changes


def _put_in_force(desk: Helpdesk) -> None:
    with desk.read() as session:
        desk.settings.refresh(session)


def enable_plugin(desk: Helpdesk, actor: Actor, plugin_id: str) -> tuple[str, ...]:
    """Make the plugin's tables and put it on the list of the file; return the revisions that were run.

    Needs `plugin.manage`. Errors as of `switching.enable`.
    """
    require(actor, "plugin.manage")
    done = switching.enable(desk.config, desk.engine, plugin_id, desk.now())
    _record(desk, actor, PluginSwitched(plugin=plugin_id, what="enabled"))
    return done


def disable_plugin(desk: Helpdesk, actor: Actor, plugin_id: str) -> None:
    """Take the plugin off the list of the file; what it stored is kept. Needs `plugin.manage`."""
    require(actor, "plugin.manage")
    switching.disable(desk.config, plugin_id)
    _record(desk, actor, PluginSwitched(plugin=plugin_id, what="disabled"))


def purge_plugin(desk: Helpdesk, actor: Actor, plugin_id: str, typed_name: str, *, keep_copy: bool) -> Purged:
    """Remove all that a disabled plugin stored, with a copy in `dumps/` of the instance if asked.

    Needs `plugin.manage`. Errors as of `plugins.purge`.
    """
    require(actor, "plugin.manage")
    folder = desk.config.instance / "dumps" / f"{plugin_id}-{desk.now():%Y%m%d-%H%M%S}"
    done = purge(desk, plugin_id, typed_name, folder if keep_copy else None)
    _record(desk, actor, PluginSwitched(plugin=plugin_id, what="purged"))
    return done


def close_breaker(desk: Helpdesk, actor: Actor, plugin_id: str, hook: str) -> None:
    """Let a hook in quarantine be called again; needs `plugin.manage`."""
    require(actor, "plugin.manage")
    desk.hooks.close_breaker(plugin_id, hook)
    _record(desk, actor, PluginSwitched(plugin=plugin_id, what="breaker_closed", hook=hook))


def _record(desk: Helpdesk, actor: Actor, event: Event) -> None:
    with desk.begin(actor) as tx:
        tx.record(event)
