"""The connection a migration runs on: alone, in one transaction where the database can, and safe for SQLite's keys."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, Engine, text

from helpdesk_core.errors import HelpdeskError, Unavailable

WAIT_SECONDS: Final = 600
_LOCK_KEY: Final = int.from_bytes(hashlib.sha256(b"helpdesk migrations").digest()[:8], signed=True)


class BrokenReferences(HelpdeskError):
    """A migration left rows that point to nothing; it was undone."""

    code = "broken-references"


def transactional_ddl(engine: Engine) -> bool:
    """Tell whether the database can undo the change of a table (MariaDB cannot)."""
    return engine.dialect.name in ("sqlite", "postgresql")


@contextmanager
def exclusive(engine: Engine) -> Iterator[Connection]:
    """Open a connection that no other process migrates on at the same time; waits up to ten minutes for its turn.

    On SQLite and PostgreSQL everything done on it is one transaction, undone on an error.
    """
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            with _sqlite(connection):
                yield connection
        elif engine.dialect.name == "postgresql":
            with connection.begin():
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
                yield connection
        else:
            with _mariadb(connection):
                yield connection


@contextmanager
def _sqlite(connection: Connection) -> Iterator[None]:
    driver: Any = connection.connection.driver_connection
    # Changing a table means to build it anew and drop the old one; with keys enforced, the drop would delete the rows
    # that point to it. The setting counts only outside of a transaction.
    driver.execute("PRAGMA foreign_keys=OFF")
    before = driver.execute("PRAGMA busy_timeout").fetchone()[0]
    driver.execute(f"PRAGMA busy_timeout={WAIT_SECONDS * 1000}")
    try:
        with connection.execution_options(helpdesk_write=True).begin():
            yield
            broken = connection.execute(text("PRAGMA foreign_key_check")).first()
            if broken is not None:
                raise BrokenReferences(
                    f"Row {broken[1]} of the table {broken[0]} would point to a row of {broken[2]} that does not "
                    "exist; nothing was changed. Mend the row and upgrade again."
                )
    finally:
        driver.execute(f"PRAGMA busy_timeout={before}")
        driver.execute("PRAGMA foreign_keys=ON")


@contextmanager
def _mariadb(connection: Connection) -> Iterator[None]:
    # Such locks belong to the whole server, so the name holds the database's.
    database = hashlib.sha256((connection.engine.url.database or "").encode()).hexdigest()[:32]
    name = {"name": f"helpdesk_migrate_{database}"}
    if not connection.execute(text("SELECT GET_LOCK(:name, :wait)"), name | {"wait": WAIT_SECONDS}).scalar():
        raise Unavailable("Another process has been changing the tables for ten minutes. Look after it and try again.")
    connection.commit()
    try:
        yield
        connection.commit()
    finally:
        connection.rollback()
        connection.execute(text("SELECT RELEASE_LOCK(:name)"), name)
        connection.commit()
