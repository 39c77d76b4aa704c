"""To speak as staff by mail takes a token that was sent to that very colleague."""

from collections.abc import Callable
from email.message import EmailMessage

import pytest

from helpdesk_core.api import Actor, Helpdesk
from helpdesk_core.api.tickets import Message, NewMessage, add_participant, note, reply
from helpdesk_core.testing.site import World
from helpdesk_email.receiving import Gateway

from .gateways import answer_to, messages, tickets, written

Sent = Callable[[], list[EmailMessage]]
CARLA = "Carla Customer <carla@example.net>"
ADAM = "Adam Agent <adam@example.com>"


@pytest.fixture
def number(desk: Helpdesk, gateway: Gateway, adam: Actor, sent: Sent) -> str:
    """A ticket of Carla's that Adam follows."""
    gateway.receive(written("The printer is on fire.", sender=CARLA))
    found = tickets(desk)[0].number or ""
    add_participant(desk, adam, found, "follower", uid=adam.uid)
    sent()
    return found


@pytest.fixture
def bea(world: World) -> Actor:
    return world.agent("Bea Boss", "support", address="bea@example.com")


def to(sent: list[EmailMessage], address: str) -> EmailMessage:
    (mail,) = [each for each in sent if address in str(each["To"])]
    return mail


def last(desk: Helpdesk) -> Message:
    return messages(desk, tickets(desk)[0])[-1]


def is_kept_inside(desk: Helpdesk) -> bool:
    """Tell whether the mail became an internal note, with a warning behind it."""
    *_, kept, warning = messages(desk, tickets(desk)[0])
    return (kept.kind, warning.kind) == ("internal", "internal") and "was not sent on" in warning.body_text


def test_who_holds_a_customers_token_cannot_speak_as_an_agent(
    desk: Helpdesk, gateway: Gateway, adam: Actor, number: str, sent: Sent
) -> None:
    add_participant(desk, adam, number, "cc", email="eve@example.org")
    reply(desk, adam, number, NewMessage(text="Did you water it?"))
    mail = to(sent(), "carla@example.net")
    assert "eve@example.org" in str(mail["Cc"])
    gateway.receive(answer_to(mail, "Please wire the money to another account.", sender=ADAM))
    assert is_kept_inside(desk)
    assert not [each for each in sent() if "wire the money" in each.as_string() and "carla" in str(each["To"])]


def test_an_agent_answers_the_notice_that_was_sent_to_them(
    desk: Helpdesk, gateway: Gateway, adam: Actor, number: str, sent: Sent
) -> None:
    gateway.receive(written("And it smells.", sender=CARLA, subject=f"Re: [#{number}]"))
    notice = to(sent(), "adam@example.com")
    gateway.receive(answer_to(notice, "Help is on its way.", sender=ADAM))
    said = last(desk)
    assert (said.kind, said.side, said.body_text) == ("public", "agent", "Help is on its way.")
    assert "Help is on its way." in to(sent(), "carla@example.net").as_string()


def test_a_signed_answer_of_an_agent_does_not_carry_the_quote_that_was_cut(
    desk: Helpdesk, gateway: Gateway, number: str, sent: Sent
) -> None:
    gateway.receive(written("And it smells.", sender=CARLA, subject=f"Re: [#{number}]"))
    notice = to(sent(), "adam@example.com")
    head, _, body = answer_to(notice, "Help is on its way.", sender=ADAM).partition(b"\r\n\r\n")
    kept = b"\r\n".join(each for each in head.split(b"\r\n") if not each.lower().startswith(b"content-"))
    kind = b'multipart/signed; protocol="application/pgp-signature"; micalg=pgp-sha256; boundary="limit"'
    signed = b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + body
    signature = b'Content-Type: application/pgp-signature; name="signature.asc"\r\n\r\nabc\r\n'
    parts = b"--limit\r\n" + signed + b"\r\n--limit\r\n" + signature + b"\r\n--limit--\r\n"
    gateway.receive(kept + b"\r\nContent-Type: " + kind + b"\r\n\r\n" + parts)
    said = last(desk)
    assert (said.kind, said.side, said.body_text) == ("public", "agent", "Help is on its way.")
    assert "signed.eml" not in [each.name for each in said.attachments]
    assert "smells" not in to(sent(), "carla@example.net").as_string()


def test_the_notice_proves_its_reader_also_when_its_own_message_id_was_replaced(
    desk: Helpdesk, gateway: Gateway, number: str, sent: Sent
) -> None:
    gateway.receive(written("And it smells.", sender=CARLA, subject=f"Re: [#{number}]"))
    root = str(to(sent(), "adam@example.com")["References"]).split()[0]
    gateway.receive(written("Coming.", sender=ADAM, References=f"{root} <x@provider.example>"))
    assert (last(desk).kind, last(desk).side) == ("public", "agent")


def test_a_token_of_one_colleague_is_none_of_another(
    desk: Helpdesk, gateway: Gateway, bea: Actor, number: str, sent: Sent
) -> None:
    gateway.receive(written("And it smells.", sender=CARLA, subject=f"Re: [#{number}]"))
    notice = to(sent(), "adam@example.com")
    gateway.receive(answer_to(notice, "I am Bea.", sender=f"Bea Boss <{bea.email}>"))
    assert is_kept_inside(desk)
    gateway.receive(answer_to(notice, "I am a friend of Adam.", sender="friend@example.org"))
    *_, kept, warning = messages(desk, tickets(desk)[0])
    assert kept.kind == "internal"
    assert "sent to a colleague alone" in warning.body_text


def test_a_note_by_mail_takes_a_token_of_the_writers_own_too(
    desk: Helpdesk, gateway: Gateway, adam: Actor, bea: Actor, number: str, sent: Sent
) -> None:
    note(desk, bea, number, NewMessage(text="Is this customer ever happy?"))
    notice = to(sent(), "adam@example.com")
    gateway.receive(answer_to(notice, "Bea says never.", sender=f"Bea Boss <{bea.email}>"))
    assert is_kept_inside(desk)
    gateway.receive(answer_to(notice, "Never.", sender=ADAM))
    assert (last(desk).kind, last(desk).author_id) == ("internal", adam.user_id)


class TestWithATokenInTheReplyAddress:
    @pytest.fixture
    def settings(self) -> dict[str, object]:
        return {"reply_token": "address"}

    def test_the_address_in_a_notice_is_its_readers_own(
        self, desk: Helpdesk, gateway: Gateway, number: str, sent: Sent
    ) -> None:
        gateway.receive(written("And it smells.", sender=CARLA, subject=f"Re: [#{number}]"))
        address = to(sent(), "adam@example.com")["Reply-To"].addresses[0].addr_spec
        assert f"+ticket.{number}.s" in address
        gateway.receive(written("Coming.", sender=ADAM, to=address))
        assert (last(desk).kind, last(desk).side) == ("public", "agent")
