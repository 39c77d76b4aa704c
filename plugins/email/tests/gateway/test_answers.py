"""Answers find their ticket: by token, by Message-ID, by the subject's tag, in this order."""

from collections.abc import Callable
from email.message import EmailMessage

import pytest

from helpdesk_core.api import Actor, Helpdesk
from helpdesk_core.api.tickets import (
    NewMessage,
    Ticket,
    add_participant,
    close,
    merge,
    note,
    participants,
    reply,
    split,
)
from helpdesk_core.app import create_app
from helpdesk_core.testing.browser import Browser
from helpdesk_core.testing.site import TestClock, World
from helpdesk_email.receiving import Gateway
from helpdesk_email.storing import Envelope

from .gateways import answer_to, links, messages, tickets, written

Sent = Callable[[], list[EmailMessage]]
CARLA = "Carla Customer <carla@example.net>"


@pytest.fixture
def ticket(desk: Helpdesk, gateway: Gateway, adam: Actor, sent: Sent) -> Ticket:
    """A ticket of Carla's, opened by mail; what told of it has left."""
    gateway.receive(written("The printer is on fire.", sender=CARLA))
    sent()
    return tickets(desk)[0]


@pytest.fixture
def answered(desk: Helpdesk, adam: Actor, ticket: Ticket, sent: Sent) -> EmailMessage:
    """What Carla got when Adam answered."""
    reply(desk, adam, ticket.number or "", NewMessage(text="Did you *water* it?"))
    (mail,) = sent()
    return mail


def decision(gateway: Gateway, step: str) -> str:
    """Return what a step decided about the newest mail."""
    return str(next(each["result"] for each in gateway.log()[0].decisions if each["step"] == step))


def test_a_conversation_between_mail_and_desk_is_one_ticket(
    desk: Helpdesk, gateway: Gateway, adam: Actor, ticket: Ticket, sent: Sent, clock: TestClock
) -> None:
    browser = Browser(create_app(desk))
    browser.login("adam@example.com", "correct horse battery")
    browser.get(f"/desk/tickets/{ticket.number}")
    page = browser.submit("composer", {"kind": "public", "body": "Did you water it?"})
    assert page.status == 200
    clock.advance(minutes=1)  # until then the reply may be taken back
    mail = next(each for each in sent() if "Did you water it?" in each.as_string())
    assert mail["To"] == CARLA
    gateway.receive(answer_to(mail, "Yes, twice.", sender=CARLA, subject="A new subject"))
    (only,) = tickets(desk)
    assert [each.body_text.split("\n")[0] for each in messages(desk, only)] == [
        "The printer is on fire.",
        "Did you water it?",
        "Yes, twice.",
    ]
    assert only.waiting_on == "us"
    assert "Yes, twice." in browser.get(f"/desk/tickets/{ticket.number}").text


def test_the_token_is_enough_though_the_subject_is_new_and_headers_are_half_gone(
    desk: Helpdesk, gateway: Gateway, answered: EmailMessage, ticket: Ticket
) -> None:
    root = str(answered["References"]).split()[0]
    mail = written("Still burning.", sender=CARLA, subject="Something else", References=root)
    gateway.receive(mail)
    assert decision(gateway, "match") == f"#{ticket.number} by token"
    assert len(tickets(desk)) == 1


def test_a_token_survives_servers_that_change_the_case_of_letters(
    desk: Helpdesk, gateway: Gateway, answered: EmailMessage
) -> None:
    gateway.receive(written(sender=CARLA, subject="Hm", In_Reply_To=str(answered["Message-ID"]).upper()))
    assert decision(gateway, "match").endswith("by token")


def test_a_stranger_with_the_tag_in_the_subject_gets_a_ticket_of_their_own(
    desk: Helpdesk, gateway: Gateway, ticket: Ticket
) -> None:
    gateway.receive(written("Me too!", sender="eve@example.org", subject=f"Re: Printer [#{ticket.number}]"))
    first, second = tickets(desk)
    assert second.requester.primary_email == "eve@example.org"
    assert links(desk) == [("possibly", second.id, first.id)]
    assert len(messages(desk, first)) == 1


