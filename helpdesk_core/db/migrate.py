"""Bringing the tables of core and of each plugin to the revision that the installed package wants.

Every owner has a folder of Alembic scripts and a version table, so that removing a plugin never touches the
migrations of anybody else. There is no `alembic.ini`, and one `env.py` for all: these functions are the way in.
"""

import io
import threading
from argparse import Namespace
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationInfo
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from helpdesk_core.db.locking import exclusive, transactional_ddl
from helpdesk_core.db.owners import Owner, read_revisions
from helpdesk_core.errors import HelpdeskError

_ONE_AT_A_TIME: Final = threading.Lock()
"""Alembic's `op`, which every script uses, stands for one migration per process."""


class MigrationError(HelpdeskError):
    """A migration could not be run; the message says what state the database is in, and what to do."""

    code = "migration"


@dataclass(frozen=True)
class Status:
    """Where an owner's tables stand: `pending` revisions in order; `unknown` if the package does not know `current`."""

    current: str | None
    head: str | None
    pending: tuple[str, ...]
    unknown: bool = False

    @property
    def is_current(self) -> bool:
        """Whether there is nothing to do."""
        return not self.pending and not self.unknown


def scripts(owner: Owner) -> ScriptDirectory:
    """Return the owner's migration scripts; MigrationError if they cannot be read or do not form one line."""
    try:
        found = ScriptDirectory.from_config(alembic_config(owner))
        found.get_current_head()
    except CommandError as error:
        raise MigrationError(f"{owner.label}: its migrations do not form one line: {error}") from error
    except Exception as error:
        raise MigrationError(f"{owner.label}: a migration cannot be read: {_one_line(error)}") from error
    return found


def status(owner: Owner, revisions: Mapping[str, str]) -> Status:
    """Compare the revision in the database (from `read_revisions`) with the scripts of the installed package."""
    current = revisions.get(owner.id)
    if owner.folder is None:
        return Status(current, None, (), unknown=current is not None)
    directory = scripts(owner)
    line = _line(directory)
    if current is not None and current not in line:
        return Status(current, directory.get_current_head(), (), unknown=True)
    return Status(current, directory.get_current_head(), tuple(line[line.index(current) + 1 :] if current else line))


def read_status(engine: Engine, owner: Owner) -> Status:
    """Return where the owner's tables stand in this database."""
    with engine.connect() as connection:
        return status(owner, read_revisions(connection))


def upgrade(engine: Engine, owner: Owner, target: str = "head") -> tuple[str, ...]:
    """Run what is pending and return the revisions that were run; two processes that try at once do it once.

    MigrationError if a script fails: SQLite and PostgreSQL are then as before, MariaDB stands where it stopped.
    """
    if target == "head" and read_status(engine, owner).is_current:
        return ()
    return _run(engine, owner, lambda config: command.upgrade(config, target))


def downgrade(engine: Engine, owner: Owner, target: str = "base") -> tuple[str, ...]:
    """Go back to a revision, or to nothing at all (`base`), and return the revisions that were undone."""
    return _run(engine, owner, lambda config: command.downgrade(config, target))


def alembic_config(owner: Owner, **attributes: Any) -> Config:
    """Return what Alembic's commands need for an owner; `attributes` are for `db/alembic/env.py`."""
    config = Config(stdout=io.StringIO(), cmd_opts=Namespace(quiet=True))
    for key, value in {
        "script_location": Path(__file__).parent / "alembic",
        "version_locations": owner.folder,
        "path_separator": "newline",
        "file_template": "v%(rev)s_%(slug)s",
    }.items():
        config.set_main_option(key, str(value).replace("%", "%%"))
    config.attributes.update(attributes)
    return config


def _run(engine: Engine, owner: Owner, run: Callable[[Config], None]) -> tuple[str, ...]:
    if owner.folder is None:
        return ()
    done: list[str] = []

    def applied(*, step: MigrationInfo, **_rest: Any) -> None:
        done.extend(step.up_revision_ids)

    options = {"version_table": owner.version_table, "transaction_per_migration": True, "on_version_apply": applied}
    with _ONE_AT_A_TIME:
        try:
            with exclusive(engine) as connection:
                if status(owner, read_revisions(connection)).unknown:
                    raise MigrationError(unknown_revision(owner))
                if not transactional_ddl(engine):
                    connection.commit()
                run(alembic_config(owner, connection=connection, options=options))
        except HelpdeskError:
            raise
        except Exception as error:
            raise MigrationError(_failure(engine, owner, done, error)) from error
    return tuple(done)


def unknown_revision(owner: Owner) -> str:
    """Return the sentence for a database that is ahead of the installed package."""
    return (
        f"{owner.label}: its tables are of a newer version than the installed package; "
        "install the newer package again (nothing is downgraded by itself)."
    )


def _line(directory: ScriptDirectory) -> list[str]:
    """Return all revisions from the first to the head."""
    return [script.revision for script in reversed(list(directory.walk_revisions()))]


def _failure(engine: Engine, owner: Owner, done: list[str], error: Exception) -> str:
    if transactional_ddl(engine):
        state = "The database is as it was before."
    else:
        state = (
            "MariaDB cannot undo changes of tables, so it stands where the migration stopped: restore the backup, "
            "or finish the change by hand."
        )
    after = f" after {done[-1]}" if done else ""
    return f"{owner.label}: the migration{after} failed: {_one_line(error)}. {state}"


def _one_line(error: Exception) -> str:
    cause = error.orig if isinstance(error, SQLAlchemyError) and hasattr(error, "orig") and error.orig else error
    lines = str(cause).strip().splitlines()
    return f"{type(cause).__name__}: {lines[0]}" if lines else type(cause).__name__
