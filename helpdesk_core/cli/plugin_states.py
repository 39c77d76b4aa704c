"""How every plugin stands, as far as that shows without importing it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from sqlalchemy import Engine, inspect, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

import helpdesk_core
from helpdesk_core.db.migrate import MigrationError, status
from helpdesk_core.errors import NotFound
from helpdesk_core.plugins.checks import Unusable, check_distribution
from helpdesk_core.plugins.discovery import Discovered, discover, how_to_install
from helpdesk_core.plugins.models import HookBreaker
from helpdesk_core.plugins.records import Known, read_known
from helpdesk_core.plugins.registry import SAFE_MODE, PluginState, PluginStatus, in_quarantine
from helpdesk_core.settings import Config


def installed(plugin_id: str) -> Discovered:
    """Return an installed plugin; `NotFound` with the mend."""
    found = discover()
    if plugin_id not in found:
        raise NotFound(f"The plugin {plugin_id} is not installed. {how_to_install(plugin_id, found)}")
    return found[plugin_id]


def states(config: Config, engine: Engine | None, *, safe_mode: bool = False) -> list[PluginState]:
    """Return every known plugin: the enabled ones in their order, then the others by name.

    `active` means that nothing is known against it; whether its code works shows when it is loaded. Without a database
    (None) its tables are taken to be as they should. With `safe_mode` none is active, as none would be loaded.
    """
    found = discover()
    known = read_known(engine) if engine is not None else Known()
    broken = _breakers(engine) if engine is not None else {}
    enabled = list(dict.fromkeys(config.plugins.enabled))
    stated = [
        _state(plugin_id, found, known, broken, enabled=plugin_id in enabled, database=engine is not None)
        for plugin_id in [*enabled, *sorted({*found, *known.records} - set(enabled))]
    ]
    return [_left_out(state) if safe_mode else state for state in stated]


def _left_out(state: PluginState) -> PluginState:
    if not state.enabled or state.status is PluginStatus.MISSING:
        return state
    return replace(state, status=PluginStatus.DISABLED, reason=f"{SAFE_MODE} {state.reason}".rstrip())


def _state(
    plugin_id: str,
    found: Mapping[str, Discovered],
    known: Known,
    broken: dict[str, list[tuple[str, str]]],
    *,
    enabled: bool,
    database: bool,
) -> PluginState:
    plugin = found.get(plugin_id)
    record = known.records.get(plugin_id)
    state = PluginState(
        id=plugin_id,
        status=PluginStatus.ACTIVE if enabled else PluginStatus.DISABLED,
        enabled=enabled,
        version=plugin.version if plugin else record.version if record else "",
        distribution=plugin.distribution if plugin else record.distribution if record else "",
        summary=plugin.summary if plugin else "",
        adds={"tables": tuple(record.tables)} if record and record.tables else {},
    )
    if plugin is None:
        reason = f"It is not installed. {how_to_install(plugin_id, found, state.distribution)}"
        if record:
            reason += f" Its data is kept; helpdesk plugins purge {plugin_id} removes it."
        return replace(state, status=PluginStatus.MISSING, reason=reason)
    for wrong, reason in _against(plugin, known, broken.get(plugin_id, []), enabled=enabled, database=database):
        # A plugin that is off is off, whatever else would be wrong with it; the reason is good to know all the same.
        return replace(state, status=wrong if enabled else PluginStatus.DISABLED, reason=reason)
    return state


def _against(
    plugin: Discovered, known: Known, broken: list[tuple[str, str]], *, enabled: bool, database: bool
) -> Iterator[tuple[PluginStatus, str]]:
    try:
        check_distribution(plugin, helpdesk_core.__version__)
    except Unusable as unusable:
        yield unusable.status, str(unusable)
        return
    if database:
        try:
            tables = status(plugin.owner(), known.revisions)
        except MigrationError as error:
            yield PluginStatus.FAILED, str(error)
            return
        if tables.unknown:
            yield (
                PluginStatus.INCOMPATIBLE,
                f"Its tables are at revision {tables.current}, which {plugin.distribution} {plugin.version} does not "
                "know: install the newer version again.",
            )
        elif tables.pending:
            record = known.records.get(plugin.id)
            failed = f" The last try failed: {record.problem}" if record is not None and record.problem else ""
            if not (enabled or failed or tables.current):  # to switch it on makes them, so there is nothing to mend
                return
            yield (
                PluginStatus.NEEDS_MIGRATION,
                f"Its tables are not up to date: helpdesk db upgrade {plugin.id}.{failed}",
            )
    if broken:
        yield PluginStatus.QUARANTINED, in_quarantine(broken)


def _breakers(engine: Engine) -> dict[str, list[tuple[str, str]]]:
    try:
        if not inspect(engine).has_table(HookBreaker.__tablename__):
            return {}
        with Session(engine) as session:
            found: dict[str, list[tuple[str, str]]] = {}
            for breaker in session.scalars(select(HookBreaker)):
                found.setdefault(breaker.plugin, []).append((breaker.hook, breaker.reason))
            return found
    except DBAPIError:
        return {}
