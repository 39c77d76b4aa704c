from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

import pytest
from sqlalchemy import update

from helpdesk_core.actor import SYSTEM, Actor
from helpdesk_core.attachments.inputs import Upload
from helpdesk_core.departments.service import set_signature
from helpdesk_core.mail.models import OutgoingMail
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.site import World
from helpdesk_core.tickets import changing, conversation, people
from helpdesk_core.tickets.inputs import Change, NewMessage
from helpdesk_core.tickets.models import Message
from helpdesk_core.tickets.posting import Posted
from helpdesk_core.users.models import User
from helpdesk_core.users.recovery import add_address, request_password_link

Composed = Callable[[], list[OutgoingMail]]
Sent = Callable[[], list[EmailMessage]]


def told(mails: list[OutgoingMail]) -> list[tuple[str, list[str], list[str]]]:
    return [(mail.template, mail.recipients, mail.cc) for mail in mails]


def say(desk: Helpdesk, actor: Actor, number: str, text: str = "Hello.", **more: Any) -> Posted:
    return conversation.reply(desk, actor, number, NewMessage(text=text, **more))


class TestCustomers:
    def test_opening_a_ticket_is_confirmed_with_its_number_and_what_was_written(
        self, world: World, carla: Actor, composed: Composed, adam: Actor
    ) -> None:
        posted = world.ticket(carla, text="My site is down.", subject="Сайт не работает")
        (mail,) = composed()
        number = posted.ticket.number
        assert told([mail]) == [("ticket_opened", ["Carla Customer <carla@example.net>"], [])]
        assert mail.sender == "Support <support@example.com>"
        assert mail.subject == f"Сайт не работает [#{number}]"
        assert f"http://helpdesk.example/tickets/{number}" in mail.body_text
        assert "> My site is down." in mail.body_text
        assert mail.headers["Auto-Submitted"] == "auto-generated"

    def test_somebody_without_a_password_gets_a_link_that_lets_them_in(
        self, world: World, adam: Actor, composed: Composed
    ) -> None:
        world.ticket_for("new@example.net")
        (mail,) = composed()
        assert "http://helpdesk.example/t/" in mail.body_text
        assert "http://helpdesk.example/t/" in (mail.body_html or "")

    def test_a_reply_goes_to_requester_and_cc_as_a_mail_of_a_person(
        self, desk: Helpdesk, ticket: str, adam: Actor, composed: Composed
    ) -> None:
        say(desk, adam, ticket, "It is *up* again.")
        (mail,) = composed()
        assert told([mail]) == [("reply", ["Carla Customer <carla@example.net>"], ["cc <cc@example.net>"])]
        assert mail.sender == "Adam Agent via Support <support@example.com>"
        assert mail.subject == f"Re: Site down [#{ticket}]"
        assert mail.body_text == "It is *up* again.\n"
        assert "<em>up</em>" in (mail.body_html or "")
        assert "Auto-Submitted" not in mail.headers

    @pytest.mark.parametrize(("cc", "signed"), [((), True), (("cc@example.net",), False)])
    def test_a_link_that_lets_one_person_in_is_in_no_mail_to_several(
        self, desk: Helpdesk, world: World, adam: Actor, composed: Composed, cc: tuple[str, ...], signed: bool
    ) -> None:
        posted = world.ticket_for("new@example.net", cc=cc)
        composed()
        big = Upload(name="big.bin", content=b"x" * 11_000_000)
        say(desk, adam, posted.ticket.number or "", "Here it is.", uploads=(big,))
        (mail,) = composed()
        for text in (mail.body_text, mail.body_html or ""):
            assert ("http://helpdesk.example/f/" in text) is signed
            assert ("http://helpdesk.example/attachments/" in text) is not signed
            assert "/t/" not in text

    def test_a_reply_ends_with_the_agents_signature_for_that_department(
        self, desk: Helpdesk, ticket: str, adam: Actor, composed: Composed
    ) -> None:
        set_signature(desk, adam, adam.uid or "", "support", "Adam\nSecond line")
        say(desk, adam, ticket, "Done.")
        (mail,) = composed()
        assert mail.body_text == "Done.\n\n-- \nAdam\nSecond line\n"
        assert "Adam<br>Second line" in (mail.body_html or "")

    def test_an_internal_note_never_reaches_a_customer(
        self, desk: Helpdesk, world: World, ticket: str, composed: Composed, sent: Sent
    ) -> None:
        bella = world.agent("Bella", "support", address="bella@example.com")
        conversation.note(desk, bella, ticket, NewMessage(text="They did not pay."))
        say(desk, bella, ticket, "We are looking.")
        composed()
        outside = [mail for mail in sent() if "adam@example.com" not in mail["To"]]
        assert [mail["Cc"] for mail in outside] == [None, "cc <cc@example.net>"]
        assert not any("They did not pay." in mail.as_string() for mail in outside)

    def test_a_closed_ticket_is_announced_unless_a_reply_has_said_so(
        self, desk: Helpdesk, ticket: str, adam: Actor, composed: Composed
    ) -> None:
        say(desk, adam, ticket, "Bye.", status="closed")
        (mail,) = composed()
        assert mail.template == "reply"
        assert "This ticket is now closed" in mail.body_text
        changing.reopen(desk, adam, ticket)
        changing.change(desk, adam, ticket, Change(status="resolved"))
        (mail,) = composed()
        assert told([mail]) == [("ticket_closed", ["Carla Customer <carla@example.net>"], [])]
        assert "we think that" in mail.body_text

    def test_a_customer_who_closes_is_told_nothing(
        self, desk: Helpdesk, ticket: str, carla: Actor, composed: Composed
    ) -> None:
        changing.close(desk, carla, ticket)
        assert composed() == []

    @pytest.mark.parametrize("away", [{"is_active": False}, {"primary_email": None}])
    def test_who_cannot_be_written_to_is_left_out(
        self, desk: Helpdesk, ticket: str, adam: Actor, carla: Actor, composed: Composed, away: dict[str, Any]
    ) -> None:
        with desk.begin(SYSTEM) as tx:
            tx.session.execute(update(User).where(User.id == carla.user_id).values(**away))
        say(desk, adam, ticket)
        (mail,) = composed()
        assert (mail.recipients, mail.cc) == (["cc <cc@example.net>"], [])

    def test_no_mail_goes_to_an_address_of_our_own(
        self, desk: Helpdesk, world: World, ticket: str, adam: Actor, composed: Composed
    ) -> None:
        world.department("sales", address="cc@example.net")
        say(desk, adam, ticket)
        (mail,) = composed()
        assert mail.cc == []

    def test_history_that_is_imported_is_told_to_nobody(
        self, desk: Helpdesk, ticket: str, adam: Actor, composed: Composed
    ) -> None:
        say(desk, adam, ticket, notify=False)
        assert composed() == []

    def test_a_message_that_was_redacted_before_it_left_does_not_leave(
        self, desk: Helpdesk, ticket: str, adam: Actor, composed: Composed
    ) -> None:
        posted = say(desk, adam, ticket, "The password is hunter2.")
        with desk.begin(SYSTEM) as tx:
            gone = update(Message).where(Message.id == posted.message.id).values(redacted_at=tx.now, body_text="…")
            tx.session.execute(gone)
        assert composed() == []


