"""Switching plugins on and off in the file, as an editor with care would."""

import multiprocessing
import os
import stat
from pathlib import Path

import pytest

from helpdesk_core.errors import ConfigError
from helpdesk_core.settings import load_config
from helpdesk_core.settings.enabled import disable, enable, pinned_by

from .conftest import Write

FILE = """\
# The desk of Example Hosting
[site]
name = 'Example'   # shown on top

[plugins]
on_error = "stop"
# what we use
enabled = [
    "email",  # mail in and out
    "sla",    # promised times
    "kb",
]

[plugins.sla]
calendar = "office"  # see the wiki
"""


def text_of(instance: Path) -> str:
    return (instance / "helpdesk.toml").read_text("utf-8")


def test_enabling_appends_and_keeps_every_comment(configure: Write, instance: Path) -> None:
    assert enable(configure(FILE), "search") == ("email", "sla", "kb", "search")
    assert text_of(instance) == FILE.replace('    "kb",\n', '    "kb",\n    "search",\n')
    assert load_config(instance, {}).plugins.enabled == ("email", "sla", "kb", "search")


def test_disabling_takes_out_one_line_and_keeps_the_order(configure: Write, instance: Path) -> None:
    assert disable(configure(FILE), "sla") == ("email", "kb")
    after = text_of(instance)
    assert "# mail in and out" in after
    assert "# what we use" in after
    assert 'calendar = "office"  # see the wiki' in after
    assert load_config(instance, {}).plugins.enabled == ("email", "kb")


def test_nothing_is_written_when_nothing_changes(configure: Write, instance: Path) -> None:
    config = configure(FILE)
    before = (instance / "helpdesk.toml").stat()
    assert enable(config, "sla") == ("email", "sla", "kb")
    assert disable(config, "absent") == ("email", "sla", "kb")
    assert (instance / "helpdesk.toml").stat() == before


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# only a comment\n",
        "[plugins.sla]\nx = 1 # c\n",
        "[site]\nname = 'x'\n[plugins.sla]\nx = 1\n[mail]\nport = 1\n[plugins.kb]\ny = 1\n",
        "plugins = {on_error = 'skip'}\n",
        "plugins.enabled = []\n",
        "[plugins]\nenabled = []\n",
        "[plugins]\nenabled = ''\n",
        "\ufeff[plugins]\r\nenabled = []\r\n",
    ],
)
def test_any_way_to_write_the_file_is_edited(configure: Write, instance: Path, text: str) -> None:
    assert enable(configure(text), "search") == ("search",)
    assert enable(load_config(instance, {}), "email") == ("search", "email")
    assert disable(load_config(instance, {}), "search") == ("email",)
    assert load_config(instance, {}).plugins.enabled == ("email",)


def test_a_list_written_as_text_with_commas_becomes_a_list(configure: Write, instance: Path) -> None:
    assert enable(configure("[plugins]\nenabled = 'a, b'"), "c") == ("a", "b", "c")
    assert "enabled = [" in text_of(instance)


def test_windows_line_ends_are_kept(configure: Write, instance: Path) -> None:
    enable(configure("[site]\r\nname = 'x'\r\n[plugins]\r\nenabled = ['a']\r\n"), "b")
    assert b"name = 'x'\r\n[plugins]\r\n" in (instance / "helpdesk.toml").read_bytes()


def test_an_instance_without_a_file_gets_one_that_others_cannot_read(instance: Path) -> None:
    assert enable(load_config(instance, {}), "search") == ("search",)
    assert stat.S_IMODE((instance / "helpdesk.toml").stat().st_mode) == 0o640


def test_the_mode_of_the_file_stays(configure: Write, instance: Path) -> None:
    config = configure(FILE)
    (instance / "helpdesk.toml").chmod(0o604)
    enable(config, "search")
    assert stat.S_IMODE((instance / "helpdesk.toml").stat().st_mode) == 0o604


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_the_owner_of_the_file_stays_when_root_edits_it(configure: Write, instance: Path) -> None:
    config = configure(FILE)
    os.chown(instance / "helpdesk.toml", 12345, 12346)
    enable(config, "search")
    after = (instance / "helpdesk.toml").stat()
    assert (after.st_uid, after.st_gid) == (12345, 12346)


