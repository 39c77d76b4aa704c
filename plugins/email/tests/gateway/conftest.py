"""A helpdesk with the gateway, and what tests do with it."""

from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from helpdesk_core.api import Actor, Helpdesk
from helpdesk_core.jobs.worker import Worker
from helpdesk_core.mail.transport import MemoryTransport
from helpdesk_core.testing import site
from helpdesk_core.testing.prepared import Databases
from helpdesk_core.testing.site import TestClock, World
from helpdesk_email.plugin import EmailPlugin
from helpdesk_email.receiving import Gateway

from .gateways import configured


@pytest.fixture
def settings() -> dict[str, object]:
    """What `[plugins.email]` says; a test module may say something else."""
    return {}


@pytest.fixture
def desk_url(databases: Databases, tmp_path: Path) -> Iterator[str]:
    """The URL of a database with the tables of core and of the gateway, for this test alone."""
    with databases.lend(tmp_path, "email") as url:
        yield url


@pytest.fixture
def desk(desk_url: str, tmp_path: Path, clock: TestClock, settings: dict[str, object]) -> Iterator[Helpdesk]:
    """A helpdesk with the gateway as its only plugin."""
    with site.opened(tmp_path / "instance", desk_url, configured(settings), clock=clock) as opened:
        yield opened


@pytest.fixture
def gateway(desk: Helpdesk) -> Gateway:
    plugin = desk.plugins.plugin("email")
    assert isinstance(plugin, EmailPlugin)
    return plugin.gateway


@pytest.fixture
def sent(desk: Helpdesk) -> Callable[[], list[EmailMessage]]:
    """Do what the worker does, and return the mails that have left since, as a mail program reads them."""
    memory = MemoryTransport()
    worker = Worker(desk, transport=memory, jobs=())

    def run() -> list[EmailMessage]:
        before = len(memory.sent)
        worker.run_once()
        return [_read(each.content) for each in memory.sent[before:]]

    return run


def _read(content: bytes) -> EmailMessage:
    message = message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


@pytest.fixture(autouse=True)
def departments(world: World) -> None:
    world.department("support", address="support@example.com", name="Support")
    world.department("sales", address="sales@example.com", name="Sales")


@pytest.fixture
def adam(world: World) -> Actor:
    """An agent of support, who has a password."""
    return world.agent("Adam Agent", "support", address="adam@example.com", password="correct horse battery")
