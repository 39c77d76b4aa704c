"""`kill -9` at random moments while mails flow from a mailbox through worker and database.

HELPDESK_TEST_KILL_MAILS says how many mails (60 by default); a worker is killed at least once for every hundred.
"""

import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import func, select, text, update

from helpdesk_core.api import SYSTEM, Actor, Helpdesk
from helpdesk_core.api.tickets import NewMessage, reply
from helpdesk_core.testing import site
from helpdesk_core.testing.site import TestClock
from helpdesk_email.intake.models import Mailbox, Taken
from helpdesk_email.intake.supervising import Supervisor
from helpdesk_email.models import Received
from helpdesk_email.receiving import Gateway

from ..gateways import answer_to, configured, messages, tickets, written
from .conftest import Add
from .servers import Dovecot
from .waiting import until

MAILS = int(os.environ.get("HELPDESK_TEST_KILL_MAILS", "60"))
KILLS = max(5, MAILS // 100)
COMMAND = "import sys; from helpdesk_core.cli import main; sys.exit(main())"


@pytest.fixture
def clock() -> TestClock:
    """Later than that of the processes that are killed, so that what they leave behind is due."""
    return TestClock(datetime.now(UTC) + timedelta(minutes=10))


@pytest.mark.parametrize(("protocol", "afterwards"), [("imap", "delete"), ("imap", "leave"), ("pop3", "delete")])
def test_kills_at_random_moments_lose_no_mail_and_bring_none_twice(
    desk: Helpdesk,
    gateway: Gateway,
    supervisor: Supervisor,
    adam: Actor,
    sent: Callable[[], list[EmailMessage]],
    desk_url: str,
    settings: dict[str, object],
    tmp_path: Path,
    mail_server: Dovecot,
    user: str,
    add: Add,
    clock: TestClock,
    protocol: str,
    afterwards: str,
) -> None:
    gateway.receive(written(subject="The conversation"))
    (talk,) = tickets(desk)
    sent()
    reply(desk, adam, talk.number or "", NewMessage(text="Tell me more."))
    clock.advance(minutes=2)
    asked = sent()[-1]
    mailbox = add(protocol=protocol, afterwards=afterwards, interval=10)
    env = os.environ | site.make_instance(tmp_path / "instance", desk_url, configured(settings))
    chance = random.Random(11)
    portion = -(-MAILS // KILLS)
    kills = 0
    while kills < KILLS or count(desk) < MAILS + 1:
        numbers = range(kills * portion, min((kills + 1) * portion, MAILS))
        mail_server.put(
            user,
            [
                answer_to(asked, f"Number {number}.", sender="Carla Customer <carla@example.net>")
                if number % 4 == 0
                else written(f"Number {number}.", subject=f"Mail {number}")
                for number in numbers
            ],
        )
        let_leases_run_out(desk)
        process = start(tmp_path / "instance", env)
        try:
            before = count(desk)
            until(lambda before=before, process=process: count(desk) > before or process.poll() is not None)  # type: ignore[misc]  # bound here
            time.sleep(chance.uniform(0, 0.6 if kills % 2 else 3))
        finally:
            process.kill()
            process.communicate()
        kills += 1
    let_leases_run_out(desk)
    supervisor.fetch_now(mailbox.id)
    clock.advance(minutes=10)
    gateway.process_left_behind()
    clock.advance(minutes=10)
    gateway.process_left_behind()
    assert gateway.log(state="stored") == []
    assert gateway.log(state="quarantined") == []
    opened = Counter(each.subject for each in tickets(desk))
    assert opened == Counter(["The conversation", *(f"Mail {number}" for number in range(MAILS) if number % 4)])
    answers = Counter(each.body_text.split(".")[0] for each in messages(desk, talk) if each.kind == "public")
    assert {name: times for name, times in answers.items() if name.startswith("Number")} == {
        f"Number {number}": 1 for number in range(0, MAILS, 4)
    }
    assert {len(messages(desk, each)) for each in tickets(desk) if each.id != talk.id} == {1}
    supervisor.fetch_now(mailbox.id)
    left = len(mail_server.mails(user))
    assert left == (MAILS if afterwards == "leave" else 0)
    with desk.read() as session:
        assert session.scalar(select(func.count()).select_from(Received)) == MAILS + 1
        assert session.scalar(select(func.count()).select_from(Taken)) == 0


def start(instance: Path, env: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start a worker, as an operator does."""
    command = [sys.executable, "-c", COMMAND, "--instance", str(instance), "worker"]
    log = (instance / "worker.log").open("ab")
    with log:
        return subprocess.Popen(command, env=env, stdout=log, stderr=log)


def let_leases_run_out(desk: Helpdesk) -> None:
    """Do what some minutes would: what the killed worker held is free, and what is due is due."""
    with desk.begin(SYSTEM) as tx:
        tx.session.execute(update(Mailbox).values(lease=None, lease_until=None, next_at=None))
        past = "UPDATE scheduled_jobs SET lease_until = NULL, worker = NULL, next_run_at = '2026-01-01 00:00:00'"
        tx.session.execute(text(past))


def count(desk: Helpdesk) -> int:
    """Return how many mails are stored."""
    with desk.read() as session:
        return session.scalar(select(func.count()).select_from(Received)) or 0
