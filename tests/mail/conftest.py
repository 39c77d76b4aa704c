from collections.abc import Callable
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk_core.actor import SYSTEM, Actor
from helpdesk_core.db.base import new_uid
from helpdesk_core.events.delivery import Deliverer
from helpdesk_core.mail.compose import queue
from helpdesk_core.mail.models import OutgoingMail
from helpdesk_core.mail.notify import NOTIFIER
from helpdesk_core.mail.outlet import Outlet
from helpdesk_core.mail.send import Sender
from helpdesk_core.mail.transport import MemoryTransport
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.site import World
from helpdesk_core.tickets import changing
from helpdesk_core.tickets.inputs import Change
from tests.mail.drafts import DRAFT


@pytest.fixture
def desk(desk: Helpdesk) -> Helpdesk:
    """The helpdesk, with the consumer that composes mails and none other."""
    desk.core_subscribers = {NOTIFIER.name: NOTIFIER}
    return desk


@pytest.fixture
def composed(desk: Helpdesk) -> Callable[[], list[OutgoingMail]]:
    """Compose what is due, and return the mails that are new since the last call."""
    deliverer = Deliverer(desk, "test")
    seen = 0

    def compose() -> list[OutgoingMail]:
        nonlocal seen
        while deliverer.run():
            pass
        with desk.read() as session:
            mails = session.scalars(select(OutgoingMail).where(OutgoingMail.id > seen).order_by(OutgoingMail.id)).all()
        seen = max([mail.id for mail in mails], default=seen)
        return list(mails)

    return compose


@pytest.fixture
def memory() -> MemoryTransport:
    return MemoryTransport()


@pytest.fixture
def sent(desk: Helpdesk, memory: MemoryTransport) -> Callable[[], list[EmailMessage]]:
    """Send what is queued, and return it as a mail program reads it."""
    sender = Sender(desk, Outlet(desk, memory))

    def send() -> list[EmailMessage]:
        before = len(memory.sent)
        while sender.run():
            pass
        return [_read(envelope.content) for envelope in memory.sent[before:]]

    return send


def _read(content: bytes) -> EmailMessage:
    message = message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


@pytest.fixture
def carla(world: World) -> Actor:
    return world.customer("Carla Customer", address="carla@example.net", password="correct horse battery")


@pytest.fixture
def adam(world: World) -> Actor:
    world.department("support", address="support@example.com", name="Support")
    return world.agent("Adam Agent", "support", address="adam@example.com")


@pytest.fixture
def ticket(world: World, carla: Actor, adam: Actor, composed: Callable[[], list[OutgoingMail]]) -> str:
    """The number of a ticket of Carla's, with cc, that Adam has; its first notices are over."""
    posted = world.ticket(carla, cc=("cc@example.net",))
    number = posted.ticket.number or ""
    changing.change(world.desk, adam, number, Change(assignee=adam.uid))
    composed()
    return number


@pytest.fixture
def queued(desk: Helpdesk) -> Callable[..., str]:
    """Queue a mail, and return its uid."""

    def put(**fields: Any) -> str:
        with desk.begin(SYSTEM) as tx:
            mail = queue(tx, replace(DRAFT, **fields), new_uid())
        assert mail is not None
        return mail.uid

    return put
