"""The shells for Python sites: their own tests, in the environment of such sites."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from .shells.environment import SHELLS, SOURCES, require_environment, run


def test_the_part_without_a_framework_keeps_the_contract() -> None:
    python = require_environment("wagtail")
    command = [str(python), "-W", "error", "-m", "unittest", "discover", "--start-directory", "tests"]
    environment = {**os.environ, "PYTHONPATH": str(SHELLS / "python"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=SHELLS / "python", env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


MARKED = re.compile(r"(?<!\w)(?:_|gettext|gettext_lazy)\(\s*((?:\"(?:[^\"\\]|\\.)*\"\s*)+),?\s*\)")
IN_TEMPLATE = re.compile(r"""{% translate (["'])(.*?)\1""")


def texts() -> set[str]:
    """Return what the shells say to people."""
    found: set[str] = set()
    for path in (path for source in SOURCES[:3] for path in source.rglob("*") if "migrations" not in path.parts):
        if path.suffix == ".py":
            parts = (re.findall(r'"((?:[^"\\]|\\.)*)"', each) for each in MARKED.findall(path.read_text("utf-8")))
            found |= {"".join(each) for each in parts}
        elif path.suffix == ".html":
            found |= {text for _, text in IN_TEMPLATE.findall(path.read_text("utf-8"))}
    return found


@pytest.mark.parametrize("language", ["de", "ru", "uk", "hr"])
def test_every_text_is_there_in_every_language(language: str) -> None:
    place = SHELLS / "python" / "helpdesk_shell" / "django" / "locale" / language / "LC_MESSAGES"
    with (place / "django.po").open("rb") as file:
        written = {str(each.id): each.string for each in read_po(file) if isinstance(each.id, str) and each.id}
    assert texts() == set(written)
    with (place / "django.mo").open("rb") as file:
        compiled = {str(each.id): each.string for each in read_mo(file) if isinstance(each.id, str) and each.id}
    assert compiled == written, "compile the catalogue: pybabel compile"


@pytest.mark.parametrize("kind", ["wagtail", "djangocms"])
def test_tables_are_as_the_migrations_make_them(kind: str, tmp_path: Path) -> None:
    python = require_environment(kind)
    apps = ["helpdesk_shell", f"{kind}_helpdesk"]
    run(python, kind, tmp_path, "makemigrations", "--check", "--dry-run", *apps)
