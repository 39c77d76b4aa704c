"""Mail from somebody who has no ticket yet."""

import pytest

from helpdesk_core.api import Helpdesk
from helpdesk_core.api.attachments import open_attachment
from helpdesk_core.api.tickets import participants
from helpdesk_core.testing.site import World
from helpdesk_email.receiving import Gateway
from helpdesk_email.storing import Envelope

from .gateways import links, messages, tickets, written

WORDS = "Добрый день! Сайт не открывается, ошибка пятьсот."


@pytest.mark.parametrize("charset", ["koi8-r", "windows-1251", "utf-8"])
def test_a_mail_in_any_cyrillic_charset_becomes_a_ticket_with_its_file(
    desk: Helpdesk, gateway: Gateway, charset: str
) -> None:
    name = "=?utf-8?B?0YHRh9GR0YIucGRm?="  # счёт.pdf
    raw = b"\r\n".join(
        [
            b"From: =?koi8-r?B?6dfBziDw0c/Uwg==?= <ivan@example.org>",
            b"To: support@example.com",
            b"Subject: =?windows-1251?B?0eDp8iDr5ebo8g==?=",
            b"Message-ID: <1@mail.example.org>",
            b'Content-Type: multipart/mixed; boundary="limit"',
            b"",
            b"--limit",
            f"Content-Type: text/plain; charset={charset}".encode(),
            b"Content-Transfer-Encoding: 8bit",
            b"",
            WORDS.encode(charset),
            b"--limit",
            f'Content-Type: application/pdf; name="{name}"'.encode(),
            f'Content-Disposition: attachment; filename="{name}"'.encode(),
            b"Content-Transfer-Encoding: base64",
            b"",
            b"JVBERi0xLjQK",
            b"--limit--",
            b"",
        ]
    )
    row = gateway.receive(raw)
    assert row.state == "done"
    (ticket,) = tickets(desk)
    assert ticket.id == row.ticket_id
    assert (ticket.subject, ticket.department.key, ticket.channel) == ("Сайт лежит", "support", "email")
    assert ticket.requester.primary_email == "ivan@example.org"
    (message,) = messages(desk, ticket)
    assert message.body_text == WORDS
    assert (message.side, message.message_id) == ("customer", "<1@mail.example.org>")
    (file,) = message.attachments
    assert file.name == "счёт.pdf"
    with open_attachment(desk, file) as stream:
        assert stream.read() == b"%PDF-1.4\n"


def test_the_account_of_a_new_sender_is_not_verified(desk: Helpdesk, gateway: Gateway) -> None:
    from helpdesk_core.api.users import find_by_address

    gateway.receive(written(sender='"Carla Customer" <CARLA@Example.NET>'))
    with desk.read() as session:
        user = find_by_address(session, "carla@example.net")
        assert user is not None
        assert user.name == "Carla Customer"
        assert user.emails[0].verified_at is None
        assert user.password_hash is None


def test_html_is_cleaned_and_its_own_pictures_stay(desk: Helpdesk, gateway: Gateway) -> None:
    html = (
        '<p onclick="x()">Look: <img src="cid:shot@mail"><script>alert(1)</script></p><img src="http://example.net/a">'
    )
    raw = (
        "From: carla@example.net\r\nTo: support@example.com\r\nSubject: Shot\r\nMessage-ID: <html@mail.example.net>\r\n"
        'Content-Type: multipart/related; boundary="limit"\r\n\r\n'
        f"--limit\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{html}\r\n"
        "--limit\r\nContent-Type: image/png; name=shot.png\r\nContent-ID: <shot@mail>\r\n"
        "Content-Disposition: inline\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--limit--\r\n"
    ).encode()
    gateway.receive(raw)
    (message,) = messages(desk, tickets(desk)[0])
    assert message.body_html is not None
    assert 'src="cid:shot@mail"' in message.body_html
    assert '<img data-src="http://example.net/a">' in message.body_html
    assert "onclick" not in message.body_html
    assert "alert" not in message.body_html + message.body_text
    assert [(each.name, each.content_id) for each in message.attachments] == [("shot.png", "shot@mail")]


def test_the_quote_begins_where_the_answer_ends(desk: Helpdesk, gateway: Gateway) -> None:
    text = "It works now, thank you.\n\nOn 1 March 2026 at 10:00, Ivo <ivo@example.com> wrote:\n> Did you restart it?\n"
    gateway.receive(written(text))
    (message,) = messages(desk, tickets(desk)[0])
    at = message.details["quote_at"]
    assert message.body_text[at:].startswith("On 1 March 2026")
    assert message.body_text[:at].strip() == "It works now, thank you."


