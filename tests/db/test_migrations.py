"""Migrations of core and of plugins, on every database."""

import multiprocessing
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, text
from sqlalchemy.orm import Session

from helpdesk_core.db import migrate
from helpdesk_core.db.base import plugin_base
from helpdesk_core.db.engine import database_url as parse_url
from helpdesk_core.db.engine import make_engine
from helpdesk_core.db.locking import BrokenReferences
from helpdesk_core.db.migrate import MigrationError, Status
from helpdesk_core.db.owners import CORE, Owner, core_tables, read_revisions, tables_of
from helpdesk_core.db.revise import differences, revision
from helpdesk_core.testing.distributions import make_table


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = make_engine(parse_url(database_url))
    yield engine
    engine.dispose()


def owner(folder: Path, **scripts: str) -> Owner:
    migrations = folder / "migrations"
    migrations.mkdir(exist_ok=True)
    for name, script in scripts.items():
        (migrations / f"{name}.py").write_text(script, encoding="utf-8")
    return Owner("demo", migrations)


def tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names())


def test_cores_migrations_lead_to_its_models(engine: Engine) -> None:
    migrate.upgrade(engine, CORE)
    with engine.connect() as connection:
        assert differences(connection, CORE) == []
    assert tables(engine) == core_tables() | {"helpdesk_version"}


def test_up_down_and_up_again(engine: Engine) -> None:
    done = migrate.upgrade(engine, CORE)
    assert done
    assert migrate.upgrade(engine, CORE) == ()
    assert migrate.downgrade(engine, CORE) == done[::-1]
    assert tables(engine) == {"helpdesk_version"}
    assert migrate.upgrade(engine, CORE) == done
    assert migrate.read_status(engine, CORE) == Status(done[-1], done[-1], ())


def _upgrade(url: str, folder: Path, barrier: "multiprocessing.synchronize.Barrier") -> None:
    engine = make_engine(parse_url(url))
    barrier.wait()
    done = [migrate.upgrade(engine, CORE), migrate.upgrade(engine, Owner("demo", folder))]
    (folder / f"{multiprocessing.current_process().name}.txt").write_text(" ".join(sum(done, ())))
    engine.dispose()


def test_two_processes_that_upgrade_at_once_do_it_once(database_url: str, tmp_path: Path) -> None:
    folder = owner(tmp_path, v1=make_table("demo_a", "1", extra="import time; time.sleep(0.5)")).folder
    assert folder is not None
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(2)
    processes = [context.Process(target=_upgrade, args=(database_url, folder, barrier), name=name) for name in "ab"]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    done = " ".join((folder / f"{name}.txt").read_text() for name in "ab").split()
    assert {"0001", "1"} <= set(done)
    assert len(done) == len(set(done))


def test_a_migration_that_fails_leaves_the_database_as_it_was_where_the_database_can(
    engine: Engine, tmp_path: Path
) -> None:
    good = make_table("demo_a", "1")
    bad = make_table("demo_b", "2", "1", extra="op.execute('SELECT * FROM nowhere')")
    broken = owner(tmp_path, v1=good, v2=bad)
    with pytest.raises(MigrationError, match="The plugin demo: the migration") as caught:
        migrate.upgrade(engine, broken)
    if engine.dialect.name == "mariadb":
        assert "MariaDB cannot undo" in str(caught.value)
        assert migrate.read_status(engine, broken) == Status("1", "2", ("2",))
    else:
        assert "as it was before" in str(caught.value)
        assert tables(engine) == set()
    # The connection went back to the pool in order.
    assert migrate.upgrade(engine, CORE)


def test_a_revision_the_package_does_not_know_stops_everything(engine: Engine, tmp_path: Path) -> None:
    both = owner(tmp_path, v1=make_table("demo_a", "1"), v2=make_table("demo_b", "2", "1"))
    migrate.upgrade(engine, both)
    (tmp_path / "migrations" / "v2.py").unlink()
    assert migrate.read_status(engine, both) == Status("2", "1", (), unknown=True)
    with pytest.raises(MigrationError, match="newer version"):
        migrate.upgrade(engine, both)
    with pytest.raises(MigrationError, match="newer version"):
        migrate.downgrade(engine, both)
    assert {"demo_a", "demo_b"} <= tables(engine)


def test_each_owner_sees_its_own_tables_only(engine: Engine, tmp_path: Path) -> None:
    migrate.upgrade(engine, CORE)
    demo = owner(tmp_path, v1=make_table("demo_a", "1"))
    migrate.upgrade(engine, demo)
    migrate.upgrade(engine, replace(demo, id="demo_more", folder=_more(tmp_path)))
    with engine.connect() as connection:
        assert differences(connection, CORE) == []
        revisions = read_revisions(connection)
        assert revisions.pop("core") >= "0001"
        assert revisions == {"demo": "1", "demo_more": "1"}
        base = plugin_base("demo")
        assert [kind[0] for kind in differences(connection, replace(demo, metadata=base.metadata))] == ["remove_table"]
    names = tables(engine)
    assert tables_of("demo", names) == {"demo_a"}
    assert tables_of("demo_more", names) == {"demo_more_b"}
    assert tables_of("core", names) == core_tables()


