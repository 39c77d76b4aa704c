"""`helpdesk db`: the tables of core and of each plugin. No plugin is imported, but for writing a new migration."""

from typing import TYPE_CHECKING

import click

from helpdesk_core.cli.context import Cli, json_option, pass_cli, print_json, print_table
from helpdesk_core.cli.outcome import Outcome, complain

if TYPE_CHECKING:
    from helpdesk_core.db.migrate import MigrationError, Status
    from helpdesk_core.db.owners import Owner
    from helpdesk_core.plugins.discovery import Discovered


@click.group()
def db() -> None:
    """Bring tables up to date; see how they stand."""


@db.command()
@json_option
@pass_cli
def status(cli: Cli, as_json: bool) -> int:
    """Show the revision of core's tables and of each plugin's.

    Ends with 5 if core's, or those of an enabled plugin, are not up to date.
    """
    from helpdesk_core.db.migrate import Status
    from helpdesk_core.plugins.switching import status_all

    config = cli.config()
    with cli.engine(config) as engine:
        found = status_all(engine)
    watched = {"core", *config.plugins.enabled}
    if as_json:
        print_json({owner: _as_dict(each) for owner, each in found.items()})
    else:
        print_table(
            [("OWNER", "REVISION", "STATE"), *((owner, *_as_row(each)) for owner, each in sorted(found.items()))]
        )
    behind = [owner for owner in watched & set(found) if not isinstance(s := found[owner], Status) or not s.is_current]
    return Outcome.TABLES.value if behind else Outcome.DONE.value


@db.command()
@click.argument("owner", required=False)
@pass_cli
def upgrade(cli: Cli, owner: str | None) -> int:
    """Bring the tables of core and of the enabled plugins up to date; or those of one plugin (or "core") only."""
    from helpdesk_core.clock import utc_now
    from helpdesk_core.db.migrate import upgrade
    from helpdesk_core.db.owners import CORE
    from helpdesk_core.plugins.records import upgrade_plugin
    from helpdesk_core.plugins.switching import Upgraded, upgrade_all

    config = cli.config()
    with cli.engine(config) as engine:
        if owner is None:
            results = upgrade_all(engine, config.plugins.enabled, utc_now())
        elif owner == CORE.id:
            results = [Upgraded(owner, upgrade(engine, CORE))]
        else:
            results = [Upgraded(owner, upgrade_plugin(engine, _installed(owner), utc_now()))]
    for result in results:
        if result.problem:
            complain(str(result.problem))
        else:
            click.echo(f"{result.owner}: {' '.join(result.done) or 'up to date'}")
    return Outcome.TABLES.value if any(result.problem for result in results) else Outcome.DONE.value


@db.command()
@click.argument("owner")
@click.argument("revision")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_cli
def downgrade(cli: Cli, owner: str, revision: str, yes: bool) -> None:
    """Take the tables of OWNER ("core" or a plugin) back to REVISION; "base" means to nothing at all.

    What the later revisions have added is lost.
    """
    from helpdesk_core.clock import utc_now
    from helpdesk_core.db import migrate
    from helpdesk_core.plugins.records import remember

    if not yes:
        click.confirm(f"This destroys data of {owner} that revision {revision} does not know. Go on?", abort=True)
    config = cli.config()
    with cli.engine(config) as engine:
        done = migrate.downgrade(engine, _owner(owner), revision)
        if owner != "core" and done:
            remember(engine, _installed(owner), utc_now(), changed=True)
    click.echo(f"{owner}: {'undone ' + ' '.join(done) if done else 'there was nothing to undo'}")


@db.command()
@click.argument("owner")
@click.option("-m", "--message", required=True, help="What the migration does: add a due date.")
@click.option("--replace", is_flag=True, help="Write the newest revision again; only while it is unreleased.")
def revision(owner: str, message: str, replace: bool) -> int:
    """Write the migration that leads from the scripts of OWNER ("core" or a plugin) to its models."""
    from dataclasses import replace as with_changes

    from helpdesk_core.db.owners import CORE
    from helpdesk_core.db.revise import revision
    from helpdesk_core.plugins.checks import Unusable, import_plugin

    def whole(plugin: "Discovered") -> "Owner":
        owner, folder = plugin.owner(), plugin.package_folder()
        if owner.folder is None and folder is not None:
            owner = with_changes(owner, folder=folder / "migrations")
        return with_changes(owner, metadata=import_plugin(plugin).models)

    if owner == CORE.id:
        path = revision(CORE, message, replace=replace)
    else:
        plugin = _installed(owner)
        try:
            required = [_installed(each) for each in import_plugin(plugin).requires]
            path = revision(whole(plugin), message, requires=[whole(each) for each in required], replace=replace)
        except Unusable as unusable:
            raise click.ClickException(f"The plugin {owner} cannot be used: {unusable}") from None
    click.echo(str(path) if path else f"{owner}: the scripts lead to what the models say; there is nothing to write.")
    return Outcome.DONE.value


def _owner(owner_id: str) -> "Owner":
    from helpdesk_core.db.owners import CORE

    return CORE if owner_id == CORE.id else _installed(owner_id).owner()


def _installed(plugin_id: str) -> "Discovered":
    from helpdesk_core.cli.plugin_states import installed

    return installed(plugin_id)


def _as_row(found: "Status | MigrationError") -> tuple[str, str]:
    said = _as_dict(found)
    return str(said["current"] or "-"), str(said["problem"] or said["state"])


def _as_dict(found: "Status | MigrationError") -> dict[str, object]:
    from helpdesk_core.db.migrate import Status

    if not isinstance(found, Status):
        return {"current": None, "head": None, "pending": [], "state": "unreadable", "problem": str(found)}
    state = "unknown" if found.unknown else "pending" if found.pending else "current" if found.head else "no tables"
    return {
        "current": found.current,
        "head": found.head,
        "pending": list(found.pending),
        "state": state,
        "problem": None if state != "unknown" else "The installed package does not know this revision.",
    }
