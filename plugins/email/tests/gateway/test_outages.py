"""The servers of departments that are down: known to all, tried once in a while, and told to administrators."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.message import EmailMessage

import pytest
from sqlalchemy import select

from helpdesk_core.api import SYSTEM, Actor, Helpdesk
from helpdesk_core.api.hooks import health
from helpdesk_core.api.mail import Connection, Envelope, OutgoingMail, Receipt, SmtpTransport, TransportDown
from helpdesk_core.api.tickets import NewMessage, Ticket, reply
from helpdesk_core.app import create_app
from helpdesk_core.jobs.worker import Worker
from helpdesk_core.mail.send import WAITS
from helpdesk_core.mail.transport import MemoryTransport
from helpdesk_core.testing.browser import Browser
from helpdesk_core.testing.site import TestClock, World
from helpdesk_email.intake.alerts import tell_changes
from helpdesk_email.leaving.departments import DepartmentDraft, mail_of, set_mail
from helpdesk_email.leaving.models import DepartmentMail
from helpdesk_email.leaving.outages import LONGEST_WAIT, Watched, next_try
from helpdesk_email.leaving.servers import Servers, server_of, try_server
from helpdesk_email.plugin import EmailPlugin
from helpdesk_email.receiving import Gateway

from .gateways import tickets, written

Sent = Callable[[], list[EmailMessage]]


@pytest.fixture
def owner(world: World) -> Actor:
    user = world.user("Olga Owner", address="olga@example.com", is_owner=True, password="correct horse battery")
    return world.actor(user)


@pytest.fixture
def ticket(desk: Helpdesk, gateway: Gateway, adam: Actor, sent: Sent) -> Ticket:
    gateway.receive(written("The printer is on fire."))
    sent()
    return tickets(desk)[0]


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Each time that somebody really turns to a server; what it does there is left as it is."""
    found: list[str] = []
    real = SmtpTransport.connect

    @contextmanager
    def connect(self: SmtpTransport) -> Iterator[Connection]:
        found.append("tried")
        with real(self) as connection:
            yield connection

    monkeypatch.setattr(SmtpTransport, "connect", connect)
    return found


def closed_port() -> int:
    """Return a port of this machine where nothing answers."""
    with socket.socket() as there:
        there.bind(("127.0.0.1", 0))
        return int(there.getsockname()[1])


def goes_by(desk: Helpdesk, owner: Actor, port: int, *, falls_back: bool) -> DepartmentMail:
    draft = DepartmentDraft(host="127.0.0.1", port=port, security="none", falls_back=falls_back)
    return set_mail(desk, owner, "support", draft)


def row_of(desk: Helpdesk, row: DepartmentMail) -> DepartmentMail:
    with desk.read() as session:
        found = mail_of(session, row.department_id)
    assert found is not None
    return found


def waiting(desk: Helpdesk) -> list[OutgoingMail]:
    with desk.read() as session:
        return list(session.scalars(select(OutgoingMail).where(OutgoingMail.state == "queued")))


def servers_of(desk: Helpdesk) -> Servers:
    plugin = desk.plugins.plugin("email")
    assert isinstance(plugin, EmailPlugin)
    return plugin.servers


@pytest.mark.parametrize("falls_back", [True, False])
def test_a_server_that_is_down_is_not_tried_for_each_batch_but_once_in_a_while(
    desk: Helpdesk,
    adam: Actor,
    owner: Actor,
    ticket: Ticket,
    clock: TestClock,
    tried: list[str],
    falls_back: bool,
) -> None:
    row = goes_by(desk, owner, closed_port(), falls_back=falls_back)
    memory = MemoryTransport()
    for number in range(4):  # each worker has its own memory; what is known of a server is not in it
        reply(desk, adam, ticket.number or "", NewMessage(text=f"Answer {number}."))
        Worker(desk, transport=memory, jobs=()).run_once()
    assert len(tried) == 1
    assert len(memory.sent) == (4 if falls_back else 0)
    assert row_of(desk, row).failures == 1
    if not falls_back:
        assert sorted(mail.attempts for mail in waiting(desk)) == [0, 0, 0, 1], "only the one that was tried counts"
    clock.advance(seconds=29)
    servers_of(desk).try_those_down()
    assert len(tried) == 1
    clock.advance(seconds=2)
    servers_of(desk).try_those_down()
    servers_of(desk).try_those_down()
    assert len(tried) == 2
    assert row_of(desk, row).failures == 2


