"""What has to be forgotten is gone from the gateway too."""

import io
import time
import zipfile
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import select

from helpdesk_core.api import SYSTEM, Actor, Helpdesk
from helpdesk_core.api.mail import OutgoingMail
from helpdesk_core.api.tickets import NewMessage, follow, redact, reply
from helpdesk_core.testing import site
from helpdesk_core.testing.site import TestClock, World
from helpdesk_core.users.privacy import erase_user, export_personal_data
from helpdesk_email import plugin
from helpdesk_email.desk.rethreading import move_mails
from helpdesk_email.leaving import history
from helpdesk_email.leaving.departments import DepartmentDraft, set_mail
from helpdesk_email.models import Received
from helpdesk_email.privacy import forget_old, forget_quoting, forget_redacted
from helpdesk_email.receiving import Gateway
from helpdesk_email.storing import Envelope

from .gateways import answer_to, configured, messages, report, tickets, written


@pytest.fixture
def owner(world: World) -> Actor:
    return world.agent("Olga Owner", role="admin", address="olga@example.com")


def is_kept(gateway: Gateway, row: Received) -> bool:
    return gateway.archive.path(row.sha256).exists()


@pytest.mark.parametrize("message_id", ["<card@mail.example.net>", ""])
def test_a_redacted_message_is_gone_from_all_mails_that_brought_it(
    desk: Helpdesk, gateway: Gateway, owner: Actor, message_id: str
) -> None:
    raw = written("My card is 4111.", subject="4111", message_id=message_id or None)
    if not message_id:
        raw = b"".join(line for line in raw.splitlines(keepends=True) if not line.startswith(b"Message-ID:"))
    mail = gateway.receive(raw)
    copy = gateway.receive(b"Received: from elsewhere\r\n" + raw) if message_id else mail
    other = gateway.receive(written("Something else."))
    ticket = tickets(desk)[0]
    redact(desk, owner, ticket.number or "", messages(desk, ticket)[0].uid, "card number")
    assert [is_kept(gateway, each) for each in (mail, copy, other)] == [False, False, True]
    row = gateway.find(mail.uid)
    assert (row.state, row.subject) == ("done", None)
    assert row.forgotten_at is not None


def test_bytes_that_another_mail_needs_stay(desk: Helpdesk, gateway: Gateway, clock: TestClock) -> None:
    raw = written()
    old = gateway.receive(raw, Envelope(recipients=("support@example.com",)))
    clock.advance(days=20)
    new = gateway.receive(raw, Envelope(recipients=("sales@example.com",)))
    clock.advance(days=20)
    assert forget_old(desk, gateway.archive, 30) == 1
    assert gateway.find(old.uid).forgotten_at is not None
    assert is_kept(gateway, new)
    clock.advance(days=20)
    assert forget_old(desk, gateway.archive, 30) == 1
    assert not is_kept(gateway, new)


def test_old_mails_are_kept_for_ever_unless_it_is_said_and_never_forgotten_in_the_quarantine(
    desk: Helpdesk, gateway: Gateway, clock: TestClock
) -> None:
    done, waits = gateway.receive(written()), gateway.receive(b"Subject: nobody\r\n\r\n")
    clock.advance(days=500)
    assert forget_old(desk, gateway.archive, 0) == 0
    assert is_kept(gateway, done)
    assert forget_old(desk, gateway.archive, 30) == 1
    assert (is_kept(gateway, done), is_kept(gateway, waits)) == (False, True)


def test_a_forgotten_mail_that_is_handed_over_once_more_is_swept(desk: Helpdesk, gateway: Gateway) -> None:
    raw = written()
    row = gateway.receive(raw)
    with desk.begin(SYSTEM) as tx:
        found = tx.session.get(Received, row.id)
        assert found is not None
        found.forgotten_at = tx.now - timedelta(hours=1)
    assert is_kept(gateway, row)
    forget_old(desk, gateway.archive, 0)
    assert not is_kept(gateway, row)


