"""Discovery, loading, compatibility and switching of plugins."""

from helpdesk_core.plugins.breakers import DatabaseBreakers
from helpdesk_core.plugins.discovery import Discovered, discover
from helpdesk_core.plugins.loading import load_plugins
from helpdesk_core.plugins.plugin import Plugin
from helpdesk_core.plugins.records import upgrade_plugin
from helpdesk_core.plugins.registry import PluginRegistry, PluginState, PluginStatus

__all__ = [
    "DatabaseBreakers",
    "Discovered",
    "Plugin",
    "PluginRegistry",
    "PluginState",
    "PluginStatus",
    "discover",
    "load_plugins",
    "upgrade_plugin",
]
