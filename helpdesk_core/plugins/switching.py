"""Enabling and disabling plugins, and bringing their tables up to date; none of it imports a plugin."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

import helpdesk_core
from helpdesk_core.db import migrate
from helpdesk_core.db.migrate import MigrationError, Status
from helpdesk_core.db.owners import CORE, CORE_ID, read_revisions
from helpdesk_core.errors import ConfigError, Conflict, NotFound
from helpdesk_core.plugins.checks import Unusable, check_distribution
from helpdesk_core.plugins.discovery import Discovered, discover, how_to_install
from helpdesk_core.plugins.records import upgrade_plugin
from helpdesk_core.settings import Config, enabled


@dataclass(frozen=True)
class Upgraded:
    """What `upgrade_all` did for one owner: the revisions that were run, or why they could not be."""

    owner: str
    done: tuple[str, ...] = ()
    problem: str | None = None


def enable(config: Config, engine: Engine, plugin_id: str, now: datetime) -> tuple[str, ...]:
    """Make or bring up to date the plugin's tables, then add it to the list; return the revisions that were run.

    The running helpdesk takes it up by itself. NotFound if it is not installed, Conflict if it does not fit,
    ConfigError if the list cannot be edited, MigrationError if its tables cannot be made: it is then not enabled.
    """
    if reason := enabled.pinned_by(config):
        raise ConfigError(reason)
    found = discover()
    plugin = found.get(plugin_id)
    if plugin is None:
        raise NotFound(f"The plugin {plugin_id} is not installed. {how_to_install(plugin_id, found)}")
    try:
        check_distribution(plugin, helpdesk_core.__version__)
    except Unusable as unusable:
        raise Conflict(f"The plugin {plugin_id} cannot be enabled: {unusable}") from None
    done = upgrade_plugin(engine, plugin, now)
    enabled.enable(config, plugin_id)
    return done


def disable(config: Config, plugin_id: str) -> None:
    """Take the plugin off the list; everything it stored is kept. NotFound if it is not on the list.

    What counts is the list as it is now: a plugin that was put there just now need not be loaded yet.
    """
    if plugin_id not in enabled.listed(config):
        raise NotFound(f"The plugin {plugin_id} is not enabled; `helpdesk plugins list` shows which are.")
    enabled.disable(config, plugin_id)


def upgrade_all(engine: Engine, plugin_ids: Iterable[str], now: datetime) -> list[Upgraded]:
    """Bring core's tables up to date, then those of the plugins, each after the ones it depends on.

    MigrationError if core's fail; a plugin's failure is noted in the result and stops nobody else.
    """
    results = [Upgraded(CORE_ID, migrate.upgrade(engine, CORE))]
    for plugin in _ordered(plugin_ids, discover()):
        try:
            results.append(Upgraded(plugin.id, upgrade_plugin(engine, plugin, now)))
        except MigrationError as error:
            results.append(Upgraded(plugin.id, problem=str(error)))
    return results


def status_all(engine: Engine) -> dict[str, Status | MigrationError]:
    """Return where the tables of core, of every installed plugin and of those that are gone stand, by owner."""
    with engine.connect() as connection:
        revisions = read_revisions(connection)
    found: dict[str, Status | MigrationError] = {}
    for owner in [CORE, *(plugin.owner() for plugin in discover().values())]:
        try:
            found[owner.id] = migrate.status(owner, revisions)
        except MigrationError as error:
            found[owner.id] = error
    gone = {owner_id: Status(revision, None, (), unknown=True) for owner_id, revision in revisions.items()}
    return gone | found


def _ordered(plugin_ids: Iterable[str], installed: Mapping[str, Discovered]) -> list[Discovered]:
    """Return the installed ones of the plugins, each behind those its distribution depends on."""
    waiting = [installed[each] for each in dict.fromkeys(plugin_ids) if each in installed]
    ordered: list[Discovered] = []
    while waiting:
        names = {plugin.distribution for plugin in waiting}
        ready = [each for each in waiting if not each.depends & (names - {each.distribution})]
        ordered += ready or waiting[:1]  # a circle is cut anywhere
        waiting = [each for each in waiting if each not in ordered]
    return ordered
