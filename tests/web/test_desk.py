"""The desk, as agents use it, without JavaScript."""

from typing import Any

import pytest
from flask import Flask

from helpdesk_core.app import create_app
from helpdesk_core.hooks import hookimpl
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.browser import Browser
from helpdesk_core.testing.queries import count_queries
from helpdesk_core.testing.site import TestClock, World
from helpdesk_core.tickets import conversation, hooks
from helpdesk_core.tickets.inputs import NewMessage, NewTicket, Requester
from helpdesk_core.web import hooks as web_hooks
from helpdesk_core.web.parts import FormField

PASSWORD = "correct horse battery"


@pytest.fixture
def app(desk: Helpdesk) -> Flask:
    return create_app(desk)


def signed_in(app: Flask, world: World, name: str = "Adam Agent", role: str = "agent", *departments: str) -> Browser:
    user = world.user(name, password=PASSWORD)
    world.grant(user, role, *departments)
    browser = Browser(app)
    browser.login(user.primary_email or "", PASSWORD)
    return browser


def test_an_agent_finds_answers_and_closes_a_ticket(app: Flask, world: World) -> None:
    number = world.ticket(subject="Почта не работает", text="Hello").ticket.number
    browser = signed_in(app, world)
    assert "Почта не работает" in browser.get("/desk/tickets?view=open").text
    page = browser.get(f"/desk/tickets/{number}")
    assert "Hello" in page.text
    page = browser.submit("composer", {"kind": "public", "body": "We **mended** it."}, press="Send and set “Closed”")
    assert "<strong>mended</strong>" in page.text
    assert "Closed" in page.text
    assert "Adam Agent" in page.text


def test_a_note_is_told_from_a_reply(app: Flask, world: World) -> None:
    number = world.ticket().ticket.number
    browser = signed_in(app, world)
    browser.get(f"/desk/tickets/{number}")
    page = browser.submit("composer", {"kind": "internal", "body": "The customer is right."})
    assert "hd-letter--note" in page.text


def test_an_empty_reply_keeps_the_page_and_says_what_is_missing(app: Flask, world: World) -> None:
    number = world.ticket().ticket.number
    browser = signed_in(app, world)
    browser.get(f"/desk/tickets/{number}")
    page = browser.submit("composer", {"kind": "public", "body": "  "})
    assert page.status == 422
    assert "Write a message" in page.text


def test_two_agents_changing_the_same_field_get_a_conflict(app: Flask, world: World) -> None:
    number = world.ticket().ticket.number
    first, second = signed_in(app, world, "First Agent"), signed_in(app, world, "Second Agent")
    for browser in (first, second):
        browser.get(f"/desk/tickets/{number}")
    first.submit("properties", {"priority": "urgent"})
    page = second.submit("properties", {"priority": "low"})
    assert "Somebody else changed this ticket" in page.text
    assert "Urgent" in page.text


def test_an_agent_of_another_department_gets_404(app: Flask, world: World) -> None:
    number = world.ticket(department="billing").ticket.number
    world.department("support")
    browser = signed_in(app, world, "Only Support", "agent", "support")
    assert browser.get(f"/desk/tickets/{number}").status == 404
    assert f">{number}<" not in browser.get("/desk/tickets").text


def test_a_ticket_moves_where_the_agent_cannot_follow(app: Flask, world: World) -> None:
    number = world.ticket(department="support").ticket.number
    world.department("abuse", name="Abuse")
    browser = signed_in(app, world, "Only Support", "agent", "support")
    browser.get(f"/desk/tickets/{number}")
    page = browser.submit(f"/desk/tickets/{number}/move", {"department": "abuse", "note": "Yours, I think."})
    assert "is with “Abuse” now" in page.text
    assert browser.get(f"/desk/tickets/{number}").status == 404


