"""What the database says of plugins: the revisions of their tables, and what core recorded of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import Engine, inspect, select
from sqlalchemy.orm import Session

from helpdesk_core.db import migrate
from helpdesk_core.db.generation import bump
from helpdesk_core.db.migrate import MigrationError
from helpdesk_core.db.owners import read_revisions, tables_of
from helpdesk_core.plugins.discovery import Discovered
from helpdesk_core.plugins.models import PluginRecord

TABLES: Final = "plugin-tables"
"""The counter that grows when the tables of a plugin have been changed; see `helpdesk_core.db.generation`."""


@dataclass(frozen=True)
class Known:
    """What was read at one moment: revisions by owner, and records of plugins by id."""

    revisions: Mapping[str, str] = field(default_factory=dict)
    records: Mapping[str, PluginRecord] = field(default_factory=dict)


def read_known(engine: Engine) -> Known:
    """Read it with three small queries, however many plugins there are; empty before the first `db upgrade`."""
    with engine.connect() as connection:
        names = inspect(connection).get_table_names()
        revisions = read_revisions(connection, names)
        if PluginRecord.__tablename__ not in names:
            return Known(revisions)
        with Session(connection) as session:
            return Known(revisions, {record.id: record for record in session.scalars(select(PluginRecord))})


def upgrade_plugin(engine: Engine, plugin: Discovered, now: datetime) -> tuple[str, ...]:
    """Bring the plugin's tables up to date and record what it owns; return the revisions that were run.

    A failure is recorded too, so that the admin page shows it, and raised as MigrationError.
    """
    try:
        done = migrate.upgrade(engine, plugin.owner())
    except MigrationError as error:
        remember(engine, plugin, now, problem=str(error))
        raise
    remember(engine, plugin, now, changed=bool(done))
    return done


def remember(
    engine: Engine, plugin: Discovered, now: datetime, *, problem: str | None = None, changed: bool = False
) -> None:
    """Record which tables the plugin owns, so that they can be purged when its package is gone.

    With `changed` every running process is told to load its plugins anew.
    """
    names = inspect(engine).get_table_names()
    with Session(engine.execution_options(helpdesk_write=True)) as session, session.begin():
        record = session.get(PluginRecord, plugin.id)
        if record is None:
            record = PluginRecord(id=plugin.id, first_seen_at=now)
            session.add(record)
        record.distribution, record.version = plugin.distribution, plugin.version
        record.tables = sorted(tables_of(plugin.id, names))
        record.problem = problem
        record.last_active_at = now
        if changed:
            bump(session, TABLES)
