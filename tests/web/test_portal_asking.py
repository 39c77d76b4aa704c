"""Asking on the portal."""

import threading
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from helpdesk_core.actor import Actor
from helpdesk_core.attachments.models import Attachment
from helpdesk_core.hooks import hookimpl
from helpdesk_core.runtime import Helpdesk, Transaction
from helpdesk_core.testing.browser import Browser, File
from helpdesk_core.testing.queries import count_queries
from helpdesk_core.testing.site import World
from helpdesk_core.tickets import hooks
from helpdesk_core.tickets.inputs import NewTicket
from helpdesk_core.tickets.models import Message, Ticket
from helpdesk_core.web import hooks as web_hooks
from helpdesk_core.web.parts import FormField
from tests.web.people import sign_in
from tests.web.stored import count, tickets


def test_a_customer_asks_with_a_file_and_sees_the_ticket(browser: Browser, desk: Helpdesk, world: World) -> None:
    world.department("support")
    sign_in(browser, world)
    browser.get("/tickets/new")
    assert "department" not in browser.page.form("new-ticket").names  # there is nothing to choose from
    page = browser.submit(
        "new-ticket", subject="Сайт не работает", body="Since **today**.", files=File("журнал.txt", b"log")
    )
    ticket = tickets(desk)[0]
    assert page.path == f"/tickets/{ticket.number}"
    assert "We have your question." in page.words
    assert page.title.startswith("Сайт не работает")
    assert "<strong>today</strong>" in page.text
    assert browser.get(page.link("журнал.txt")).status == 200
    assert browser.response is not None
    assert browser.response.data == b"log"


def test_one_is_asked_what_it_is_about_only_among_open_departments(browser: Browser, world: World) -> None:
    for key, visibility in (("support", "public"), ("billing", "known"), ("triage", "hidden")):
        world.department(key, visibility=visibility, description=f"All about {key}.")
    browser.get("/tickets/new")
    assert "department" not in browser.page.form("new-ticket").names
    sign_in(browser, world)
    page = browser.get("/tickets/new")
    keys = [each.value for each in page.form("new-ticket").controls if each.name == "department"]
    assert keys == ["support", "billing"]
    assert "All about billing." in page.words
    assert "triage" not in page.text


def test_a_hidden_department_cannot_be_asked_by_naming_it(browser: Browser, desk: Helpdesk, world: World) -> None:
    for key, visibility in (("support", "public"), ("sales", "public"), ("triage", "hidden")):
        world.department(key, visibility=visibility)
    sign_in(browser, world)
    browser.get("/tickets/new")
    page = browser.submit("new-ticket", subject="x", body="y", department="triage")
    assert page.status == 422
    assert not tickets(desk)


def test_a_link_can_choose_department_and_subject(browser: Browser, world: World) -> None:
    world.department("support")
    world.department("billing")
    page = browser.get("/tickets/new", department="billing", subject="Invoice 7")
    form = page.form("new-ticket")
    assert (form.value("department"), form.value("subject")) == ("billing", "Invoice 7")


def test_where_no_department_is_open_one_is_told_what_to_do(browser: Browser, world: World) -> None:
    world.department("support", visibility="known")
    assert "Sign in to ask" in browser.get("/tickets/new").words
    assert browser.post("/tickets/new", {"subject": "x", "body": "y"}).status == 200


def test_what_is_missing_is_said_in_a_summary_and_beside_the_field_and_nothing_is_lost(
    browser: Browser, desk: Helpdesk, world: World
) -> None:
    world.department("support")
    world.department("billing")
    sign_in(browser, world)
    browser.get("/tickets/new")
    page = browser.submit("new-ticket", subject=" ", body="Half of it", files=File("a.txt", b"kept"))
    assert page.status == 422
    assert page.link("Subject:") == "#f-subject"
    assert page.link("About:") == "#f-department"
    assert 'id="f-subject-error"' in page.text
    form = page.form("new-ticket")
    assert form.value("body") == "Half of it"
    assert "a.txt" in page.words
    browser.submit("new-ticket", subject="Whole", department="billing")
    with desk.read() as session:
        row = session.execute(select(Attachment.name, Attachment.message_id, Attachment.size)).one()
    assert (row.name, row.size) == ("a.txt", 4)
    assert row.message_id is not None


