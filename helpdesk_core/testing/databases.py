"""Empty databases for tests, on SQLite and on the servers that `HELPDESK_TEST_DATABASES` names.

`HELPDESK_TEST_DATABASES=sqlite,postgresql,mariadb` runs the tests that ask for `database_url` once on each; the default
is `sqlite`. `HELPDESK_TEST_POSTGRESQL_URL` and `HELPDESK_TEST_MARIADB_URL` name servers, each with an account that may
create databases.
"""

import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from helpdesk_core.db.engine import database_url
from helpdesk_core.testing.require import require

SERVERS = {
    "postgresql": "postgresql://postgres@127.0.0.1:5432/postgres",
    "mariadb": "mariadb://root@127.0.0.1:3306/",
}
CREATE = {
    "postgresql": "CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'",
    "mariadb": "CREATE DATABASE {name} CHARACTER SET utf8mb4",
}
DROPS = 20
"""How often dropping a database is tried, a second apart."""
DROP = {"postgresql": "DROP DATABASE {name} WITH (FORCE)", "mariadb": "DROP DATABASE {name}"}


def chosen_databases() -> tuple[str, ...]:
    """Return the kinds to test on, of `sqlite`, `postgresql` and `mariadb`, in the order the environment gives."""
    kinds = tuple(kind.strip() for kind in os.environ.get("HELPDESK_TEST_DATABASES", "sqlite").split(","))
    for kind in kinds:
        if kind != "sqlite" and kind not in SERVERS:
            raise pytest.UsageError(f"HELPDESK_TEST_DATABASES: {kind!r} is none of sqlite, {', '.join(SERVERS)}")
    return kinds


@contextmanager
def temporary_database(kind: str, folder: Path) -> Iterator[str]:
    """Give the URL of a new, empty database, and remove it afterwards; a SQLite file lies in `folder`.

    Skips the test, or fails it where `HELPDESK_REQUIRE` says so, if the server does not answer.
    """
    name = f"helpdesk_test_{secrets.token_hex(6)}"
    if kind == "sqlite":
        yield f"sqlite:///{folder / name}.db"
        return
    variable = f"HELPDESK_TEST_{kind.upper()}_URL"
    server = database_url(os.environ.get(variable, SERVERS[kind]))
    try:
        _execute(server.render_as_string(hide_password=False), CREATE[kind].format(name=name))
    except OperationalError as error:
        require(kind, False, mend=f"start it, or set {variable} ({error.orig})")
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        _drop(server.render_as_string(hide_password=False), DROP[kind].format(name=name))


def _drop(url: str, statement: str) -> None:
    """Drop a database; while the server itself tidies up in it (autovacuum), nobody else may send it away."""
    for _try in range(DROPS):
        try:
            _execute(url, statement)
            return
        except ProgrammingError as error:
            failed = error
            time.sleep(1)
    raise failed


def _execute(url: str, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(statement))
    finally:
        engine.dispose()
