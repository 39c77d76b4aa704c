"""How mail leaves: signed, by the department's server, with the history below; and what staff see of that."""

import os
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import dkim  # type: ignore[import-untyped]  # it has no types
import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from helpdesk_core.api import SYSTEM, Actor, Helpdesk
from helpdesk_core.api.errors import Invalid
from helpdesk_core.api.mail import OutgoingMail, SmtpTransport, TransportDown
from helpdesk_core.api.tickets import NewMessage, Ticket, note, redact, reply
from helpdesk_core.app import create_app
from helpdesk_core.jobs.worker import Worker
from helpdesk_core.mail.transport import MemoryTransport
from helpdesk_core.testing.browser import Browser
from helpdesk_core.testing.queries import count_queries
from helpdesk_core.testing.site import World
from helpdesk_email.desk.marks import fates
from helpdesk_email.leaving import keys, servers
from helpdesk_email.leaving.departments import DepartmentDraft, mail_of, set_mail
from helpdesk_email.leaving.dkim import Signer, new_key
from helpdesk_email.leaving.history import without_history
from helpdesk_email.leaving.keys import LARGEST_FILE, KeyDraft, all_keys, save_key, signer_of
from helpdesk_email.leaving.models import DepartmentMail, DkimKey
from helpdesk_email.leaving.servers import server_of
from helpdesk_email.reading import strip_reply
from helpdesk_email.receiving import Gateway

from .gateways import answer_to, messages, tickets, written

Sent = Callable[[], list[EmailMessage]]


@pytest.fixture
def owner(world: World) -> Actor:
    return world.actor(world.user("Olga Owner", is_owner=True))


@pytest.fixture
def ticket(desk: Helpdesk, gateway: Gateway, adam: Actor, sent: Sent) -> Ticket:
    gateway.receive(written("The printer is on fire."))
    sent()
    return tickets(desk)[0]


def unreachable(_session: Session, _department_id: int) -> DepartmentMail:
    """Stand in for the query while the database does not answer."""
    raise OperationalError("SELECT 1", {}, OSError("gone"))


def text_of(mail: EmailMessage, kind: str = "plain") -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def checked(raw: bytes, signer: Signer) -> bool:
    """Check a signature as others do, with what the domain publishes."""
    name = f"{signer.selector}._domainkey.{signer.domain}.".encode()
    return bool(dkim.verify(raw, dnsfunc=lambda asked, **_: signer.record.encode() if asked == name else b""))


