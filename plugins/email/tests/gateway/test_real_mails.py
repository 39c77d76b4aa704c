"""The gateway against a corpus of real mails, where one is at hand (`HELPDESK_MAIL_CORPUS`)."""

import os
from collections import Counter
from pathlib import Path

import pytest

from helpdesk_core.api import Helpdesk
from helpdesk_core.testing.require import require
from helpdesk_email.receiving import Gateway
from helpdesk_email.storing import Envelope

ROOT = Path(__file__).resolve().parents[4]
IMPORTED = Envelope(source="import")
PORTION = 100


@pytest.fixture(scope="module")
def mails() -> list[Path]:
    """The files of the corpus."""
    corpus = Path(os.environ.get("HELPDESK_MAIL_CORPUS") or ROOT.parent / "shared" / "mail-corpus")
    index = corpus / "index.tsv"
    require("mail-corpus", index.is_file(), mend=f"set HELPDESK_MAIL_CORPUS to its folder; it is not in {corpus}")
    lines = index.read_text(encoding="utf-8").splitlines()[1:]
    return [corpus / "mails" / line.split("\t")[0] for line in lines]


@pytest.fixture
def settings() -> dict[str, object]:
    return {"sender_budget": 0, "spam_threshold": 0}


def test_every_real_mail_comes_to_an_end_and_none_crashes(desk: Helpdesk, gateway: Gateway, mails: list[Path]) -> None:
    raws = [path.read_bytes() for path in mails]
    rows = []
    for start in range(0, len(raws), PORTION):
        rows += gateway.receive_many([(raw, IMPORTED) for raw in raws[start : start + PORTION]])
    ends = Counter((row.state, row.reason) for row in rows)
    assert {state for state, _reason in ends} == {"done", "quarantined", "dropped"}
    assert {reason for state, reason in ends if state == "quarantined"} == {
        "The mail names no sender. Nobody could be answered."
    }
    assert {reason for state, reason in ends if state == "dropped"} == {
        "It reports about a mail that belongs to no ticket here.",
        "It is a copy of a mail that has come already.",
    }
    assert all(row.ticket_id for row in rows if row.state == "done")
    assert [gateway.archive.get(row.sha256) for row in rows] == raws
