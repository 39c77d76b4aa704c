"""Enabling, disabling, upgrading and purging plugins."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, func, inspect, select, text
from sqlalchemy.orm import Session

from helpdesk_core.db.migrate import MigrationError, Status
from helpdesk_core.errors import Conflict, Invalid, NotFound
from helpdesk_core.events.models import Delivery, EventRow
from helpdesk_core.jobs.models import ScheduledJob
from helpdesk_core.plugins import DatabaseBreakers, PluginStatus
from helpdesk_core.plugins.models import PluginRecord
from helpdesk_core.plugins.plugin import own_folder
from helpdesk_core.plugins.purge import purge
from helpdesk_core.plugins.switching import disable, enable, status_all, upgrade_all
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.settings import load_config
from helpdesk_core.settings.models import StoredSetting
from helpdesk_core.testing.distributions import Distributions, make_table
from tests.plugins.conftest import NOW

Open = Callable[..., Helpdesk]
Upgrade = Callable[[str], tuple[str, ...]]
NOTES = {"v0001_notes.py": make_table("notes_pages")}
BROKEN = {
    **NOTES,
    "v0002_more.py": make_table("notes_more", "0002", "0001", extra='op.execute("SELECT * FROM nowhere")'),
}


def tables(engine: Engine) -> set[str]:
    return {name for name in inspect(engine).get_table_names() if name.startswith("notes_")}


def record(engine: Engine, plugin_id: str) -> PluginRecord | None:
    with Session(engine) as session:
        return session.get(PluginRecord, plugin_id)


def test_enabling_makes_the_tables_and_then_edits_the_list(
    installed: Distributions, open_desk: Open, engine: Engine, instance: Path
) -> None:
    installed.add("notes", migrations=NOTES)
    desk = open_desk()
    assert enable(desk.config, engine, "notes", NOW) == ("0001",)
    assert tables(engine) == {"notes_pages", "notes_version"}
    found = record(engine, "notes")
    assert found is not None
    assert (found.tables, found.version, found.problem) == (["notes_pages"], "0.1", None)
    config = load_config(instance, {})
    assert config.plugins.enabled == ("notes",)
    assert open_desk("notes").plugins.is_active("notes")
    disable(config, "notes")
    assert load_config(instance, {}).plugins.enabled == ()
    assert tables(engine) == {"notes_pages", "notes_version"}


def test_what_counts_is_the_list_of_the_file_whatever_is_loaded(
    installed: Distributions, open_desk: Open, engine: Engine, instance: Path
) -> None:
    installed.add("notes", migrations=NOTES)
    desk = open_desk()
    enable(desk.config, engine, "notes", NOW)
    with pytest.raises(Conflict, match="is enabled"):
        purge(desk, "notes", "notes")
    disable(desk.config, "notes")
    assert load_config(instance, {}).plugins.enabled == ()
    with pytest.raises(NotFound, match="not enabled"):
        disable(desk.config, "notes")


def test_what_is_not_installed_or_does_not_fit_is_not_enabled(
    installed: Distributions, open_desk: Open, engine: Engine, instance: Path
) -> None:
    installed.add("old", core="<0.0.1", migrations={"v0001.py": make_table("old_things")})
    desk = open_desk()
    with pytest.raises(NotFound, match="Did you mean old") as caught:
        enable(desk.config, engine, "oldd", NOW)
    assert "pip" not in str(caught.value)
    with pytest.raises(NotFound, match="nope is not installed") as caught:
        enable(desk.config, engine, "nope", NOW)
    assert "pip" not in str(caught.value)
    with pytest.raises(Conflict, match="is for helpdesk-core"):
        enable(desk.config, engine, "old", NOW)
    with pytest.raises(NotFound, match="not enabled"):
        disable(desk.config, "nope")
    assert load_config(instance, {}).plugins.enabled == ()
    assert "old_things" not in inspect(engine).get_table_names()


def test_a_migration_that_fails_leaves_the_plugin_off_and_says_what_happened(
    installed: Distributions, open_desk: Open, engine: Engine, instance: Path, upgrade: Upgrade
) -> None:
    installed.add("notes", migrations=NOTES)
    upgrade("notes")
    installed.add("notes", migrations=BROKEN)
    desk = open_desk()
    with pytest.raises(MigrationError, match=r"after|failed") as caught:
        enable(desk.config, engine, "notes", NOW)
    assert load_config(instance, {}).plugins.enabled == ()
    if engine.dialect.name in ("sqlite", "postgresql"):
        assert tables(engine) == {"notes_pages", "notes_version"}
        assert "as it was before" in str(caught.value)
    else:
        assert tables(engine) == {"notes_pages", "notes_more", "notes_version"}
        assert "stands where the migration stopped" in str(caught.value)
    found = open_desk("notes").plugins.get("notes")
    assert found.status is PluginStatus.NEEDS_MIGRATION
    assert "The last try failed" in found.reason
    assert "nowhere" in found.reason


def test_upgrading_all_goes_on_behind_a_plugin_that_fails(
    installed: Distributions, engine: Engine, upgrade: Upgrade
) -> None:
    installed.add("notes", migrations=NOTES)
    installed.add("bad", migrations={"v1.py": make_table("bad_x", "1", extra="raise OSError('no')")})
    installed.add("alpha", migrations={"v1.py": make_table("alpha_x", "1")}, depends=["helpdesk-notes"])
    found = upgrade_all(engine, ["bad", "alpha", "notes", "unknown"], NOW)
    assert [(each.owner, each.done) for each in found] == [
        ("core", ()),
        ("bad", ()),
        ("notes", ("0001",)),
        ("alpha", ("1",)),
    ]
    assert "no" in (found[1].problem or "")
    assert upgrade_all(engine, ["notes"], NOW)[1].done == ()
    assert record(engine, "bad") is not None


def test_the_status_shows_core_plugins_and_those_that_are_gone(
    installed: Distributions, engine: Engine, upgrade: Upgrade
) -> None:
    installed.add("gone", migrations={"v1.py": make_table("gone_x", "1")})
    upgrade("gone")
    installed.remove("gone")
    installed.add("notes", migrations=NOTES)
    found = status_all(engine)
    assert isinstance(found["core"], Status)
    assert found["core"].is_current
    assert found["notes"] == Status(None, "0001", ("0001",))
    assert found["gone"] == Status("1", None, (), unknown=True)


def fill(desk: Helpdesk, plugin_id: str) -> None:
    with Session(desk.engine.execution_options(helpdesk_write=True)) as session, session.begin():
        session.execute(text("INSERT INTO notes_pages (id, note) VALUES (1, 'кот'), (2, NULL)"))
        for owner in (plugin_id, "other"):
            session.add(StoredSetting(owner=owner, key="k", value=1, updated_at=NOW))
            session.add(ScheduledJob(owner=owner, name="job", next_run_at=NOW))
            row = EventRow(type=f"{owner}.x", stream=owner, actor_name="", channel="", data={}, created_at=NOW)
            session.add(Delivery(event=row, subscriber=owner, stream=owner, due_at=NOW))
        session.execute(text("INSERT INTO roles (id, `key`, name) VALUES (7, 'r', 'R')".replace("`", _quote(desk))))
        for permission in ("notes.read", "notesx.read"):
            session.execute(
                text("INSERT INTO role_permissions (role_id, permission) VALUES (7, :p)"), {"p": permission}
            )
    DatabaseBreakers(desk.engine).opened(plugin_id, "hook", "why")
    DatabaseBreakers(desk.engine).opened("other", "hook", "why")


def _quote(desk: Helpdesk) -> str:
    return '"' if desk.engine.dialect.name == "postgresql" else "`"


@pytest.mark.parametrize("package_is_gone", [False, True])
def test_a_purge_removes_all_that_is_the_plugins_and_nothing_else(
    package_is_gone: bool, installed: Distributions, open_desk: Open, engine: Engine, tmp_path: Path, upgrade: Upgrade
) -> None:
    installed.add("notes", migrations=NOTES)
    installed.add("notes_more", migrations={"v1.py": make_table("notes_more_x", "1")})
    upgrade("notes")
    upgrade("notes_more")
    if package_is_gone:
        installed.remove("notes")
    desk = open_desk()
    fill(desk, "notes")
    mine, others = (own_folder(desk.config.instance, each) for each in ("notes", "notes_more"))
    for folder in (mine, others):
        folder.mkdir(parents=True)
        (folder / "index").write_text(f"words of {folder.name}", encoding="utf-8")
    purged = purge(desk, "notes", "notes", tmp_path / "dump")
    assert purged.folder == mine
    assert not mine.exists()
    assert (others / "index").exists()
    assert (tmp_path / "dump" / "files" / "index").read_text(encoding="utf-8") == "words of notes"
    assert purged.tables == ("notes_pages",)
    assert purged.rows == {
        "role_permissions": 1,
        "settings": 1,
        "scheduled_jobs": 1,
        "deliveries": 1,
        "hook_breakers": 1,
        "plugin_records": 1,
    }
    assert tables(engine) == {"notes_more_x", "notes_more_version"}
    with Session(engine) as session:
        assert session.scalars(select(StoredSetting.owner)).all() == ["other"]
        assert session.scalars(select(ScheduledJob.owner)).all() == ["other"]
        assert session.scalars(select(Delivery.subscriber)).all() == ["other"]
        assert session.scalar(select(func.count()).select_from(EventRow)) == 2
        assert session.scalars(select(PluginRecord.id)).all() == ["notes_more"]
        assert session.scalars(text("SELECT permission FROM role_permissions")).all() == ["notesx.read"]
    lines = (tmp_path / "dump" / "notes_pages.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [{"id": 1, "note": "кот"}, {"id": 2, "note": None}]
    assert json.loads((tmp_path / "dump" / "settings.jsonl").read_text(encoding="utf-8"))["owner"] == "notes"
    with pytest.raises(NotFound):
        purge(desk, "notes", "notes")


def test_own_files_go_without_a_copy_too_and_who_cannot_remove_them_says_so(
    installed: Distributions, open_desk: Open, upgrade: Upgrade, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed.add("notes", migrations=NOTES)
    upgrade("notes")
    desk = open_desk()
    folder = own_folder(desk.config.instance, "notes")
    (folder / "deeper").mkdir(parents=True)
    assert purge(desk, "notes", "notes").folder == folder
    assert not folder.exists()

    upgrade("notes")
    folder.mkdir()

    def refused(_folder: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("shutil.rmtree", refused)
    with pytest.raises(Conflict, match="by hand"):
        purge(desk, "notes", "notes")
    assert folder.exists()
    monkeypatch.undo()
    assert purge(desk, "notes", "notes").folder == folder, "what was left is found again"
    for name in ("notes", "..", "../notes", ""):
        with pytest.raises(NotFound, match="Nothing is stored"):
            purge(desk, name, name)
    assert desk.config.instance.is_dir()


def test_a_purge_is_refused_without_the_name_and_for_an_enabled_plugin(
    installed: Distributions, open_desk: Open, engine: Engine, upgrade: Upgrade
) -> None:
    installed.add("notes", migrations=NOTES)
    upgrade("notes")
    with pytest.raises(Invalid):
        purge(open_desk(), "notes", "note")
    with pytest.raises(Conflict, match="Disable it first"):
        purge(open_desk("notes"), "notes", "notes")
    assert tables(engine) == {"notes_pages", "notes_version"}


def test_a_purge_is_refused_while_another_plugin_points_to_the_tables(
    installed: Distributions, open_desk: Open, engine: Engine, upgrade: Upgrade
) -> None:
    installed.add("notes", migrations=NOTES)
    upgrade("notes")
    link = make_table("links_x", "1").replace(
        "sa.PrimaryKeyConstraint",
        'sa.ForeignKeyConstraint(["id"], ["notes_pages.id"]),\n        sa.PrimaryKeyConstraint',
    )
    installed.add("links", migrations={"v1.py": link})
    upgrade("links")
    with pytest.raises(Conflict, match="links_x"):
        purge(open_desk(), "notes", "notes")
    assert tables(engine) == {"notes_pages", "notes_version"}


def test_a_dump_does_not_overwrite_an_earlier_one(
    installed: Distributions, open_desk: Open, engine: Engine, upgrade: Upgrade, tmp_path: Path
) -> None:
    installed.add("notes", migrations=NOTES)
    upgrade("notes")
    with pytest.raises(Conflict, match="exists already"):
        purge(open_desk(), "notes", "notes", tmp_path)
    assert tables(engine) == {"notes_pages", "notes_version"}


def test_core_can_delete_its_rows_while_a_plugin_with_keys_into_it_is_disabled(
    installed: Distributions, open_desk: Open, engine: Engine, upgrade: Upgrade
) -> None:
    script = make_table("notes_pages").replace(
        "sa.PrimaryKeyConstraint",
        'sa.ForeignKeyConstraint(["id"], ["ticket_types.id"], ondelete="CASCADE"),\n        sa.PrimaryKeyConstraint',
    )
    installed.add("notes", migrations={"v1.py": script})
    upgrade("notes")
    from helpdesk_core.tickets.models import TicketType

    with Session(engine.execution_options(helpdesk_write=True)) as session, session.begin():
        session.add(TicketType(id=99, key="a", name="A"))
        session.flush()
        session.execute(text("INSERT INTO notes_pages (id) VALUES (99)"))
    with Session(engine.execution_options(helpdesk_write=True)) as session, session.begin():
        session.execute(delete(TicketType))
        assert session.execute(text("SELECT count(*) FROM notes_pages")).scalar() == 0
