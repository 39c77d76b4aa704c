"""`helpdesk email …`."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from helpdesk_core.api import Helpdesk
from helpdesk_email.commands import commands
from helpdesk_email.receiving import Gateway

from .gateways import tickets, written


def run(gateway: Gateway, word: str, *arguments: str, given: bytes = b"") -> Result:
    command = next(each for each in commands(gateway) if each.name == word)
    return CliRunner().invoke(command, arguments, input=given, standalone_mode=False)


def test_a_mail_on_standard_input_becomes_a_ticket_of_the_recipients_department(
    desk: Helpdesk, gateway: Gateway
) -> None:
    result = run(gateway, "receive", "--recipient", "sales@example.com", given=written(to="all@example.com"))
    assert (result.return_value, result.output) == (0, "")
    assert tickets(desk)[0].department.key == "sales"


def test_files_and_folders_are_received_and_what_cannot_be_read_is_an_exit_code(
    desk: Helpdesk, gateway: Gateway, tmp_path: Path
) -> None:
    folder = tmp_path / "mails"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.eml").write_bytes(written(subject=f"Mail {number}"))
    result = run(gateway, "receive", "--json", "--file", str(tmp_path / "missing.eml"), str(folder))
    assert result.return_value == 65
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(each["state"], each["subject"]) for each in lines] == [("done", f"Mail {number}") for number in range(3)]
    assert "missing.eml" in result.stderr
    assert len(tickets(desk)) == 3


def test_a_mail_that_could_not_be_stored_is_to_be_sent_again(
    desk: Helpdesk, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway.archive.folder.write_bytes(b"a file where the folder should be")
    result = run(gateway, "receive", given=written())
    assert result.return_value == 75
    assert "sent again" in result.stderr
    assert gateway.log() == []


def test_a_mail_that_cannot_be_processed_is_safe_so_the_sender_is_told_nothing(gateway: Gateway) -> None:
    result = run(gateway, "receive", given=b"\x00\xff no mail at all")
    assert result.return_value == 0
    assert [row.state for row in gateway.log()] == ["quarantined"]


def test_explain_stores_nothing(desk: Helpdesk, gateway: Gateway, tmp_path: Path) -> None:
    file = tmp_path / "one.eml"
    file.write_bytes(written("Hello", subject="A question"))
    result = run(gateway, "explain", "--json", str(file), str(tmp_path / "missing.eml"))
    first, second = (json.loads(line) for line in result.output.splitlines())
    assert (first["subject"], first["from"], first["error"]) == ("A question", "carla@example.net", None)
    assert "Cannot read" in second["error"]
    assert result.return_value == 65
    assert gateway.log() == []


def test_log_and_show_tell_every_decision_and_give_the_bytes_back(gateway: Gateway) -> None:
    raw = written(subject="Look here")
    row = gateway.receive(raw)
    assert row.uid in run(gateway, "log").output
    assert run(gateway, "log", "--state", "quarantined").output == ""
    shown = run(gateway, "show", row.uid).output
    for step in ("decode", "identity", "loop?", "automatic?", "match", "route", "strip", "create"):
        assert step in shown
    assert run(gateway, "show", "--raw", row.uid).stdout_bytes == raw


def test_only_what_is_in_the_quarantine_can_be_replayed(gateway: Gateway) -> None:
    row = gateway.receive(b"Subject: nobody\r\n\r\n")
    assert run(gateway, "replay", row.uid).return_value == 1
    done = gateway.receive(written())
    result = run(gateway, "replay", done.uid)
    assert "not in the quarantine" in str(result.exception)
