"""Changing rows without loading them."""

from sqlalchemy import CursorResult, Delete, Update
from sqlalchemy.orm import Session


def affect(session: Session, statement: Update | Delete) -> int:
    """Execute the statement and return how many rows it met; objects that are loaded already stay as they were."""
    result = session.execute(statement.execution_options(synchronize_session=False))
    assert isinstance(result, CursorResult)
    return result.rowcount
