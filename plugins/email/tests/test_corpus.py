"""The reader against real mails with known results, where the corpus is at hand."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SCORER = ROOT / "bench" / "mail_corpus.py"


@pytest.fixture(scope="module")
def figures() -> dict[str, list[int]]:
    corpus = Path(os.environ.get("HELPDESK_MAIL_CORPUS") or ROOT.parent / "shared" / "mail-corpus")
    if not (corpus / "expected.jsonl").is_file():
        reason = f"There is no mail corpus in {corpus}; set HELPDESK_MAIL_CORPUS to its folder."
        if os.environ.get("HELPDESK_REQUIRE") == "all":
            pytest.fail(reason)
        pytest.skip(reason)
    done = subprocess.run([sys.executable, str(SCORER), str(corpus), "--json"], capture_output=True, check=False)
    assert done.stdout, done.stderr.decode()
    found: dict[str, list[int]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    ("measure", "goal"),
    [
        ("sender", 0.99),
        ("subject", 0.99),
        ("recipients", 0.98),
        ("attachment names", 0.98),
        ("body", 0.98),
        ("bounce", 0.98),
        ("no bounce", 0.995),
        ("failed recipients", 0.97),
        ("automatic", 1.0),
        ("reply exact", 0.90),
        ("reply parts", 0.90),
    ],
)
def test_known_results_are_reached(figures: dict[str, list[int]], measure: str, goal: float) -> None:
    right, total = figures[measure]
    assert total
    assert right / total >= goal


def test_no_real_mail_takes_long(figures: dict[str, float]) -> None:
    assert figures["slowest"] < 2