def _more(folder: Path) -> Path:
    more = folder / "more"
    more.mkdir()
    (more / "v1.py").write_text(make_table("demo_more_b", "1"), encoding="utf-8")
    return more


CHANGE = '''
"""Change statuses, to which tickets point."""

import sqlalchemy as sa
from alembic import op

revision = "2"
down_revision = "1"


def upgrade() -> None:
    with op.batch_alter_table("demo_a") as batch:
        batch.alter_column("note", type_=sa.String(length=50), existing_type=sa.String(length=100), nullable=False)


def downgrade() -> None:
    pass
'''


def test_changing_a_table_keeps_the_rows_that_point_to_it(engine: Engine, tmp_path: Path) -> None:
    point = make_table("demo_b", "1b", "1").replace(
        "sa.PrimaryKeyConstraint",
        'sa.ForeignKeyConstraint(["id"], ["demo_a.id"], ondelete="CASCADE"),\n        sa.PrimaryKeyConstraint',
    )
    demo = owner(tmp_path, v1=make_table("demo_a", "1"), v1b=point)
    migrate.upgrade(engine, demo)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO demo_a (id, note) VALUES (1, 'x')"))
        connection.execute(text("INSERT INTO demo_b (id) VALUES (1)"))
    migrate.upgrade(engine, owner(tmp_path, v2=CHANGE.replace('down_revision = "1"', 'down_revision = "1b"')))
    with engine.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM demo_b")).scalar() == 1
        connection.execute(text("DELETE FROM demo_a"))
        assert connection.execute(text("SELECT count(*) FROM demo_b")).scalar() == 0


def test_a_migration_that_leaves_dangling_rows_is_undone_on_sqlite(engine: Engine, tmp_path: Path) -> None:
    if engine.dialect.name != "sqlite":
        pytest.skip("the other databases check every statement")
    point = make_table("demo_b", "2", "1", extra='op.execute("INSERT INTO demo_b (id) VALUES (5)")').replace(
        "sa.PrimaryKeyConstraint", 'sa.ForeignKeyConstraint(["id"], ["demo_a.id"]),\n        sa.PrimaryKeyConstraint'
    )
    with pytest.raises(BrokenReferences, match="demo_b"):
        migrate.upgrade(engine, owner(tmp_path, v1=make_table("demo_a", "1"), v2=point))
    assert tables(engine) == set()
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1


def test_a_plugins_migrations_are_written_from_its_models(engine: Engine, tmp_path: Path) -> None:
    from datetime import datetime

    from sqlalchemy import ForeignKey, String
    from sqlalchemy.orm import Mapped, mapped_column

    from helpdesk_core.tickets.models import Ticket

    base = plugin_base("demo")

    class Note(base):  # type: ignore[misc, valid-type]  # a base made at run time
        __tablename__ = "demo_notes"

        id: Mapped[int] = mapped_column(primary_key=True)
        ticket_id: Mapped[int] = mapped_column(ForeignKey(Ticket.id, ondelete="CASCADE"), index=True)
        at: Mapped[datetime]

    demo = replace(owner(tmp_path), metadata=base.metadata)
    first = revision(demo, "The notes")
    assert first is not None
    assert first.name == "v0001_the_notes.py"
    assert "from helpdesk_core.api import UTCDateTime" in first.read_text()
    assert revision(demo, "Nothing") is None
    migrate.upgrade(engine, CORE)
    migrate.upgrade(engine, demo)
    with engine.connect() as connection:
        assert differences(connection, demo) == []
    base.metadata.tables["demo_notes"].append_column(mapped_column("text", String(20)).column)
    second = revision(demo, "A text")
    assert second is not None
    assert second.name == "v0002_a_text.py"
    assert migrate.upgrade(engine, demo) == ("0002",)
    with engine.connect() as connection:
        assert differences(connection, demo) == []
    assert migrate.downgrade(engine, demo) == ("0002", "0001")
    replaced = revision(demo, "Another text", replace=True)
    assert replaced is not None
    assert sorted(path.name for path in (tmp_path / "migrations").glob("v*.py")) == [
        "v0001_the_notes.py",
        "v0002_another_text.py",
    ]


def test_a_new_database_begins_with_the_defaults_once(engine: Engine) -> None:
    from helpdesk_core.tickets.defaults import ensure_defaults
    from helpdesk_core.tickets.models import STATES, TURNS, Priority, Status

    migrate.upgrade(engine, CORE)
    with Session(engine.execution_options(helpdesk_write=True)) as session, session.begin():
        assert ensure_defaults(session)
        statuses = session.query(Status).all()
        assert {status.state for status in statuses} == set(STATES)
        assert {status.turn for status in statuses} == set(TURNS)
        assert [each.key for each in session.query(Priority).filter_by(is_default=True)] == ["normal"]
        session.delete(statuses[3])
        session.flush()
        assert not ensure_defaults(session)
        assert session.query(Status).count() == len(statuses) - 1
