"""Where plugins take part in changes of the helpdesk itself."""

from collections.abc import Mapping, Sequence
from typing import Any

from helpdesk_core.actor import Actor
from helpdesk_core.administration.events import PluginSwitched, SettingsChanged
from helpdesk_core.hooks import hookspec


@hookspec.veto(since="0.1")
def settings_check(owner: str, values: Mapping[str, Any], actor: Actor) -> Sequence[str]:
    """Say what stands in the way of saving these settings, as sentences; nothing means go.

    `owner` is such as `core.site` or a plugin's id; `values` are the fields that were sent, as text or as JSON holds
    them, not yet checked by the schema. For what a schema cannot know, such as whether a server answers.
    """


@hookspec.after(since="0.1", event=SettingsChanged)
def settings_changed(event: SettingsChanged) -> None:
    """React to saved settings, after commit, in the worker; read the values from `desk.settings`."""


@hookspec.after(since="0.1", event=PluginSwitched)
def plugin_switched(event: PluginSwitched) -> None:
    """React to another plugin being switched on or off, purged, or let out of quarantine, on the page or by the API."""
