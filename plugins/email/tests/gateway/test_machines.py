"""Mail that no person wrote, and mail that would never end."""

from collections.abc import Callable
from email.message import EmailMessage

import pytest

from helpdesk_core.api import Actor, Helpdesk
from helpdesk_core.api.tickets import NewMessage, Ticket, close, follow, reply
from helpdesk_core.testing.site import TestClock, World
from helpdesk_email.receiving import Gateway

from .gateways import answer_to, messages, report, tickets, written

Sent = Callable[[], list[EmailMessage]]


@pytest.fixture
def ticket(desk: Helpdesk, gateway: Gateway, adam: Actor, sent: Sent) -> Ticket:
    gateway.receive(written("The printer is on fire."))
    sent()
    return tickets(desk)[0]


@pytest.fixture
def answered(desk: Helpdesk, adam: Actor, ticket: Ticket, sent: Sent) -> EmailMessage:
    reply(desk, adam, ticket.number or "", NewMessage(text="Did you water it?"))
    return sent()[0]


def test_an_automatic_answer_is_noted_and_changes_nobodys_turn(
    desk: Helpdesk, gateway: Gateway, adam: Actor, ticket: Ticket, answered: EmailMessage, sent: Sent
) -> None:
    close(desk, adam, ticket.number or "")
    sent()
    away = {"sender": "carla@example.net", "subject": "Out of office", "Auto-Submitted": "auto-replied"}
    row = gateway.receive(answer_to(answered, "I am away until Monday.", **away))
    assert row.state == "done"
    said = messages(desk, ticket)[-1]
    assert (said.kind, said.author_email) == ("internal", "carla@example.net")
    assert said.details["automatic"]["kind"] == "reply"
    (same,) = tickets(desk)
    assert same.status.state == "closed"
    assert sent() == []


def test_an_automatic_mail_about_nothing_opens_a_ticket_and_is_not_confirmed(
    desk: Helpdesk, gateway: Gateway, sent: Sent
) -> None:
    gateway.receive(written("Disk full", sender="monitor@example.net", Auto_Submitted="auto-generated"))
    assert len(tickets(desk)) == 1
    assert sent() == []
    gateway.receive(written("Help me"))
    assert [str(each["To"]) for each in sent()] == ["Carla Customer <carla@example.net>"]


@pytest.mark.parametrize(
    ("list_id", "confirmed"),
    [
        ("Weekly news <news.example.org>", False),
        ("news.example.org", False),
        ("Support <support.example.com>", True),
        ("", True),
    ],
)
def test_a_mailing_list_gets_no_confirmation_unless_it_is_an_address_of_ours(
    desk: Helpdesk, gateway: Gateway, sent: Sent, list_id: str, confirmed: bool
) -> None:
    row = gateway.receive(written("Read all about it", Precedence="bulk" if list_id else "normal", List_Id=list_id))
    assert row.state == "done"
    assert len(tickets(desk)) == 1
    assert bool(sent()) is confirmed
    assert any("mailing list news.example.org" in each.get("why", "") for each in row.decisions) is not confirmed


def test_a_delivery_report_becomes_a_note_that_says_who_was_not_reached(
    desk: Helpdesk, gateway: Gateway, adam: Actor, ticket: Ticket, answered: EmailMessage, sent: Sent
) -> None:
    follow(desk, adam, ticket.number or "")
    row = gateway.receive(report("carla@example.net", answered))
    assert (row.state, row.ticket_id) == ("done", ticket.id)
    said = messages(desk, ticket)[-1]
    assert said.kind == "internal"
    assert "could not be delivered to carla@example.net" in said.body_text
    assert "550 5.1.1" in said.body_text
    assert ["adam@example.com" in str(each["To"]) for each in sent()] == [True]


