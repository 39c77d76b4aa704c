"""The catalogue of hooks: what is shown, what is kept, and that both are up to date."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from helpdesk_core.catalogue import SPEC_MODULES
from helpdesk_core.hooks import snapshot, specs_in
from tests.cli.commands import Run

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "tests" / "hooks_snapshot.json"


def test_the_kept_signatures_are_those_of_the_code() -> None:
    assert json.loads(KEPT.read_text("utf-8")) == snapshot(SPEC_MODULES), (
        "A hook has changed: run `helpdesk hooks --snapshot > tests/hooks_snapshot.json` and name it in CHANGELOG.md."
    )


def test_the_documentation_is_that_of_the_code(run: Run) -> None:
    assert (ROOT / "docs" / "hooks.md").read_text("utf-8") == run("hooks", "--markdown").out, (
        "Run `helpdesk hooks --markdown > docs/hooks.md`."
    )


def test_what_is_printed_is_what_is_kept(run: Run) -> None:
    assert run("hooks", "--snapshot").out == KEPT.read_text("utf-8")


def test_every_hook_is_shown_with_its_exact_signature(run: Run) -> None:
    shown = {each["name"]: each for each in run("hooks", "--json").json}
    listed = run("hooks").out
    page = (ROOT / "docs" / "hooks.md").read_text("utf-8")
    for spec in specs_in(SPEC_MODULES):
        assert shown[spec.name]["signature"] == spec.signature_text
        assert f"\n{spec.name} " in listed
        assert f"```python\n{spec.signature_text}\n```" in page
        assert spec.doc in page


def test_one_hook_can_be_looked_up(run: Run) -> None:
    said = run("hooks", "ticket_opened").out
    assert said.startswith("ticket_opened(event: TicketOpened) -> None\nafter, event: TicketOpened")
    assert run("hooks", "ticket_opend").complaint.startswith("helpdesk: There is no hook ticket_opend")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with a release of one hook."""
    for name in ("tests", "tools"):
        (tmp_path / name).mkdir()
    shutil.copy(ROOT / "tools" / "check_hooks.py", tmp_path / "tools")
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\n## Unreleased\n\n## 1.0.0\n\n- `ticket_closed`, at last.\n")
    (tmp_path / "tests" / "hooks_snapshot.json").write_text('{"ticket_closed": {"style": "after"}}')
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "One"], ["tag", "v1.0.0"]):
        git(tmp_path, *words)
    return tmp_path


def git(repository: Path, *words: str) -> None:
    who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com"]
    subprocess.run(["git", *who, *words], cwd=repository, check=True)


def look(repository: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "tools/check_hooks.py", "--kept-only"],
        cwd=repository,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("now", "what"),
    [
        ('{"ticket_closed": {"style": "within"}}', "changed"),
        ("{}", "removed"),
        ('{"ticket_closed": {"style": "after"}, "ticket_opened": {"style": "after"}}', "added"),
    ],
)
def test_a_change_of_a_hook_needs_a_line_in_the_changelog(repository: Path, now: str, what: str) -> None:
    assert look(repository).returncode == 0
    (repository / "tests" / "hooks_snapshot.json").write_text(now)
    done = look(repository)
    name = "ticket_opened" if what == "added" else "ticket_closed"
    assert done.returncode == 1
    assert f"The hook {name} was {what} since v1.0.0" in done.stdout
    changelog = repository / "CHANGELOG.md"
    changelog.write_text(changelog.read_text().replace("## Unreleased\n", f"## Unreleased\n\n- `{name}` is other.\n"))
    assert look(repository).returncode == 0


def test_before_the_first_release_hooks_may_come_freely_and_change_with_a_line(repository: Path) -> None:
    git(repository, "tag", "-d", "v1.0.0")
    kept = repository / "tests" / "hooks_snapshot.json"
    kept.write_text('{"ticket_closed": {"style": "after"}, "ticket_opened": {"style": "after"}}')
    assert look(repository).returncode == 0
    kept.write_text('{"ticket_closed": {"style": "veto"}}')
    assert look(repository).returncode == 1
    git(repository, "commit", "-q", "-am", "Two")
    assert look(repository).returncode == 1, "a commit is looked at as well"
