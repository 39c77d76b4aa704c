"""Ridding PostgreSQL's files of rows that are gone.

Vacuum frees the places of rows, but a GIN index keeps each word that was ever in it, whether or not a row has it still.
Only building that index anew leaves them out, which PostgreSQL does beside the one in use.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from time import sleep
from typing import Final

from sqlalchemy import Connection, Table, text

from helpdesk_core.api import Helpdesk
from helpdesk_core.api.jobs import stopping

ONE_AT_A_TIME: Final = 7_251_401_153
"""The key of the lock under which it is done: two at once would wait for each other."""
WAIT_SECONDS: Final = 0.5
LEFT_HALF_DONE: Final = """
    SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = to_regclass(:table) AND NOT indisvalid
"""


def index_name(table: Table) -> str:
    """Return the name of the index over the terms."""
    return f"ix_{table.name}_terms"


def expunge(desk: Helpdesk, table: Table) -> bool:
    """Leave nothing of rows that are gone; searches and writes go on. False if the worker is stopped before."""
    with desk.engine.connect() as opened:
        connection = opened.execution_options(isolation_level="AUTOCOMMIT")  # none of it may be in a transaction
        with _alone(connection) as is_alone:
            if not is_alone:
                return False
            for name in connection.scalars(text(LEFT_HALF_DONE), {"table": table.name}).all():
                connection.exec_driver_sql(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            connection.exec_driver_sql(f"VACUUM {table.name}")
            if connection.scalar(text("SELECT to_regclass(:name)"), {"name": index_name(table)}):
                connection.exec_driver_sql(f"REINDEX INDEX CONCURRENTLY {index_name(table)}")
    return True


@contextmanager
def _alone(connection: Connection) -> Iterator[bool]:
    """Hold the lock; asked for again and again, because who waits for one is waited for by the other."""
    while not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": ONE_AT_A_TIME}):
        if stopping():
            yield False
            return
        sleep(WAIT_SECONDS)
    try:
        yield True
    finally:
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": ONE_AT_A_TIME})
