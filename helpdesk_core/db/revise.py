"""Writing a new migration from what the models say, for core and for plugins."""

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import DropTableOp, ModifyTableOps
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Engine, MetaData

from helpdesk_core.db.base import JSONText, UTCDateTime
from helpdesk_core.db.engine import database_url, make_engine
from helpdesk_core.db.locking import exclusive
from helpdesk_core.db.migrate import MigrationError, alembic_config, downgrade, scripts, upgrade
from helpdesk_core.db.owners import CORE, CORE_ID, Owner, core_tables, tables_of


def revision(owner: Owner, message: str, *, requires: Iterable[Owner] = (), replace: bool = False) -> Path | None:
    """Write the migration that leads from the owner's scripts to its models; None if there is nothing to change.

    The comparison happens in a database of its own that is made for the purpose and thrown away, so no instance is
    touched. `requires` are the plugins whose tables this one points to. `replace` writes the newest revision again,
    which is right only as long as it has not been released.
    """
    if owner.folder is None or owner.metadata is None:
        raise MigrationError(f"{owner.label} has no tables: set `models` in the plugin class first.")
    core_tables()  # all of them have to be known, also for keys of plugins
    owner.folder.mkdir(exist_ok=True)
    count = len(list(scripts(owner).walk_revisions()))
    with tempfile.TemporaryDirectory() as folder:
        engine = make_engine(database_url("sqlite:///scratch.db", Path(folder)))
        try:
            for each in (CORE, *requires):
                if each.id != owner.id:
                    upgrade(engine, each)
            upgrade(engine, owner)
            if replace and count:
                downgrade(engine, owner, "-1")
                Path(scripts(owner).get_revision("head").path).unlink()
                count -= 1
            return _write(engine, owner, message, f"{count + 1:04}")
        finally:
            engine.dispose()


def differences(connection: Connection, owner: Owner) -> list[Any]:
    """Return how the owner's tables differ from its models, as Alembic's directives; empty when they agree."""
    core_tables()
    context = MigrationContext.configure(connection, opts=comparison_options(owner, connection))
    found: list[Any] = compare_metadata(context, owner.metadata or MetaData())
    return found


def comparison_options(owner: Owner, connection: Connection) -> dict[str, Any]:
    """Return the options that make Alembic compare the tables of one owner and overlook all others."""
    known = set(owner.metadata.tables) if owner.metadata is not None else set()

    def include_name(name: str | None, kind: str, _parents: object) -> bool:
        if kind != "table" or name is None:
            return True
        return name in known or name in mine

    mine = tables_of(owner.id, connection.dialect.get_table_names(connection))
    return {
        "version_table": owner.version_table,
        "target_metadata": owner.metadata,
        "include_name": include_name,
        "render_as_batch": True,
        "render_item": _render_item(owner),
        "compare_server_default": True,
    }


def _write(engine: Engine, owner: Owner, message: str, revision_id: str) -> Path | None:
    def tidy(_context: object, _revision: object, directives: list[Any]) -> None:
        if directives[0].upgrade_ops.is_empty():
            directives.clear()
            return
        # A dropped table takes its indexes with it, and MariaDB refuses to drop one that a foreign key uses.
        down = directives[0].downgrade_ops
        dropped = {each.table_name for each in down.ops if isinstance(each, DropTableOp)}
        down.ops = [each for each in down.ops if not (isinstance(each, ModifyTableOps) and each.table_name in dropped)]

    with exclusive(engine) as connection:
        options = comparison_options(owner, connection) | {"process_revision_directives": tidy}
        config = alembic_config(owner, connection=connection, options=options)
        written = command.revision(config, message, autogenerate=True, rev_id=revision_id)
    found = next(iter(written), None) if isinstance(written, list) else written
    if found is None:
        return None
    path = Path(found.path)
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.lstrip().startswith("# ###")), encoding="utf-8")
    return path


def _render_item(owner: Owner) -> Any:
    module = "helpdesk_core.db.base" if owner.id == CORE_ID else "helpdesk_core.api"

    def render(kind: str, item: Any, context: AutogenContext) -> str | bool:
        if kind == "type" and isinstance(item, UTCDateTime | JSONText):
            context.imports.add(f"from {module} import {type(item).__name__}")
            return f"{type(item).__name__}()"
        return False

    return render
