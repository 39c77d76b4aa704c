"""Removing all that a plugin stored, also when its package is gone; the one thing here that cannot be undone."""

import base64
import json
import shutil
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    MetaData,
    and_,
    column,
    delete,
    exists,
    func,
    inspect,
    select,
    table,
    text,
)
from sqlalchemy.orm import Session

from helpdesk_core.db.generation import LENDING, REFERENCE, bump
from helpdesk_core.db.locking import exclusive
from helpdesk_core.db.owners import core_tables, tables_of, version_table
from helpdesk_core.errors import Conflict, Invalid, NotFound
from helpdesk_core.plugins.models import PluginRecord
from helpdesk_core.plugins.plugin import own_folder
from helpdesk_core.settings import enabled
from helpdesk_core.settings.sections import PLUGIN_ID
from helpdesk_core.settings.store import TOPIC as SETTINGS

if TYPE_CHECKING:
    from helpdesk_core.runtime import Helpdesk

ROWS: Final = {
    "settings": "owner",
    "scheduled_jobs": "owner",
    "deliveries": "subscriber",
    "hook_breakers": "plugin",
    "lent_roles": "plugin",
    "plugin_records": "id",  # the last, so that a purge that was cut short can be repeated
}
"""Tables of core that hold rows of plugins, and the column with the plugin's id."""


@dataclass(frozen=True)
class Purged:
    """What was removed: the plugin's own tables, how many rows of core's, the folder of its own files if there was one.

    `dump` is the folder with a copy.
    """

    tables: tuple[str, ...]
    rows: dict[str, int]
    dump: Path | None = None
    folder: Path | None = None


def purge(desk: "Helpdesk", plugin_id: str, typed_name: str, dump_to: Path | None = None) -> Purged:
    """Drop the plugin's tables and delete its settings, jobs, deliveries, breakers, permissions in roles and own files.

    Roles that people have because of the plugin alone are taken. Events stay: they are the history of tickets.
    `typed_name` is what a person typed to confirm, `dump_to` a new folder that gets a file of JSON Lines for each table
    first, and the files. Invalid if the name was not typed, Conflict if the plugin is enabled, another one's tables
    point to its tables or its files cannot be removed, NotFound if nothing is stored of it.
    """
    if typed_name != plugin_id:
        raise Invalid({"name": [f"Type {plugin_id} to remove all that the plugin stored."]})
    if plugin_id in enabled.listed(desk.config):
        raise Conflict(f"The plugin {plugin_id} is enabled. Disable it first: helpdesk plugins disable {plugin_id}")
    if plugin_id in desk.config.plugins.enabled:
        raise Conflict(f"The plugin {plugin_id} was disabled just now and is still at work. Try again in a moment.")
    with exclusive(desk.engine) as connection:
        own, version = _own_tables(connection, plugin_id)
        with Session(connection) as session:
            bump(session, LENDING)
        conditions = {"grants": column("id").in_(_lent(connection, plugin_id)), **_rows(plugin_id)}
        counts = {name: len(connection.execute(_all(name, mine)).all()) for name, mine in conditions.items()}
        folder = own_folder(desk.config.instance, plugin_id)
        # An id is asked for as it is written in the database, so only a usable one becomes part of a path.
        has_files = bool(PLUGIN_ID.fullmatch(plugin_id)) and folder.is_dir()
        if not own and version is None and not has_files and not any(counts.values()):
            raise NotFound(f"Nothing is stored of a plugin {plugin_id}.")
        _refuse_if_needed_by_others(connection, own)
        if dump_to is not None:
            _dump(connection, dump_to, own, conditions)
        _drop(connection, [*own, *([version] if version else [])])
        for name, mine in conditions.items():
            connection.execute(delete(table(name)).where(mine))
        with Session(connection) as session:
            bump(session, SETTINGS)
            bump(session, REFERENCE)
            session.flush()
    if has_files:  # last, since it cannot be rolled back; a purge that ends here can be repeated
        _remove_files(folder, dump_to)
    return Purged(
        tuple(own),
        {name: count for name, count in counts.items() if count},
        dump_to,
        folder if has_files else None,
    )


def _remove_files(folder: Path, dump_to: Path | None) -> None:
    try:
        if dump_to is not None:
            shutil.move(folder, dump_to / "files")
        else:
            shutil.rmtree(folder)
    except OSError as error:
        raise Conflict(f"All else is removed; remove the folder {folder} by hand: {error}") from error


def _own_tables(connection: Connection, plugin_id: str) -> tuple[list[str], str | None]:
    names = set(inspect(connection).get_table_names())
    recorded = connection.execute(select(PluginRecord.tables).where(PluginRecord.id == plugin_id)).scalar() or []
    version = version_table(plugin_id)
    own = (tables_of(plugin_id, names) | set(recorded)) & names - core_tables()
    return sorted(own - {version}), version if version in names else None


def _rows(plugin_id: str) -> dict[str, ColumnElement[bool]]:
    conditions: dict[str, ColumnElement[bool]] = {
        "role_permissions": column("permission").startswith(f"{plugin_id}.", autoescape=True)
    }
    return conditions | {name: column(key) == plugin_id for name, key in ROWS.items()}


def _lent(connection: Connection, plugin_id: str) -> list[int]:
    """Return the grants that are there because of the plugin, and of no other."""
    lent = table("lent_roles", *(column(name) for name in ("plugin", "user_id", "role_id", "department_id")))
    grants = table("grants", *(column(name) for name in ("id", "user_id", "role_id", "department_id")))
    other = lent.alias()

    def same(one: Any) -> ColumnElement[bool]:
        where = func.coalesce(one.c.department_id, 0) == func.coalesce(grants.c.department_id, 0)
        return and_(one.c.user_id == grants.c.user_id, one.c.role_id == grants.c.role_id, where)

    query = select(grants.c.id).join(lent, same(lent)).where(lent.c.plugin == plugin_id)
    return list(connection.scalars(query.where(~exists().where(same(other), other.c.plugin != plugin_id))))


def _all(name: str, mine: ColumnElement[bool]) -> Any:
    return select(text("*")).select_from(table(name)).where(mine)


def _refuse_if_needed_by_others(connection: Connection, own: list[str]) -> None:
    inspector = inspect(connection)
    others = [name for name in inspector.get_table_names() if name not in own]
    for name in others:
        for key in inspector.get_foreign_keys(name):
            if key["referred_table"] in own:
                raise Conflict(
                    f"{name} points to {key['referred_table']}; purge the plugin that {name} belongs to first."
                )


def _drop(connection: Connection, names: list[str]) -> None:
    metadata = MetaData()
    metadata.reflect(connection, only=names)  # brings along core's tables that the keys point to; they stay
    metadata.drop_all(connection, tables=[metadata.tables[name] for name in names])


def _dump(connection: Connection, folder: Path, own: list[str], conditions: dict[str, ColumnElement[bool]]) -> None:
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise Conflict(f"{folder} exists already; name a new folder, so that no earlier dump is lost.") from None
    metadata = MetaData()
    metadata.reflect(connection, only=own, resolve_fks=False)
    selects: dict[str, Any] = {name: select(metadata.tables[name]) for name in own}
    selects |= {name: _all(name, mine) for name, mine in conditions.items()}
    for name, query in selects.items():
        with (folder / f"{name}.jsonl").open("w", encoding="utf-8") as file:
            for row in connection.execute(query.execution_options(yield_per=500)).mappings():
                file.write(json.dumps(dict(row), default=_as_json, ensure_ascii=False) + "\n")


def _as_json(value: object) -> str:
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return str(value)