def test_split_merge_and_undo(app: Flask, world: World, desk: Helpdesk) -> None:
    customer = world.customer()
    ticket = world.ticket(customer, text="First matter").ticket
    second = conversation.reply(desk, customer, ticket.number or "", NewMessage(text="Second matter"))
    browser = signed_in(app, world)
    browser.get(f"/desk/tickets/{ticket.number}")
    page = browser.submit(
        f"/desk/tickets/{ticket.number}/split", {"message": second.message.uid, "subject": "The second"}
    )
    assert "Second matter" in page.text
    assert "First matter" not in page.text.split("hd-pane--side")[0]
    page = browser.submit("/undo")
    assert "Undone." in page.text, page.text
    assert page.text.index("First matter") < page.text.index("Second matter")


def test_bulk_changes_tell_what_could_not_be_changed(app: Flask, world: World) -> None:
    numbers = [world.ticket().ticket.number for _ in range(3)]
    browser = signed_in(app, world)
    browser.get("/desk/tickets?view=open")
    page = browser.submit("/desk/tickets/bulk", {"ticket": [*numbers, "99999"], "priority": "high"})
    assert "3 tickets changed." in page.text
    assert "#99999" in page.text


def test_customers_are_kept_out(app: Flask, world: World) -> None:
    user = world.user("Carla Customer", password=PASSWORD)
    browser = Browser(app)
    assert browser.get("/desk/").path.startswith("/login")
    browser.login(user.primary_email or "", PASSWORD)
    assert browser.get("/desk/").status == 403


def test_pages_need_few_queries_however_many_rows(app: Flask, world: World, desk: Helpdesk) -> None:
    agent = world.agent("Other Agent")
    browser = signed_in(app, world)
    counts = []
    for _round in range(2):
        for number in range(3):
            posted = world.ticket(agent, requester=Requester(email=f"c{number}@example.com"), tags=("a", "b"))
            for _ in range(3):
                conversation.reply(desk, agent, posted.ticket.number or "", NewMessage(text="Hm"))
        browser.get("/desk/tickets?view=open")
        browser.get(f"/desk/tickets/{posted.ticket.number}")
        with count_queries(desk) as of_list:
            browser.get("/desk/tickets?view=open")
        with count_queries(desk) as of_filtered:
            browser.get("/desk/tickets?department=support&status=new")
        with count_queries(desk) as of_ticket:
            browser.get(f"/desk/tickets/{posted.ticket.number}")
        for queries in (of_list, of_filtered, of_ticket):
            assert len(queries) <= 8, str(queries)
        counts.append((len(of_list), len(of_filtered), len(of_ticket)))
    assert counts[0] == counts[1]


def test_what_was_not_touched_is_not_sent_back(app: Flask, world: World, desk: Helpdesk) -> None:
    number = world.ticket().ticket.number
    first, second = signed_in(app, world, "First Agent"), signed_in(app, world, "Second Agent")
    for browser in (first, second):
        browser.get(f"/desk/tickets/{number}")
    first.submit("properties", {"tags": "vip, dns", "priority": "high"})
    page = second.submit("properties", {"type": "fault"})
    assert "Changed." in page.words
    assert ">vip</a>" in page.text
    second.get(f"/desk/tickets/{number}")
    first.submit("properties", {"subject": "First"})
    page = second.submit("properties", {"subject": "Second, typed with care"})
    assert "Somebody else changed this ticket" in page.words
    assert "Second, typed with care" in page.words


def test_the_same_note_sent_twice_is_one_note(app: Flask, world: World) -> None:
    number = world.ticket().ticket.number
    browser = signed_in(app, world)
    page = browser.get(f"/desk/tickets/{number}")
    values = {"kind": "internal", "body": "Once only"}
    browser.submit("composer", values)
    browser.page = page
    page = browser.submit("composer", values)
    assert page.status == 200
    assert page.text.count("Once only</p>") == 1


