"""The floor of a page: a bare Flask view that sends the same SQL and returns as many bytes, and does nothing else.

`recorded` makes the recipe of a page by asking for it once inside the process; `app` serves recipes, read from the
file that `HELPDESK_BENCH_FLOOR` names. Rows are fetched as the driver gives them, nothing is made of them.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask, Response
from sqlalchemy import Engine, event

from helpdesk_core.db.engine import database_url, make_engine


@dataclass
class Transaction:
    """What one transaction sent: statements with their parameters, in order."""

    writes: bool
    statements: list[tuple[str, Any]] = field(default_factory=list)


@dataclass
class Recipe:
    """What a page costs at least."""

    size: int = 0
    kind: str = "text/html"
    transactions: list[Transaction] = field(default_factory=list)

    @property
    def queries(self) -> int:
        return sum(len(each.statements) for each in self.transactions)


@contextmanager
def recorded(engine: Engine) -> Iterator[Recipe]:
    """Note every transaction of the block."""
    recipe = Recipe()
    open_ones: dict[int, Transaction] = {}

    def begin(connection: Any) -> None:
        writes = bool(connection.get_execution_options().get("helpdesk_write"))
        open_ones[id(connection.connection.dbapi_connection)] = Transaction(writes)

    def note(connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if not statement.lstrip().upper().startswith(("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK TO", "PRAGMA")):
            transaction = open_ones[id(connection.connection.dbapi_connection)]
            transaction.statements.append((statement, parameters))
            if len(transaction.statements) == 1:
                recipe.transactions.append(transaction)

    event.listen(engine, "begin", begin)
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield recipe
    finally:
        event.remove(engine, "begin", begin)
        event.remove(engine, "before_cursor_execute", note)


def application(file: Path) -> Flask:
    """Return the application that serves the recipes of a file, each under its name."""
    with file.open("rb") as opened:
        url, recipes = pickle.load(opened)
    engine = make_engine(database_url(url))
    writing = engine.execution_options(helpdesk_write=True)
    bodies = {name: b"x" * recipe.size for name, recipe in recipes.items()}
    app = Flask(__name__)

    @app.get("/<name>")
    def page(name: str) -> Response:
        recipe: Recipe = recipes[name]
        for transaction in recipe.transactions:
            with (writing if transaction.writes else engine).begin() as connection:
                cursor = connection.connection.cursor()
                for statement, parameters in transaction.statements:
                    cursor.execute(statement, parameters)
                    if cursor.description:
                        cursor.fetchall()
        return Response(bodies[name], content_type=recipe.kind)

    return app


def __getattr__(name: str) -> Flask:
    """Make `app` when the server asks for it, not when the scripts import this module."""
    if name == "app":
        return application(Path(os.environ["HELPDESK_BENCH_FLOOR"]))
    raise AttributeError(name)
