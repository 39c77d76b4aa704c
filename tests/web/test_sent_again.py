"""A form that comes twice: the same content counts once, other content is kept and told of, never dropped."""

import re

import pytest
from flask import Flask

from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.browser import Browser, File
from helpdesk_core.testing.pages import Page
from helpdesk_core.testing.site import TestClock, World
from helpdesk_core.tickets.holding import post_due
from helpdesk_core.tickets.redacting import redact
from tests.web.people import sign_in

NOT_SENT = "is not sent yet"


def uid_in(page: Page, form: str) -> str:
    return page.form(form).value("form_uid")


@pytest.mark.parametrize("kind", ["internal", "public"])
def test_other_content_in_a_form_of_the_desk_stays_in_the_composer(app: Flask, world: World, kind: str) -> None:
    number, browser = world.ticket().ticket.number, Browser(app)
    sign_in(browser, world, "agent")
    page = browser.get(f"/desk/tickets/{number}")
    mark = uid_in(page, "composer")
    browser.submit("composer", {"kind": kind, "body": "First words"})
    for body, status in (("First words", 200), ("Second words", 409)):
        browser.page = page  # as it stands where one goes back to
        answer = browser.submit("composer", {"kind": kind, "body": body})
        assert answer.status == status
        assert (NOT_SENT in answer.words) is (status == 409)
    assert "Second words</textarea>" in answer.text
    assert uid_in(answer, "composer") != mark
    answer = browser.submit("composer", {"kind": kind, "body": "Second words"})
    assert answer.status == 200
    assert [answer.text.count(f"{each} words</p>") for each in ("First", "Second")] == [1, 1]


def test_other_content_is_noticed_once_the_held_reply_is_out(
    app: Flask, world: World, desk: Helpdesk, clock: TestClock
) -> None:
    number, browser = world.ticket().ticket.number, Browser(app)
    sign_in(browser, world, "agent")
    page = browser.get(f"/desk/tickets/{number}")
    browser.submit("composer", {"kind": "public", "body": "First words"})
    clock.advance(minutes=10)
    assert post_due(desk) == 1
    for body, status in (("First words", 200), ("Second words", 409)):
        browser.page = page
        assert browser.submit("composer", {"kind": "public", "body": body}).status == status


def test_other_files_are_other_content(app: Flask, world: World) -> None:
    number, browser = world.ticket().ticket.number, Browser(app)
    sign_in(browser, world, "agent")
    page = browser.get(f"/desk/tickets/{number}")
    note = {"kind": "internal", "body": "See the log"}
    browser.submit("composer", {**note, "files": File("log.txt", b"smoke")})
    for content, status in ((b"smoke", 200), (b"fire", 409)):
        browser.page = page
        answer = browser.submit("composer", {**note, "files": File("log.txt", content)})
        assert answer.status == status
    assert answer.form("composer").value("attachments")  # nobody has to choose it again


def test_other_content_in_an_answer_of_a_customer_stays_in_the_form(browser: Browser, world: World) -> None:
    customer = sign_in(browser, world)
    number = world.ticket(world.actor(customer)).ticket.number
    page = browser.get(f"/tickets/{number}")
    mark = uid_in(page, "/reply")
    browser.submit("/reply", body="First words")
    for body, status in (("First words", 200), ("Second words", 409)):
        browser.page = page
        answer = browser.submit("/reply", body=body)
        assert answer.status == status
    assert NOT_SENT in answer.words
    assert "Second words</textarea>" in answer.text
    assert uid_in(answer, "/reply") != mark
    assert "Second words</p>" in browser.submit("/reply").text


@pytest.mark.parametrize("changed", ["subject", "body"])
def test_other_content_in_the_form_for_a_ticket_stays_in_it(browser: Browser, world: World, changed: str) -> None:
    world.department("support")
    sign_in(browser, world)
    page = browser.get("/tickets/new")
    given = {"subject": "It burns", "body": "All of it"}
    at = browser.submit("new-ticket", given).path
    browser.page = page
    assert browser.submit("new-ticket", given).path == at
    browser.page = page
    answer = browser.submit("new-ticket", {**given, changed: "Only half"})
    assert answer.status == 409
    assert NOT_SENT in answer.words
    assert "Only half" in answer.text
    opened = browser.submit("new-ticket").path
    assert re.fullmatch(r"/tickets/\d+", opened)
    assert opened != at


def test_other_content_in_the_desks_form_for_a_ticket_stays_in_it(app: Flask, world: World) -> None:
    world.department("support")
    browser = Browser(app)
    sign_in(browser, world, "agent")
    page = browser.get("/desk/tickets/new")
    given = {"email": "c@example.com", "subject": "Called", "body": "It burns"}
    at = browser.submit("email", given).path
    browser.page = page
    assert browser.submit("email", given).path == at
    browser.page = page
    answer = browser.submit("email", {**given, "email": "other@example.com"})
    assert answer.status == 409
    assert NOT_SENT in answer.words
    assert "other@example.com" in answer.text
    assert browser.submit("email").path != at


def test_other_words_to_be_forgotten_stay_in_the_form(browser: Browser, world: World) -> None:
    world.department("support")
    sign_in(browser, world)
    page = browser.get("/account/data")
    at = browser.submit("/erase", sure=True, body="Please").path
    for body, status, path in (("Please", 200, at), ("At once", 409, "/account/data/erase")):
        browser.page = page
        answer = browser.submit("/erase", sure=True, body=body)
        assert (answer.status, answer.path) == (status, path)
    assert "At once</textarea>" in answer.text


def test_what_was_removed_meanwhile_is_not_taken_for_what_is_sent(
    browser: Browser, app: Flask, world: World, desk: Helpdesk
) -> None:
    customer = sign_in(browser, world)
    number = world.ticket(world.actor(customer)).ticket.number or ""
    page = browser.get(f"/tickets/{number}")
    browser.submit("/reply", body="My password is 1234")
    redact(desk, world.agent(role="admin"), number, uid_in(page, "/reply"), "a password")
    browser.page = page
    answer = browser.submit("/reply", body="I changed it")
    assert answer.status == 409
    assert "I changed it</textarea>" in answer.text