def test_the_pauses_grow_up_to_a_bound(clock: TestClock) -> None:
    now = clock()
    waits = [next_try(now, failures) - now for failures in (1, 2, 3, 50)]
    assert waits == [timedelta(seconds=30), timedelta(minutes=1), timedelta(minutes=2), LONGEST_WAIT]


def test_administrators_hear_of_it_on_pages_and_by_mail_and_when_it_is_well_again(
    desk: Helpdesk,
    adam: Actor,
    owner: Actor,
    ticket: Ticket,
    sent: Sent,
    clock: TestClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = goes_by(desk, owner, closed_port(), falls_back=False)
    reply(desk, adam, ticket.number or "", NewMessage(text="Did you water it?"))
    sent()
    assert not [each for each in desk.hooks.collect(health) if "mail server" in each], "once may be chance"
    clock.advance(seconds=31)
    servers_of(desk).try_those_down()
    (said,) = [each for each in desk.hooks.collect(health) if "mail server" in each]
    assert said.startswith("The mail server of “Support” is down, and its mail waits: The mail server 127.0.0.1:")
    browser = Browser(create_app(desk))
    assert '"problems":1,"status":"degraded"' in browser.get("/healthz").text
    browser.login("olga@example.com", "correct horse battery")
    assert "is down, and its mail waits" in browser.get("/admin/health").words
    assert "Fails" in browser.get("/admin/x/email/out").words
    assert "does not take our mail" in browser.get("/admin/x/email/out/departments/support").words
    tell_changes(desk)
    tell_changes(desk)
    assert ["olga@example.com" in str(each["To"]) and said in each.get_content() for each in sent()] == [True]

    monkeypatch.setattr(SmtpTransport, "connect", lambda _self: MemoryTransport().connect())
    clock.advance(minutes=2)
    servers_of(desk).try_those_down()
    assert row_of(desk, row).failures == 0
    assert [mail.due_at <= clock() for mail in waiting(desk)] == [True], "what waited leaves at once"
    assert not [each for each in desk.hooks.collect(health) if "mail server" in each]
    Worker(desk, transport=MemoryTransport(), jobs=()).run_once()
    assert not waiting(desk)
    for _look in range(3):
        tell_changes(desk)
    assert "well again" in sent()[-1].get_content()


def test_a_trial_by_hand_and_another_server_end_the_pause(
    desk: Helpdesk, adam: Actor, owner: Actor, ticket: Ticket, sent: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = goes_by(desk, owner, closed_port(), falls_back=False)
    reply(desk, adam, ticket.number or "", NewMessage(text="Did you water it?"))
    sent()
    assert row_of(desk, row).try_at is not None
    with monkeypatch.context() as works:
        works.setattr(SmtpTransport, "connect", lambda _self: MemoryTransport().connect())
        try_server(desk, row_of(desk, row))
    assert row_of(desk, row).try_at is None
    sent()
    assert row_of(desk, row).failures == 1
    goes_by(desk, owner, closed_port(), falls_back=False)
    assert (row_of(desk, row).failures, row_of(desk, row).last_error) == (0, None)


class Busy(Connection):
    """It lets one sign in, and then takes no mail; with a word, only no mail that has it."""

    def __init__(self, word: bytes = b"") -> None:
        self._word = word

    def send(self, envelope: Envelope) -> Receipt:
        if self._word in envelope.content:
            raise TransportDown("421 Too busy")
        return Receipt(envelope.recipients)


def opens(monkeypatch: pytest.MonkeyPatch, connection: Connection) -> None:
    @contextmanager
    def connect(_self: SmtpTransport) -> Iterator[Connection]:
        yield connection

    monkeypatch.setattr(SmtpTransport, "connect", connect)


class TestServersThatTakeNoMail:
    def test_they_count_as_down_however_often_they_let_us_in_and_mail_is_tried_for_five_days(
        self,
        desk: Helpdesk,
        adam: Actor,
        owner: Actor,
        ticket: Ticket,
        sent: Sent,
        clock: TestClock,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        opens(monkeypatch, Busy())
        row = goes_by(desk, owner, 25, falls_back=False)
        reply(desk, adam, ticket.number or "", NewMessage(text="Did you water it?"))
        for failures, wait in enumerate(WAITS[:3], 1):
            sent()
            (mail,) = waiting(desk)
            found = row_of(desk, row)
            assert (found.failures, found.last_error, mail.attempts) == (failures, "421 Too busy", failures)
            due, moment = mail.due_at, timedelta(milliseconds=1)
            assert abs(clock() + wait - due) < moment
            assert found.try_at is not None
            assert abs(next_try(clock(), failures) - found.try_at) < moment
            clock.advance(seconds=(found.try_at - clock()).total_seconds() + 1)
            servers_of(desk).try_those_down()
            assert (row_of(desk, row).failures, row_of(desk, row).try_at) == (failures, None)
            assert [each.due_at for each in waiting(desk)] == [due]
            clock.advance(seconds=(due - clock()).total_seconds() + 1)
        assert [each for each in desk.hooks.collect(health) if "mail server" in each]
        opens(monkeypatch, MemoryTransport())
        sent()
        assert (row_of(desk, row).failures, waiting(desk)) == (0, [])

    def test_a_mail_that_makes_them_hang_up_does_not_hold_up_the_rest(
        self,
        desk: Helpdesk,
        adam: Actor,
        owner: Actor,
        ticket: Ticket,
        sent: Sent,
        clock: TestClock,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        opens(monkeypatch, Busy(b"poison"))
        goes_by(desk, owner, 25, falls_back=False)
        for text in ("Here is poison.", "Did you water it?", "Hello?"):
            reply(desk, adam, ticket.number or "", NewMessage(text=text))
        sent()
        assert len(waiting(desk)) == 3
        clock.advance(seconds=31)
        servers_of(desk).try_those_down()
        sent()
        assert ["poison" in mail.body_text for mail in waiting(desk)] == [True]


def test_mail_that_was_given_back_while_another_process_tried_the_server_leaves_as_soon_as_that_is_in(
    desk: Helpdesk,
    adam: Actor,
    owner: Actor,
    ticket: Ticket,
    sent: Sent,
    clock: TestClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    goes_by(desk, owner, closed_port(), falls_back=False)
    reply(desk, adam, ticket.number or "", NewMessage(text="Did you water it?"))
    sent()
    clock.advance(seconds=62)

    @contextmanager
    def connect(_self: SmtpTransport) -> Iterator[Connection]:
        sent()
        (mail,) = waiting(desk)
        assert (mail.attempts, mail.due_at > clock() + timedelta(minutes=1)) == (1, True)
        yield MemoryTransport()

    monkeypatch.setattr(SmtpTransport, "connect", connect)
    servers_of(desk).try_those_down()
    assert [mail.due_at <= clock() for mail in waiting(desk)] == [True]


class TestAdministratorsWhoMendAServer:
    @pytest.mark.parametrize("how", ["save", "test"])
    def test_all_that_waits_for_it_leaves_at_once(
        self,
        desk: Helpdesk,
        adam: Actor,
        owner: Actor,
        ticket: Ticket,
        sent: Sent,
        clock: TestClock,
        monkeypatch: pytest.MonkeyPatch,
        how: str,
    ) -> None:
        row = goes_by(desk, owner, closed_port(), falls_back=False)
        for text in ("Did you water it?", "Hello?"):
            reply(desk, adam, ticket.number or "", NewMessage(text=text))
        sent()
        clock.advance(seconds=2)
        opens(monkeypatch, MemoryTransport())
        if how == "save":
            goes_by(desk, owner, 25, falls_back=False)
        else:
            with desk.begin(SYSTEM) as tx:
                tx.session.get_one(DepartmentMail, row.id).failures = 0
            try_server(desk, row_of(desk, row))
        assert [mail.due_at <= clock() for mail in waiting(desk)] == [True, True]
        sent()
        assert not waiting(desk)

    def test_what_goes_wrong_with_the_old_server_is_not_held_against_the_new_one(
        self, desk: Helpdesk, owner: Actor, clock: TestClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        row = goes_by(desk, owner, 25, falls_back=False)
        old = Watched(desk, row_of(desk, row), server_of(desk, row))

        def connect(_self: SmtpTransport) -> None:
            clock.advance(seconds=5)
            goes_by(desk, owner, 26, falls_back=False)
            raise TransportDown("timed out")

        monkeypatch.setattr(SmtpTransport, "connect", connect)
        with pytest.raises(TransportDown), old.connect():
            pass
        assert (row_of(desk, row).failures, row_of(desk, row).try_at) == (0, None)


def test_two_processes_that_meet_the_same_failure_count_it_once(
    desk: Helpdesk, owner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = goes_by(desk, owner, 25, falls_back=False)
    first, second = (Watched(desk, row_of(desk, row), server_of(desk, row)) for _ in range(2))
    others = [second]

    def connect(_self: SmtpTransport) -> None:
        while others:
            with pytest.raises(TransportDown), others.pop().connect():
                pass
        raise TransportDown("timed out")

    monkeypatch.setattr(SmtpTransport, "connect", connect)
    with pytest.raises(TransportDown), first.connect():
        pass
    assert row_of(desk, row).failures == 1
