"""The shells for Python sites: their own tests, in the environment of such sites."""

import os
import subprocess
from pathlib import Path

import pytest

from .shells.environment import SHELLS, require_environment, run


def test_the_part_without_a_framework_keeps_the_contract() -> None:
    python = require_environment("wagtail")
    command = [str(python), "-W", "error", "-m", "unittest", "discover", "--start-directory", "tests"]
    environment = {**os.environ, "PYTHONPATH": str(SHELLS / "python"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=SHELLS / "python", env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("kind", ["wagtail", "djangocms"])
def test_tables_are_as_the_migrations_make_them(kind: str, tmp_path: Path) -> None:
    python = require_environment(kind)
    apps = ["helpdesk_shell", f"{kind}_helpdesk"]
    run(python, kind, tmp_path, "makemigrations", "--check", "--dry-run", *apps)