def test_a_link_to_the_file_stays_a_link(instance: Path, tmp_path: Path) -> None:
    real = tmp_path / "etc"
    real.mkdir()
    (real / "desk.toml").write_text(FILE)
    (instance / "helpdesk.toml").symlink_to(real / "desk.toml")
    enable(load_config(instance, {}), "search")
    assert (instance / "helpdesk.toml").is_symlink()
    assert '"search"' in (real / "desk.toml").read_text()


def test_what_somebody_else_changed_meanwhile_is_kept(configure: Write, instance: Path) -> None:
    config = configure(FILE)
    enable(config, "search")
    assert enable(config, "rules") == ("email", "sla", "kb", "search", "rules")


def _enable_one(instance: Path, name: str) -> None:
    enable(load_config(instance, {}), name)


def test_many_processes_at_once_lose_nothing(configure: Write, instance: Path) -> None:
    configure("[plugins]\nenabled = []\n")
    names = [f"p{number}" for number in range(8)]
    context = multiprocessing.get_context("spawn")
    with context.Pool(4) as pool:
        pool.starmap(_enable_one, [(instance, name) for name in names])
    assert sorted(load_config(instance, {}).plugins.enabled) == names


def test_no_file_is_left_behind(configure: Write, instance: Path) -> None:
    enable(configure(FILE), "search")
    assert [path.name for path in instance.iterdir()] == ["helpdesk.toml"]


class TestRefusals:
    def test_when_the_environment_sets_the_list(self, configure: Write, instance: Path) -> None:
        config = configure(FILE, HELPDESK_PLUGINS__ENABLED="a,b")
        for edit in (enable, disable):
            with pytest.raises(ConfigError, match="HELPDESK_PLUGINS__ENABLED; change it there"):
                edit(config, "a")
        assert text_of(instance) == FILE

    def test_when_the_file_is_write_protected(self, configure: Write, instance: Path) -> None:
        config = configure(FILE)
        (instance / "helpdesk.toml").chmod(0o444)
        with pytest.raises(ConfigError, match="is write-protected; edit"):
            enable(config, "search")
        assert text_of(instance) == FILE

    def test_when_there_is_no_instance(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="helpdesk init"):
            enable(load_config(tmp_path / "nowhere", {}), "search")

    def test_when_the_file_was_broken_meanwhile(self, configure: Write, instance: Path) -> None:
        config = configure(FILE)
        (instance / "helpdesk.toml").write_text("[plugins\n")
        with pytest.raises(ConfigError, match="line 1: this is not valid TOML"):
            enable(config, "search")

    @pytest.mark.parametrize("text", ["plugins = 3", "[plugins]\nenabled = 3", "[plugins]\nenabled = [3]"])
    def test_when_the_list_is_no_list(self, instance: Path, text: str) -> None:
        config = load_config(instance, {})
        (instance / "helpdesk.toml").write_text(text)
        with pytest.raises(ConfigError, match="mend it by hand"):
            enable(config, "search")
        assert text_of(instance) == text

    @pytest.mark.parametrize("name", ["", "Sla", "a-b", "../x", "a b", 'x"]\n[site', "_x", "ä", "x" * 41])
    def test_of_names_that_no_plugin_has(self, configure: Write, name: str) -> None:
        with pytest.raises(ConfigError, match="is not a name of a plugin"):
            enable(configure(FILE), name)

    def test_a_wrong_name_in_the_list_can_still_be_taken_out(self, instance: Path) -> None:
        config = load_config(instance, {})
        (instance / "helpdesk.toml").write_text("[plugins]\nenabled = ['A-b', 'x']")
        assert disable(config, "A-b") == ("x",)

    def test_are_told_beforehand(self, configure: Write) -> None:
        assert pinned_by(configure(FILE)) is None
        assert "HELPDESK_PLUGINS__ENABLED" in str(pinned_by(configure(FILE, HELPDESK_PLUGINS__ENABLED="")))
