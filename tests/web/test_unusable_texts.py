"""Characters that no text can have are refused by forms as by the API; invisible ones are taken out by both."""

import pytest
from flask import Flask

from helpdesk_core.actor import SYSTEM
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.browser import Browser
from helpdesk_core.testing.site import World
from helpdesk_core.tickets.queries import conversation, find_ticket
from helpdesk_core.users.tokens import create_token
from tests.rest.callers import Caller, body
from tests.web.people import sign_in

NO_SUCH_CHARACTER = "has a character that no text can have (NUL)"


@pytest.mark.parametrize("field", ["subject", "body"])
def test_the_forms_for_a_ticket_refuse_nul(app: Flask, world: World, field: str) -> None:
    world.department("support")
    for role, path, form in (("", "/tickets/new", "new-ticket"), ("agent", "/desk/tickets/new", "email")):
        browser = Browser(app)
        sign_in(browser, world, role)
        browser.get(path)
        given = {"subject": "It burns", "body": "All of it"} | ({"email": "c@example.com"} if role else {})
        page = browser.submit(form, {**given, field: "nu\0l"})
        assert page.status == 422
        assert NO_SUCH_CHARACTER in page.words
        assert browser.submit(form, {field: "null"}).path.startswith(path.removesuffix("new") + "1")


@pytest.mark.parametrize("kind", ["public", "internal"])
def test_the_composer_refuses_nul(app: Flask, world: World, kind: str) -> None:
    number, browser = world.ticket().ticket.number, Browser(app)
    sign_in(browser, world, "agent")
    browser.get(f"/desk/tickets/{number}")
    page = browser.submit("composer", {"kind": kind, "body": "nu\0l"})
    assert page.status == 422
    assert NO_SUCH_CHARACTER in page.words


def test_answers_and_requests_of_customers_refuse_nul(browser: Browser, world: World) -> None:
    customer = sign_in(browser, world)
    browser.get(f"/tickets/{world.ticket(world.actor(customer)).ticket.number}")
    page = browser.submit("/reply", body="nu\0l")
    assert page.status == 422
    assert NO_SUCH_CHARACTER in page.words
    browser.get("/account/data")
    page = browser.submit("/erase", sure=True, body="nu\0l")
    assert page.status == 422
    assert NO_SUCH_CHARACTER in page.words


def test_invisible_characters_are_taken_out_by_forms_and_by_the_api_alike(
    browser: Browser, app: Flask, desk: Helpdesk, world: World
) -> None:
    world.department("support")
    customer = sign_in(browser, world)
    subject, text = "In\u202evoice\u2069 now", "A bell\x07 and a tab\there"
    browser.get("/tickets/new")
    numbers = [browser.submit("new-ticket", subject=subject, body=text).path.rpartition("/")[2]]
    caller = Caller(app, create_token(desk, SYSTEM, customer.uid, "test").token)
    new = {"subject": subject, "department": "support", "message": {"body_text": text}}
    numbers.append(body(caller.post("/tickets", new), 201)["number"])
    with desk.read() as session:
        for number in numbers:
            ticket = find_ticket(session, SYSTEM, number)
            assert ticket.subject == "Invoice now"
            assert conversation(session, ticket, internal=False)[0].body_text == "A bell and a tab\there"
