"""Conditions on many ids, which go to the database as one value: a thousand values of their own take milliseconds."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Dialect, Text, TypeDecorator, bindparam, column, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session


class _Numbers(TypeDecorator[Sequence[int]]):
    """Numbers as a text in JSON, which SQLite reads as a table."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Sequence[int] | None, dialect: Dialect) -> str:
        """Write them."""
        return json.dumps(list(value or ()))


def among(dialect: str, of: Any, name: str) -> ColumnElement[bool]:
    """Return the condition that a column with a number is among those of the parameter `name`, a list.

    `dialect` is that of the session that will ask, as `dialect_of` returns it.
    """
    if dialect == "postgresql":
        given: ColumnElement[Any] = bindparam(name, type_=ARRAY(BigInteger))
        return of == func.any(given)  # type: ignore[no-any-return]  # a column is whatever is mapped
    if dialect == "sqlite":
        each = func.json_each(bindparam(name, type_=_Numbers())).table_valued(column("value", BigInteger))
        return of.in_(select(each.c.value))  # type: ignore[no-any-return]  # as above
    return of.in_(bindparam(name, expanding=True))  # type: ignore[no-any-return]  # as above


def dialect_of(session: Session) -> str:
    """Return the name of the database that a session asks."""
    return session.get_bind().dialect.name