class TestStaff:
    def test_an_assignment_is_told_to_the_assignee_and_not_to_who_made_it(
        self, desk: Helpdesk, world: World, ticket: str, adam: Actor, composed: Composed
    ) -> None:
        bella = world.agent("Bella", "support", address="bella@example.com")
        changing.change(desk, adam, ticket, Change(assignee=bella.uid))
        (mail,) = composed()
        assert told([mail]) == [("assigned", ["Bella <bella@example.com>"], [])]
        assert "Adam Agent gave you a ticket of Carla Customer in Support." in mail.body_text
        assert f"http://helpdesk.example/desk/tickets/{ticket}" in mail.body_text
        changing.change(desk, bella, ticket, Change(assignee=None))
        changing.change(desk, bella, ticket, Change(assignee=bella.uid))
        assert composed() == []

    def test_a_customers_message_reaches_assignee_and_followers(
        self, desk: Helpdesk, world: World, ticket: str, carla: Actor, composed: Composed
    ) -> None:
        people.follow(desk, world.agent("Bella", "support", address="bella@example.com"), ticket)
        composed()
        say(desk, carla, ticket, "Any news?")
        mails = composed()
        assert told(mails) == [
            ("staff_message", ["Adam Agent <adam@example.com>"], []),
            ("staff_message", ["Bella <bella@example.com>"], []),
        ]
        assert all("> Any news?" in mail.body_text for mail in mails)

    def test_a_follower_who_lost_the_department_hears_nothing_any_more(
        self, desk: Helpdesk, world: World, ticket: str, adam: Actor, carla: Actor, composed: Composed
    ) -> None:
        people.follow(desk, world.agent("Bella", "support", address="bella@example.com"), ticket)
        world.department("sales", address="sales@example.com")
        changing.move(desk, adam, ticket, "sales")
        composed()
        say(desk, carla, ticket, "Any news?")
        assert composed() == []

    def test_a_new_ticket_of_nobody_is_told_to_the_department_only_if_the_site_wants_it(
        self, desk: Helpdesk, world: World, carla: Actor, adam: Actor, composed: Composed
    ) -> None:
        world.ticket(carla)
        assert [mail.template for mail in composed()] == ["ticket_opened"]
        with desk.begin(SYSTEM) as tx:
            desk.settings.save(tx.session, "core.mail", {"notify_department": True}, None)
        world.ticket(carla)
        assert told(composed())[1:] == [("staff_message", ["Adam Agent <adam@example.com>"], [])]

    def test_a_note_reaches_colleagues_and_says_that_it_is_one(
        self, desk: Helpdesk, world: World, ticket: str, composed: Composed
    ) -> None:
        bella = world.agent("Bella", "support", address="bella@example.com")
        conversation.note(desk, bella, ticket, NewMessage(text="They did not pay."))
        (mail,) = composed()
        assert told([mail]) == [("staff_message", ["Adam Agent <adam@example.com>"], [])]
        assert "a note for colleagues" in mail.body_text
        assert mail.subject.startswith("Note: ")

    def test_a_move_is_told_with_its_note_in_one_mail(
        self, desk: Helpdesk, world: World, ticket: str, composed: Composed
    ) -> None:
        boss = world.agent("Bella", address="bella@example.com", role="manager")
        cleo = world.agent("Cleo", address="cleo@example.com")
        people.follow(desk, cleo, ticket)
        world.department("sales", name="Sales", address="sales@example.com")
        composed()
        changing.move(desk, boss, ticket, "sales", "They want to buy.")
        (mail,) = composed()
        assert told([mail]) == [("ticket_moved", ["Cleo <cleo@example.com>"], [])]
        assert "Bella moved this ticket from Support to Sales." in mail.body_text
        assert "> They want to buy." in mail.body_text


class TestAccounts:
    def test_a_forgotten_password_is_answered_with_a_link_that_works(
        self, desk: Helpdesk, carla: Actor, composed: Composed
    ) -> None:
        request_password_link(desk, "carla@example.net", ip=None)
        (mail,) = composed()
        assert told([mail]) == [("password_link", ["Carla Customer <carla@example.net>"], [])]
        assert mail.sender == "Helpdesk <helpdesk@helpdesk.example>"
        assert "http://helpdesk.example/password/" in mail.body_text

    def test_a_new_address_is_asked_for_at_that_address(self, desk: Helpdesk, carla: Actor, composed: Composed) -> None:
        add_address(desk, carla, carla.uid or "", "carla@work.example")
        (mail,) = composed()
        assert told([mail]) == [("address_confirmation", ["Carla Customer <carla@work.example>"], [])]
