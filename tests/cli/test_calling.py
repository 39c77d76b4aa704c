"""Calls that do not fit: which option is wrong, what would be right, and the exit code of a calling error."""

from pathlib import Path

import pytest

from helpdesk_core.app import open_helpdesk
from helpdesk_core.cli import main
from helpdesk_core.users.accounts import find_by_address
from tests.cli.commands import INIT, PASSWORD, Run


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--workers", "-3"], "'--workers'"),
        (["--workers", "0"], "'--workers'"),
        (["--workers", "99999999999"], "'--workers'"),
        (["--threads", "-1"], "'--threads'"),
        (["--threads", "0"], "'--threads'"),
        (["--port", "abc"], "'abc' is not a whole number from 1 to 65535"),
        (["--port", "70000"], "'70000' is not a whole number from 1 to 65535"),
    ],
    ids=" ".join,
)
def test_numbers_that_nothing_can_be_served_with_are_refused(desk: Run, words: list[str], said: str) -> None:
    done = desk("serve", "--host", "256.0.0.1", *words)
    assert done.code == 2
    assert said in done.complaint


def test_an_account_needs_an_address_and_a_role_that_there_is(desk: Run) -> None:
    done = desk("users", "create", "notmail")
    assert done.code == 2
    assert "ADDRESS" in done.complaint
    assert "@" in done.complaint
    for words in (["role", "admin@example.com", "nope"], ["create", "b@example.com", "--role", "nope"]):
        done = desk("users", *words)
        assert done.code == 1
        for role in ("agent", "manager", "admin", "owner"):
            assert role in done.complaint
    assert desk("users", "role", "b@example.com").code == 1, "nothing was made"


def test_an_owner_is_told_that_there_is_no_such_ticket_and_nothing_of_seeing(desk: Run) -> None:
    done = desk("permissions", "explain", "admin@example.com", "4711")
    assert done.code == 1
    assert done.complaint == "helpdesk: There is no ticket #4711."


@pytest.mark.parametrize(
    ("changed", "code", "said"),
    [
        (["--site-url", "desk"], 2, "--site-url"),
        (["--admin-email", "nobody"], 2, "--admin-email"),
        (["--database", "oracle://x"], 2, "--database"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_bad_option_of_init_is_a_calling_error(
    run: Run, tmp_path: Path, changed: list[str], code: int, said: str
) -> None:
    done = run("--instance", tmp_path / "new", *INIT, *changed, stdin=PASSWORD)
    assert done.code == code
    assert said in done.complaint
    assert "[site]" not in done.complaint


def test_a_folder_that_cannot_be_made_is_to_be_mended(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file" / "x", tmp_path / "file", Path("/proc/x")):
        done = run("--instance", folder, *INIT, stdin=PASSWORD)
        assert done.code == 3
        assert str(folder) in done.complaint


def test_the_answer_of_a_database_that_is_away_is_a_sentence_of_its_own(
    desk: Run, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = "postgresql://x@127.0.0.1:1/x"
    made = run("--instance", tmp_path / "new", *INIT, "--database", away, stdin=PASSWORD)
    monkeypatch.setenv("HELPDESK_DATABASE__URL", away)
    for done in (made, desk("users", "role", "admin@example.com")):
        assert done.code == 4
        assert "?." not in done.complaint
        assert "? Check" in done.complaint


def test_each_mistake_of_the_configuration_has_a_line(desk: Run, instance: Path) -> None:
    path = instance / "helpdesk.toml"
    path.write_text(path.read_text().replace("[site]\n", '[site]\nsession_days = 0\nlanguage = "xx-nowhere"\n', 1))
    lines = desk("users", "role", "admin@example.com").err.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("helpdesk: ") for line in lines)
    assert len([each for each in desk("check", "--json").json if each["level"] == "wrong"]) == 2


def test_safe_mode_is_said_in_the_list(desk: Run, instance: Path) -> None:
    path = instance / "helpdesk.toml"
    path.write_text(path.read_text().replace("enabled = []", 'enabled = ["email"]'))
    (state,) = [each for each in desk("plugins", "list", "--json").json if each["id"] == "email"]
    assert state["enabled"] is True
    (state,) = [each for each in desk("--safe-mode", "plugins", "list", "--json").json if each["id"] == "email"]
    assert (state["enabled"], state["status"]) == (True, "disabled")
    assert "safe mode" in state["reason"]


def test_questions_have_one_mark_and_ask_for_the_name_and_mistakes_name_no_section(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["foo", "https://help.example.com", "Help", "sqlite:///helpdesk.db", "", "me@example.com", "Mira Example"]
    asked: list[str] = []

    def answer(question: str) -> str:
        asked.append(question)
        return given.pop(0)

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.termui.visible_prompt_func", answer)
    monkeypatch.setattr("click.termui.hidden_prompt_func", lambda _question: PASSWORD)
    assert main(["--instance", str(tmp_path / "made"), "init"]) == 0
    both = capsys.readouterr()
    printed = "\n".join([*asked, both.out, both.err])
    assert given == []
    assert not [mark for mark in ("?:", "]:", "[site]") if mark in printed]
    assert "What is your name? [me]" in printed
    assert "Error: 'foo': " in printed
    desk = open_helpdesk(tmp_path / "made", env={})
    try:
        with desk.read() as session:
            owner = find_by_address(session, "me@example.com")
        assert owner is not None
        assert owner.name == "Mira Example"
    finally:
        desk.close()
