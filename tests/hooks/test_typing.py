"""mypy sees a wrong argument, a wrong style and a wrong result; the dispatcher's answers have the right types."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SOURCE = '''
# mypy: disable-error-code=empty-body
from helpdesk_core.hooks import Hooks, Rendered, hookimpl, hookspec


@hookspec.collect(since="0.1")
def actions(ticket: int, actor: str) -> list[str]:
    """Offer actions."""


@hookspec.pick(since="0.1")
def route(subject: str) -> int | None:
    """Choose."""


@hookspec.refine(since="0.1")
def refine_body(body: str) -> str:
    """Change."""


@hookspec.veto(since="0.1")
def check(body: str) -> list[str]:
    """Object."""


@hookspec.render(since="0.1")
def panel(ticket: int) -> str | None:
    """Show."""


@hookspec.after(since="0.1", any_event=True)
def anything(event: object) -> None:
    """Learn."""


@hookspec.veto(since="0.1")  # error: arg-type
def check_number(body: str) -> int:
    """Object."""


@hookspec.within(since="0.1")  # error: arg-type
def within_with_result(tx: object) -> int:
    """Write."""


class Plugin:
    @hookimpl(actions)
    def actions(self, ticket: int) -> list[str]:
        return []

    @hookimpl(route)
    def route(self, subject: str) -> int | None:
        return None

    @hookimpl(check)
    def check(self) -> None: ...

    @hookimpl(panel)  # error: arg-type
    def panel(self, ticket: int) -> int:
        return 1


def core(hooks: Hooks) -> None:
    a: list[str] = hooks.collect(actions, ticket=1, actor="ann")
    b: list[tuple[str, list[str]]] = hooks.collect_by_plugin(actions, ticket=1, actor="ann")
    c: list[str] = hooks.collect_from(actions, "sla", ticket=1, actor="ann")
    d: int | None = hooks.pick(route, subject="x")
    e: str = hooks.refine(refine_body, body="x")
    f: list[Rendered[str]] = hooks.render(panel, ticket=1)
    hooks.veto(check, body="x")
    hooks.deliver(anything, "sla", event=object())
    for spec in hooks.after_specs("sla", object):
        hooks.deliver(spec, "sla", event=object())

    hooks.collect(actions, ticket="1", actor="ann")  # error: arg-type
    hooks.collect(actions, ticket=1)  # error: call-arg
    hooks.collect(actions, ticket=1, actor="ann", more=1)  # error: call-arg
    hooks.pick(actions, ticket=1, actor="ann")  # error: arg-type
    hooks.veto(route, subject="x")  # error: arg-type
    hooks.collect(panel, ticket=1)  # error: arg-type
    hooks.deliver(check, "sla", body="x")  # error: arg-type
    hooks.pick("route", subject="x")  # error: arg-type
    g: int = hooks.pick(route, subject="x")  # error: assignment
    h: list[int] = hooks.collect(actions, ticket=1, actor="ann")  # error: arg-type
    Plugin().actions(ticket="1")  # error: arg-type
'''


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> dict[int, set[str]]:
    folder = tmp_path_factory.mktemp("typing")
    source = folder / "example.py"
    source.write_text(SOURCE)
    run = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--cache-dir", str(folder / "cache"), str(source)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1, run.stdout + run.stderr
    found: dict[int, set[str]] = {}
    for name, line, code in re.findall(r"^(.+?):(\d+): error: .*\[([a-z-]+)\]$", run.stdout, re.MULTILINE):
        assert name.endswith("example.py"), run.stdout
        found.setdefault(int(line), set()).add(code)
    return found


def test_mypy_reports_what_is_wrong_and_nothing_else(reported: dict[int, set[str]]) -> None:
    expected = {
        number: {line.partition("# error: ")[2]}
        for number, line in enumerate(SOURCE.splitlines(), 1)
        if "# error: " in line
    }
    assert reported == expected
