"""Counting what a piece of code asks of the database, so that a query per row is an error in a test."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from helpdesk_core.runtime import Helpdesk


class Queries(list[str]):
    """The statements that were sent, in order; `len()` is how many."""

    def __str__(self) -> str:
        """Show them one below the other, for the message of a failed assertion."""
        return "\n".join(f"{number}. {statement}" for number, statement in enumerate(self, start=1))


@contextmanager
def count_queries(desk: Helpdesk) -> Iterator[Queries]:
    """Collect every statement sent to the helpdesk's database inside the block.

    `BEGIN`, savepoints and settings are not counted: they come with the transaction, not with the rows.
    """
    seen = Queries()

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.lstrip().upper().startswith(("BEGIN", "SAVEPOINT", "RELEASE", "PRAGMA", "SET LOCAL")):
            seen.append(" ".join(statement.split()))

    event.listen(desk.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(desk.engine, "before_cursor_execute", note)
