"""No mail is lost and none is done twice, whatever is killed, and however many receive at once."""

import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from helpdesk_core.api import Helpdesk
from helpdesk_core.api.hooks import health
from helpdesk_core.testing import site
from helpdesk_core.testing.site import TestClock
from helpdesk_email.receiving import Gateway
from helpdesk_email.storing import Envelope
from helpdesk_email.way import Way

from .gateways import configured, messages, tickets, written

KILLABLE = Path(__file__).with_name("killable.py")
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def clock() -> TestClock:
    """The tests run at some later time than the processes they start, so that what is left behind is due."""
    return TestClock(datetime.now(UTC) + timedelta(minutes=10))


@pytest.fixture
def settings() -> dict[str, object]:
    return {"sender_budget": 0}


@pytest.fixture
def start(tmp_path: Path, desk_url: str, desk: Helpdesk, settings: dict[str, object]) -> Start:
    """Start a process that receives mails."""
    env = os.environ | site.make_instance(tmp_path / "instance", desk_url, configured(settings))
    root = str(Path(site.__file__).parents[2])
    env["PYTHONPATH"] = os.pathsep.join([root, env.get("PYTHONPATH", "")])

    def start_one(where: str, files: Sequence[Path]) -> subprocess.Popen[str]:
        command = [sys.executable, str(KILLABLE), str(tmp_path / "instance"), where, *map(str, files)]
        process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    return start_one


def make_files(folder: Path, count: int) -> list[Path]:
    """Write mails, each with a subject of its own."""
    files = [folder / f"{number:03}.eml" for number in range(count)]
    for file in files:
        file.write_bytes(written(f"This is {file.stem}.", subject=f"Mail {file.stem}"))
    return files


def go(tmp_path: Path) -> None:
    (tmp_path / "instance" / "go").touch()


def assert_each_once(desk: Helpdesk, gateway: Gateway, count: int) -> None:
    """Every mail has one ticket with one message, and nothing is left to do."""
    found = tickets(desk)
    assert Counter(each.subject for each in found) == {f"Mail {number:03}": 1 for number in range(count)}
    assert {len(messages(desk, each)) for each in found} == {1}
    assert gateway.log(state="stored") == []


@pytest.mark.parametrize(
    "where",
    [
        "before the bytes",
        "after the bytes",
        "after the row",
        "while reading",
        "while creating",
        "before the commit",
        "after the commit",
    ],
)
def test_a_kill_at_any_step_leaves_exactly_one_ticket(
    desk: Helpdesk, gateway: Gateway, tmp_path: Path, start: Start, where: str
) -> None:
    (file,) = make_files(tmp_path, 1)
    go(tmp_path)
    process = start(where, [file])
    told, _ = process.communicate(timeout=60)
    assert process.returncode == -9
    assert told == "", "the mail server was told before the mail was safe"
    if gateway.log():  # the worker finishes what was stored; else the mail server still has the mail
        gateway.process_left_behind()
        assert_each_once(desk, gateway, 1)
    gateway.receive(file.read_bytes(), _as_sent())
    assert_each_once(desk, gateway, 1)


def test_kills_at_random_lose_nothing_and_double_nothing(
    desk: Helpdesk, gateway: Gateway, tmp_path: Path, start: Start
) -> None:
    files = make_files(tmp_path, 40)
    waiting = list(files)
    chance = random.Random(7)
    go(tmp_path)
    for _kill in range(4):
        process = start("nowhere", waiting)
        try:
            told, _ = process.communicate(timeout=chance.uniform(0.02, 0.4))
        except subprocess.TimeoutExpired:
            process.kill()
            told, _ = process.communicate()
        waiting = [each for each in waiting if str(each) not in told.split()]
    assert waiting, "nothing was left to kill"
    for file in waiting:  # the mail server comes again
        gateway.receive(file.read_bytes(), _as_sent())
    gateway.process_left_behind()
    assert_each_once(desk, gateway, len(files))


def test_two_processes_that_receive_the_same_mails_make_one_ticket_each(
    desk: Helpdesk, gateway: Gateway, tmp_path: Path, start: Start
) -> None:
    files = make_files(tmp_path, 15)
    copies = tmp_path / "copies"
    copies.mkdir()
    for file in files:  # as another fetcher gets them: other trace headers, the same mail
        (copies / file.name).write_bytes(b"Received: from elsewhere\r\n" + file.read_bytes())
    processes = [start("nowhere", files), start("nowhere", files), start("nowhere", sorted(copies.iterdir()))]
    go(tmp_path)
    for process in processes:
        process.communicate(timeout=120)
    assert [process.returncode for process in processes] == [0, 0, 0]
    gateway.process_left_behind()
    assert_each_once(desk, gateway, len(files))


def test_a_mail_that_keeps_killing_the_worker_ends_in_the_quarantine(
    desk: Helpdesk, gateway: Gateway, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway.store([(written(), _as_sent())])
    clock.advance(minutes=5)
    monkeypatch.setattr(gateway, "process", lambda _id, **_options: None)  # as if it had died there
    for _turn in range(6):
        gateway.process_left_behind()
    (row,) = gateway.log()
    assert row.state == "quarantined"
    assert "interrupted" in (row.reason or "")
    monkeypatch.undo()
    assert gateway.replay(row.uid).state == "done"


def test_a_mistake_of_ours_keeps_one_mail_back_and_no_other(
    desk: Helpdesk, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = Way.describe

    def wrong(way: Way) -> None:
        right(way)
        if way.decisions.subject == "Bad":
            raise RuntimeError("a mistake")

    monkeypatch.setattr(Way, "describe", wrong)
    rows = gateway.receive_many([(written(subject=word), _as_sent()) for word in ("Good", "Bad", "Better")])
    assert [row.state for row in rows] == ["done", "quarantined", "done"]
    assert "RuntimeError: a mistake" in (rows[1].reason or "")
    assert len(tickets(desk)) == 2
    monkeypatch.undo()
    assert gateway.replay(rows[1].uid).state == "done"


def test_the_worker_finishes_what_is_left_behind(desk: Helpdesk, gateway: Gateway, clock: TestClock) -> None:
    from helpdesk_core.jobs.worker import Worker
    from helpdesk_core.mail.transport import MemoryTransport

    gateway.store([(written(), _as_sent())])
    clock.advance(minutes=2)
    Worker(desk, transport=MemoryTransport(), jobs=()).run_once()
    assert [row.state for row in gateway.log()] == ["done"]


def test_administrators_hear_of_mails_that_wait_too_long(desk: Helpdesk, gateway: Gateway, clock: TestClock) -> None:
    gateway.store([(written(), _as_sent())])
    quarantined = gateway.receive(written(sender="nobody"), _as_sent())
    assert quarantined.state == "quarantined"
    assert list(desk.hooks.collect(health)) == []
    clock.advance(minutes=16)
    assert list(desk.hooks.collect(health)) == ["1 received mail is not processed. Is a worker running?"]
    clock.advance(hours=24)
    gateway.process_left_behind()
    (said,) = desk.hooks.collect(health)
    assert said.startswith("1 mail waits in the quarantine for more than a day.")


def _as_sent() -> Envelope:

    return Envelope(recipients=("support@example.com",))
