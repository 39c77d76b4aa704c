"""Who wrote a mail is proved by a token only: what is internal stays internal, and nobody lets themselves in."""

from collections.abc import Callable
from email.message import EmailMessage

import pytest

from helpdesk_core.api import Actor, Helpdesk
from helpdesk_core.api.tickets import Change, NewMessage, Ticket, add_participant, change, move, note, participants
from helpdesk_core.testing.site import World
from helpdesk_email.receiving import Gateway

from .gateways import answer_to, links, messages, tickets, written

Sent = Callable[[], list[EmailMessage]]
CARLA = "Carla Customer <carla@example.net>"
SECRET = "Is this customer ever happy?"


@pytest.fixture
def ticket(desk: Helpdesk, gateway: Gateway, adam: Actor, sent: Sent) -> Ticket:
    """A ticket of Carla's that Adam follows; what told of it has left."""
    gateway.receive(written("The printer is on fire.", sender=CARLA))
    (only,) = tickets(desk)
    add_participant(desk, adam, only.number or "", "follower", uid=adam.uid)
    sent()
    return only


@pytest.fixture
def notice(desk: Helpdesk, world: World, ticket: Ticket, sent: Sent) -> EmailMessage:
    """What told Adam of an internal note."""
    bea = world.agent("Bea Boss", role="manager", address="bea@example.com")
    note(desk, bea, ticket.number or "", NewMessage(text=SECRET))
    (mail,) = sent()
    assert mail["To"].addresses[0].addr_spec == "adam@example.com"
    return mail


def assert_nothing_is_public_but_the_question(desk: Helpdesk, ticket: Ticket, sent: Sent) -> None:
    assert [each.body_text for each in messages(desk, ticket) if each.kind == "public"] == ["The printer is on fire."]
    assert [str(each["To"]) for each in sent() if "carla@example.net" in str(each["To"])] == []
    assert len(tickets(desk)) == 1


def test_a_note_answered_from_a_foreign_address_stays_internal(
    desk: Helpdesk, gateway: Gateway, ticket: Ticket, notice: EmailMessage, sent: Sent
) -> None:
    gateway.receive(answer_to(notice, "Never.", sender="Adam <adam@home.example>", Cc="sales@example.com"))
    answer, warning = messages(desk, ticket)[-2:]
    assert (answer.kind, answer.author_email, answer.author_id) == ("internal", "adam@home.example", None)
    assert answer.body_text.startswith("Never.")
    assert "adam@home.example has answered the notice of an internal note" in warning.body_text
    assert_nothing_is_public_but_the_question(desk, ticket, sent)
    with desk.read() as session:
        assert [each.role for each in participants(session, ticket)] == ["follower"]


def test_a_note_answered_after_the_ticket_was_moved_away_stays_internal(
    desk: Helpdesk, gateway: Gateway, adam: Actor, ticket: Ticket, notice: EmailMessage, sent: Sent
) -> None:
    move(desk, adam, ticket.number or "", "sales")
    gateway.receive(answer_to(notice, "Never.", sender="adam@example.com"))
    assert [each.kind for each in messages(desk, ticket)[-2:]] == ["internal", "internal"]
    assert_nothing_is_public_but_the_question(desk, ticket, sent)


def test_a_note_answered_by_the_customer_it_was_forwarded_to_stays_internal(
    desk: Helpdesk, gateway: Gateway, ticket: Ticket, notice: EmailMessage, sent: Sent
) -> None:
    gateway.receive(answer_to(notice, "I am.", sender=CARLA))
    assert_nothing_is_public_but_the_question(desk, ticket, sent)


def test_a_mail_in_the_name_of_an_agent_of_the_ticket_is_not_sent_on_and_lets_nobody_in(
    desk: Helpdesk, gateway: Gateway, adam: Actor, ticket: Ticket, sent: Sent
) -> None:
    change(desk, adam, ticket.number or "", Change(assignee=adam.uid))
    subject = f"Re: [#{ticket.number}]"
    gateway.receive(
        written("Pay to this account.", sender="Adam <adam@example.com>", subject=subject, Cc="eve@example.org")
    )
    answer, warning = messages(desk, ticket)[-2:]
    assert (answer.kind, answer.author_id) == ("internal", None)
    assert "Nothing but the sender's address says that this is from adam@example.com" in warning.body_text
    assert_nothing_is_public_but_the_question(desk, ticket, sent)
    with desk.read() as session:
        assert [each.role for each in participants(session, ticket)] == ["follower"]


def test_a_mail_in_the_name_of_an_agent_of_the_department_opens_a_ticket_of_its_own(
    desk: Helpdesk, gateway: Gateway, ticket: Ticket, world: World
) -> None:
    world.agent("Ben Busy", "support", address="ben@example.com")
    known = messages(desk, ticket)[0].message_id or ""
    gateway.receive(written("Pay to this account.", sender="ben@example.com", subject="Hm", In_Reply_To=known))
    first, second = tickets(desk)
    assert links(desk) == [("possibly", second.id, first.id)]
    assert len(messages(desk, first)) == 1


def test_a_mail_in_the_name_of_the_requester_lets_nobody_in_and_says_whom_it_would_have(
    desk: Helpdesk, gateway: Gateway, ticket: Ticket, sent: Sent
) -> None:
    gateway.receive(written("More.", sender=CARLA, subject=f"[#{ticket.number}]", Cc="eve@example.org"))
    answer, warning = messages(desk, ticket)[-2:]
    assert (answer.kind, answer.side, answer.body_text) == ("public", "customer", "More.")
    assert "eve@example.org" in warning.body_text
    with desk.read() as session:
        assert [each.role for each in participants(session, ticket)] == ["follower"]
    assert "eve@example.org" not in "".join(str(each["To"]) for each in sent())


def test_whom_an_answer_with_a_token_copies_in_is_on_the_ticket(
    desk: Helpdesk, gateway: Gateway, adam: Actor, ticket: Ticket, sent: Sent
) -> None:
    gateway.receive(written("Hurry!", sender=CARLA, subject=f"[#{ticket.number}]"))
    (mail,) = [each for each in sent() if "adam@example.com" in each["To"]]
    gateway.receive(answer_to(mail, "Coming.", sender="adam@example.com", Cc="peter@example.org"))
    answer = messages(desk, ticket)[-1]
    assert (answer.kind, answer.side) == ("public", "agent")
    with desk.read() as session:
        assert [each.role for each in participants(session, ticket)] == ["follower", "cc"]
