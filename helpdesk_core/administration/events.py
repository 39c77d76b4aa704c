"""What can happen to the helpdesk itself."""

from dataclasses import dataclass
from typing import ClassVar

from helpdesk_core.events.base import Event


@dataclass(frozen=True, kw_only=True)
class SettingsChanged(Event):
    """Settings were saved; `owner` is such as `core.site` or a plugin's id, `keys` names them. Values stay out."""

    type: ClassVar[str] = "settings.changed"
    owner: str
    keys: list[str]


@dataclass(frozen=True, kw_only=True)
class PluginSwitched(Event):
    """A plugin was switched on or off on the admin page, its data purged, or a breaker of a hook of it closed.

    `what` is `enabled`, `disabled`, `purged` or `breaker_closed`.
    """

    type: ClassVar[str] = "plugin.switched"
    plugin: str
    what: str
    hook: str = ""