def test_a_message_of_no_known_kind_does_not_reach_the_customer(app: Flask, world: World) -> None:
    number = world.ticket().ticket.number
    browser = signed_in(app, world)
    browser.get(f"/desk/tickets/{number}")
    assert "hd-letter--note" in browser.submit("composer", {"kind": "bogus", "body": "For whom?"}).text


def test_a_ticket_opened_where_one_cannot_look_is_told_as_opened(app: Flask, world: World) -> None:
    world.department("billing", name="Billing")
    browser = signed_in(app, world, "Only Support", "agent", "support")
    browser.get("/desk/tickets/new")
    page = browser.submit("email", {"email": "c@example.com", "subject": "Hi", "body": "Hi", "department": "billing"})
    assert page.status == 200
    assert "is with “Billing” now" in page.words


class AsksMore:
    """A plugin that asks for the room and the days, about the account that the ticket is for."""

    def __init__(self) -> None:
        self.customers: list[int | None] = []
        self.got: list[Any] = []

    @hookimpl(web_hooks.ticket_form_fields)
    def fields(self, customer_id: int | None, department: str | None) -> list[FormField]:
        self.customers.append(customer_id)
        if department != "billing":
            return []
        days = (("mon", "Monday"), ("tue", "Tuesday"), ("wed", "Wednesday"))
        return [
            FormField(name="room", label="Which room?", required=True),
            FormField(name="days", label="Which days?", kind="checkboxes", options=days, load=str.split),
            FormField(name="hint", label="Bring the key", kind="note", hint="It is at the gate."),
        ]

    @hookimpl(hooks.ticket_opening)
    def store(self, draft: NewTicket) -> None:
        self.got.append(draft.extra)


def test_staff_who_open_for_somebody_are_asked_what_plugins_ask(app: Flask, world: World, desk: Helpdesk) -> None:
    plugin = AsksMore()
    desk.hooks.register(plugin, "rooms")
    world.department("support")
    world.department("billing")
    customer = world.customer(address="carla@example.com")
    browser = signed_in(app, world)
    page = browser.get("/desk/tickets/new")
    assert "Which room?" not in page.words
    given = {"email": "carla@example.com", "subject": "Hi", "body": "Typed", "department": "billing"}
    page = browser.submit("email", given, press="then=questions")
    assert page.status == 200
    assert "Bring the key It is at the gate." in page.words
    assert page.form("email").value("body") == "Typed"
    assert plugin.customers[-1] == customer.user_id
    page = browser.submit("email", {"x-rooms-days": ["mon", "wed"]}, press="Open ticket")
    assert page.link("Which room?: Fill this in.") == "#f-x-rooms-room"
    page = browser.submit("email", {"x-rooms-room": "12"}, press="Open ticket")
    assert page.path.startswith("/desk/tickets/1")
    assert plugin.got == [{"rooms": {"room": "12", "days": ["mon", "wed"]}}]


@pytest.mark.parametrize(
    "path", ["/tickets/%00", "/desk/tickets?q=%00", "/desk/tickets?after=WyItdXBkYXRlZCJd", "/%00"]
)
def test_addresses_that_mean_nothing_are_not_taken_for_a_broken_database(app: Flask, world: World, path: str) -> None:
    assert signed_in(app, world).get(path).status in (200, 404, 422)


def test_tickets_are_found_by_the_days_on_which_they_were_opened(app: Flask, world: World, clock: TestClock) -> None:
    world.ticket(subject="On Monday")
    clock.advance(days=1)
    world.ticket(subject="On Tuesday")
    browser = signed_in(app, world)
    page = browser.get("/desk/tickets", view="open", created_from="2026-03-03", created_to="2026-03-03")
    assert "On Tuesday" in page.words
    assert "On Monday" not in page.words
    page = browser.submit("name", {"name": "That day"})
    assert "On Tuesday" in page.words
    assert "On Monday" not in page.words
    assert "is no date" in browser.get("/desk/tickets", view="open", created_from="soon").words
