"""Two helpdesks that write to each other: their automatic answers stop by themselves, whatever headers get lost."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from helpdesk_core.api import SYSTEM, Helpdesk
from helpdesk_core.api.tickets import NewMessage, reply
from helpdesk_core.app import open_helpdesk
from helpdesk_core.jobs.worker import Worker
from helpdesk_core.mail.transport import MemoryTransport
from helpdesk_core.testing import site
from helpdesk_core.testing.site import TestClock
from helpdesk_email.plugin import EmailPlugin
from helpdesk_email.receiving import Gateway
from helpdesk_email.storing import Envelope

from .gateways import configured, make_tables, tickets, written

MOST_TURNS = 200
TELLTALE = ("Auto-Submitted", "X-Auto-Response-Suppress", "Precedence", "X-Loop", "List-Id")


@dataclass
class Site:
    """One of the two, with the address of its only department."""

    desk: Helpdesk
    address: str
    clock: TestClock
    mail: MemoryTransport = field(default_factory=MemoryTransport)
    handed_over: int = 0

    @property
    def gateway(self) -> Gateway:
        plugin = self.desk.plugins.plugin("email")
        assert isinstance(plugin, EmailPlugin)
        return plugin.gateway

    def leaving(self) -> list[EmailMessage]:
        """Do what the worker does, and return what has left since."""
        self.clock.advance(minutes=1)
        Worker(self.desk, transport=self.mail, jobs=()).run_once()
        new = self.mail.sent[self.handed_over :]
        self.handed_over = len(self.mail.sent)
        return [message_from_bytes(each.content, policy=policy.default) for each in new]


@contextmanager
def opened(folder: Path, host: str) -> Iterator[Site]:
    """Open a helpdesk that has nothing in common with the other one."""
    folder.mkdir()
    url = f"sqlite:///{folder}/helpdesk.db"
    site.prepare(url)
    make_tables(url)
    env = site.make_instance(folder / "instance", url, configured({}))
    env |= {"HELPDESK_SECRET_KEY": f"the secret of {host} that is long enough", "HELPDESK_SITE__URL": f"http://{host}"}
    clock = TestClock()
    desk = open_helpdesk(folder / "instance", env=env, clock=clock)
    try:
        site.World(desk).department("support", address=f"help@{host}")
        yield Site(desk, f"help@{host}", clock)
    finally:
        desk.close()


@pytest.fixture
def sites(tmp_path: Path) -> Iterator[tuple[Site, Site]]:
    with opened(tmp_path / "a", "a.example.com") as one, opened(tmp_path / "b", "b.example.net") as other:
        yield one, other


@pytest.fixture(autouse=True)
def departments() -> None:
    """This module makes its own."""


def exchange(one: Site, other: Site, *, strip: bool, rename: bool) -> int:
    """Carry mail between the two until none leaves any more, and return how many were carried.

    `strip` takes away every header that tells of a machine, `rename` gives each mail another Message-ID and takes away
    what it refers to, as the worst gateways do.
    """
    carried = 0
    for turn in range(MOST_TURNS):
        moved = 0
        for here, there in ((one, other), (other, one)):
            for mail in here.leaving():
                if there.address not in str(mail["To"]):
                    continue
                for name in TELLTALE if strip else ():
                    del mail[name]
                if rename:
                    for name in ("Message-ID", "In-Reply-To", "References"):
                        del mail[name]
                    mail["Message-ID"] = f"<{turn}.{moved}.{carried}@gateway.example.org>"
                    mail.replace_header("Subject", f"Request {carried}")
                there.gateway.receive(mail.as_bytes(), Envelope(sender=here.address, recipients=(there.address,)))
                moved += 1
        carried += moved
        if not moved:
            return carried
    raise AssertionError(f"They still write to each other after {carried} mails.")


@pytest.mark.parametrize(
    ("strip", "rename", "most"), [(False, False, 2), (True, False, 50), (False, True, 50), (True, True, 50)]
)
def test_two_helpdesks_that_answer_each_other_stop_by_themselves(
    sites: tuple[Site, Site], strip: bool, rename: bool, most: int
) -> None:
    one, other = sites
    first = written(sender=f"Somebody <{other.address}>", to=one.address)
    one.gateway.receive(first, Envelope(sender=other.address, recipients=(one.address,)))
    assert exchange(one, other, strip=strip, rename=rename) <= most
    for each in sites:
        assert len(tickets(each.desk)) <= 25
        assert {row.state for row in each.gateway.log(limit=500)} <= {"done", "dropped", "quarantined"}


def test_people_behind_the_two_helpdesks_can_still_talk(sites: tuple[Site, Site]) -> None:
    one, other = sites
    one.gateway.receive(written(sender=f"Somebody <{other.address}>", to=one.address))
    exchange(one, other, strip=False, rename=False)
    before = [len(tickets(each.desk)) for each in sites]
    (ticket,) = tickets(one.desk)
    reply(one.desk, SYSTEM, ticket.number or "", NewMessage(text="A person wrote this."))
    assert exchange(one, other, strip=False, rename=False) >= 1
    assert len(tickets(one.desk)) == before[0]
    assert any(row.state == "done" for row in other.gateway.log())
