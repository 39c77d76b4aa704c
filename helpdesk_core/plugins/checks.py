"""What a plugin has to be before it is let in; each check raises `Unusable` with the status and the reason."""

import logging
import traceback
from collections.abc import Collection
from typing import Final

from marshmallow import Schema
from sqlalchemy import ForeignKey, MetaData

from helpdesk_core.db.base import Base
from helpdesk_core.db.migrate import MigrationError, status
from helpdesk_core.db.owners import core_tables, tables_of, version_table
from helpdesk_core.plugins.discovery import Discovered
from helpdesk_core.plugins.plugin import Plugin
from helpdesk_core.plugins.records import Known
from helpdesk_core.plugins.registry import PluginStatus
from helpdesk_core.settings.sections import PLUGIN_ID

_log = logging.getLogger(__name__)

# fmt: off
RESERVED: Final = frozenset({
    "admin", "api", "attachment", "audit", "core", "department", "desk", "event", "helpdesk", "message", "operation",
    "organisation", "participant", "plugin", "portal", "privacy", "report", "role", "settings", "ticket", "user",
})
# fmt: on
"""Words that core's own permissions, events, sections and addresses begin with."""
HARMLESS: Final = ("CASCADE", "SET NULL")
"""What a plugin's key into core may do when the row of core is deleted; else a disabled plugin would block core."""


