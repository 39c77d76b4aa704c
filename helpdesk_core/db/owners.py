"""Whose a table is: core's, or a plugin's; each owner has its own migrations and its own version table."""

import importlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, MetaData, column, inspect, literal, select, table, union_all

import helpdesk_core
from helpdesk_core.db.base import Base

CORE_ID: Final = "core"
_SUFFIX: Final = "_version"


@dataclass(frozen=True)
class Owner:
    """Core or a plugin, as migrations see it.

    `folder` holds the migration scripts themselves; `None` for a plugin without tables. `metadata` is needed to write
    new migrations only.
    """

    id: str
    folder: Path | None
    metadata: MetaData | None = None

    @property
    def version_table(self) -> str:
        """Return the name of the table that holds the revision this owner's tables are at."""
        return version_table(self.id)

    @property
    def label(self) -> str:
        """Return the name for messages."""
        return "The core" if self.id == CORE_ID else f"The plugin {self.id}"


CORE: Final = Owner(CORE_ID, Path(__file__).parent / "migrations", Base.metadata)


def core_tables() -> set[str]:
    """Return the names of core's tables, after importing the `models` of every feature that has some."""
    for path in Path(helpdesk_core.__file__).parent.glob("*/models.py"):
        importlib.import_module(f"{helpdesk_core.__name__}.{path.parent.name}.models")
    importlib.import_module("helpdesk_core.db.generation")
    return set(Base.metadata.tables)


def version_table(owner_id: str) -> str:
    """Return the name of an owner's version table: `helpdesk_version` for core, else `<id>_version`."""
    return "helpdesk" + _SUFFIX if owner_id == CORE_ID else owner_id + _SUFFIX


def tables_of(owner_id: str, tables: Iterable[str], *, ids: Collection[str] = ()) -> set[str]:
    """Return those of the tables that belong to the owner, version tables left out.

    A table is the plugin's whose id and `_` it starts with; of several such plugins it is the one's with the longest id
    (`search_tantivy_docs` is not of `search`). Known ids are `ids` and those with a version table among the tables.
    """
    names = set(tables)
    plugins = {name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX)} | set(ids)
    plugins -= {"helpdesk", CORE_ID}
    if owner_id != CORE_ID:
        plugins.add(owner_id)
    core = core_tables()

    def owner(name: str) -> str:
        if name in core:
            return CORE_ID
        return max((each for each in plugins if name.startswith(each + "_")), key=len, default=CORE_ID)

    return {name for name in names if not name.endswith(_SUFFIX) and owner(name) == owner_id}


def read_revisions(connection: Connection, tables: Iterable[str] | None = None) -> dict[str, str]:
    """Return the revision each owner's tables are at, by owner id, for all owners with two queries.

    `tables` are the names of all tables if the caller has read them already.
    """
    known = inspect(connection).get_table_names() if tables is None else tables
    names = [name for name in known if name.endswith(_SUFFIX)]
    if not names:
        return {}
    parts = [select(literal(name), table(name, column("version_num")).c.version_num) for name in names]
    found = {}
    for name, revision in connection.execute(union_all(*parts)):
        owner_id = name.removesuffix(_SUFFIX)
        found[CORE_ID if owner_id == "helpdesk" else owner_id] = revision
    return found
