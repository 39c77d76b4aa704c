"""The command itself: its words, its help, and how it ends."""

import logging
import subprocess
import sys
from pathlib import Path

import click
import pytest

import helpdesk_core
from helpdesk_core.cli.outcome import EXIT_CODES
from helpdesk_core.cli.root import COMMANDS, helpdesk
from tests.cli.commands import Run


def test_the_version_is_that_of_the_core(run: Run) -> None:
    assert run("--version").out == f"helpdesk {helpdesk_core.__version__}\n"


@pytest.mark.parametrize("words", [["--version"], ["init", "--help"], ["nonsense"]])
def test_nothing_big_is_imported_to_say_little(words: list[str], tmp_path: Path) -> None:
    told = (
        "import sys; from helpdesk_core.cli import main; main(sys.argv[1:]); "
        "sys.exit(sorted({'sqlalchemy', 'flask', 'alembic', 'cryptography'} & set(sys.modules)) and 'imported' or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", told, *words], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_help_names_every_command_and_what_exit_codes_mean(run: Run, tmp_path: Path) -> None:
    said = run("--instance", tmp_path / "nowhere", "--help")
    assert said.code == 0
    assert all(f"  {word} " in said.out for word in COMMANDS)
    assert all(f"  {int(code)}  " in said.out for code in EXIT_CODES)


def commands(group: click.Group, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    context = click.Context(group, info_name="helpdesk")
    found = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        found += [(*path, name)]
        if isinstance(command, click.Group):
            found += commands(command, (*path, name))
    return found


@pytest.mark.parametrize("words", commands(helpdesk), ids=" ".join)
def test_every_command_has_a_help(words: tuple[str, ...], run: Run, tmp_path: Path) -> None:
    said = run("--instance", tmp_path / "nowhere", *words, "--help")
    assert said.code == 0
    assert said.out.startswith(f"Usage: helpdesk {words[0]}")
    assert len(said.out.splitlines()[2].strip()) > 10, "say what the command does"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nonsense"], "No such command 'nonsense'. See: helpdesk --help"),
        (["--nonsense"], "No such option '--nonsense'. Did you mean '--instance'? See: helpdesk --help"),
        (["db", "nonsense"], "No such command 'nonsense'. See: helpdesk db --help"),
        (["plugins", "enable"], "Missing argument 'NAME'. See: helpdesk plugins enable --help"),
        (
            ["serve", "--port", "x"],
            "Invalid value for '--port': 'x' is not a whole number from 1 to 65535. See: helpdesk serve --help",
        ),
    ],
)
def test_a_mistake_in_the_words_is_one_line(run: Run, tmp_path: Path, words: list[str], said: str) -> None:
    done = run("--instance", tmp_path / "nowhere", *words)
    assert done.code == 2
    assert done.complaint == f"helpdesk: {said}"
    assert done.out == ""


@pytest.mark.parametrize(
    "words",
    [
        ["check"],
        ["serve"],
        ["worker"],
        ["config", "show"],
        ["plugins", "list"],
        ["plugins", "enable", "email"],
        ["db", "status"],
        ["db", "upgrade"],
        ["users", "token", "admin@example.com"],
        ["permissions", "explain", "admin@example.com", "10001"],
        ["audit", "verify"],
        ["themes", "new", "blue"],
    ],
    ids=" ".join,
)
def test_without_an_instance_each_command_says_how_to_make_one(run: Run, tmp_path: Path, words: list[str]) -> None:
    done = run("--instance", tmp_path / "nowhere", *words)
    assert done.code == 3
    assert f"helpdesk --instance {tmp_path / 'nowhere'} init" in done.out + done.err


def test_the_environment_picks_the_instance(run: Run, instance: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELPDESK_INSTANCE", str(instance))
    assert run("db", "status").code == 0
    assert run("--instance", instance.parent / "nowhere", "db", "status").code == 3


def test_the_logging_of_a_process_that_calls_it_is_left_alone(
    run: Run, instance: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for words in (["check"], ["--verbose", "check"], ["config", "nothing"]):
        run("--instance", instance, *words)
    logging.getLogger("helpdesk_core.somewhere").warning("still heard")
    assert caplog.messages[-1:] == ["still heard"]


def test_a_reader_that_goes_away_is_not_complained_about(instance: Path) -> None:
    script = f"{sys.executable} -c 'import sys; from helpdesk_core.cli import main; sys.exit(main(sys.argv[1:]))'"
    line = f"set -o pipefail; {script} hooks | head -n 1 >/dev/null"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
    assert done.stderr == ""