@pytest.mark.parametrize(
    "tag", ["[#{}]", "(#{})", "[Ticket#{}]", "[Helpdesk of Example #{}]", "[Ticket ID: {}]", "[Ticket#: {}]"]
)
def test_the_requester_with_the_tag_in_the_subject_is_known(
    desk: Helpdesk, gateway: Gateway, ticket: Ticket, tag: str
) -> None:
    gateway.receive(written("More smoke.", sender=CARLA, subject=f"Re: Printer {tag.format(ticket.number)}"))
    assert decision(gateway, "match") == f"#{ticket.number} by subject"
    assert len(tickets(desk)) == 1


def test_a_known_message_id_counts_for_those_on_the_ticket_only(
    desk: Helpdesk, gateway: Gateway, ticket: Ticket
) -> None:
    (first,) = messages(desk, ticket)
    known = first.message_id or ""
    gateway.receive(written("And more.", sender=CARLA, subject="More", In_Reply_To=known))
    assert decision(gateway, "match") == f"#{ticket.number} by message-id"
    gateway.receive(written("What is this?", sender="eve@example.org", subject="Hm", In_Reply_To=known))
    assert decision(gateway, "match") == "none"
    assert links(desk) == [("possibly", tickets(desk)[1].id, ticket.id)]


def test_a_forged_token_is_a_hint_and_no_more(desk: Helpdesk, gateway: Gateway, ticket: Ticket) -> None:
    forged = f"<ticket.{ticket.number}.r.{'a' * 16}@helpdesk.example>"
    gateway.receive(written(sender="eve@example.org", subject="Hi", In_Reply_To=forged))
    assert decision(gateway, "match") == "none"
    assert [kind for kind, _, _ in links(desk)] == ["possibly"]


def test_who_holds_a_token_may_answer_but_is_not_let_in(
    desk: Helpdesk, gateway: Gateway, answered: EmailMessage, ticket: Ticket, world: World, sent: Sent
) -> None:
    gateway.receive(answer_to(answered, "I am the plumber.", sender="Peter <peter@example.org>"))
    *_, answer, warning = messages(desk, ticket)
    assert (answer.author_name, answer.side, answer.kind) == ("Peter", "customer", "public")
    assert warning.kind == "internal"
    assert "peter@example.org is not on this ticket" in warning.body_text
    with desk.read() as session:
        assert participants(session, ticket) == []
    assert "peter@example.org" not in "".join(str(each["To"]) for each in sent())


def test_agents_answer_by_mail_in_their_own_name_without_what_they_quote(
    desk: Helpdesk, gateway: Gateway, adam: Actor, ticket: Ticket, sent: Sent
) -> None:
    add_participant(desk, adam, ticket.number or "", "follower", uid=adam.uid)
    gateway.receive(written("Hurry!", sender=CARLA, subject=f"[#{ticket.number}]"))
    (notice,) = [each for each in sent() if "adam@example.com" in each["To"]]
    gateway.receive(answer_to(notice, "We are coming.", sender="Adam <adam@example.com>"))
    answer = messages(desk, ticket)[-1]
    assert (answer.side, answer.kind, answer.author_name) == ("agent", "public", "Adam Agent")
    assert answer.body_text == "We are coming."
    (mail,) = sent()
    assert mail["To"] == CARLA
    assert "Adam Agent" in mail["From"]
    gateway.receive(answer_to(mail, "Thank you.", sender=CARLA, subject="Thanks"))
    assert decision(gateway, "match") == f"#{ticket.number} by token"


def test_an_answer_to_an_internal_note_stays_internal(
    desk: Helpdesk, gateway: Gateway, adam: Actor, ticket: Ticket, world: World, sent: Sent
) -> None:
    add_participant(desk, adam, ticket.number or "", "follower", uid=adam.uid)
    bea = world.agent("Bea Boss", "support", address="bea@example.com")
    note(desk, bea, ticket.number or "", NewMessage(text="Is this customer ever happy?"))
    (notice,) = sent()
    gateway.receive(answer_to(notice, "Never.", sender="adam@example.com"))
    answer = messages(desk, ticket)[-1]
    assert (answer.kind, answer.body_text) == ("internal", "Never.")
    assert [str(each["To"]) for each in sent() if "carla" in str(each["To"])] == []


