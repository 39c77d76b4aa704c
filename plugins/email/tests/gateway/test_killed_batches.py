"""A process that is killed amid a batch, at every step of it: each mail becomes one ticket, and the server is told so.

The kills are at named places, so that each run dies at the same one; `intake/test_kills.py` has those at random.
"""

import os
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from helpdesk_core.api import Helpdesk
from helpdesk_core.testing import site
from helpdesk_core.testing.site import TestClock, World
from helpdesk_email.intake.fetching import Fetcher
from helpdesk_email.intake.mailboxes import MailboxDraft, create_mailbox
from helpdesk_email.receiving import BATCH, Gateway
from helpdesk_email.storing import Envelope

from .gateways import configured, messages, tickets, written
from .killable_batch import PORTION, Folder

PROGRAM = Path(__file__).with_name("killable_batch.py")
COUNT = 40
STEPS = [
    ("after writing a file", 7),
    ("after Archive.put", 2),
    ("after adding rows", 1),
    ("after Gateway.store", 1),
    ("before reading a mail", 11),
    ("after opening a ticket", 13),
    ("after ending a mail", BATCH),
    ("after a unit of work", 1),
    ("after opening a ticket", BATCH + 2),
    ("after processing all", 1),
    ("before Archive.put", 2),
]
"""Of each: the place, and which time it kills. A portion has two units of work, and there are two portions."""


@pytest.fixture
def clock() -> TestClock:
    """The tests run at some later time than the processes they start, so that what is left behind is due."""
    return TestClock(datetime.now(UTC) + timedelta(minutes=10))


@pytest.fixture
def settings() -> dict[str, object]:
    return {"sender_budget": 0}


@pytest.fixture
def mails(tmp_path: Path) -> Path:
    """A folder of mails, each with a subject of its own."""
    folder = tmp_path / "mails"
    folder.mkdir()
    for number in range(1, COUNT + 1):
        subject = f"Mail {number:03}"
        mail = written(f"This is {number}.", subject=subject, sender=f"Carla <carla{number % 9}@example.net>")
        (folder / f"{number:03}.eml").write_bytes(mail)
    return folder


def killed(tmp_path: Path, desk_url: str, way: str, where: str, nth: int, mails: Path) -> list[str]:
    """Run the program until it has killed itself, and return the names of the mails it has taken over."""
    env = os.environ | site.make_instance(tmp_path / "instance", desk_url, configured({"sender_budget": 0}))
    env["PYTHONPATH"] = os.pathsep.join([str(Path(site.__file__).parents[2]), env.get("PYTHONPATH", "")])
    command = [sys.executable, str(PROGRAM), str(tmp_path / "instance"), way, where, str(nth), str(mails)]
    ended = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, timeout=900, check=False)
    assert ended.returncode == -9, f"it did not come to “{where}”"
    return ended.stdout.split()


def assert_each_once(desk: Helpdesk, gateway: Gateway) -> None:
    found = tickets(desk)
    assert Counter(each.subject for each in found) == {f"Mail {number:03}": 1 for number in range(1, COUNT + 1)}
    assert {len(messages(desk, each)) for each in found} == {1}
    assert Counter(row.state for row in gateway.log(limit=2 * COUNT)) == {"done": COUNT}
    assert all(gateway.archive.path(row.sha256).exists() for row in gateway.log(limit=2 * COUNT))


@pytest.mark.parametrize(("where", "nth"), STEPS)
def test_a_kill_amid_a_batch_of_files_leaves_each_mail_once(
    desk: Helpdesk, gateway: Gateway, desk_url: str, tmp_path: Path, mails: Path, where: str, nth: int
) -> None:
    told = killed(tmp_path, desk_url, "files", where, nth, mails)
    gateway.process_left_behind()
    opened = {each.subject.removeprefix("Mail ") for each in tickets(desk)}
    assert {Path(name).stem for name in told} <= opened, "something was taken over and is lost"
    left = [each for each in sorted(mails.iterdir()) if each.name not in told]
    assert len(left) in (COUNT, COUNT - PORTION)
    gateway.receive_many([(each.read_bytes(), Envelope(recipients=("support@example.com",))) for each in left])
    assert_each_once(desk, gateway)


@pytest.mark.parametrize(
    ("where", "nth"),
    [
        ("after adding rows", 1),
        ("after opening a ticket", BATCH + 2),
        ("before Archive.put", 2),
        ("before noting what is safe", 1),
        ("after noting what is safe", 1),
        ("before telling the server", 2),
        ("after telling the server", 2),
        ("after telling the server", 3),
    ],
)
def test_a_kill_amid_fetching_a_mailbox_leaves_each_mail_once_and_none_on_the_server(
    desk: Helpdesk, gateway: Gateway, world: World, desk_url: str, tmp_path: Path, mails: Path, where: str, nth: int
) -> None:
    owner = world.actor(world.user("Olga Owner", is_owner=True))
    draft = MailboxDraft(
        name="Folder",
        host="mail.example.com",
        username="support",
        password="secret",
        afterwards="delete",
        address="support@example.com",
        only_new=False,
    )
    mailbox = create_mailbox(desk, owner, draft)
    killed(tmp_path, desk_url, "mailbox", where, nth, mails)
    on_server = {each.name for each in mails.iterdir()}
    gateway.process_left_behind()
    safe = {f"{each.subject.split()[1]}.eml" for each in tickets(desk)}
    assert len(on_server | safe) == COUNT, "the server has deleted what is not safe"
    Fetcher(desk, gateway, mailbox.id).look(Folder(mails))
    gateway.process_left_behind()
    assert_each_once(desk, gateway)
    assert not list(mails.iterdir())
