"""The search page of the desk, answered by the database alone."""

import pytest
from flask import Flask

from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.browser import Browser
from helpdesk_core.testing.queries import count_queries
from helpdesk_core.testing.site import World
from helpdesk_core.tickets.conversation import note
from helpdesk_core.tickets.inputs import NewMessage

PASSWORD = "correct horse battery"


@pytest.fixture
def agent(app: Flask, world: World) -> Browser:
    user = world.user("Adam Agent", password=PASSWORD)
    world.department("support")
    world.grant(user, "agent", "support")
    browser = Browser(app)
    browser.login(user.primary_email or "", PASSWORD)
    return browser


def test_what_is_found_is_shown_with_the_place_that_fits(agent: Browser, world: World) -> None:
    world.ticket(subject="Printer", text="Word " * 200 + "the toner is empty & <b>dry</b> " + "word " * 200)
    page = agent.get("/desk/search", q="toner")
    assert "the <mark>toner</mark> is empty &amp; &lt;b&gt;dry" in page.text
    assert "1 ticket" in page.text
    assert page.text.count("Word") < 100


def test_notes_are_found_and_told(agent: Browser, desk: Helpdesk, world: World) -> None:
    ticket = world.ticket(subject="Printer").ticket
    note(desk, world.agent("Another"), ticket.number or "", NewMessage(text="It is the toner."))
    assert 'class="hd-tag">Note' in agent.get("/desk/search", q="toner").text


def test_other_departments_are_neither_found_nor_counted(agent: Browser, world: World) -> None:
    world.ticket(subject="Toner of ours", department="support")
    world.ticket(subject="Toner of theirs", department="billing")
    page = agent.get("/desk/search", q="toner")
    assert "of ours" in page.text
    assert "of theirs" not in page.text
    assert "1 ticket" in page.text
    assert "billing" not in page.text.lower()


def test_facets_narrow_the_search(agent: Browser, world: World) -> None:
    world.ticket(subject="Toner")
    page = agent.get("/desk/search", q="toner")
    assert "q=toner+status:new" in page.text
    assert "1 ticket" in agent.get("/desk/search", q="toner status:new").text


def test_the_form_writes_the_language_of_searches(agent: Browser, world: World) -> None:
    anna = world.customer("Anna Smith")
    world.ticket(anna, subject="Toner")
    world.ticket(world.customer("Ben"), subject="Toner too")
    page = agent.get("/desk/search", q="toner", **{"from": "Anna Smith"})
    assert "from:&#34;Anna Smith&#34;" in page.text
    assert "Toner too" not in page.text


def test_what_cannot_be_understood_is_said(agent: Browser, world: World) -> None:
    world.ticket(subject="Toner")
    page = agent.get("/desk/search", q='form:anna "toner')
    assert "Did you mean “from:”" in page.text
    assert "quotation mark" in page.text
    assert "Nothing was found" in page.text


@pytest.mark.parametrize(
    "q", ["", "   ", "a" * 5000, "(((", "%%%", "-", '"', "\ud800".encode("utf-8", "replace").decode()]
)
def test_odd_searches_are_answered(agent: Browser, q: str) -> None:
    assert agent.get("/desk/search", q=q).status == 200


def test_queries_do_not_grow_with_what_is_found(agent: Browser, desk: Helpdesk, world: World) -> None:
    world.ticket(subject="Toner")
    agent.get("/desk/search", q="toner")
    with count_queries(desk) as few:
        agent.get("/desk/search", q="toner")
    for _ in range(5):
        world.ticket(subject="Toner")
    with count_queries(desk) as many:
        agent.get("/desk/search", q="toner")
    assert len(many) == len(few) <= 8


def test_the_api_answers_the_same(desk: Helpdesk, app: Flask, world: World) -> None:
    from helpdesk_core.users.tokens import create_token

    anna = world.customer("Anna")
    world.ticket(anna, subject="Toner", text="The toner is empty.")
    world.ticket(world.customer("Ben"), subject="Toner of Ben")
    token = create_token(desk, anna, anna.uid or "", "script").token
    answer = app.test_client().get("/api/v1/search?q=toner", headers={"Authorization": f"Bearer {token}"}).get_json()
    assert [each["ticket"]["subject"] for each in answer["items"]] == ["Toner"]
    assert answer["items"][0]["snippet"] == "The toner is empty."
    assert (answer["total"], answer["capped"], answer["problems"]) == (1, False, [])