def test_a_kept_file_can_be_left_out_again(browser: Browser, desk: Helpdesk, world: World) -> None:
    world.department("support")
    sign_in(browser, world)
    browser.get("/tickets/new")
    browser.submit("new-ticket", body="x", files=[File("a.txt"), File("b.txt")])
    kept = [each for each in browser.page.form("new-ticket").controls if each.name == "attachments"]
    assert len(kept) == 2
    page = browser.submit("new-ticket", subject="s", attachments=[kept[1].value])
    assert "b.txt" in page.words
    assert "a.txt" not in page.words


def test_a_file_that_is_not_accepted_is_named_with_the_mend(browser: Browser, desk: Helpdesk, world: World) -> None:
    world.department("support")
    sign_in(browser, world)
    browser.get("/tickets/new")
    page = browser.submit("new-ticket", subject="s", body="b", files=[File("good.txt"), File("bad.exe")])
    assert page.status == 422
    assert "“bad.exe”: files of the type .exe are not accepted" in page.link_words("#f-files")
    assert "good.txt" in page.words
    assert not tickets(desk)
    browser.submit("new-ticket")
    assert count(desk, Attachment) == 1


def test_the_same_form_sent_twice_is_one_ticket(browser: Browser, desk: Helpdesk, world: World) -> None:
    world.department("support")
    sign_in(browser, world)
    browser.get("/tickets/new")
    form = browser.page
    first = browser.submit("new-ticket", subject="Once", body="only")
    browser.page = form
    second = browser.submit("new-ticket", subject="Once", body="only")
    assert first.path == second.path
    assert count(desk, Ticket) == 1
    browser.get("/tickets/new")
    browser.submit("new-ticket", subject="Once", body="only")
    assert count(desk, Ticket) == 2  # another form, though it says the same