def test_a_mail_with_nothing_in_it_becomes_a_ticket_all_the_same(desk: Helpdesk, gateway: Gateway) -> None:
    assert gateway.receive(b"From: carla@example.net\r\nTo: support@example.com\r\n\r\n").state == "done"
    (ticket,) = tickets(desk)
    assert ticket.subject == "(no subject)"


def test_a_forbidden_file_is_left_out_and_agents_are_told(desk: Helpdesk, gateway: Gateway) -> None:
    raw = (
        b"From: carla@example.net\r\nTo: support@example.com\r\nSubject: Setup\r\nMessage-ID: <exe@example.net>\r\n"
        b'Content-Type: multipart/mixed; boundary="limit"\r\n\r\n--limit\r\n\r\nPlease run this.\r\n'
        b'--limit\r\nContent-Type: application/octet-stream; name="setup.exe"\r\n'
        b"Content-Transfer-Encoding: base64\r\n\r\nTVo=\r\n--limit--\r\n"
    )
    row = gateway.receive(raw)
    message, warning = messages(desk, tickets(desk)[0])
    assert message.attachments == []
    assert warning.kind == "internal"
    assert "setup.exe" in warning.body_text
    assert row.uid in warning.body_text


def test_a_mail_to_two_departments_is_seen_by_both_and_copies_change_nothing(desk: Helpdesk, gateway: Gateway) -> None:
    both = {"to": "support@example.com, Sales <sales@example.com>", "message_id": "<both@mail.example.net>"}
    for number, recipient in enumerate(("support@example.com", "sales@example.com")):
        raw = f"Received: from mx{number}\r\n".encode() + written("For both of you.", **both)
        gateway.receive(raw, Envelope(recipients=(recipient,)))
    first, second = tickets(desk)
    assert [first.department.key, second.department.key] == ["support", "sales"]
    assert links(desk) == [("related", first.id, second.id)]
    assert [row.state for row in gateway.log()] == ["dropped", "done"]
    assert "copy" in (gateway.log()[0].reason or "")


def test_a_blind_copy_reaches_its_department_even_after_the_other_one_has_the_mail(
    desk: Helpdesk, gateway: Gateway
) -> None:
    raw = written(message_id="<blind@mail.example.net>")
    gateway.receive(raw, Envelope(recipients=("support@example.com",)))
    gateway.receive(raw, Envelope(recipients=("sales@example.com",)))
    assert [each.department.key for each in tickets(desk)] == ["support", "sales"]


def test_a_hidden_department_takes_mail_as_well(desk: Helpdesk, gateway: Gateway, world: World) -> None:
    world.department("security", address="security@example.com", visibility="hidden")
    gateway.receive(written(to="security@example.com"))
    assert tickets(desk)[0].department.key == "security"


def test_people_in_cc_are_on_the_ticket_but_our_own_addresses_are_not(desk: Helpdesk, gateway: Gateway) -> None:

    gateway.receive(written(Cc="Ivo <ivo@example.net>, support+x@example.com, carla@example.net"))
    (ticket,) = tickets(desk)
    with desk.read() as session:
        assert [each.user.primary_email for each in participants(session, ticket)] == ["ivo@example.net"]


def test_programs_that_give_every_mail_the_same_message_id_lose_nothing(desk: Helpdesk, gateway: Gateway) -> None:
    for text in ("Disk one is full.", "Disk two is full."):
        raw = f"From: cron@example.net\r\nTo: support@example.com\r\nMessage-ID: <1@localhost>\r\n\r\n{text}\r\n"
        gateway.receive(raw.encode())
    assert len(tickets(desk)) == 2


class TestWithoutADepartmentsAddress:
    @pytest.fixture
    def settings(self) -> dict[str, object]:
        return {"default_department": "sales"}

    def test_the_default_department_takes_the_mail(self, desk: Helpdesk, gateway: Gateway) -> None:
        gateway.receive(written(to="info@example.com"))
        assert tickets(desk)[0].department.key == "sales"


def test_who_is_copied_in_beyond_the_limit_is_named_and_not_lost(desk: Helpdesk, gateway: Gateway) -> None:
    people = [f"person{each}@example.org" for each in range(23)]
    gateway.receive(written(Cc=", ".join(people)))
    (ticket,) = tickets(desk)
    with desk.read() as session:
        copied = [each.user.primary_email for each in participants(session, ticket)]
    assert copied == people[:20]
    note = messages(desk, ticket)[-1]
    assert note.kind == "internal"
    assert "Left out: person20@example.org, person21@example.org, person22@example.org." in note.body_text
