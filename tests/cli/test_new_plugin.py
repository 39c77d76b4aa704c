"""`helpdesk plugins new` and `check`: what is begun keeps every rule, and each broken rule is found."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from helpdesk_core.errors import NotFound
from helpdesk_core.testing.conformance import assert_conforms, check_plugin
from helpdesk_core.testing.conformance_project import describe, project_of
from tests.cli.commands import Run

PACKAGE = "helpdesk_hello_world"


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project that `plugins new` writes; copy it."""
    from helpdesk_core.cli import main

    folder = tmp_path_factory.mktemp("begun") / "project"
    assert main(["plugins", "new", "hello_world", "--folder", str(folder)]) == 0
    return folder


@pytest.fixture
def project(begun: Path, tmp_path: Path) -> Path:
    return shutil.copytree(begun, tmp_path / "project")


def broken_rules(project: Path) -> dict[str, str]:
    return {result.rule: " ".join(result.problems) for result in check_plugin(project) if result.problems}


def change(project: Path, name: str, old: str, new: str) -> None:
    path = project / name
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_what_is_begun_keeps_every_rule(run: Run, project: Path) -> None:
    done = run("plugins", "check", project, "--json")
    assert done.code == 0, done.out
    assert {each["result"] for each in done.json} == {"ok"}
    assert len(done.json) == 11


def test_its_own_tests_pass_and_its_types_fit(project: Path, tmp_path: Path) -> None:
    metadata = tmp_path / "metadata"
    metadata.mkdir()
    describe(project_of(project), metadata)
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(project), str(metadata)])}
    tests = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"],
        cwd=project,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert tests.returncode == 0, tests.stdout
    assert "3 passed" in tests.stdout
    config = str(Path(__file__).parents[2] / "pyproject.toml")
    types = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", config, PACKAGE],
        cwd=project,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert types.returncode == 0, types.stdout


@pytest.mark.parametrize("name", ["Hello", "core", "9lives", "two words", ""])
def test_a_name_that_cannot_be_is_refused(run: Run, tmp_path: Path, name: str) -> None:
    done = run("plugins", "new", name, "--folder", tmp_path / "project")
    assert done.code == 1
    assert "cannot be the name of a plugin" in done.complaint
    assert not (tmp_path / "project").exists()


def test_nothing_is_overwritten(run: Run, project: Path) -> None:
    done = run("plugins", "new", "hello_world", "--folder", project)
    assert done.code == 1
    assert "is there already" in done.complaint


BROKEN = {
    "no range": ("pyproject.toml", "helpdesk-core>=0.1,<0.2", "helpdesk-core", "the cores that it fits", "upper bound"),
    "private import": (
        f"{PACKAGE}/views.py",
        "from helpdesk_core.api.web import current_actor, db, rail_context",
        "from helpdesk_core.api.web import current_actor, rail_context\nfrom helpdesk_core.web.context import db",
        "imports nothing of core",
        "helpdesk_core.web.context is not public",
    ),
    "no docstring": (f"{PACKAGE}/views.py", '    """Show the newest notes."""\n', "", "say what they are", "all_notes"),
    "blocking key": (f"{PACKAGE}/models.py", ', ondelete="CASCADE"', "", "harmless keys", "CASCADE"),
    "foreign table": (f"{PACKAGE}/models.py", '"hello_world_notes"', '"notes"', "harmless keys", "hello_world_"),
    "models ahead": (f"{PACKAGE}/models.py", "String(255)", "String(99)", "up, down and up again", "do not lead"),
    "no way back": (
        f"{PACKAGE}/migrations/v0001_make_the_tables.py",
        'op.drop_table("hello_world_notes")',
        "pass",
        "up, down and up again",
        "leaves hello_world_notes",
    ),
    "broken template": (f"{PACKAGE}/templates/hello_world/panel.html", "{% endfor %}", "", "templates", "line"),
    "unexplained setting": (
        f"{PACKAGE}/settings.py",
        'metadata=about("Text", help="What each note says."),',
        "",
        "settings",
        "not explained",
    ),
    "bad default": (
        f"{PACKAGE}/settings.py",
        'load_default="Welcome"',
        'load_default="x" * 300',
        "settings",
        "refused",
    ),
    "unknown permission": (f"{PACKAGE}/plugin.py", "all_notes, STAFF", 'all_notes, "hello.see"', "route", "hello.see"),
    "wrong hook": (f"{PACKAGE}/plugin.py", "self, event: TicketOpened", "self, evnt: TicketOpened", "hooks", "evnt"),
}


@pytest.mark.parametrize("how", BROKEN, ids=str)
def test_each_broken_rule_is_found(project: Path, how: str) -> None:
    name, old, new, rule, said = BROKEN[how]
    change(project, name, old, new)
    broken = broken_rules(project)
    found = [problems for each, problems in broken.items() if rule in each]
    assert found, broken
    assert said in found[0]


def test_templates_and_translations_that_are_never_found_are_named(project: Path) -> None:
    (project / PACKAGE / "templates" / "page.html").write_text("<p>")
    (project / PACKAGE / "locales" / "de" / "LC_MESSAGES").mkdir(parents=True)
    (project / PACKAGE / "locales" / "de" / "LC_MESSAGES" / "messages.po").write_text("")
    said = " ".join(broken_rules(project).values())
    assert "templates/page.html is never found" in said
    assert "locales/de/LC_MESSAGES/messages.po is never read" in said


def test_a_wheel_that_leaves_something_out_is_found(project: Path) -> None:
    change(
        project,
        "pyproject.toml",
        "[tool.hatch.build.targets.wheel]",
        '[tool.hatch.build.targets.wheel]\nexclude = ["*.html"]',
    )
    (project / PACKAGE / "py.typed").unlink()
    with pytest.raises(AssertionError, match=r"(?s)breaks rules.*panel.html is not in the wheel.*no .*py.typed"):
        assert_conforms(project)


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "needs one line"), ("[project", "cannot be read"), (None, "cannot be read")],
)
def test_a_folder_that_is_no_plugins_project_is_said_to_be_none(
    run: Run, tmp_path: Path, text: str | None, said: str
) -> None:
    if text is not None:
        (tmp_path / "pyproject.toml").write_text(text)
    done = run("plugins", "check", tmp_path)
    assert done.code == 1
    assert said in done.complaint


def test_an_unknown_plugin_cannot_be_checked(run: Run) -> None:
    assert "is not installed" in run("plugins", "check", "nobody_has_it").complaint
    with pytest.raises(NotFound):
        check_plugin("nobody_has_it")


def test_the_name_of_a_plugin_that_is_installed_is_taken(run: Run, tmp_path: Path) -> None:
    done = run("plugins", "new", "email", "--folder", tmp_path / "mine")
    assert (done.code, done.complaint) == (
        1,
        "helpdesk: A plugin called email is installed already. Choose another name.",
    )
    assert not (tmp_path / "mine").exists()


def test_a_rule_that_could_not_be_looked_at_says_why(run: Run, project: Path) -> None:
    change(project, "pyproject.toml", "hatchling", "another_tool")
    done = run("plugins", "check", project)
    assert done.code == 0, done.out
    assert "skipped  its wheel holds all that the package needs\n         this checks projects" in done.out
