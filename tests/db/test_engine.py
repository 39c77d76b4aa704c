"""Connections to a server: what was closed there is noticed, and reading takes no more ways to it than it has to."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from helpdesk_core.actor import SYSTEM
from helpdesk_core.db import engine as engine_module
from helpdesk_core.departments.models import Department
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.site import World

NUMBER = {"postgresql": "SELECT pg_backend_pid()", "mariadb": "SELECT CONNECTION_ID()"}
KILL = {"postgresql": "SELECT pg_terminate_backend({})", "mariadb": "KILL {}"}


@pytest.fixture
def cut(desk: Helpdesk) -> Callable[[], None]:
    """Have the server close the connection that the next transaction would use, as a restart of it does."""
    kind = desk.engine.dialect.name
    if kind == "sqlite":
        pytest.skip("there is no server")

    def cut() -> None:
        with desk.engine.connect() as victim:
            number = victim.scalar(text(NUMBER[kind]))
        another = create_engine(desk.engine.url, poolclass=NullPool)
        with another.connect() as connection:
            connection.execute(text(KILL[kind].format(number)))

    return cut


def test_a_connection_that_the_server_has_closed_is_replaced(
    desk: Helpdesk, cut: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    cut()
    monkeypatch.setattr(engine_module, "TRUSTED_SECONDS", 0.0)
    for _ in range(3):
        assert desk.database_answers()


def test_one_that_was_closed_right_after_it_was_used_fails_once_at_most(
    desk: Helpdesk, cut: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "TRUSTED_SECONDS", 3600.0)
    cut()
    failed = 0
    for _ in range(4):
        try:
            with desk.read() as session:
                session.scalar(text("SELECT 1"))
        except DBAPIError:
            failed += 1
    assert failed <= 1


def test_what_is_changed_while_reading_is_never_stored(desk: Helpdesk, world: World) -> None:
    world.department("support")
    with desk.read() as session:
        found = session.query(Department).filter_by(key="support").one()
        found.name = "Changed for a page"
        session.query(Department).all()
    with desk.read() as session:
        assert session.query(Department).filter_by(key="support").one().name != "Changed for a page"


def test_writing_is_still_one_transaction(desk: Helpdesk, world: World) -> None:
    department = world.department("support")
    with suppress(ZeroDivisionError), desk.begin(SYSTEM) as tx:
        tx.session.get_one(Department, department.id).name = "Half"
        tx.session.flush()
        raise ZeroDivisionError
    with desk.read() as session:
        assert session.get_one(Department, department.id).name != "Half"


def test_on_postgresql_reading_is_no_transaction_and_writing_after_it_is(desk: Helpdesk) -> None:
    if desk.engine.dialect.name != "postgresql":
        pytest.skip("only there each statement sees what is committed anyway")

    def commits_by_itself(session: Session) -> bool:
        raw: Any = session.connection().connection.dbapi_connection
        return bool(raw.autocommit)

    with desk.read() as session:
        assert commits_by_itself(session)
    with desk.begin(SYSTEM) as tx:
        assert not commits_by_itself(tx.session)