def test_an_answer_follows_the_message_that_was_split_off(
    desk: Helpdesk, gateway: Gateway, world: World, ticket: Ticket, sent: Sent
) -> None:
    boss = world.agent("Bea Boss", role="manager", address="bea@example.com")
    first = reply(desk, boss, ticket.number or "", NewMessage(text="About the printer.")).message
    (mail,) = sent()
    moved = split(desk, boss, ticket.number or "", [first.uid], subject="The printer itself")
    gateway.receive(answer_to(mail, "I see.", sender=CARLA))
    assert messages(desk, moved)[-1].body_text.startswith("I see.")


def test_an_answer_to_a_merged_ticket_goes_where_the_ticket_went(
    desk: Helpdesk, gateway: Gateway, world: World, ticket: Ticket, answered: EmailMessage
) -> None:
    boss = world.agent("Bea Boss", role="manager", address="bea@example.com")
    gateway.receive(written("Another one.", sender=CARLA, subject="Other"))
    other = tickets(desk)[1]
    merge(desk, boss, ticket.number or "", other.number or "")
    gateway.receive(answer_to(answered, "Here I am.", sender=CARLA))
    assert messages(desk, other)[-1].body_text.startswith("Here I am.")


def test_an_answer_to_a_ticket_closed_long_ago_opens_a_linked_one(
    desk: Helpdesk, gateway: Gateway, adam: Actor, ticket: Ticket, answered: EmailMessage, clock: object
) -> None:
    from helpdesk_core.testing.site import TestClock

    assert isinstance(clock, TestClock)
    close(desk, adam, ticket.number or "")
    clock.advance(days=60)
    gateway.receive(answer_to(answered, "It burns again.", sender=CARLA))
    assert decision(gateway, "match") == f"#{ticket.number} by token"
    assert len(tickets(desk)) == 2
    assert [kind for kind, _, _ in links(desk)] == ["follow_up"]


def test_the_same_answer_twice_is_one_message(
    desk: Helpdesk, gateway: Gateway, answered: EmailMessage, ticket: Ticket
) -> None:
    raw = answer_to(answered, "Yes.", sender=CARLA)
    gateway.receive(raw)
    gateway.receive(b"Received: from elsewhere\r\n" + raw)
    assert len(messages(desk, ticket)) == 3
    assert gateway.log()[0].state == "dropped"


def test_an_answer_is_seen_by_a_department_that_was_copied_in(
    desk: Helpdesk, gateway: Gateway, answered: EmailMessage, ticket: Ticket
) -> None:
    gateway.receive(answer_to(answered, "Dear sales, please look.", sender=CARLA, Cc="sales@example.com"))
    first, second = tickets(desk)
    assert second.department.key == "sales"
    assert links(desk) == [("related", second.id, first.id)]
    gateway.receive(answer_to(answered, "Well?", sender=CARLA, Cc="sales@example.com"))
    assert len(tickets(desk)) == 2
    assert messages(desk, second)[-1].body_text.startswith("Well?")


def test_a_deactivated_person_waits_in_the_quarantine(desk: Helpdesk, gateway: Gateway, ticket: Ticket) -> None:
    from helpdesk_core.api import SYSTEM
    from helpdesk_core.api.users import deactivate_user

    deactivate_user(desk, SYSTEM, ticket.requester.uid)
    row = gateway.receive(written("Hello?", sender=CARLA))
    assert (row.state, row.ticket_id) == ("quarantined", None)
    assert "deactivated" in (row.reason or "")


class TestWithATokenInTheReplyAddress:
    @pytest.fixture
    def settings(self) -> dict[str, object]:
        return {"reply_token": "address"}

    def test_the_address_alone_finds_the_ticket(
        self, desk: Helpdesk, gateway: Gateway, answered: EmailMessage, ticket: Ticket
    ) -> None:
        address = answered["Reply-To"].addresses[0].addr_spec
        assert address.startswith(f"support+ticket.{ticket.number}.r.")
        gateway.receive(
            written("Only the address is left.", sender=CARLA, to="undisclosed-recipients:;", subject="x"),
            Envelope(recipients=(address,)),
        )
        assert decision(gateway, "match") == f"#{ticket.number} by token"
