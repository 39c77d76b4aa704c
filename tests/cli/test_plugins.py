"""Listing and switching plugins, none of which is imported for it."""

from pathlib import Path

import pytest

from helpdesk_core.testing.distributions import TABLE_HEAD, Distributions, make_table
from tests.cli.commands import Run

EXPLODES = "raise RuntimeError('imported')"
"""The head of a plugin that must not be imported."""


def add_thing(installed: Distributions, plugin_id: str = "hello", **options: str) -> None:
    """Install a plugin with a table that must not be imported."""
    installed.add(
        plugin_id, head=EXPLODES, migrations={"v0001_things.py": make_table(f"{plugin_id}_things")}, **options
    )


def status_of(desk: Run, plugin_id: str) -> dict[str, object]:
    found: dict[str, dict[str, object]] = {each["id"]: each for each in desk("plugins", "list", "--json").json}
    return found[plugin_id]


def test_a_plugin_goes_on_and_off_and_away_without_being_imported(desk: Run, installed: Distributions) -> None:
    add_thing(installed)
    assert status_of(desk, "hello")["status"] == "disabled"
    assert desk("plugins", "enable", "hello").out == "hello: tables at revision 0001\nhello: enabled\n"
    assert status_of(desk, "hello")["status"] == "active"
    assert status_of(desk, "hello")["adds"] == {"tables": ["hello_things"]}
    assert desk("plugins", "disable", "hello").code == 0
    assert desk("db", "status", "--json").json["hello"]["current"] == "0001"
    done = desk("plugins", "purge", "hello", "--confirm", "hello")
    assert done.out == "hello: removed tables hello_things; rows 1 of plugin_records\n"
    assert desk("db", "status", "--json").json["hello"]["current"] is None


def test_a_purge_wants_the_name_typed_and_can_keep_a_copy(desk: Run, installed: Distributions, tmp_path: Path) -> None:
    add_thing(installed)
    desk("plugins", "enable", "hello")
    assert "is enabled" in desk("plugins", "purge", "hello", "--confirm", "hello").complaint
    desk("plugins", "disable", "hello")
    refused = desk("plugins", "purge", "hello", stdin="helo\n")
    assert refused.code == 1
    assert "Type hello" in refused.err.splitlines()[-1]
    done = desk("plugins", "purge", "hello", "--dump", tmp_path / "copy", stdin="hello\n")
    assert done.code == 0
    assert (tmp_path / "copy" / "hello_things.jsonl").exists()


def test_a_plugin_that_was_never_on_has_nothing_to_mend(desk: Run, installed: Distributions) -> None:
    add_thing(installed)
    assert status_of(desk, "hello")["status"] == "disabled"
    assert status_of(desk, "hello")["reason"] == ""


def test_each_status_is_known_without_importing(desk: Run, installed: Distributions) -> None:
    add_thing(installed, "fits")
    add_thing(installed, "behind")
    installed.add("old", head=EXPLODES, core=">=9")
    installed.add("vague", head=EXPLODES, core=None)
    for plugin_id in ("fits", "behind"):
        desk("plugins", "enable", plugin_id)
    installed.remove("behind")
    scripts = {
        "v0001_things.py": make_table("behind_things"),
        "v0002_more.py": make_table("behind_more", "0002", "0001"),
    }
    installed.add("behind", head=EXPLODES, migrations=scripts)
    assert status_of(desk, "fits")["status"] == "active"
    assert status_of(desk, "behind")["status"] == "needs-migration"
    assert "helpdesk db upgrade" in str(status_of(desk, "behind")["reason"])
    assert "is for helpdesk-core >=9" in str(status_of(desk, "old")["reason"])
    assert status_of(desk, "old")["enabled"] is False
    assert "does not say" in str(status_of(desk, "vague")["reason"])


def test_a_plugin_whose_package_is_gone_is_missing_and_can_be_purged(desk: Run, installed: Distributions) -> None:
    add_thing(installed)
    desk("plugins", "enable", "hello")
    installed.remove("hello")
    state = status_of(desk, "hello")
    assert (state["status"], state["enabled"]) == ("missing", True)
    assert "pip install helpdesk-hello" in str(state["reason"])
    assert desk("plugins", "disable", "hello").code == 0
    assert desk("plugins", "purge", "hello", "--confirm", "hello").code == 0
    assert "hello" not in {each["id"] for each in desk("plugins", "list", "--json").json}


def test_a_newer_version_of_the_tables_makes_it_incompatible(desk: Run, installed: Distributions) -> None:
    scripts = {"v0001_things.py": make_table("hello_things"), "v0002_more.py": make_table("hello_more", "0002", "0001")}
    installed.add("hello", head=EXPLODES, migrations=scripts)
    desk("plugins", "enable", "hello")
    add_thing(installed)
    assert status_of(desk, "hello")["status"] == "incompatible"
    assert desk("db", "status").code == 5


