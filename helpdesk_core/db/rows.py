"""Rows as they are: changed without loading them, read by their names."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import CursorResult, Delete, Update
from sqlalchemy.orm import Session

BY_NAME: Final[Mapping[str, Any]] = {"_result_disable_adapt_to_context": True}
"""Options of a statement whose rows are asked for values by position or name, never by a column object: SQLAlchemy then
leaves out preparing for that, which takes as long as the rest when another statement of the same words was sent first.
Its own ORM sets it; should it go away, nothing changes but the time."""


def affect(session: Session, statement: Update | Delete) -> int:
    """Execute the statement and return how many rows it met; objects that are loaded already stay as they were."""
    result = session.execute(statement.execution_options(synchronize_session=False))
    assert isinstance(result, CursorResult)
    return result.rowcount
