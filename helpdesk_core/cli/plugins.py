"""`helpdesk plugins`: which there are, on and off. Listing and switching import no plugin, so that they always work."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from helpdesk_core.cli.context import Cli, json_option, pass_cli, print_json, print_table
from helpdesk_core.cli.outcome import Outcome, complain

if TYPE_CHECKING:
    from helpdesk_core.plugins.registry import PluginState


@click.group()
def plugins() -> None:
    """See plugins, switch them on and off, write one."""


@plugins.command("list")
@json_option
@click.option("--load", is_flag=True, help="Import the enabled ones, to see whether they really work.")
@pass_cli
def list_(cli: Cli, as_json: bool, load: bool) -> None:
    """Show every plugin that is installed, enabled or known from its data, with its status and the reason for it."""
    found = _loaded(cli) if load else _seen(cli)
    if as_json:
        print_json([state.as_dict() for state in found])
    elif not found:
        click.echo("No plugin is installed.")
    else:
        rows = [(state.id, state.version or "-", str(state.status), state.reason or state.summary) for state in found]
        print_table([("PLUGIN", "VERSION", "STATUS", ""), *rows])


@plugins.command()
@click.argument("name")
@pass_cli
def enable(cli: Cli, name: str) -> None:
    """Make the plugin's tables, and put it at the end of [plugins] enabled.

    A running helpdesk takes it up by itself.
    """
    from helpdesk_core.clock import utc_now
    from helpdesk_core.plugins import switching

    config = cli.config()
    with cli.engine(config) as engine:
        done = switching.enable(config, engine, name, utc_now())
    if done:
        click.echo(f"{name}: tables at revision {done[-1]}")
    click.echo(f"{name}: enabled")


@plugins.command()
@click.argument("name")
@pass_cli
def disable(cli: Cli, name: str) -> None:
    """Take the plugin off [plugins] enabled. All it has stored is kept; a running helpdesk lets it go by itself."""
    from helpdesk_core.plugins import switching

    switching.disable(cli.config(), name)
    click.echo(f"{name}: disabled; its data is kept")


@plugins.command()
@click.argument("name")
@click.option("--dump", type=click.Path(path_type=Path), help="Write what is removed to this new folder first.")
@click.option("--confirm", metavar="NAME", help="The plugin's name once more, instead of being asked for it.")
@pass_cli
def purge(cli: Cli, name: str, dump: Path | None, confirm: str | None) -> None:
    """Remove all that a disabled plugin has stored: tables, settings, jobs. This cannot be undone."""
    from helpdesk_core.plugins.purge import purge

    if confirm is None:
        click.echo(f"This removes all that the plugin {name} has stored, for good.", err=True)
        confirm = click.prompt("Type its name to go on", default="", show_default=False, err=True)
    with cli.desk(plugins=False) as desk:
        done = purge(desk, name, confirm, dump)
    if done.dump:
        click.echo(f"{done.dump}: a copy of what was removed")
    rows = ", ".join(f"{count} of {table}" for table, count in done.rows.items())
    click.echo(f"{name}: removed tables {', '.join(done.tables) or 'none'}; rows {rows or 'none'}")
    if done.folder:
        click.echo(f"{name}: removed {done.folder}; remove it on other machines of this helpdesk as well")


@plugins.command()
@click.argument("name")
@click.option("--folder", type=click.Path(path_type=Path), help="Where to write it; ./helpdesk-NAME by default.")
def new(name: str, folder: Path | None) -> None:
    """Begin a plugin: a small one that works, with a table, a page, a panel, settings and tests."""
    from helpdesk_core.cli.scaffolding import new_plugin

    made = new_plugin(name, folder or Path(f"helpdesk-{name.replace('_', '-')}"))
    click.echo(f"{made}\nTry it: pip install -e {made} && helpdesk plugins check {name}")


@plugins.command()
@click.argument("plugin")
@json_option
def check(plugin: str, as_json: bool) -> int:
    """Say whether PLUGIN (an installed one's name, or the folder of its project) keeps the rules for plugins."""
    from helpdesk_core.testing.conformance import check_plugin

    results = check_plugin(Path(plugin) if Path(plugin).is_dir() else plugin)
    if as_json:
        print_json([result.as_dict() for result in results])
    else:
        for result in results:
            click.echo(f"{result.word:<8} {result.rule}")
            for line in (*result.problems, *([result.skipped] if result.skipped else ())):
                click.echo(f"         {line}")
    return Outcome.NOT_DONE.value if any(result.problems for result in results) else Outcome.DONE.value


def _seen(cli: Cli) -> "list[PluginState]":
    from helpdesk_core.cli.plugin_states import states
    from helpdesk_core.errors import Unavailable

    config = cli.config()
    try:
        with cli.engine(config) as engine:
            return states(config, engine, safe_mode=cli.safe_mode)
    except Unavailable as error:
        complain(f"{error} What is known of tables is left out.")
        return states(config, None, safe_mode=cli.safe_mode)


def _loaded(cli: Cli) -> "list[PluginState]":
    with cli.desk() as desk:
        return list(desk.plugins)
