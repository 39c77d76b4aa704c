"""Score the mail reader against a corpus of mails with known results.

    python bench/mail_corpus.py [CORPUS] [--show SOURCE] [--json]

CORPUS is a folder with `mails/`, `expected.jsonl` and `index.tsv`; without it, the environment variable
HELPDESK_MAIL_CORPUS, then `../shared/mail-corpus` beside the repository. Every mail of the corpus is read; those
with an expectation are compared, per source and overall. `--show` prints each miss of a source (or of `all`).

Rules of comparison: replacement characters in an expectation stand for any character (the source could not decode
what we can); names that a source or the reader makes up for unnamed parts do not count; bodies are compared without
white space and NUL; every expected recipient must be there, since some sources state the first only.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "plugins" / "email"))

from helpdesk_email.reading import explain, html_to_text  # noqa: E402  (the path above comes first)

GOALS = {
    "sender": 0.99,
    "recipients": 0.98,
    "subject": 0.99,
    "attachment names": 0.98,
    "body": 0.98,
    "bounce": 0.98,
    "no bounce": 0.995,
    "failed recipients": 0.97,
    "automatic": 1.0,
    "reply exact": 0.90,
    "reply parts": 0.90,
    "time": 1.0,
}
MADE_UP = re.compile(r"(?:noname|part-|file-|delivery-status-)\d+(?:\.\w+)?$")
NOT_BOUNCES = frozenset({"ham", "spam", "reply-quote", "attachment", "charset", "plain", "signed-encrypted", "tnef"})


@dataclass
class Score:
    """Counts of what was checked and what was right, by source and measure."""

    total: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    right: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    misses: list[tuple[str, str, str, object, object]] = field(default_factory=list)

    def add(self, source: str, measure: str, file: str, good: bool, want: object, got: object) -> None:
        self.total[source][measure] += 1
        self.right[source][measure] += good
        if not good:
            self.misses.append((source, measure, file, want, got))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", nargs="?", type=Path, default=default_corpus())
    parser.add_argument("--show", metavar="SOURCE", help="print the misses of this source, or of all")
    parser.add_argument("--json", action="store_true", help="print the overall figures as one JSON object")
    options = parser.parse_args()
    if not (options.corpus / "expected.jsonl").is_file():
        parser.error(
            f"There is no expected.jsonl in {options.corpus}. Name the corpus folder, or set HELPDESK_MAIL_CORPUS."
        )
    started = time.perf_counter()
    score, slowest, count = measure(options.corpus)
    seconds = time.perf_counter() - started
    figures = overall(score)
    if options.json:
        print(json.dumps(figures | {"mails": count, "seconds": round(seconds, 2), "slowest": round(slowest[0], 3)}))
    else:
        report(score, figures)
        print(f"\n{count} mails in {seconds:.1f} s, none raised; slowest {slowest[0] * 1000:.0f} ms ({slowest[1]})")
    for source, name, file, want, got in score.misses:
        if options.show in (source, "all"):
            print(f"\n{name}: {file}\n  expected {want!r:.600}\n  got      {got!r:.600}")
    return 0 if all(right / total >= GOALS[name] for name, (right, total) in figures.items() if total) else 1


def default_corpus() -> Path:
    """The corpus folder to use when none is named."""
    named = os.environ.get("HELPDESK_MAIL_CORPUS")
    return Path(named) if named else ROOT.parent / "shared" / "mail-corpus"


def measure(corpus: Path) -> tuple[Score, tuple[float, str], int]:
    """Read every mail of the corpus and compare: the score, the slowest mail, and how many there were."""
    expected = {
        row["file"]: row for row in map(json.loads, (corpus / "expected.jsonl").read_text("utf-8").splitlines())
    }
    score = Score()
    slowest = (0.0, "")
    count = 0
    for file, kind in mails(corpus):
        raw = (corpus / "mails" / file).read_bytes()
        begun = time.perf_counter()
        got = explain(raw, file)
        taken = time.perf_counter() - begun
        slowest = max(slowest, (taken, file))
        count += 1
        source = file.split("/")[0]
        row = expected.get(file, {"file": file})
        compare(score, source, row, got, taken)
        if row.get("is_bounce") is None and kind in NOT_BOUNCES:
            score.add(source, "no bounce", file, not got["is_bounce"], False, got["is_bounce"])
    return score, slowest, count


def mails(corpus: Path) -> Iterator[tuple[str, str]]:
    """Each mail of the index with its kind; files that only hold expectations are left out."""
    for line in (corpus / "index.tsv").read_text("utf-8").splitlines()[1:]:
        columns = line.split("\t")
        if len(columns) >= 5 and columns[4] != "expected-data" and (corpus / "mails" / columns[0]).is_file():
            yield columns[0], columns[4]


def compare(score: Score, source: str, row: dict[str, Any], got: dict[str, Any], taken: float) -> None:
    """Compare one mail with what its source expects of it."""
    file = row["file"]

    def check(name: str, good: bool, want: object, have: object) -> None:
        score.add(source, name, file, good, want, have)

    if row.get("from"):
        check("sender", same(row["from"], got["from"] or ""), row["from"], got["from"])
    if row.get("to"):
        check("recipients", {*map(str.lower, row["to"])} <= {*map(str.lower, got["to"])}, row["to"], got["to"])
    if row.get("subject") is not None:
        check("subject", same(squeeze(row["subject"]), squeeze(got["subject"])), row["subject"], got["subject"])
    names = got["attachments"]
    if row.get("attachments") is not None:
        check("attachment names", same_names(row["attachments"], names), row["attachments"], names)
    elif row.get("attachment_count") is not None:
        counts = (len(names), len(real_names(names)))
        check("attachment names", row["attachment_count"] in counts, row["attachment_count"], names)
    body_html = html_to_text(got["html"]) if got["html"] else ""
    seen = "".join((got["text"] + "\n" + body_html + "\n" + (got["html"] or "")).split())
    bodies = list(row.get("body_contains") or [])
    if bodies:
        missing = [part for part in bodies if not contains(seen, "".join(part.replace("\0", "").split()))]
        check("body", not missing, missing, got["text"][:300])
    if row.get("is_bounce") is not None:
        check(
            "bounce" if row["is_bounce"] else "no bounce",
            got["is_bounce"] == row["is_bounce"],
            row["is_bounce"],
            got["is_bounce"],
        )
    if row.get("failed_recipients"):
        want = sorted(map(str.lower, row["failed_recipients"]))
        check(
            "failed recipients",
            want == sorted(map(str.lower, got["failed_recipients"])),
            want,
            got["failed_recipients"],
        )
    if row.get("is_auto"):
        check("automatic", bool(got["is_auto"]), True, got["is_auto"])
    reply = got["stripped_reply"]
    if row.get("stripped_reply") is not None:
        good = plain_lines(row["stripped_reply"]) == plain_lines(reply)
        if "ignoring" in (row.get("stripped_scope") or ""):
            good = row["stripped_reply"].split() == reply.split()
        check("reply exact", good, row["stripped_reply"], reply)
    if row.get("reply_contains") or row.get("reply_not_contains"):
        good = all(part in reply for part in row.get("reply_contains") or [])
        good = good and not any(part in reply for part in row.get("reply_not_contains") or [])
        check("reply parts", good, [row.get("reply_contains"), row.get("reply_not_contains")], reply)
    if row.get("max_seconds"):
        check("time", taken <= row["max_seconds"], row["max_seconds"], taken)


def same(want: str, got: str) -> bool:
    """Whether two texts agree, where `\\ufffd` in the expectation stands for one character or a few."""
    if "\ufffd" not in want:
        return want == got
    return re.fullmatch(".{1,4}".join(map(re.escape, re.split("\ufffd+", want))), got) is not None


def contains(text: str, part: str) -> bool:
    if "\ufffd" not in part:
        return part in text
    return re.search(".{1,4}".join(map(re.escape, re.split("\ufffd+", part))), text) is not None


def same_names(want: list[str | None], got: list[str]) -> bool:
    named = [name for name in want if name and not MADE_UP.match(name)]
    left = real_names(got)
    if not 0 <= len(left) - len(named) <= want.count(None):
        return False
    return all(any(same(re.sub(r"^part-\d+_", "", name), have) for have in left) for name in named)


def real_names(names: list[str]) -> list[str]:
    """The names without those made up for unnamed parts."""
    return [name for name in names if not MADE_UP.match(name)]


def plain_lines(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").strip().split("\n"))


def squeeze(text: str) -> str:
    return " ".join(text.split())


def overall(score: Score) -> dict[str, tuple[int, int]]:
    return {
        name: (sum(right[name] for right in score.right.values()), sum(total[name] for total in score.total.values()))
        for name in GOALS
    }


def report(score: Score, figures: dict[str, tuple[int, int]]) -> None:
    for source in sorted(score.total):
        parts = [
            f"{name} {score.right[source][name]}/{score.total[source][name]}"
            for name in GOALS
            if score.total[source][name]
        ]
        print(f"{source:22} {', '.join(parts)}")
    print()
    for name, (right, total) in figures.items():
        if total:
            share = right / total
            verdict = "" if share >= GOALS[name] else "  MISSED"
            print(f"{name:18} {right:4}/{total:<4} {share:7.1%}  goal {GOALS[name]:.1%}{verdict}")


if __name__ == "__main__":
    sys.exit(main())
