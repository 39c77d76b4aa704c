"""What a helpdesk writes is read by nobody else on the machine."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.commands import INIT, PASSWORD, Run


@pytest.fixture
def common_umask() -> Iterator[None]:
    """Let new files be readable by everybody, as most systems do."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def open_to_others(folder: Path) -> list[str]:
    """Name what others may read, write or enter."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.stat().st_mode & 0o077)


def test_a_helpdesk_in_a_folder_that_everybody_reads_has_files_that_only_it_reads(
    run: Run, tmp_path: Path, common_umask: None
) -> None:
    folder = tmp_path / "there"
    folder.mkdir()
    folder.chmod(0o755)
    assert run("--instance", folder, *INIT, stdin=PASSWORD).code == 0
    assert (folder / "helpdesk.db").is_file()
    assert open_to_others(folder) == []


def test_a_process_of_the_server_writes_files_that_only_it_reads(instance: Path, common_umask: None) -> None:
    script = "import helpdesk_core.wsgi, pathlib; pathlib.Path('written').write_text('x')"
    environment = {**os.environ, "HELPDESK_INSTANCE": str(instance)}
    subprocess.run([sys.executable, "-c", script], cwd=instance, env=environment, check=True, timeout=60)
    assert (instance / "written").stat().st_mode & 0o777 == 0o600


def test_what_others_can_read_is_found_with_the_mend(desk: Run, instance: Path) -> None:
    assert not [each for each in desk("check", "--json").json if each["area"] == "files"]
    instance.chmod(0o755)
    (instance / "files").mkdir()
    (instance / "files").chmod(0o755)
    (instance / "helpdesk.db").chmod(0o644)
    (instance / "themes").mkdir()
    (instance / "themes").chmod(0o755)
    (found,) = [each for each in desk("check", "--json").json if each["area"] == "files"]
    assert found["level"] == "warning"
    assert "files, helpdesk.db" in found["text"]
    assert "themes" not in found["text"]
    assert f"chmod 700 {instance}" in found["text"]
    instance.chmod(0o700)
    assert not [each for each in desk("check", "--json").json if each["area"] == "files"]


def test_a_database_elsewhere_that_others_can_read_is_found(
    desk: Run, instance: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "data" / "desk.db"
    elsewhere.parent.mkdir()
    elsewhere.parent.chmod(0o755)
    (instance / "helpdesk.db").rename(elsewhere)
    elsewhere.chmod(0o644)
    monkeypatch.setenv("HELPDESK_DATABASE__URL", f"sqlite:///{elsewhere}")
    (found,) = [each for each in desk("check", "--json").json if each["area"] == "files"]
    assert f"chmod 600 {elsewhere}" in found["text"]
