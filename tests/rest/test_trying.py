"""The page of the API lets people try its operations, in a browser and as who is signed in there."""

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect

from helpdesk_core.actor import SYSTEM, Actor
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.browser import Browser
from helpdesk_core.testing.site import World
from helpdesk_core.users.sessions import SESSION_COOKIE
from helpdesk_core.users.tokens import create_token
from tests.browsers import serving
from tests.rest.callers import body

PASSWORD = "a password for tests"


@pytest.fixture
def agent(world: World) -> Actor:
    return world.agent(password=PASSWORD)


@pytest.fixture
def browser(app: Flask, agent: Actor) -> Browser:
    browser = Browser(app)
    browser.login(agent.email or "", PASSWORD)
    return browser


def test_who_is_signed_in_may_ask_with_the_proof_of_the_page(browser: Browser, agent: Actor) -> None:
    known = body(browser.client.get("/api/docs/session"))
    assert known["name"] == agent.name
    mine = body(browser.client.get("/api/v1/me", headers={"X-CSRFToken": known["proof"]}))
    assert mine["name"] == agent.name


@pytest.mark.parametrize("proof", ["", "x", "é"])
def test_a_cookie_without_the_proof_is_nobody(browser: Browser, proof: str) -> None:
    headers = {"X-CSRFToken": proof} if proof else {}
    for method, path in (("GET", "/api/v1/me"), ("DELETE", "/api/v1/me/sessions")):
        answer = browser.client.open(path, method=method, headers=headers)
        assert body(answer, 401)["code"] == "sign-in-required"
    assert body(browser.client.get("/api/docs/session"))["name"]


def test_the_proof_of_one_sign_in_is_none_for_another(app: Flask, browser: Browser, world: World) -> None:
    proof = body(browser.client.get("/api/docs/session"))["proof"]
    other = Browser(app)
    other.login(world.agent(password=PASSWORD).email or "", PASSWORD)
    body(other.client.get("/api/v1/me", headers={"X-CSRFToken": proof}), 401)


def test_nobody_signed_in_gets_no_proof(app: Flask) -> None:
    client = app.test_client()
    assert body(client.get("/api/docs/session")) == {}
    client.set_cookie(SESSION_COOKIE, "forged")
    assert body(client.get("/api/docs/session")) == {}


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    with serving(app) as url:
        yield url


def test_operations_are_tried_by_keyboard_as_oneself_and_with_a_token(
    desk: Helpdesk, world: World, agent: Actor, address: str, chromium: Chromium
) -> None:
    ticket = world.ticket(subject="Printer on fire").ticket
    reading = create_token(desk, SYSTEM, agent.uid or "", "reads", scopes=("read",)).token
    said: list[str] = []
    with chromium.new_context(viewport={"width": 320, "height": 800}) as context:
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.goto(f"{address}/login?next=/api/docs")
        page.locator("input[name=address]").fill(agent.email or "")
        page.locator("input[name=password]").fill(PASSWORD)
        page.locator("input[name=password]").press("Enter")
        expect(page.get_by_label(agent.name)).to_be_checked()
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0

        reads = page.locator("#read_ticket")
        reads.get_by_text("Try it").press("Enter")
        reads.get_by_role("textbox").fill(ticket.number or "")
        reads.get_by_role("textbox").press("Enter")
        expect(reads.get_by_role("status")).to_contain_text("200")
        expect(reads.get_by_role("status")).to_contain_text("Printer on fire")

        writes = page.locator("#post_message")
        writes.get_by_text("Try it").press("Enter")
        writes.get_by_role("textbox", name="number").fill(ticket.number or "")
        field = writes.get_by_role("textbox", name="Body")
        field.fill("{")
        writes.get_by_role("button").press("Enter")
        expect(writes.get_by_role("status")).to_contain_text("not JSON, so nothing was sent")
        field.fill('{"body_text": "We are on our way.", "kind": "internal"}')
        writes.get_by_role("button").press("Enter")
        expect(writes.get_by_role("status")).to_contain_text("201")

        page.get_by_label("API token", exact=True).fill(reading)
        expect(page.get_by_label("The owner of this token")).to_be_checked()
        writes.get_by_role("button").press("Enter")
        expect(writes.get_by_role("status")).to_contain_text("403")
    assert [each for each in said if "403" not in each] == []
