"""Damage mails at random and see that each is read: none may raise, none may take longer than two seconds.

    python bench/mail_fuzz.py [COUNT] [--corpus DIR] [--seed NUMBER] [--name NAME]

The mails are those of the corpus (see `mail_corpus.py`) and the hand-made ones of the tests; each is wounded in up to
ten places: bytes changed, hostile pieces put in, parts cut out or repeated, two mails grown together. Time is
the processor's, of one mail through everything that reads it. A mail that fails is kept in `bench/results`, and the
exit code is then 1.
"""

import argparse
import json
import os
import random
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "plugins" / "email")]

from serving import RESULTS  # noqa: E402  (the path above comes first)

from tests.test_robustness import LIMIT, SEEDS, check, mutate  # type: ignore[import-not-found]  # noqa: E402  (as above)

LARGEST = 200_000
"""Larger mails of the corpus, in bytes, are left out, so that many can be tried."""


def mails_of(corpus: Path) -> list[bytes]:
    """Return the mails to begin with."""
    found = [path.read_bytes() for path in sorted((corpus / "mails").rglob("*")) if path.is_file()]
    return [*SEEDS, *(raw for raw in found if len(raw) <= LARGEST)]


def wounded(mails: list[bytes], chance: random.Random) -> bytes:
    """Return one mail with wounds, now and then grown together with another."""
    raw = chance.choice(mails)
    if chance.random() < 0.1:
        other = chance.choice(mails)
        raw = raw[: chance.randrange(len(raw) + 1)] + other[chance.randrange(len(other) + 1) :]
    return bytes(mutate(raw, chance))


def main() -> int:
    """Run, print one line, and return the exit code."""
    options = argparse.ArgumentParser(description="Damage mails at random and see that each is read.")
    options.add_argument("count", nargs="?", type=int, default=100_000)
    standard = os.environ.get("HELPDESK_MAIL_CORPUS") or ROOT.parent / "shared" / "mail-corpus"
    options.add_argument("--corpus", type=Path, default=Path(standard))
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--name", help="of the result")
    given = options.parse_args()
    mails, chance = mails_of(given.corpus), random.Random(given.seed)
    RESULTS.mkdir(parents=True, exist_ok=True)
    slowest, failed, total, begun = 0.0, 0, 0.0, time.perf_counter()
    for number in range(1, given.count + 1):
        raw = wounded(mails, chance)
        why = ""
        try:
            taken = check(raw)
            why = f"took {taken:.2f} s" if taken > LIMIT else ""
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what we look for
            taken, why = 0.0, f"{type(error).__name__}: {error}"
        slowest, total = max(slowest, taken), total + taken
        if why:
            failed += 1
            (RESULTS / f"fuzz-{given.seed}-{number}.eml").write_bytes(raw)
            print(f"mail {number}: {why}", flush=True)
        if number % 10_000 == 0:
            print(f"{number} mails, slowest {slowest:.2f} s", flush=True)
    found = {"mails": given.count, "begun_with": len(mails), "failed": failed, "slowest_s": round(slowest, 2)}
    found |= {"mean_ms": round(total / given.count * 1000, 2), "minutes": round((time.perf_counter() - begun) / 60, 1)}
    print(json.dumps(found))
    if given.name:
        (RESULTS / f"{given.name}.json").write_text(json.dumps(found, indent=1), "utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
