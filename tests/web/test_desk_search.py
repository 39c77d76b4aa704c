"""The search page of the desk, answered by the database alone."""

import re
from datetime import timedelta
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import update

from helpdesk_core.actor import SYSTEM
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.browser import Browser
from helpdesk_core.testing.queries import count_queries
from helpdesk_core.testing.site import World
from helpdesk_core.tickets.changing import change
from helpdesk_core.tickets.conversation import note
from helpdesk_core.tickets.inputs import Change, NewMessage
from helpdesk_core.tickets.models import Ticket

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


def test_every_way_of_narrowing_leaves_as_many_as_it_says(agent: Browser, desk: Helpdesk, world: World) -> None:
    bob = world.agent("Bob Builder", "support")
    for place in range(5):
        ticket = world.ticket(subject=f"Toner {place}", department="support").ticket
        tags = ("urgent", "toner") if place < 2 else ("toner",)
        assignee = bob.uid if place < 3 else None
        change(desk, bob, ticket.number or "", Change(tags=tags, assignee=assignee))
    _make_older(desk, "Toner 4", 20)
    _make_older(desk, "Toner 3", 400)
    page = agent.get("/desk/search", q="toner")
    ways = {each["data-facet"]: each for each in _ways(page.text)}
    assert {key: way["count"] for key, way in ways.items()} == {
        "department:support": "5", "status:new": "5", f"assignee:{bob.email}": "3", "assignee:none": "2",
        "tag:toner": "5", "tag:urgent": "2", "after:7d": "3", "after:30d": "4", "before:1y": "1",
    }  # fmt: skip
    for way in ways.values():
        narrowed = agent.get(way["href"])
        assert f"{way['count']} ticket" in narrowed.text, way
        (back,) = [each for each in _ways(narrowed.text) if each["data-facet"] == way["data-facet"]]
        assert agent.get(back["href"]).path == "/desk/search?q=toner"


def test_more_than_is_counted_is_told(agent: Browser, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("helpdesk_core.tickets.results.MAX_FOUND", 2)
    for _ in range(3):
        world.ticket(subject="Toner", department="support")
    page = agent.get("/desk/search", q="toner")
    assert "More than 2 tickets" in page.text
    assert {each["count"] for each in _ways(page.text)} == {"2+"}


def _ways(text: str) -> list[dict[str, str]]:
    found = re.finditer(r'<a class="hd-tag[^"]*" data-facet="([^"]+)" href="([^"]+)">.*?([\d+]+)</span></a>', text)
    return [{"data-facet": each[1], "href": unescape(each[2]), "count": each[3]} for each in found]


def _make_older(desk: Helpdesk, subject: str, days: int) -> None:
    """Let a ticket be opened so many days ago; no service does that."""
    with desk.begin(SYSTEM) as tx:
        then = tx.now - timedelta(days=days)
        tx.session.execute(update(Ticket).where(Ticket.subject == subject).values(created_at=then))


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


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("status:foo", "There is nothing for “status:foo”."),
        ("from:", "What is looked for must follow “from:” without a space."),
        ('"', "A quotation mark stands alone."),
    ],
)
def test_who_made_a_mistake_in_a_search_is_not_told_to_try_another_spelling(
    agent: Browser, app: Flask, world: World, text: str, said: str
) -> None:
    world.user("Carla", password=PASSWORD, address="carla@example.com")
    carla = Browser(app)
    carla.login("carla@example.com", PASSWORD)
    for browser, path in ((agent, "/desk/search"), (carla, "/search")):
        words = browser.get(path, q=text).words
        assert said in words
        assert "Change what is named above, and search again." in words
        assert "another spelling" not in words
        assert "another word" not in words
    assert "another spelling" in agent.get("/desk/search", q="xyzzy").words
