"""Measure how many mails a second the gateway takes in: stored, read, matched, and made into tickets.

    python bench/mail_receive.py [COUNT] [--one-by-one] [--processes N…] [--database NAME…] [--name NAME]

Measures one process and two, on SQLite and PostgreSQL, unless it is told which. Mails of about 5 kB, quoted-printable
and base64 text in turn, every fourth with HTML, from 500 people, into a new database: SQLite on this disk, or on the
server that the tests use. Without `--one-by-one` they come in portions of 100, as `helpdesk email receive DIR` takes
them. Prints mails a second by the clock, the processor time of one mail in our processes, which other work changes
less, and how many mails a second one processor would take by that; keeps them, with `--name`, in
`bench/results/NAME.json`.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP
from multiprocessing import get_context
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
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
Taken = tuple[float, float, list[str]]
"""Seconds by the clock, seconds of the processor, and the states of the mails of one process."""


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


def config() -> dict[str, dict[str, object]]:
    """Return the configuration of the helpdesk that takes mail in."""
    return {"plugins": {"enabled": ["email"], "on_error": "stop"}, "plugins.email": {"sender_budget": 0}}


def take(folder: str, url: str, numbers: Sequence[int], portion: int, ready: Barrier, done: "Queue[Taken]") -> None:
    """Take some of the mails in, in a process of its own; say how long it took, and what became of them."""
    mails = [(make(number), Envelope(recipients=("support@example.com",))) for number in numbers]
    with site.opened(Path(folder), url, config()) as desk:
        gateway = desk.plugins.plugin("email").gateway
        assert isinstance(gateway, Gateway)
        ready.wait()
        clock, processor = time.perf_counter(), time.process_time()
        states = {
            row.state
            for start in range(0, len(mails), portion)
            for row in gateway.receive_many(mails[start : start + portion])
        }
        done.put((time.perf_counter() - clock, time.process_time() - processor, sorted(states)))


def measure(url: str, folder: Path, count: int, portion: int, processes: int) -> list[Taken]:
    """Take mails in with some processes at once, and return what each says."""
    with site.opened(folder / "instance-0", url, config()) as desk:
        site.World(desk).department("support", address="support@example.com")
    context = get_context("spawn")
    ready, done = context.Barrier(processes), context.Queue()
    workers = [
        context.Process(
            target=take,
            args=(str(folder / f"instance-{each}"), url, range(each, count, processes), portion, ready, done),
        )
        for each in range(processes)
    ]
    for worker in workers:
        worker.start()
    found = [done.get() for _ in workers]
    for worker in workers:
        worker.join()
    return found


def figures(database: str, count: int, portion: int, processes: int) -> dict[str, object]:
    """Measure one way, and return what was found."""
    with tempfile.TemporaryDirectory(dir=RESULTS) as folder, temporary_database(database, Path(folder)) as url:
        site.prepare(url)
        make_tables(url)
        taken = measure(url, Path(folder), count, portion, processes)
    clock, processor = max(each[0] for each in taken), sum(each[1] for each in taken)
    return {
        "database": database,
        "processes": processes,
        "mails": count,
        "portion": portion,
        "per_second": round(count / clock, 1),
        "cpu_ms": round(processor / count * 1000, 2),
        "per_second_of_a_core": round(count / processor, 1),
        "states": sorted({state for each in taken for state in each[2]}),
    }


def main() -> None:
    """Measure, and print what was found."""
    options = argparse.ArgumentParser(description="Measure how many mails a second the gateway takes in.")
    options.add_argument("count", nargs="?", type=int, default=1000)
    options.add_argument("--one-by-one", action="store_true")
    options.add_argument("--processes", type=int, nargs="+", default=[1, 2])
    options.add_argument("--database", nargs="+", default=["sqlite", "postgresql"], help="also mariadb")
    options.add_argument("--name", help="of the result")
    given = options.parse_args()
    RESULTS.mkdir(parents=True, exist_ok=True)
    found = []
    for database in given.database:
        for processes in given.processes:
            one = figures(database, given.count, 1 if given.one_by_one else PORTION, processes)
            found.append(one)
            line = "{mails} mails into {database}, {processes} processes: {per_second}/s by the clock; {cpu_ms} ms of"
            line += " processor time a mail, {per_second_of_a_core} a second of one core; {states}"
            print(line.format(**one), flush=True)
    if given.name:
        (RESULTS / f"{given.name}.json").write_text(json.dumps(found, indent=1), "utf-8")


if __name__ == "__main__":
    main()
