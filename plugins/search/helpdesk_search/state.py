"""Where an index stands, as values under names."""

from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from helpdesk_core.api.db import affect

from .tables import Tables


class State:
    """The named values of one plugin, kept in the database for all processes."""

    def __init__(self, tables: Tables) -> None:
        self._table = tables.state

    def get(self, session: Session, name: str, *, lock: bool = False) -> Any:
        """Return a value; None if there is none."""
        query = select(self._table.c.value).where(self._table.c.name == name)
        return session.scalar(query.with_for_update() if lock else query)

    def set(self, session: Session, name: str, value: Any) -> None:
        """Put a value in place of the one there is; None takes it away."""
        this = self._table.c.name == name
        if value is None:
            session.execute(delete(self._table).where(this))
        elif not affect(session, update(self._table).where(this).values(value=value)):
            # Never taken away in between: who waits for a lock on the row would find none.
            session.execute(insert(self._table).values(name=name, value=value))