def test_the_same_form_sent_twice_in_the_same_moment_is_one_ticket(
    browser: Browser, app: Flask, desk: Helpdesk, world: World
) -> None:
    together = threading.Barrier(2, timeout=10)

    class Meeting:
        @hookimpl(hooks.ticket_opening_check)
        def meet(self, draft: NewTicket, actor: Actor) -> list[str]:
            together.wait()
            return []

    desk.hooks.register(Meeting(), "meeting")
    world.department("support")
    sign_in(browser, world)
    form = browser.get("/tickets/new")
    other = Browser(app)
    other.client.set_cookie("hd_session", browser.cookie("hd_session") or "")
    paths: list[str] = []

    def send(one: Browser) -> None:
        one.page = form
        paths.append(one.submit("new-ticket", subject="Once", body="only").path)

    threads = [threading.Thread(target=send, args=(each,)) for each in (browser, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert paths == [f"/tickets/{tickets(desk)[0].number}"] * 2
    assert count(desk, Ticket) == 1
    assert count(desk, Message) == 1


def test_somebody_elses_form_mark_tells_nothing(browser: Browser, app: Flask, desk: Helpdesk, world: World) -> None:
    world.department("support")
    sign_in(browser, world)
    browser.get("/tickets/new")
    mark = browser.page.form("new-ticket").value("form_uid")
    browser.submit("new-ticket", subject="Secret subject", body="s")
    number = tickets(desk)[0].number
    stranger = Browser(app)
    sign_in(stranger, world)
    stranger.get("/tickets/new")
    page = stranger.submit("new-ticket", subject="x", body="y", form_uid=mark)
    assert "Secret subject" not in page.text
    assert page.path == "/tickets/new"
    assert stranger.get(f"/tickets/{number}").status == 404
    assert count(desk, Ticket) == 1


def test_a_customer_who_is_signed_in_asks_as_often_as_needed(browser: Browser, desk: Helpdesk, world: World) -> None:
    world.department("support")
    sign_in(browser, world)
    for _ in range(11):
        browser.get("/tickets/new")
        browser.submit("new-ticket", subject="Hi", body="Ho")
    assert count(desk, Ticket) == 11


class Questions:
    """A plugin that asks for a site in support, and keeps what it got."""

    def __init__(self) -> None:
        self.got: list[Any] = []

    @hookimpl(web_hooks.ticket_form_fields)
    def fields(self, actor: Actor, department: str | None) -> list[FormField]:
        if department != "support":
            return []
        return [
            FormField(name="site", label="Which site?", required=True, load=self.site),
            FormField(name="plan", label="Plan", kind="select", options=(("s", "Small"), ("l", "Large"))),
            FormField(name="urgent", label="It is down", kind="checkbox"),
            FormField(name="odd", label="Odd", kind="no such kind", load=self.breaks),
        ]

    @hookimpl(hooks.ticket_opening)
    def store(self, tx: Transaction, ticket: Ticket, message: Message, draft: NewTicket) -> None:
        self.got.append(draft.extra)

    @staticmethod
    def site(text: str) -> str:
        if "." not in text:
            raise ValueError("Write the site as example.com.")
        return text.lower()

    @staticmethod
    def breaks(text: str) -> str:
        raise KeyError(text)


def test_a_plugins_fields_are_asked_checked_and_handed_on(browser: Browser, desk: Helpdesk, world: World) -> None:
    plugin = Questions()
    desk.hooks.register(plugin, "hosting")
    world.department("support")
    sign_in(browser, world)
    browser.get("/tickets/new")
    page = browser.submit("new-ticket", {"x-hosting-plan": "l", "x-hosting-urgent": True}, subject="s", body="b")
    assert page.link("Which site?: Fill this in.") == "#f-x-hosting-site"
    page = browser.submit("new-ticket", {"x-hosting-site": "nonsense"})
    assert "Write the site as example.com." in page.link_words("#f-x-hosting-site")
    form = page.form("new-ticket")
    assert [form.value(f"x-hosting-{name}") for name in ("site", "plan", "urgent")] == ["nonsense", "l", "1"]
    browser.submit("new-ticket", {"x-hosting-site": "Example.com"})
    assert plugin.got == [{"hosting": {"site": "example.com", "plan": "l", "urgent": "1"}}]


def test_fields_of_a_department_come_when_it_is_chosen_without_losing_what_was_typed(
    browser: Browser, desk: Helpdesk, world: World
) -> None:
    desk.hooks.register(Questions(), "hosting")
    world.department("support")
    world.department("billing")
    sign_in(browser, world)
    browser.get("/tickets/new")
    assert "Which site?" not in browser.page.words
    page = browser.submit(
        "new-ticket", press="then=questions", department="support", body="Typed so far", files=File("a.txt")
    )
    assert (page.status, "Which site?" in page.words) == (200, True)
    assert page.form("new-ticket").value("body") == "Typed so far"
    assert "a.txt" in page.words
    assert not tickets(desk)


def test_a_plugin_that_refuses_is_heard_and_one_that_breaks_is_not(
    browser: Browser, desk: Helpdesk, world: World
) -> None:
    class Refusing:
        @hookimpl(hooks.ticket_opening_check)
        def no(self, draft: NewTicket, actor: Actor) -> list[str]:
            return ["We are on holiday until Monday."] if draft.subject == "Hello" else []

    class Broken:
        @hookimpl(web_hooks.ticket_form_fields)
        def fields(self, actor: Actor, department: str | None) -> list[FormField]:
            raise RuntimeError

    desk.hooks.register(Refusing(), "refusing")
    desk.hooks.register(Broken(), "broken")
    world.department("support")
    sign_in(browser, world)
    browser.get("/tickets/new")
    page = browser.submit("new-ticket", subject="Hello", body="Typed")
    assert page.status == 422
    assert "We are on holiday until Monday." in page.words
    assert page.form("new-ticket").value("body") == "Typed"
    assert browser.submit("new-ticket", subject="Other").path.startswith("/tickets/1")


@pytest.mark.parametrize("departments", [1, 12])
def test_the_form_needs_few_queries_however_many_departments_there_are(
    browser: Browser, desk: Helpdesk, world: World, departments: int
) -> None:
    for number in range(departments):
        world.department(f"d{number}")
    sign_in(browser, world)
    with count_queries(desk) as queries:
        browser.get("/tickets/new")
    assert len(queries) <= 8, queries
