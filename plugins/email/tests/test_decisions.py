import json
import subprocess
import sys
from pathlib import Path

from helpdesk_email.reading import explain

from .mails import mail

KEYS = [
    "file",
    "from",
    "to",
    "subject",
    "attachments",
    "text",
    "html",
    "stripped_reply",
    "is_auto",
    "is_bounce",
    "failed_recipients",
    "reason",
    "error",
]


def test_a_mail_is_explained_with_exactly_the_promised_keys() -> None:
    found = explain(mail("It works.\n\n> old\n", "Auto-Submitted: auto-replied"), "a.eml")
    assert list(found) == KEYS
    assert found["file"] == "a.eml"
    assert (found["from"], found["to"], found["subject"]) == ("anna@example.org", ["support@example.com"], "Printer")
    assert found["stripped_reply"] == "It works."
    assert (found["is_auto"], found["is_bounce"], found["error"]) == (True, False, None)
    assert found["reason"] == "The header Auto-Submitted says auto-replied."


def test_the_command_prints_one_json_line_a_file_and_names_what_it_cannot_open(tmp_path: Path) -> None:
    good = tmp_path / "good.eml"
    good.write_bytes(mail("Grüße", "Content-Type: text/plain; charset=utf-8"))
    missing = tmp_path / "missing.eml"
    command = [sys.executable, "-m", "helpdesk_email.reading", str(good), str(missing)]
    done = subprocess.run(command, capture_output=True, check=False)
    first, second = map(json.loads, done.stdout.decode("utf-8").splitlines())
    assert (first["text"], first["error"]) == ("Grüße", None)
    assert str(missing) in second["error"]
    assert done.returncode == 1
