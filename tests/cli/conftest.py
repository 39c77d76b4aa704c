"""Running the command inside the tests' process, on instances of their own."""

import io
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpdesk_core.cli import main
from helpdesk_core.testing.distributions import Distributions
from tests.cli.commands import INIT, PASSWORD, Ran, Run


@pytest.fixture
def untouched_process() -> Iterator[None]:
    """Put the umask back that the command replaces."""
    umask = os.umask(0o022)
    yield
    os.umask(umask)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, untouched_process: None) -> Run:
    """Run `helpdesk` with these words, and `stdin` to read."""
    for name in ("HELPDESK_INSTANCE", "HELPDESK_SAFE_MODE"):
        monkeypatch.delenv(name, raising=False)

    def run(*words: str | Path, stdin: str = "") -> Ran:
        capsys.readouterr()
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        code = main([str(word) for word in words])
        printed = capsys.readouterr()
        return Ran(code, printed.out, printed.err)

    return run


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance as `helpdesk init` makes it; copy it."""
    folder = tmp_path_factory.mktemp("template") / "instance"
    umask = os.umask(0o022)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdin", io.StringIO(PASSWORD + "\n"))
        patch.delenv("HELPDESK_INSTANCE", raising=False)
        assert main(["--instance", str(folder), *INIT]) == 0
    os.umask(umask)
    return folder


@pytest.fixture
def instance(template: Path, tmp_path: Path) -> Path:
    """A new instance with an owner, admin@example.com, for this test alone."""
    folder = tmp_path / "instance"
    shutil.copytree(template, folder)
    return folder


@pytest.fixture
def desk(run: Run, instance: Path) -> Run:
    """Run `helpdesk` with these words on the instance."""
    return lambda *words, stdin="": run("--instance", instance, *words, stdin=stdin)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Distributions]:
    """Plugins that are installed for this test alone."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    made = Distributions(folder)
    yield made
    made.forget()