def test_loading_them_shows_what_is_wrong_with_the_code(desk: Run, installed: Distributions) -> None:
    add_thing(installed)
    desk("plugins", "enable", "hello")
    states = {each["id"]: each for each in desk("plugins", "list", "--load", "--json").json}
    assert states["hello"]["status"] == "failed"
    assert "imported" in states["hello"]["reason"]


def test_a_hook_that_fails_while_a_command_runs_is_told_in_one_line_without_its_traceback(
    desk: Run, installed: Distributions
) -> None:
    head = "from helpdesk_core.hooks import hookimpl\nfrom helpdesk_core.attachments.hooks import attachment_storage"
    installed.add("hello", "@hookimpl(attachment_storage)\ndef mine(self):\n    raise OSError('no shelf')", head=head)
    desk("plugins", "enable", "hello")
    said = desk("plugins", "list", "--load").err
    assert "hook attachment_storage of plugin hello failed" in said
    assert "OSError: no shelf" in said
    assert "Traceback" not in said
    assert 'File "' not in said


def test_the_list_works_while_the_database_is_away(
    desk: Run, instance: Path, installed: Distributions, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed.add("hello", head=EXPLODES)
    monkeypatch.setenv("HELPDESK_DATABASE__URL", "postgresql://x@127.0.0.1:1/x")
    done = desk("plugins", "list")
    assert done.code == 0
    assert "hello" in done.out
    assert "does not answer" in done.complaint
    assert desk("plugins", "enable", "hello").code == 4
    assert desk("plugins", "disable", "hello").code == 1


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["enable", "helo"], 1, "helo is not installed"),
        (["enable", "old"], 1, "cannot be enabled"),
        (["disable", "hello"], 1, "is not enabled"),
        (["purge", "hello", "--confirm", "hello"], 1, "Nothing is stored"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_cannot_be_done_is_said_in_one_line(
    desk: Run, installed: Distributions, words: list[str], code: int, said: str
) -> None:
    installed.add("hello", head=EXPLODES)
    installed.add("old", head=EXPLODES, core=">=9")
    done = desk("plugins", *words)
    assert done.code == code
    assert said in done.complaint


def test_a_list_pinned_by_the_environment_is_not_edited(
    desk: Run, installed: Distributions, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed.add("hello", head=EXPLODES)
    monkeypatch.setenv("HELPDESK_PLUGINS__ENABLED", "")
    done = desk("plugins", "enable", "hello")
    assert done.code == 3
    assert "HELPDESK_PLUGINS__ENABLED" in done.complaint


def test_tables_go_up_and_down_by_owner_without_importing(desk: Run, installed: Distributions) -> None:
    add_thing(installed)
    assert desk("db", "upgrade", "hello").out == "hello: 0001\n"
    assert desk("db", "upgrade").out.startswith("core: up to date\n")
    assert desk("db", "downgrade", "hello", "base", "--yes").out == "hello: undone 0001\n"
    stopped = desk("db", "downgrade", "core", "base", stdin="n\n")
    assert stopped.code == 130
    assert desk("db", "status").code == 0


def test_a_failing_migration_of_a_plugin_stops_nobody_else(desk: Run, instance: Path, installed: Distributions) -> None:
    installed.add(
        "bad", head=EXPLODES, migrations={"v0001_bad.py": make_table("bad_things", extra="raise OSError('full')")}
    )
    add_thing(installed, "good")
    text = (instance / "helpdesk.toml").read_text().replace("enabled = []", 'enabled = ["bad", "good"]')
    (instance / "helpdesk.toml").write_text(text)
    done = desk("db", "upgrade")
    assert done.code == 5
    assert "good: 0001" in done.out
    assert "full" in done.complaint
    assert "full" in str(status_of(desk, "bad")["reason"])


def test_a_migration_is_written_from_the_models(desk: Run, installed: Distributions) -> None:
    package = installed.add("hello", "models = Base.metadata", head=TABLE_HEAD.format(id="hello"))
    written = Path(desk("db", "revision", "hello", "-m", "Make the tables").out.strip())
    assert written.parent == package / "migrations"
    assert "'hello_things'" in written.read_text()
    assert "nothing to write" in desk("db", "revision", "hello", "-m", "Again").out


def test_commands_say_when_the_tables_are_behind(desk: Run, instance: Path) -> None:
    (instance / "helpdesk.db").unlink()
    for words in (["users", "role", "admin@example.com"], ["audit", "verify"], ["config", "show"], ["serve"]):
        done = desk(*words)
        assert done.code == 5
        assert "helpdesk db upgrade" in done.complaint
    assert desk("plugins", "list").code == 0
    assert desk("db", "status").code == 5
    assert desk("db", "upgrade").code == 0
    assert desk("db", "status").code == 0
