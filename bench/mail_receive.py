"""Measure how many mails a second the gateway takes in: stored, read, matched, and made into tickets.

    python bench/mail_receive.py [COUNT] [--one-by-one] [--database sqlite] [--name NAME]

Mails of about 5 kB, quoted-printable and base64 text in turn, every fourth with HTML, from 500 people, into a new
database: SQLite on this disk, or on the server that the tests use. Without `--one-by-one` they come in portions of 100,
as `helpdesk email receive DIR` takes them. Prints mails a second by the clock, and the processor time of one mail,
which other work changes less; keeps both, with `--name`, in `bench/results/NAME.json`.
"""

import argparse
import json
import sys
import tempfile
import time
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "plugins" / "email"), str(ROOT / "plugins" / "email" / "tests" / "gateway")]

from gateways import make_tables  # noqa: E402  (the path above comes first)
from serving import RESULTS  # noqa: E402  (as above)

from helpdesk_core.testing import site  # noqa: E402  (as above)
from helpdesk_core.testing.databases import temporary_database  # noqa: E402  (as above)
from helpdesk_email.receiving import Gateway  # noqa: E402  (as above)
from helpdesk_email.storing import Envelope  # noqa: E402  (as above)

WORDS = "Добрый день, наш сайт с утра отвечает очень медленно. We have restarted everything twice already. "
PORTION = 100


def make(number: int) -> bytes:
    """Return one mail."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = f"Person {number % 500} <person{number % 500}@example.net>"
    mail["To"] = "Support <support@example.com>"
    mail["Subject"] = f"Сайт медленный ({number})"
    mail["Message-ID"] = f"<{number}@mail.example.net>"
    mail["Date"] = f"Mon, 02 Mar 2026 {number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02} +0000"
    text = (WORDS + f"Number {number}.\n") * 14
    mail.set_content(text, cte="base64" if number % 2 else "quoted-printable")
    if number % 4 == 0:
        mail.add_alternative(f"<html><body><p>{text}</p></body></html>", subtype="html", cte="base64")
    return mail.as_bytes()


def main() -> None:
    options = argparse.ArgumentParser(description="Measure how many mails a second the gateway takes in.")
    options.add_argument("count", nargs="?", type=int, default=1000)
    options.add_argument("--one-by-one", action="store_true")
    options.add_argument("--database", default="sqlite", help="sqlite, postgresql or mariadb")
    options.add_argument("--name", help="of the result")
    given = options.parse_args()
    mails = [(make(number), Envelope(recipients=("support@example.com",))) for number in range(given.count)]
    portion = 1 if given.one_by_one else PORTION
    RESULTS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=RESULTS) as folder, temporary_database(given.database, Path(folder)) as url:
        site.prepare(url)
        make_tables(url)
        config = {"plugins": {"enabled": ["email"], "on_error": "stop"}, "plugins.email": {"sender_budget": 0}}
        with site.opened(Path(folder) / "instance", url, config) as desk:
            site.World(desk).department("support", address="support@example.com")
            gateway = desk.plugins.plugin("email").gateway
            assert isinstance(gateway, Gateway)
            clock, processor = time.perf_counter(), time.process_time()
            states = {
                row.state
                for start in range(0, len(mails), portion)
                for row in gateway.receive_many(mails[start : start + portion])
            }
            clock, processor = time.perf_counter() - clock, time.process_time() - processor
    size = sum(len(raw) for raw, _ in mails) / len(mails) / 1000
    found = {"mails": len(mails), "kb": round(size, 1), "per_second": round(len(mails) / clock, 1)}
    found |= {"cpu_ms": round(processor / len(mails) * 1000, 2), "states": sorted(states), "portion": portion}
    print(
        f"{len(mails)} mails of {size:.1f} kB into {given.database}: {found['per_second']}/s, {found['cpu_ms']} ms of"
    )
    print(f"processor time each; all {', '.join(sorted(states))}")
    if given.name:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{given.name}.json").write_text(json.dumps(found | {"database": given.database}, indent=1), "utf-8")


if __name__ == "__main__":
    main()
