"""One engine for three databases: SQLite by default, PostgreSQL and MariaDB when a site grows."""

import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry

from helpdesk_core.errors import ConfigError

DRIVERS = {
    "sqlite": "sqlite+pysqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "mysql": "mariadb+pymysql",
    "mariadb": "mariadb+pymysql",
}
BUSY_SECONDS = 15.0
TRUSTED_SECONDS = 1.0
"""How long after its last use a connection is taken to be alive, without asking the server."""


def database_url(text: str, base: Path | None = None) -> URL:
    """Return the URL with the driver we use; a relative SQLite path counts from `base` (the instance folder)."""
    try:
        url = make_url(text)
    except ArgumentError:
        raise ConfigError(
            f"[database] url = {text!r} is not a database URL; write sqlite:///helpdesk.db, "
            "postgresql://user:password@host/name or mariadb://user:password@host/name"
        ) from None
    family = url.drivername.split("+")[0]
    if family not in DRIVERS:
        raise ConfigError(f"[database] url: {family!r} is not supported; use sqlite, postgresql or mariadb")
    if "+" not in url.drivername:
        url = url.set(drivername=DRIVERS[family])
    if family == "sqlite" and url.database and url.database != ":memory:" and base is not None:
        url = url.set(database=str(base / url.database))
    if family in ("mysql", "mariadb"):
        url = url.update_query_dict({"charset": "utf8mb4"})
    return url


def make_engine(url: URL, *, pool_size: int = 10) -> Engine:
    """Return an engine whose transactions behave alike on the three databases.

    Reads and writes are told apart by the execution option `helpdesk_write`: on SQLite a write begins with
    `BEGIN IMMEDIATE`, so that two writers queue instead of failing half-way. Isolation is READ COMMITTED elsewhere.
    """
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url)
    options: dict[str, Any] = {"pool_size": pool_size, "max_overflow": 2 * pool_size, "pool_use_lifo": True}
    options["isolation_level"] = "READ COMMITTED"
    options["hide_parameters"] = True  # errors are logged, and parameters are what people wrote
    if url.get_backend_name() in ("mysql", "mariadb"):
        options["pool_recycle"] = 3600
    engine = create_engine(url, **options)
    _ask_whether_alive(engine)
    return engine


def _ask_whether_alive(engine: Engine) -> None:
    """Replace connections that the server has closed meanwhile, and all others with the first one that it has.

    Each question is a way to the server and back, and a page under load finds a connection that was used just now.
    """

    @event.listens_for(engine, "checkin")
    def note(_connection: Any, record: ConnectionPoolEntry) -> None:
        record.info["used"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def ask(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
        used = record.info.get("used")
        if used is None or time.monotonic() - used < TRUSTED_SECONDS:
            return
        try:
            alive = engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error:
            alive = False
        if not alive:
            raise InvalidatePoolError


def reading(engine: Engine) -> Engine:
    """Return the same engine for transactions that only read.

    On PostgreSQL they are none, for each statement there sees what is committed anyway: that saves two of the ways to
    the server and back that a page takes.
    """
    return engine.execution_options(isolation_level="AUTOCOMMIT") if engine.name == "postgresql" else engine


class SQLiteConnection(sqlite3.Connection):
    """A connection that ends with its last user if it is `is_shared` by a thread that was given up and may be using it.

    Closing it under that thread would end the process.
    """

    is_shared = False

    def close(self) -> None:
        """Close it, or leave that to who lets go of it last."""
        if not self.is_shared:
            super().close()


def _sqlite_engine(url: URL) -> Engine:
    engine = create_engine(
        url,
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False, "factory": SQLiteConnection},
        pool_size=20,
        max_overflow=40,
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # the driver's own transactions break savepoints
        connection.create_function("lower", 1, _lower, deterministic=True)
        _use_wal(connection)
        for pragma in (
            "foreign_keys=ON",
            "synchronous=FULL",  # a mail that was accepted survives a power cut
            "temp_store=MEMORY",
            "cache_size=-32000",
            "mmap_size=268435456",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("helpdesk_write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch a new file to write-ahead logging; of two processes that do so at once SQLite lets one fail, unwaited."""
    end = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)


def _lower(value: str | int | float | bytes | None) -> str | int | float | bytes | None:
    """SQLite's own lower() knows ASCII only."""
    return value.lower() if isinstance(value, str) else value