def test_a_person_gets_their_mails_and_is_forgotten_with_them(desk: Helpdesk, gateway: Gateway, owner: Actor) -> None:
    raw = written("I am Carla.", subject="About me")
    mail, other = gateway.receive(raw), gateway.receive(written(sender="peter@example.org"))
    uid = tickets(desk)[0].requester.uid
    target = io.BytesIO()
    export_personal_data(desk, owner, uid, target)
    with zipfile.ZipFile(target) as archive:
        assert archive.read(f"email/mails/{mail.uid}.eml") == raw
        assert b"About me" in archive.read("email/mails.json")
        assert f"email/mails/{other.uid}.eml" not in archive.namelist()
    erase_user(desk, owner, uid)
    assert [is_kept(gateway, each) for each in (mail, other)] == [False, True]
    row = gateway.find(mail.uid)
    assert (row.sender, row.domain, row.subject, row.decisions) == (None, None, None, [])


@pytest.mark.parametrize("moved", ["nowhere", "to a new ticket", "to another ticket"])
def test_what_quotes_a_redacted_message_forgets_it_with_its_mails_wherever_they_were_moved(
    desk: Helpdesk,
    gateway: Gateway,
    owner: Actor,
    adam: Actor,
    sent: Callable[[], list[EmailMessage]],
    moved: str,
) -> None:
    set_mail(desk, owner, "support", DepartmentDraft(history="thread"))
    first = gateway.receive(written("My card is 4111 1111 1111 1111."))
    (ticket,) = tickets(desk)
    follow(desk, adam, ticket.number or "")
    reply(desk, adam, ticket.number or "", NewMessage(text="Is it *blocked*?"))
    asked = sent()[-1]
    answer = gateway.receive(answer_to(asked, "Yes, it is.", sender="Carla Customer <carla@example.net>"))
    notice = next(each for each in sent() if "adam@example.com" in str(each["To"]))
    by_staff = gateway.receive(answer_to(notice, "Thanks, by mail.", sender="Adam Agent <adam@example.com>"))
    quoting = b"\r\n\r\n> My card is 4111 1111 1111 1111.\r\n--limit--"
    returned = gateway.receive(report("carla@example.net", asked).replace(b"\r\n--limit--", quoting))
    unlike = gateway.receive(written("And now?", In_Reply_To=str(asked["Message-ID"])))
    assert all(b"4111" in gateway.archive.get(each.sha256) for each in (answer, by_staff, returned))
    sent()
    chosen = next(each for each in messages(desk, ticket) if each.body_text.startswith("Yes"))
    if moved != "nowhere":
        gateway.receive(written("Something else.", subject="Other"))
        into = tickets(desk)[-1].number or ""
        move_mails(desk, owner, ticket.number or "", [chosen.uid], into=into if "another" in moved else "")
    kept = (first, by_staff, answer, returned, unlike)
    assert all(is_kept(gateway, each) for each in kept)
    redact(desk, owner, ticket.number or "", messages(desk, ticket)[0].uid, "card number")
    sent()
    assert [is_kept(gateway, each) for each in kept[:4]] == [False, False, False, False]
    assert gateway.find(answer.uid).forgotten_at is not None
    said = [each for one in tickets(desk) for each in messages(desk, one)]
    assert not [each for each in said if "4111" in f"{each.body_text}{each.body_html}"]
    assert [each.body_text for each in said if each.id == chosen.id] == ["Yes, it is.\n\n[Removed: card number]"]
    with desk.read() as session:
        mails = session.scalars(select(OutgoingMail)).all()
    assert not [each for each in mails if "4111" in f"{each.body_text}{each.body_html}"]
    assert [each for each in mails if "blocked" in each.body_text and each.body_html is not None]


