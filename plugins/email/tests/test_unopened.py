"""`helpdesk email …` on a helpdesk that cannot be opened."""

import json
from pathlib import Path

import pytest

from helpdesk_core.cli.root import run

from .mails import mail

BROKEN = '[database]\nurl = "sqlite:////nowhere/at/all.db"\n'


@pytest.fixture(params=["missing", "garbled", "away", "not enabled"])
def instance(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    folder = tmp_path / "instance"
    if request.param != "missing":
        folder.mkdir()
        text = "no [TOML" if request.param == "garbled" else BROKEN + '[plugins]\nenabled = ["email"]\n'
        text = "[plugins]\nenabled = []\n" if request.param == "not enabled" else text
        (folder / "helpdesk.toml").write_text(text)
    return str(folder)


def test_the_mail_server_keeps_the_mail(instance: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--instance", instance, "email", "receive", "--recipient", "support@example.com"]) == 75
    assert "send it again later" in capsys.readouterr().err


def test_mails_are_explained(instance: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "one.eml"
    file.write_bytes(mail("Hello"))
    assert run(["--instance", instance, "email", "explain", "--json", str(file)]) == 0
    assert json.loads(capsys.readouterr().out)["subject"] == "Printer"


def test_all_else_says_what_is_wrong(instance: str) -> None:
    assert run(["--instance", instance, "email", "log"]) in (1, 3, 4, 5)
