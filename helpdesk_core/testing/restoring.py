"""Putting a database on a server back to how it was when its tables had just been made.

It is to be as good as a new one: rows, and the counters that give rows their ids. What this cannot undo, changed
tables, it notices.
"""

import time
from collections.abc import Sequence
from contextlib import suppress

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from helpdesk_core.db.engine import database_url, make_engine

PATIENCE = 5.0
"""Seconds that connections of an earlier test may take to end."""


class Changed(Exception):
    """Raised for a database whose tables a test has changed, or which somebody does not let go."""


class Restorer:
    """A database on PostgreSQL or MariaDB, and all that is in it now.

    `kept` is the URL of an empty one, in which the rows are kept on MariaDB; PostgreSQL has schemas for that.
    """

    def __init__(self, url: str, kept: str) -> None:
        self.url = url
        self._engine = make_engine(database_url(url), pool_size=1).execution_options(isolation_level="AUTOCOMMIT")
        self._database: _PostgreSQL | _MariaDB
        with self._engine.connect() as connection:
            if self._engine.name == "postgresql":
                self._database = _PostgreSQL(connection)
            else:
                self._database = _MariaDB(connection, database_url(kept).database or "")
            self._shape = self._database.shape(connection)

    def restore(self) -> None:
        """Put back what was there at the beginning; Changed if that cannot be done."""
        with self._engine.connect() as connection:
            self._send_others_away(connection)
            if self._database.shape(connection) != self._shape:
                raise Changed
            self._database.put_back(connection)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def _send_others_away(self, connection: Connection) -> None:
        """End the connections of an earlier test, which are about to end by themselves or were left behind."""
        end = time.monotonic() + PATIENCE
        while others := connection.execute(text(self._database.OTHERS)).scalars().all():
            if time.monotonic() > end:
                raise Changed
            if time.monotonic() > end - PATIENCE + 0.2:
                for other in others:
                    self._database.end(connection, other)
            time.sleep(0.005)


class _PostgreSQL:
    OTHERS = """SELECT pid FROM pg_stat_activity
        WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"""
    TABLES = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
    COUNTERS = "SELECT sequencename, COALESCE(last_value, start_value), last_value IS NOT NULL FROM pg_sequences"
    # Every object has a number of its own, also one that took the place of another.
    SHAPE = """SELECT md5(string_agg(line, ',' ORDER BY line)) FROM (
        SELECT concat_ws(' ', oid, relname, relkind, relnatts) FROM pg_class WHERE relnamespace = 'public'::regnamespace
        UNION ALL SELECT concat_ws(' ', attrelid, attnum, attname, atttypid, atttypmod, attnotnull, atthasdef)
            FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
            WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
        UNION ALL SELECT concat_ws(' ', oid, convalidated) FROM pg_constraint
            WHERE connamespace = 'public'::regnamespace
        UNION ALL SELECT concat_ws(' ', oid, tgenabled) FROM pg_trigger
        UNION ALL SELECT oid::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        UNION ALL SELECT concat_ws(' ', adrelid, adnum, adbin) FROM pg_attrdef
        UNION ALL SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg_%'
    ) AS each (line)"""

    def __init__(self, connection: Connection) -> None:
        tables = sorted(connection.execute(text(self.TABLES)).scalars())
        connection.execute(text("CREATE SCHEMA kept"))
        filling = []
        for table in tables:
            if connection.execute(text(f'SELECT 1 FROM "{table}" LIMIT 1')).first():  # noqa: S608 - names of tables
                connection.execute(text(f'CREATE TABLE kept."{table}" AS TABLE public."{table}"'))
                columns = _stored_columns(connection, "public", table, '"')
                filling.append(f'INSERT INTO "{table}" ({columns}) SELECT {columns} FROM kept."{table}"')  # noqa: S608 - as above
        counters = [
            f"setval('\"{name}\"', {value}, {str(used).lower()})"
            for name, value, used in connection.execute(text(self.COUNTERS))
        ]
        self._back = (
            _at_once([f'DELETE FROM "{table}"' for table in tables]),  # noqa: S608 - as above
            _at_once(filling),
            f"SELECT {', '.join(counters)}",
        )

    def shape(self, connection: Connection) -> object:
        return connection.execute(text(self.SHAPE)).scalar_one()

    def put_back(self, connection: Connection) -> None:
        for statement in self._back:
            connection.exec_driver_sql(statement)

    def end(self, connection: Connection, other: int) -> None:
        connection.execute(text("SELECT pg_terminate_backend(:other)"), {"other": other})


