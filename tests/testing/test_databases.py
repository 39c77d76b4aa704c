from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.exc import OperationalError

from helpdesk_core.db.engine import database_url as with_driver
from helpdesk_core.testing.databases import chosen_databases, temporary_database


@contextmanager
def connection_to(url: str) -> Iterator[Connection]:
    engine = create_engine(with_driver(url), pool_size=1)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def test_a_test_gets_an_empty_database_that_keeps_any_script(database_url: str) -> None:
    with connection_to(database_url) as connection:
        assert inspect(connection).get_table_names() == []
        connection.execute(text("CREATE TABLE words (word VARCHAR(40))"))
        connection.execute(text("INSERT INTO words VALUES ('Заявка 🎫')"))
        assert connection.execute(text("SELECT word FROM words")).scalar_one() == "Заявка 🎫"


@pytest.mark.parametrize("kind", [kind for kind in chosen_databases() if kind != "sqlite"])
def test_a_database_is_gone_from_its_server_after_the_test(kind: str, tmp_path: Path) -> None:
    with temporary_database(kind, tmp_path) as url, connection_to(url):
        pass
    with pytest.raises(OperationalError), connection_to(url):
        pass


def test_a_server_that_does_not_answer_skips_the_test(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("HELPDESK_REQUIRE", raising=False)
    monkeypatch.setenv("HELPDESK_TEST_POSTGRESQL_URL", "postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(pytest.skip.Exception, match="set HELPDESK_TEST_POSTGRESQL_URL"):
        temporary_database("postgresql", tmp_path).__enter__()


def test_sqlite_is_tested_unless_others_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HELPDESK_TEST_DATABASES", raising=False)
    assert chosen_databases() == ("sqlite",)
    monkeypatch.setenv("HELPDESK_TEST_DATABASES", "mariadb, sqlite")
    assert chosen_databases() == ("mariadb", "sqlite")


def test_a_database_that_nobody_knows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELPDESK_TEST_DATABASES", "oracle")
    with pytest.raises(pytest.UsageError, match="'oracle' is none of sqlite, postgresql, mariadb"):
        chosen_databases()