class Unusable(Exception):
    """The plugin cannot be used; carries the status and the reason for people."""

    def __init__(self, status: PluginStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def check_distribution(plugin: Discovered, core_version: str) -> None:
    """Check what can be known without importing anything: one provider, a fitting range, files that are there."""
    if plugin.rival:
        raise Unusable(
            PluginStatus.FAILED,
            f"Two distributions offer it, {plugin.distribution} and {plugin.rival}; uninstall one of them.",
        )
    if reason := plugin.misfit(core_version):
        raise Unusable(PluginStatus.INCOMPATIBLE, reason)
    if plugin.package_folder() is None:
        raise Unusable(
            PluginStatus.MISSING,
            f"The files of {plugin.distribution} are gone; install it again: "
            f"pip install --force-reinstall {plugin.distribution}",
        )


def import_plugin(plugin: Discovered) -> type[Plugin]:
    """Import the plugin and return its class, with nothing left to be said against the class itself."""
    try:
        found = plugin.entry_point.load()
    except (Exception, SystemExit) as error:
        _log.exception("plugin %s cannot be imported", plugin.id)
        raise Unusable(PluginStatus.FAILED, f"It cannot be imported: {_place(error)}") from error
    if not (isinstance(found, type) and issubclass(found, Plugin)):
        raise Unusable(
            PluginStatus.FAILED, f"Its entry point {plugin.entry_point.value} is not a class derived from Plugin."
        )
    given = getattr(found, "id", None)
    if given != plugin.id:
        raise Unusable(
            PluginStatus.FAILED,
            f"Its class {found.__name__} has the id {given!r} and its entry point is called {plugin.id!r}; "
            "they have to be the same.",
        )
    return found


def check_class(plugin: type[Plugin], ids: Collection[str]) -> None:
    """Check id, tables, keys and event types; `ids` are all known plugins."""
    problem = _id_problem(plugin.id) or _types_problem(plugin) or _events_problem(plugin)
    if problem is None and plugin.models is not None:
        problem = _tables_problem(plugin, plugin.models, ids)
    if problem:
        raise Unusable(PluginStatus.FAILED, problem)


def check_database(plugin: Discovered, class_: type[Plugin], known: Known) -> None:
    """Check that the tables are those that the package expects."""
    owner = plugin.owner()
    if class_.models is not None and class_.models.tables and owner.folder is None:
        raise Unusable(PluginStatus.FAILED, "It has tables but no folder migrations/ in its package.")
    try:
        found = status(owner, known.revisions)
    except MigrationError as error:
        raise Unusable(PluginStatus.FAILED, str(error)) from error
    if found.unknown:
        raise Unusable(
            PluginStatus.INCOMPATIBLE,
            f"Its tables are at revision {found.current}, which {plugin.distribution} {plugin.version} does not know: "
            "a newer version has been at work. Install that again; nothing is downgraded by itself.",
        )
    if found.pending:
        record = known.records.get(plugin.id)
        failed = f" The last try failed: {record.problem}" if record is not None and record.problem else ""
        steps = "1 step" if len(found.pending) == 1 else f"{len(found.pending)} steps"
        behind = f"are {steps} behind the package" if found.current else "have not been made yet"
        raise Unusable(PluginStatus.NEEDS_MIGRATION, f"Its tables {behind}: helpdesk db upgrade {plugin.id}.{failed}")


def _id_problem(plugin_id: str) -> str | None:
    if not PLUGIN_ID.fullmatch(plugin_id) or plugin_id in RESERVED:
        return (
            f"Its id {plugin_id!r} cannot be used: small letters, digits and _ only, a letter first, and none of the "
            f"words that core uses itself ({', '.join(sorted(RESERVED))})."
        )
    taken = sorted(name for name in core_tables() if name.startswith(plugin_id + "_"))
    if taken:
        return f"Its id {plugin_id!r} cannot be used, because core has a table {taken[0]}; choose another id."
    return None


def _types_problem(plugin: type[Plugin]) -> str | None:
    """mypy says the same to authors who ask it."""
    settings: object = plugin.settings
    wanted = {
        "requires, a tuple of ids": isinstance(plugin.requires, tuple | list),
        "events, a tuple of event classes": isinstance(plugin.events, tuple | list),
        "models, a MetaData": isinstance(plugin.models, MetaData | None),
        "settings, a marshmallow schema class": settings is None
        or (isinstance(settings, type) and issubclass(settings, Schema)),
    }
    wrong = [what for what, right in wanted.items() if not right]
    return f"Its class states something else than is expected for {' and for '.join(wrong)}." if wrong else None


def _events_problem(plugin: type[Plugin]) -> str | None:
    for event in plugin.events:
        if not event.type.startswith(plugin.id + "."):
            return f"The type of its event {event.__name__} is {event.type!r}; let it begin with {plugin.id + '.'!r}."
    return None


def _tables_problem(plugin: type[Plugin], models: MetaData, ids: Collection[str]) -> str | None:
    if models is Base.metadata:
        return "Its models are in core's metadata; derive them from plugin_base(id) instead of Base."
    own = tables_of(plugin.id, models.tables, ids=ids)
    for name in models.tables:
        if name not in own:
            return f"Its table {name} has to be called {plugin.id}_… (and not end in _version)."
        if name == version_table(plugin.id):
            return f"Its table {name} has the name of the table for its revision; choose another."
    for table in models.tables.values():
        for key in table.foreign_keys:
            if problem := _key_problem(plugin, key, own):
                return problem
    return None


def _key_problem(plugin: type[Plugin], key: ForeignKey, own: Collection[str]) -> str | None:
    target = key.target_fullname.rpartition(".")[0]
    if target in own:
        return None
    where = f"The key {key.parent} to {key.target_fullname}"
    if (key.ondelete or "").upper() not in HARMLESS:
        return f'{where} has to say ondelete="CASCADE" or "SET NULL", so that the plugin never keeps a row from going.'
    if (key.ondelete or "").upper() == "SET NULL" and not key.parent.nullable:
        return f"{where} says SET NULL, but its column cannot be null."
    if target not in core_tables() and not tables_of_any(plugin.requires, target):
        return f"{where} points to a table that is neither core's nor of a plugin that it requires."
    return None


def tables_of_any(plugin_ids: Collection[str], table: str) -> bool:
    """Tell whether the table is one of these plugins'."""
    return any(table.startswith(each + "_") for each in plugin_ids)


def _place(error: BaseException) -> str:
    """Return the error on one line, with the file and line it comes from."""
    text = traceback.format_exception_only(error)[-1].strip()
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "importlib" not in frame.filename]
    if isinstance(error, SyntaxError):
        return f"{error.msg} ({error.filename}, line {error.lineno})"
    return f"{text} ({frames[-1].filename}, line {frames[-1].lineno})" if frames else text