class TestSigning:
    def test_mail_is_signed_with_the_key_of_its_senders_domain(
        self, desk: Helpdesk, adam: Actor, owner: Actor, ticket: Ticket
    ) -> None:
        key = save_key(desk, owner, None, KeyDraft(domain="Example.COM", selector="one"))
        save_key(desk, owner, None, KeyDraft(domain="example.org", selector="other"))
        raw = self._leaving(desk, adam, ticket)
        assert checked(raw, signer_of(desk, key))
        assert raw.count(b"DKIM-Signature:") == 1
        assert not checked(raw.replace(b"Subject: ", b"Subject: Urgent "), signer_of(desk, key))
        assert not checked(b"From: a@example.net\r\n" + raw, signer_of(desk, key))

    def test_a_key_of_the_department_goes_first_and_may_lie_in_a_file(
        self, desk: Helpdesk, adam: Actor, owner: Actor, ticket: Ticket
    ) -> None:
        (desk.config.instance / "dkim.pem").write_bytes(new_key())
        save_key(desk, owner, None, KeyDraft(domain="example.com", selector="site"))
        filed = KeyDraft(domain="example.com", selector="own", department="support", file="dkim.pem")
        own = save_key(desk, owner, None, filed)
        assert checked(self._leaving(desk, adam, ticket), signer_of(desk, own))
        (desk.config.instance / "dkim.pem").unlink()
        assert b"DKIM-Signature" not in self._leaving(desk, adam, ticket)  # and it leaves all the same
        with desk.read() as session:
            assert "cannot be read" in (session.get_one(DkimKey, own.id).last_error or "")

    def test_keys_that_cannot_sign_are_refused_with_the_mend(self, desk: Helpdesk, owner: Actor) -> None:
        for draft, field in (
            (KeyDraft(domain="example.com", selector="a", pem="nonsense"), "pem"),
            (KeyDraft(domain="example.com", selector="a", file="nowhere.pem"), "file"),
            (KeyDraft(domain="example", selector="a"), "domain"),
            (KeyDraft(domain="example.com", selector="a b"), "selector"),
        ):
            with pytest.raises(Invalid) as refused:
                save_key(desk, owner, None, draft)
            assert list(refused.value.problems) == [field]
        with desk.read() as session:
            assert not all_keys(session)

    @pytest.mark.parametrize("name", ["pipe", "folder", "/dev/zero", "large"])
    def test_only_a_plain_file_of_a_keys_size_is_read(self, desk: Helpdesk, owner: Actor, name: str) -> None:
        os.mkfifo(desk.config.instance / "pipe")
        (desk.config.instance / "folder").mkdir()
        (desk.config.instance / "large").write_bytes(new_key() + bytes(LARGEST_FILE))
        with pytest.raises(Invalid) as refused:
            save_key(desk, owner, None, KeyDraft(domain="example.com", selector="a", file=name))
        (said,) = refused.value.problems["file"]
        assert "too large" in said if name == "large" else "cannot be read" in said

    def test_a_key_is_made_and_read_before_anything_is_written(
        self, desk: Helpdesk, owner: Actor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        held: list[bool] = []

        def made() -> bytes:
            with desk.begin(SYSTEM) as tx:  # would wait for the other transaction on SQLite
                held.append(tx.session.scalar(select(DkimKey.id)) is not None)
            return new_key()

        monkeypatch.setattr(keys, "new_key", made)
        kept = save_key(desk, owner, None, KeyDraft(domain="example.com", selector="a"))
        again = save_key(desk, owner, kept.uid, KeyDraft(domain="example.com", selector="b"))
        assert (again.selector, again.sealed, held) == ("b", kept.sealed, [False])

    def _leaving(self, desk: Helpdesk, adam: Actor, ticket: Ticket) -> bytes:
        memory = MemoryTransport()
        reply(desk, adam, ticket.number or "", NewMessage(text="Grüße\n\nis it still burning?  \n"))
        Worker(desk, transport=memory, jobs=()).run_once()
        return memory.sent[-1].content


class TestServers:
    def test_mail_of_a_department_leaves_by_its_server_and_by_the_sites_while_that_is_down(
        self, desk: Helpdesk, adam: Actor, owner: Actor, ticket: Ticket, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        own, site = MemoryTransport(), MemoryTransport()
        down: list[bool] = []

        def connect(self: SmtpTransport) -> object:
            if down:
                raise TransportDown("The server is down.")
            return own.connect()

        monkeypatch.setattr(SmtpTransport, "connect", connect)
        worker = Worker(desk, transport=site, jobs=())
        draft = DepartmentDraft(host="smtp.example.com", username="support", password="secret")
        row = set_mail(desk, owner, "support", draft)
        assert "secret" not in (row.sealed or "")
        reply(desk, adam, ticket.number or "", NewMessage(text="One."))
        worker.run_once()
        assert (len(own.sent), len(site.sent)) == (1, 0)
        down.append(True)
        reply(desk, adam, ticket.number or "", NewMessage(text="Two."))
        worker.run_once()
        assert (len(own.sent), len(site.sent)) == (1, 1)
        set_mail(desk, owner, "support", DepartmentDraft(host="smtp.example.com", username="support", falls_back=False))
        posted = reply(desk, adam, ticket.number or "", NewMessage(text="Three."))
        worker.run_once()
        assert (len(own.sent), len(site.sent)) == (1, 1)
        with desk.read() as session:
            [departure] = fates(session, [posted.message.id])[posted.message.id].departures
        assert (departure.state, departure.tried, departure.recipients) == ("queued", True, "carla@example.net")

    @pytest.mark.parametrize("trouble", ["password", "database"])
    def test_mail_waits_while_its_server_cannot_be_told(
        self, desk: Helpdesk, adam: Actor, owner: Actor, ticket: Ticket, monkeypatch: pytest.MonkeyPatch, trouble: str
    ) -> None:
        row = set_mail(desk, owner, "support", DepartmentDraft(host="smtp.example.com", username="u", password="p"))
        if trouble == "password":
            with desk.begin(SYSTEM) as tx:
                tx.session.get_one(DepartmentMail, row.id).sealed = "sealed with another key"
        else:
            monkeypatch.setattr(servers, "mail_of", unreachable)
        site = MemoryTransport()
        reply(desk, adam, ticket.number or "", NewMessage(text="One."))
        Worker(desk, transport=site, jobs=()).run_once()
        assert not site.sent
        with desk.read() as session:
            mail = session.scalars(select(OutgoingMail).where(OutgoingMail.template == "reply")).one()
        assert mail.state == "queued"
        assert "Check the department's server" in (mail.error or "")

    def test_a_password_goes_to_no_other_server(self, desk: Helpdesk, owner: Actor) -> None:
        one = DepartmentDraft(host="smtp.example.com", username="support", password="secret")
        kept = set_mail(desk, owner, "support", one)
        with pytest.raises(Invalid) as refused:
            set_mail(desk, owner, "support", DepartmentDraft(host="smtp.example.org", username="support"))
        assert list(refused.value.problems) == ["password"]
        with desk.read() as session:
            row = mail_of(session, kept.department_id)
        assert row is not None
        assert server_of(desk, row).falls_back


class TestHistory:
    def test_the_thread_stands_below_without_notes_and_is_stripped_again(
        self, desk: Helpdesk, gateway: Gateway, adam: Actor, owner: Actor, ticket: Ticket, sent: Sent
    ) -> None:
        number = ticket.number or ""
        set_mail(desk, owner, "support", DepartmentDraft(history="thread"))
        note(desk, adam, number, NewMessage(text="She is difficult."))
        reply(desk, adam, number, NewMessage(text="Did you *water* it?"))
        (first,) = [each for each in sent() if each["To"] == "Carla Customer <carla@example.net>"]
        assert "Carla Customer wrote:\n> The printer is on fire." in text_of(first)
        assert "<blockquote>The printer is on fire.</blockquote>" in text_of(first, "html")
        gateway.receive(answer_to(first, "Yes, twice.", sender="Carla Customer <carla@example.net>"))
        reply(desk, adam, number, NewMessage(text="Good."))
        second = text_of(sent()[-1])
        assert "difficult" not in second
        assert second.index("> Yes, twice.") < second.index("> Did you *water* it?") < second.index("> The printer")
        assert ">>" not in second
        assert second.count("on fire") == 1
        assert without_history(second, lambda line: line.endswith(" wrote:")).strip() == "Good."
        set_mail(desk, owner, "support", DepartmentDraft(history="last"))
        reply(desk, adam, number, NewMessage(text="Bye."))
        assert text_of(sent()[-1]).count("wrote:") == 1

    def test_what_is_redacted_vanishes_from_mails_that_quote_it(
        self, desk: Helpdesk, adam: Actor, owner: Actor, ticket: Ticket, sent: Sent
    ) -> None:
        set_mail(desk, owner, "support", DepartmentDraft(history="thread"))
        reply(desk, adam, ticket.number or "", NewMessage(text="Did you water *it*?"))
        sent()
        redact(desk, owner, ticket.number or "", messages(desk, ticket)[0].uid, "a password")
        with desk.read() as session:
            mail = session.scalars(select(OutgoingMail).where(OutgoingMail.template == "reply")).one()
        assert "on fire" not in mail.body_text + (mail.body_html or "")
        assert "Did you water" in mail.body_text

    @pytest.mark.parametrize("choice", ["none", "thread"])
    @pytest.mark.parametrize("markdown", [False, True])
    def test_what_an_agent_quotes_stays_when_something_is_redacted(
        self, desk: Helpdesk, adam: Actor, owner: Actor, ticket: Ticket, sent: Sent, choice: str, markdown: bool
    ) -> None:
        set_mail(desk, owner, "support", DepartmentDraft(history=choice))
        text = "Carla wrote on 2 March, 09:00:\n> It smells.\n\nThe manual says:\n\n> Water it."
        reply(desk, adam, ticket.number or "", NewMessage(text=text, markdown=markdown))
        before = text_of(sent()[-1])
        assert ("on fire" in before) == (choice == "thread")
        redact(desk, owner, ticket.number or "", messages(desk, ticket)[0].uid, "a password")
        with desk.read() as session:
            mail = session.scalars(select(OutgoingMail).where(OutgoingMail.template == "reply")).one()
        assert (mail.body_html is not None) == markdown
        assert "on fire" not in mail.body_text + (mail.body_html or "")
        assert "smells" in mail.body_text
        assert "> Water it." in mail.body_text
        assert mail.body_text.count("wrote") == 1

    @pytest.mark.parametrize("locale", ["en", "de", "ru", "uk", "hr"])
    def test_the_history_is_known_as_a_quote_in_every_language(
        self, desk: Helpdesk, adam: Actor, owner: Actor, ticket: Ticket, sent: Sent, locale: str
    ) -> None:
        with desk.begin(SYSTEM) as tx:
            tx.session.get_one(Ticket, ticket.id).locale = locale
        set_mail(desk, owner, "support", DepartmentDraft(history="thread"))
        reply(desk, adam, ticket.number or "", NewMessage(text="Good."))
        assert strip_reply(text_of(sent()[-1])).reply.strip() == "Good."
        reply(desk, adam, ticket.number or "", NewMessage(text="Plain.", markdown=False))
        assert "on fire" in text_of(sent()[-1])
        redact(desk, owner, ticket.number or "", messages(desk, ticket)[0].uid, "a password")
        with desk.read() as session:
            mails = session.scalars(select(OutgoingMail).where(OutgoingMail.template == "reply")).all()
        assert not [each for each in mails if "on fire" in each.body_text + (each.body_html or "")]


def test_staff_see_whether_a_message_left_at_the_cost_of_one_query(
    desk: Helpdesk, adam: Actor, ticket: Ticket, sent: Sent
) -> None:
    browser = Browser(create_app(desk))
    browser.login("adam@example.com", "correct horse battery")
    here = f"/desk/tickets/{ticket.number}"
    reply(desk, adam, ticket.number or "", NewMessage(text="One."))
    worker = Worker(desk, transport=MemoryTransport(), jobs=())
    assert "Sent by mail" not in browser.get(here).words
    worker.run_once()
    assert "Sent by mail to carla@example.net" in browser.get(here).words
    with count_queries(desk) as queries:
        browser.get(here)
    assert len([each for each in queries if "email_received" in each or "outgoing_mails" in each]) == 1, str(queries)
    with count_queries(desk) as queries:
        browser.get("/desk")
    assert not [each for each in queries if "email_received" in each or "outgoing_mails" in each], str(queries)


def test_administrators_set_the_ways_out_on_their_page(desk: Helpdesk, world: World, tmp_path: Path) -> None:
    world.user("Olga Owner", address="olga@example.com", is_owner=True, password="correct horse battery")
    browser = Browser(create_app(desk))
    browser.login("olga@example.com", "correct horse battery")
    browser.get("/admin/x/email/out/departments/support")
    page = browser.submit("department-mail", {"history": "thread", "host": "smtp.example.com", "falls_back": "1"})
    assert "is saved" in page.words
    assert "smtp.example.com:587" in browser.get("/admin/x/email/out").words
    browser.get("/admin/x/email/out/keys/new")
    page = browser.submit("dkim", {"domain": "example.com", "selector": "desk1"})
    assert "desk1._domainkey.example.com" in page.words
    assert "v=DKIM1; k=rsa; p=" in page.words
    assert "PRIVATE" not in page.text
    page = browser.submit("dkim", {"domain": "nowhere", "selector": "desk1"})
    assert page.status == 422
    assert "Give a domain such as example.com." in page.words
