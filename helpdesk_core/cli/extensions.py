"""The commands that plugins add: `helpdesk <plugin id> …`."""

from collections.abc import Sequence
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

import click

from helpdesk_core.cli.hooks import cli_commands
from helpdesk_core.cli.outcome import NotReady
from helpdesk_core.errors import ConfigError, Conflict, HelpdeskError
from helpdesk_core.hooks import HookFailed

if TYPE_CHECKING:
    from helpdesk_core.cli.context import Cli
    from helpdesk_core.runtime import Helpdesk


def words(cli: "Cli") -> list[str]:
    """Return the ids of the active plugins that have commands; none in safe mode, and none whose commands fail."""
    if cli.safe_mode or not cli.exists or not cli.config().plugins.enabled:
        return []
    with cli.desk() as desk:
        return [plugin_id for plugin_id in desk.hooks.implementers(cli_commands) if _answers(desk, plugin_id)]


def _answers(desk: "Helpdesk", plugin_id: str) -> bool:
    try:
        return bool(desk.hooks.collect_from(cli_commands, plugin_id))
    except HookFailed as error:
        click.echo(f"helpdesk: {error}", err=True)
        return False


class Unopened(click.Group):
    """What a plugin's commands do on a helpdesk that cannot be opened; those it says nothing of fail with the error."""

    def __init__(self, name: str, commands: Sequence[click.Command], error: Exception) -> None:
        """Keep the error, which the helpdesk was opened with."""
        super().__init__(name, {command.name or "": command for command in commands})
        self.error = error

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        """Return the command, or raise the error."""
        found = super().get_command(ctx, cmd_name)
        if found is None:
            raise self.error
        return found


def unopened(plugin_id: str, error: Exception) -> click.Group | None:
    """Return what the plugin offers without a helpdesk: what its class method `unopened_commands(error)` returns.

    It is asked whether it is enabled or not, since nobody can tell then. None if there is no such plugin or method,
    `NotReady` if its package is broken, as it is while it is being replaced.
    """
    for entry in entry_points(group="helpdesk.plugins", name=plugin_id):
        try:
            offered = getattr(entry.load(), "unopened_commands", None)
        except (Exception, SystemExit) as broken:
            raise NotReady(f"The plugin {plugin_id} cannot be loaded: {broken}. Install it again.") from broken
        if offered is not None:
            return Unopened(plugin_id, offered(error), error)
    return None


def group(cli: "Cli", plugin_id: str) -> click.Group | None:
    """Return the plugin's commands as one group, None if no such plugin is enabled.

    On a helpdesk that cannot be opened, or where the plugin is not enabled or does not work, they are those of
    `unopened`, if it has any; else the error goes on.
    """
    if not cli.exists:
        return unopened(plugin_id, ConfigError(f"There is no folder {cli.folder}. Make it with: helpdesk init"))
    from sqlalchemy.exc import DBAPIError

    try:
        return _opened(cli, plugin_id) or unopened(plugin_id, _not_enabled(plugin_id))
    except (HelpdeskError, DBAPIError, OSError) as error:
        found = unopened(plugin_id, error)
        if found is None and not entry_points(group="helpdesk.plugins", name=plugin_id):
            raise NotReady(f"The plugin {plugin_id} is enabled, and its package is not there: {error}") from error
        if found is None:
            raise
        return found


def _not_enabled(plugin_id: str) -> Conflict:
    return Conflict(f"The plugin {plugin_id} is not enabled. Enable it with: helpdesk plugins enable {plugin_id}")


def _opened(cli: "Cli", plugin_id: str) -> click.Group | None:
    """Return the plugin's commands as one group, None if no such plugin is enabled.

    `Conflict` if it does not work. The helpdesk stays open until the command has ended.
    """
    if plugin_id not in cli.config().plugins.enabled:
        return None
    if cli.safe_mode:
        raise Conflict(f"The plugin {plugin_id} is not loaded in safe mode; leave --safe-mode out.")
    context = click.get_current_context()
    desk = context.with_resource(cli.desk())
    if not desk.plugins.is_active(plugin_id):
        raise Conflict(f"The plugin {plugin_id} does not work: {desk.plugins.get(plugin_id).reason}")
    commands = desk.hooks.collect_from(cli_commands, plugin_id)
    if not commands:
        raise Conflict(f"The plugin {plugin_id} has no commands.")
    for command in commands:
        if not command.name:
            raise HelpdeskError(f"The plugin {plugin_id} gives {command!r} for a command; its author has to mend that.")
    plugin = desk.plugins.plugin(plugin_id)
    return click.Group(
        plugin_id, {command.name or "": command for command in commands}, help=f"{plugin.title}: {plugin.summary}"
    )
