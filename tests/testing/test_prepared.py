"""What one test does to a database that it was lent is not seen by the next."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import MetaData, create_engine, inspect, text

from helpdesk_core.db.engine import database_url as with_driver
from helpdesk_core.testing.distributions import Distributions, make_table
from helpdesk_core.testing.prepared import Databases
from helpdesk_core.testing.site import World, opened


@pytest.fixture(scope="module")
def lender(database_kind: str) -> Iterator[Databases]:
    """Databases of which no other test has had one."""
    made = Databases(database_kind)
    yield made
    made.close()


def rows(url: str) -> dict[str, list[tuple[object, ...]]]:
    """Return all rows of all tables."""
    engine = create_engine(with_driver(url))
    try:
        metadata = MetaData()
        metadata.reflect(engine)
        with engine.connect() as connection:
            return {
                name: sorted((tuple(row) for row in connection.execute(table.select())), key=repr)
                for name, table in metadata.tables.items()
            }
    finally:
        engine.dispose()


def execute(url: str, statement: str) -> None:
    """Execute one statement."""
    engine = create_engine(with_driver(url))
    try:
        with engine.begin() as connection:
            connection.execute(text(statement))
    finally:
        engine.dispose()


def work(url: str, folder: Path) -> int:
    """Do what fills many tables; return the id of the ticket."""
    with opened(folder / "instance", url) as desk:
        world = World(desk)
        world.ticket(world.agent(), text="It is on fire.")
        return world.ticket().ticket.id


def test_a_database_is_as_new_for_each_test(lender: Databases, tmp_path: Path) -> None:
    with lender.lend(tmp_path) as url:
        before = rows(url)
        assert before["statuses"]
        assert before["tickets"] == []
        first = work(url, tmp_path / "one")
        execute(url, "UPDATE priorities SET name = 'changed'")
        assert rows(url) != before
    with lender.lend(tmp_path) as url:
        assert rows(url) == before
        assert work(url, tmp_path / "two") == first


def test_tables_that_a_test_changed_are_made_anew(lender: Databases, tmp_path: Path) -> None:
    for change in ("ALTER TABLE users ADD COLUMN shoe_size INTEGER", "CREATE TABLE shoes (size INTEGER)"):
        with lender.lend(tmp_path) as url:
            execute(url, change)
        with lender.lend(tmp_path) as url:
            now = rows(url)
            assert "shoes" not in now
            engine = create_engine(with_driver(url))
            assert "shoe_size" not in {column["name"] for column in inspect(engine).get_columns("users")}
            engine.dispose()


def test_what_is_still_connected_is_sent_away(lender: Databases, tmp_path: Path) -> None:
    with lender.lend(tmp_path) as url:
        engine = create_engine(with_driver(url))
        left_open = engine.connect()
        left_open.execute(text("DELETE FROM priorities"))
    with lender.lend(tmp_path) as url:
        assert rows(url)["priorities"]
    left_open.invalidate()
    left_open.close()
    engine.dispose()


def test_two_at_once_are_two(lender: Databases, tmp_path: Path) -> None:
    with lender.lend(tmp_path) as one, lender.lend(tmp_path) as other:
        assert one != other
        execute(one, "DELETE FROM priorities")
        assert rows(other)["priorities"]


def test_a_plugin_of_the_same_name_gets_tables_of_its_own(
    lender: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, table in enumerate(("shop_carts", "shop_shelves")):
        folder = tmp_path / str(number)
        folder.mkdir()
        with monkeypatch.context() as patch:
            patch.syspath_prepend(folder)
            made = Distributions(folder)
            made.add("shop", migrations={"v0001_first.py": make_table(table)})
            with lender.lend(tmp_path, "shop") as url:
                assert {name for name in rows(url) if name.startswith("shop_")} == {table, "shop_version"}
            made.forget()
