"""Making an instance: what it holds, what it asks, and that nothing is ever overwritten."""

import stat
import tomllib
from pathlib import Path

import pytest

from helpdesk_core.app import open_helpdesk
from helpdesk_core.cli import main
from helpdesk_core.departments.queries import all_departments
from helpdesk_core.testing.distributions import Distributions
from helpdesk_core.tickets.vocabulary import vocabulary
from helpdesk_core.users.accounts import find_by_address
from helpdesk_core.users.inputs import Credentials
from helpdesk_core.users.roles import all_roles
from helpdesk_core.users.signin import sign_in
from tests.cli.commands import INIT, PASSWORD, Run


def test_a_new_helpdesk_has_all_that_it_needs_to_begin(run: Run, tmp_path: Path, database_url: str) -> None:
    folder = tmp_path / "new"
    done = run("--instance", folder, *INIT, "--site-name", "Care", "--database", database_url, stdin=PASSWORD + "\n")
    assert (done.code, done.err) == (0, "")
    assert "helpdesk --instance" in done.out
    desk = open_helpdesk(folder, env={})
    try:
        assert (desk.config.site.name, desk.config.site.url) == ("Care", "https://desk.example.com")
        with desk.read() as session:
            assert [each.key for each in all_departments(session)] == ["support"]
            assert {each.key for each in all_roles(session)} == {"agent", "manager", "admin"}
            assert vocabulary(desk, session).in_state("new").key == "new"
            owner = find_by_address(session, "admin@example.com")
        assert owner is not None
        assert owner.is_owner
        assert sign_in(desk, Credentials(address="admin@example.com", password=PASSWORD)).token
    finally:
        desk.close()


def test_what_is_secret_is_for_its_owner_only(instance: Path) -> None:
    for name in ("secret.key", "helpdesk.toml"):
        assert stat.S_IMODE((instance / name).stat().st_mode) == 0o600
    assert (instance / ".gitignore").read_text() == "*\n"


def test_the_configuration_is_annotated_and_holds_the_answers(instance: Path) -> None:
    text = (instance / "helpdesk.toml").read_text()
    assert tomllib.loads(text)["site"] == {"url": "https://desk.example.com", "name": "Helpdesk"}
    assert '#language = "en"' in text


def test_plugins_can_be_enabled_from_the_beginning(run: Run, tmp_path: Path, installed: Distributions) -> None:
    installed.add("hello")
    folder = tmp_path / "new"
    assert run("--instance", folder, *INIT, "--plugins", " hello ", stdin=PASSWORD).code == 0
    assert tomllib.loads((folder / "helpdesk.toml").read_text())["plugins"]["enabled"] == ["hello"]


@pytest.mark.parametrize("name", ["helpdesk.toml", "secret.key"])
def test_an_existing_helpdesk_is_never_overwritten(run: Run, instance: Path, name: str) -> None:
    before = (instance / name).read_bytes()
    for other in {"helpdesk.toml", "secret.key"} - {name}:
        (instance / other).unlink()
    done = run("--instance", instance, *INIT, stdin=PASSWORD)
    assert done.code == 3
    assert f"{name} is there already" in done.complaint
    assert (instance / name).read_bytes() == before


def test_a_database_with_people_in_it_is_left_alone(run: Run, instance: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{instance / 'helpdesk.db'}"
    done = run("--instance", tmp_path / "other", *INIT, "--database", url, stdin=PASSWORD)
    assert done.code == 1
    assert "holds a helpdesk already" in done.complaint
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(
    ("words", "stdin", "code", "said"),
    [
        (["--admin-email", "", "--admin-password-stdin"], PASSWORD, 2, "--admin-email"),
        (["--admin-email", "a@example.com"], "", 2, "--admin-password-stdin"),
        (["--admin-email", "a@example.com", "--admin-password-stdin"], "short", 1, "10 or more"),
        (["--admin-email", "nobody", "--admin-password-stdin"], PASSWORD, 2, "--admin-email"),
        ([*INIT[1:], "--site-url", "desk"], PASSWORD, 2, "--site-url 'desk': "),
        ([*INIT[1:], "--database", "oracle://x"], PASSWORD, 2, "--database"),
        ([*INIT[1:], "--database", "postgresql://x@127.0.0.1:1/x"], PASSWORD, 4, "does not answer"),
        ([*INIT[1:], "--plugins", "unknown_one"], PASSWORD, 1, "unknown_one is not installed"),
        ([*INIT[1:], "--plugins", "No Name"], PASSWORD, 2, "--plugins"),
    ],
    ids=lambda value: " ".join(value)[-30:] if isinstance(value, list) else None,
)
def test_what_does_not_fit_is_said_in_one_line_and_leaves_nothing(
    run: Run, tmp_path: Path, words: list[str], stdin: str, code: int, said: str
) -> None:
    folder = tmp_path / "new"
    done = run("--instance", folder, "init", *words, stdin=stdin)
    assert done.code == code, done.err
    assert said in done.complaint
    assert not folder.exists()


def test_what_was_in_the_folder_before_stays_when_it_fails(run: Run, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("mine")
    words = [*INIT, "--database", "postgresql://x@127.0.0.1:1/x"]
    assert run("--instance", tmp_path, *words, stdin=PASSWORD).code == 4
    assert [path.name for path in tmp_path.iterdir()] == ["note.txt"]


def test_a_plugin_whose_tables_cannot_be_made_stops_it(run: Run, tmp_path: Path, installed: Distributions) -> None:
    installed.add(
        "hello", migrations={"v0001_broken.py": "revision = '0001'\ndown_revision = None\nraise OSError('no')"}
    )
    done = run("--instance", tmp_path / "new", *INIT, "--plugins", "hello", stdin=PASSWORD)
    assert done.code == 5
    assert "hello" in done.complaint
    assert not (tmp_path / "new").exists()


def test_an_answer_that_does_not_fit_is_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [
        "nonsense",
        "https://help.example.com",
        "Help",
        "oracle://x",
        "sqlite:///helpdesk.db",
        "unheard-of",
        "",
        "me@",
        "me@example.com",
        "Mira Example",
    ]
    passwords = ["short", "a long passphrase", "a long passphrase"]
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _question: given.pop(0))
    monkeypatch.setattr("click.termui.hidden_prompt_func", lambda _question: passwords.pop(0))
    assert main(["--instance", str(tmp_path / "made"), "init"]) == 0
    printed = capsys.readouterr()
    assert (given, passwords) == ([], [])
    assert (printed.out + printed.err).count("Error: ") == 5
    assert "Error: Not a valid database address." in printed.out + printed.err
    assert "me@example.com: the first account" in printed.out