def test_a_report_about_a_notice_to_staff_makes_no_further_notice(
    desk: Helpdesk, gateway: Gateway, adam: Actor, ticket: Ticket, sent: Sent
) -> None:
    follow(desk, adam, ticket.number or "")
    gateway.receive(written("Hurry!", subject=f"[#{ticket.number}]"))
    (notice,) = [each for each in sent() if "adam@example.com" in str(each["To"])]
    gateway.receive(report("adam@example.com", notice))
    assert messages(desk, ticket)[-1].kind == "internal"
    assert sent() == []


def test_a_report_about_nothing_we_know_is_recorded_and_dropped(desk: Helpdesk, gateway: Gateway) -> None:
    foreign = EmailMessage()
    foreign["Message-ID"], foreign["To"], foreign["Subject"] = "<x@elsewhere.example>", "bob@example.org", "Hi"
    row = gateway.receive(report("bob@example.org", foreign))
    assert row.state == "dropped"
    assert "no ticket" in (row.reason or "")
    assert tickets(desk) == []


@pytest.mark.parametrize("address", ["support@example.com", "sales+anything@example.com"])
def test_mail_from_our_own_addresses_is_dropped(desk: Helpdesk, gateway: Gateway, address: str) -> None:
    row = gateway.receive(written(sender=address))
    assert row.state == "dropped"
    assert "our own address" in (row.reason or "")
    assert tickets(desk) == []


def test_our_own_mail_that_comes_back_is_dropped(desk: Helpdesk, gateway: Gateway, answered: EmailMessage) -> None:
    back = written("Did you water it?", sender="carla@example.net", message_id=str(answered["Message-ID"]))
    assert gateway.receive(back).state == "dropped"


def test_a_mail_without_a_sender_waits_for_a_person(gateway: Gateway) -> None:
    row = gateway.receive(b"Subject: who am I\r\n\r\nNobody.\r\n")
    assert row.state == "quarantined"
    assert "no sender" in (row.reason or "")


class TestBudgets:
    @pytest.fixture
    def settings(self) -> dict[str, object]:
        return {"sender_budget": 2, "domain_budget": 4, "department_budget": 0}

    def test_too_many_mails_of_one_sender_wait_and_can_be_replayed(
        self, desk: Helpdesk, gateway: Gateway, clock: TestClock
    ) -> None:
        rows = [gateway.receive(written(subject=f"Mail {number}")) for number in range(3)]
        assert [row.state for row in rows] == ["done", "done", "quarantined"]
        assert "loop" in (rows[2].reason or "")
        assert gateway.replay(rows[2].uid).state == "done"
        assert len(tickets(desk)) == 3
        clock.advance(hours=2)
        assert gateway.receive(written(subject="Later")).state == "done"

    def test_staff_may_send_ten_times_as_many(self, gateway: Gateway, adam: Actor) -> None:
        rows = [gateway.receive(written(sender="adam@example.com", subject=f"Mail {number}")) for number in range(4)]
        assert {row.state for row in rows} == {"done"}

    def test_a_domain_that_floods_us_gets_tickets_but_no_confirmations(
        self, desk: Helpdesk, gateway: Gateway, sent: Sent
    ) -> None:
        for number in range(6):
            gateway.receive(written(sender=f"p{number}@example.net"))
        assert len(tickets(desk)) == 6
        assert len(sent()) == 4


def test_a_loop_between_two_machines_that_lie_about_themselves_comes_to_an_end(
    desk: Helpdesk, gateway: Gateway, sent: Sent, world: World
) -> None:
    """The other side answers each of our confirmations as if a person wrote, with nothing that names the ticket."""
    gateway.receive(written("Hello", sender="robot@example.org"))
    rounds = 0
    while confirmations := [each for each in sent() if "robot@example.org" in str(each["To"])]:
        for _each in confirmations:
            rounds += 1
            assert rounds < 50, "the loop goes on"
            gateway.receive(written(f"Thank you for your mail {rounds}", sender="robot@example.org", subject="Re: hi"))
    assert gateway.log()[0].state == "quarantined"
