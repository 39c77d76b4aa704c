"""Mailboxes on a real server, and fetching from them."""

from collections.abc import Callable, Iterator

import pytest

from helpdesk_core.api import Actor, Helpdesk
from helpdesk_core.testing.site import World
from helpdesk_email.intake.fetching import Look
from helpdesk_email.intake.mailboxes import MailboxDraft, create_mailbox, find_mailbox
from helpdesk_email.intake.models import Mailbox
from helpdesk_email.intake.supervising import Supervisor
from helpdesk_email.plugin import EmailPlugin

from .servers import PASSWORD, Dovecot, dovecot

Add = Callable[..., Mailbox]


@pytest.fixture(scope="session")
def mail_server() -> Iterator[Dovecot]:
    with dovecot() as server:
        yield server


@pytest.fixture
def settings() -> dict[str, object]:
    """No budget is in the way of a test that sends many mails."""
    return {"sender_budget": 0, "domain_budget": 0, "department_budget": 0}


@pytest.fixture
def owner(world: World) -> Actor:
    return world.actor(world.user("Olga Owner", is_owner=True))


@pytest.fixture
def supervisor(desk: Helpdesk) -> Supervisor:
    plugin = desk.plugins.plugin("email")
    assert isinstance(plugin, EmailPlugin)
    return plugin.supervisor


@pytest.fixture
def user(request: pytest.FixtureRequest) -> str:
    """A mailbox of the server for this test alone."""
    return f"u{abs(hash(request.node.nodeid)):x}"


@pytest.fixture
def add(desk: Helpdesk, owner: Actor, mail_server: Dovecot, user: str) -> Add:
    """Add the user's mailbox to the helpdesk."""

    def make(**given: object) -> Mailbox:
        protocol = given.get("protocol", "imap")
        values: dict[str, object] = {
            "name": f"Mailbox of {user}",
            "host": "127.0.0.1",
            "port": mail_server.imap if protocol == "imap" else mail_server.pop3,
            "security": "none",
            "username": user,
            "password": PASSWORD,
            "only_new": False,
        }
        return create_mailbox(desk, owner, MailboxDraft(**(values | given)))  # type: ignore[arg-type]  # as the test says

    return make


@pytest.fixture
def fetch(supervisor: Supervisor) -> Callable[[Mailbox], Look]:
    """Look into a mailbox once."""
    return lambda mailbox: supervisor.fetch_now(mailbox.id)


@pytest.fixture
def state(desk: Helpdesk) -> Callable[[Mailbox], Mailbox]:
    """Return the mailbox as it is stored now."""

    def load(mailbox: Mailbox) -> Mailbox:
        with desk.read() as session:
            return find_mailbox(session, mailbox.uid)

    return load
