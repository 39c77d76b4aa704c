"""A customer's mail program and us, over a real mail server in both directions, by every way in."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from helpdesk_core.api import Actor, Helpdesk
from helpdesk_core.api.tickets import NewMessage, reply
from helpdesk_core.jobs.worker import Worker
from helpdesk_core.testing import site
from helpdesk_core.testing.site import TestClock, World
from helpdesk_email.plugin import EmailPlugin

from ..gateways import configured, make_tables, messages, tickets
from .conftest import Add
from .customers import Customer
from .relays import relay
from .servers import Dovecot, Postfix, free_ports, postfix
from .test_lmtp import served
from .waiting import until

CARLA = "carla@example.net"
COMMAND = "import sys; from helpdesk_core.cli import main; sys.exit(main())"


@pytest.fixture
def clock() -> TestClock:
    """Later than that of the processes that are started here, so that what they have left to do is due."""
    return TestClock(datetime.now(UTC) + timedelta(minutes=10))


@pytest.fixture
def smtp_port() -> int:
    return free_ports(1)[0]


@pytest.fixture
def desk(
    desk_url: str, tmp_path: Path, clock: TestClock, settings: dict[str, object], smtp_port: int
) -> Iterator[Helpdesk]:
    """A helpdesk that sends through a mail server of its own."""
    make_tables(desk_url)
    mail = {"transport": "smtp", "host": "127.0.0.1", "port": smtp_port, "security": "none"}
    config = configured(settings) | {"mail": mail | {"from_address": "helpdesk@example.com"}}
    with site.opened(tmp_path / "instance", desk_url, config, clock=clock) as opened:
        yield opened


@pytest.fixture
def command(
    desk_url: str, tmp_path: Path, settings: dict[str, object]
) -> Callable[[], tuple[list[str], dict[str, str]]]:
    """The real command, as an entry of /etc/aliases has it."""
    env = os.environ | site.make_instance(tmp_path / "instance", desk_url, configured(settings))
    words = ["--instance", str(tmp_path / "instance"), "email", "receive", "--recipient", "support@example.com"]
    return lambda: ([sys.executable, "-c", COMMAND, *words], env)


class Conversation:
    """Both sides, and what carries mail between them."""

    def __init__(
        self, desk: Helpdesk, clock: TestClock, customer: Customer, server: Postfix, fetch: Callable[[], None]
    ):
        self.desk, self.clock, self.customer, self.server = desk, clock, customer, server
        self.fetch = fetch
        self.worker = Worker(desk, jobs=())

    def work(self) -> None:
        """Do what a worker does, also what was held back for a while."""
        self.clock.advance(minutes=2)
        self.worker.run_once()

    def arrive(self, count: int) -> None:
        """Wait until the ticket has so many public messages."""

        def there() -> bool:
            self.fetch()
            return len(self.public()) >= count

        until(there, lambda: self.server.log()[-3000:])
        assert len(self.public()) == count

    def public(self) -> list[str]:
        """Return the public messages of the one ticket there is."""
        found = tickets(self.desk)
        assert len(found) <= 1, [each.subject for each in found]
        return [each.body_text for each in messages(self.desk, found[0]) if each.kind == "public"] if found else []


def clear(server: Dovecot, user: str) -> None:
    """Empty a mailbox that an earlier test has used."""
    client = server.client(user)
    client.uid("STORE", "1:*", "+FLAGS", r"(\Deleted)")
    client.expunge()
    client.logout()


@contextmanager
def carried(
    way: str,
    stack: ExitStack,
    desk: Helpdesk,
    add: Add,
    mail_server: Dovecot,
    smtp_port: int,
    tmp_path: Path,
    command: object,
) -> Iterator[tuple[Postfix, Callable[[], None]]]:
    """Run a Postfix that brings mail for us in by that way, and mail for the customer into Dovecot."""
    plugin = desk.plugins.plugin("email")
    assert isinstance(plugin, EmailPlugin)
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hd-way-")))
    folder.chmod(0o755)
    dovecot_lmtp = f"lmtp:inet:127.0.0.1:{mail_server.lmtp}"
    transports, program = {"example.net": dovecot_lmtp}, Path("/bin/false")
    fetch: Callable[[], None] = lambda: None  # noqa: E731 - the other one is a lambda too
    if way in ("imap", "pop3"):
        transports["example.com"] = dovecot_lmtp
        clear(mail_server, "support@example.com")
        mailbox = add(protocol=way, username="support@example.com", afterwards="delete", is_active=False)
        fetch = lambda: plugin.supervisor.fetch_now(mailbox.id)  # type: ignore[assignment]  # noqa: E731 - it takes more than is asked
    elif way == "lmtp":
        stack.enter_context(served(desk, plugin.gateway, folder / "lmtp"))
        (folder / "lmtp").chmod(0o666)
        transports["example.com"] = f"lmtp:unix:{folder / 'lmtp'}"
    else:
        program = stack.enter_context(relay(folder, command))  # type: ignore[arg-type]  # the fixture's
        transports["example.com"] = "helpdesk:"
    with postfix(transports, port=smtp_port, command=str(program)) as server:
        yield server, fetch


@pytest.mark.parametrize("way", ["imap", "pop3", "lmtp", "pipe"])
def test_five_rounds_between_a_customer_and_us_stay_one_ticket_with_right_headers(
    way: str,
    desk: Helpdesk,
    clock: TestClock,
    world: World,
    adam: Actor,
    add: Add,
    mail_server: Dovecot,
    smtp_port: int,
    tmp_path: Path,
    user: str,
    command: object,
) -> None:
    carla = f"{user}@example.net"
    with ExitStack() as stack:
        server, fetch = stack.enter_context(carried(way, stack, desk, add, mail_server, smtp_port, tmp_path, command))
        customer = Customer(carla, mail_server, smtp_port)
        talk = Conversation(desk, clock, customer, server, fetch)
        customer.write("support@example.com", "Printer on fire", "It burns.")
        talk.arrive(1)
        (ticket,) = tickets(desk)
        assert ticket.requester.primary_email == carla
        talk.work()
        (confirmation,) = customer.received(1)
        assert confirmation["Auto-Submitted"] is not None
        check_threading(confirmation, customer.sent)
        seen = 1
        for number in range(5):
            reply(desk, adam, ticket.number or "", NewMessage(text=f"Question {number}?"))
            talk.work()
            seen += 1
            mail = customer.received(seen)[-1]
            body = mail.get_body(("plain",))
            assert body is not None
            assert f"Question {number}?" in body.get_content()
            assert mail["Auto-Submitted"] is None
            check_threading(mail, customer.sent)
            customer.answer(mail, f"Answer {number}.")
            talk.arrive(3 + 2 * number)
            talk.work()
    said = talk.public()
    assert [text.split("\n")[0] for text in said[1:]] == [
        text for number in range(5) for text in (f"Question {number}?", f"Answer {number}.")
    ]
    assert customer.received(seen), "answers are not confirmed one by one"
    assert [each.message_id for each in messages(desk, ticket) if each.message_id in customer.sent] == customer.sent


def check_threading(mail: EmailMessage, customers: list[str]) -> None:
    """Our mail answers the customer's latest, and refers to all before it, so that every mail program threads it."""
    references = str(mail["References"]).split()
    assert [each for each in references if each in customers] == customers
    assert str(mail["In-Reply-To"]).strip() == customers[-1]
    assert references[-1] == customers[-1]
    assert len(str(mail["Message-ID"])) < 900


def test_postfix_keeps_a_mail_that_could_not_be_stored_and_brings_it_again(
    desk: Helpdesk,
    add: Add,
    mail_server: Dovecot,
    smtp_port: int,
    tmp_path: Path,
    command: object,
) -> None:
    folder = tmp_path / "instance" / "mail-in"
    with ExitStack() as stack:
        server, _fetch = stack.enter_context(
            carried("pipe", stack, desk, add, mail_server, smtp_port, tmp_path, command)
        )
        folder.write_bytes(b"a file where the folder should be")
        customer = Customer(CARLA, mail_server, smtp_port)
        customer.write("support@example.com", "Printer on fire", "It burns.")
        until(lambda: "status=deferred" in server.log(), server.log)
        assert tickets(desk) == []
        folder.unlink()
        until(lambda: len(tickets(desk)) == 1, server.log)
        until(lambda: "status=sent" in server.log(), server.log)