@pytest.mark.parametrize(("seconds", "kept"), [(600.0, [False, True]), (0.0, [False, False])])
def test_mails_that_there_is_no_time_to_look_into_are_forgotten_unread(
    desk: Helpdesk, gateway: Gateway, seconds: float, kept: list[bool]
) -> None:
    mails = [gateway.receive(written("> My card is 4111.")), gateway.receive(written("Something else."))]
    with desk.begin(SYSTEM) as tx:
        ids = [each.id for each in tickets(desk)]
        forget_quoting(tx, gateway.archive, ids, lambda text: "4111" in text, time.monotonic() + seconds)
    assert [is_kept(gateway, each) for each in mails] == kept


@pytest.mark.parametrize(("seconds", "kept"), [(600.0, True), (0.0, False)])
def test_history_that_there_is_no_time_to_look_into_is_taken_out_unread(
    desk: Helpdesk,
    gateway: Gateway,
    owner: Actor,
    adam: Actor,
    sent: Callable[[], list[EmailMessage]],
    seconds: float,
    kept: bool,
) -> None:
    set_mail(desk, owner, "support", DepartmentDraft(history="thread"))
    first = gateway.receive(written("My card is 4111 1111 1111 1111."))
    (ticket,) = tickets(desk)
    reply(desk, adam, ticket.number or "", NewMessage(text="Is it blocked?"))
    sent()
    with desk.begin(SYSTEM) as tx:
        message = messages(desk, ticket)[0]
        forget_redacted(tx, gateway.archive, [ticket.id], message, lambda text: "nothing" in text, seconds)
    with desk.read() as session:
        mail = session.scalars(select(OutgoingMail).where(OutgoingMail.template == "reply")).one()
    assert ("4111" in mail.body_text) == ("4111" in (mail.body_html or "")) == kept
    assert "Is it blocked?" in mail.body_text
    assert not is_kept(gateway, first)


@pytest.mark.parametrize("patience", [5.0, 20.0])
def test_the_time_for_looking_is_a_part_of_what_hooks_may_take(
    desk_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, patience: float
) -> None:
    given: list[float] = []
    monkeypatch.setattr(plugin, "forget_redacted", lambda *_rest: given.append(_rest[-1]))
    config = {**configured({}), "plugins": {**configured({}).get("plugins", {}), "hook_timeout": patience}}
    with site.opened(tmp_path / "patient", desk_url, config) as desk:
        world = World(desk)
        posted = world.ticket()
        redact(desk, world.agent(role="admin"), posted.ticket.number or "", posted.message.uid, "a card")
    assert given == [pytest.approx(0.3 * patience)]


def test_the_mail_that_brought_a_message_goes_even_if_what_follows_fails(
    desk: Helpdesk,
    gateway: Gateway,
    owner: Actor,
    adam: Actor,
    sent: Callable[[], list[EmailMessage]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(_html: str) -> str:
        raise RuntimeError("no words")

    mail = gateway.receive(written("My card is 4111."))
    (ticket,) = tickets(desk)
    reply(desk, adam, ticket.number or "", NewMessage(text="Is it *blocked*?"))
    sent()
    monkeypatch.setattr(history, "text_of", fails)
    redact(desk, owner, ticket.number or "", messages(desk, ticket)[0].uid, "card number")
    assert not is_kept(gateway, mail)


def test_a_mail_that_cannot_be_read_is_forgotten_unread(desk: Helpdesk, gateway: Gateway, owner: Actor) -> None:
    first = gateway.receive(written("My card is 4111.", message_id="<one@mail.example.net>"))
    broken = gateway.receive(written("And now?", In_Reply_To="<one@mail.example.net>"))
    path = gateway.archive.path(broken.sha256)
    path.unlink()
    path.symlink_to(path)  # it cannot be opened, whoever asks
    (ticket,) = tickets(desk)
    redact(desk, owner, ticket.number or "", messages(desk, ticket)[0].uid, "card number")
    assert not is_kept(gateway, first)
    assert gateway.find(first.uid).forgotten_at is not None
    assert gateway.find(broken.uid).forgotten_at is not None
    assert not path.is_symlink()