class _MariaDB:
    OTHERS = "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"
    TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"
    COUNTERS = """SELECT table_name, auto_increment FROM information_schema.tables
        WHERE table_schema = DATABASE() AND auto_increment IS NOT NULL"""
    SHAPE = """SELECT CONCAT_WS(' ', table_name, ordinal_position, column_name, column_type, is_nullable,
            column_default, extra, generation_expression)
            FROM information_schema.columns WHERE table_schema = DATABASE()
        UNION ALL SELECT CONCAT_WS(' ', table_name, index_name, seq_in_index, column_name, non_unique, sub_part)
            FROM information_schema.statistics WHERE table_schema = DATABASE()
        UNION ALL SELECT CONCAT_WS(' ', table_name, constraint_name, referenced_table_name, update_rule, delete_rule)
            FROM information_schema.referential_constraints WHERE constraint_schema = DATABASE()
        UNION ALL SELECT CONCAT_WS(' ', table_name, constraint_name, check_clause)
            FROM information_schema.check_constraints WHERE constraint_schema = DATABASE()
        UNION ALL SELECT CONCAT_WS(' ', trigger_name, action_statement)
            FROM information_schema.triggers WHERE trigger_schema = DATABASE()"""

    def __init__(self, connection: Connection, kept: str) -> None:
        self._counters = {str(name): int(value) for name, value in connection.execute(text(self.COUNTERS))}
        begin, end = "SET FOREIGN_KEY_CHECKS = 0", "SET FOREIGN_KEY_CHECKS = 1"
        tables = sorted(connection.execute(text(self.TABLES)).scalars())
        filling = []
        for table in tables:
            if connection.execute(text(f"SELECT 1 FROM `{table}` LIMIT 1")).first():  # noqa: S608 - names of tables
                connection.execute(text(f"CREATE TABLE `{kept}`.`{table}` AS SELECT * FROM `{table}`"))  # noqa: S608 - as above
                columns = _stored_columns(connection, connection.engine.url.database or "", table, "`")
                filling.append(f"INSERT INTO `{table}` ({columns}) SELECT {columns} FROM `{kept}`.`{table}`")  # noqa: S608 - as above
        emptying = [f"DELETE FROM `{table}`" for table in tables]  # noqa: S608 - as above
        self._back = "; ".join(
            ["BEGIN NOT ATOMIC " + begin, "START TRANSACTION", *emptying, *filling, "COMMIT", end, "END"]
        )

    def shape(self, connection: Connection) -> object:
        return sorted(connection.execute(text(self.SHAPE)).scalars())

    def put_back(self, connection: Connection) -> None:
        connection.exec_driver_sql(self._back)
        for name, value in connection.execute(text(self.COUNTERS)).all():
            if value != self._counters.get(name):
                connection.exec_driver_sql(f"ALTER TABLE `{name}` AUTO_INCREMENT = {self._counters[name]}")

    def end(self, connection: Connection, other: int) -> None:
        with suppress(OperationalError):  # it may have ended meanwhile
            connection.exec_driver_sql(f"KILL {other}")


def _stored_columns(connection: Connection, schema: str, table: str, mark: str) -> str:
    """Return the names of the columns that are not computed."""
    names = connection.execute(
        text(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = :schema AND table_name = :table "
            "AND is_generated = 'NEVER' ORDER BY ordinal_position"
        ),
        {"schema": schema, "table": table},
    ).scalars()
    return ", ".join(f"{mark}{name}{mark}" for name in names)


def _at_once(statements: Sequence[str]) -> str:
    """Return one statement for PostgreSQL that does all; the keys that tie rows together are checked at its end."""
    parts = ", ".join(f"part{number} AS ({statement})" for number, statement in enumerate(statements))
    return f"WITH {parts} SELECT 1"
