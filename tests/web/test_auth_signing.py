"""Signing in and out."""

from collections.abc import Sequence

import pytest
from flask import Flask

from helpdesk_core.actor import SYSTEM
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.browser import Browser
from helpdesk_core.testing.site import TestClock, World
from helpdesk_core.users.accounts import deactivate_user
from helpdesk_core.users.sessions import revoke_sessions

PASSWORD = "three blue lamps"


@pytest.fixture
def carla(world: World) -> str:
    return world.user("Carla Customer", address="carla@example.com", password=PASSWORD).uid


def test_a_customer_signs_in_and_out(browser: Browser, carla: str) -> None:
    page = browser.login("carla@example.com", PASSWORD)
    assert (page.status, page.path) == (200, "/")
    assert "Carla Customer" in page.words
    page = browser.logout()
    assert "You are signed out." in page.words
    assert "Carla Customer" not in page.words
    assert browser.cookie("hd_session") is None


def test_signing_out_ends_the_session_itself_and_not_only_the_cookie(browser: Browser, app: Flask, carla: str) -> None:
    browser.login("carla@example.com", PASSWORD)
    token = browser.cookie("hd_session")
    assert token
    browser.logout()
    thief = Browser(app)
    thief.client.set_cookie("hd_session", token)
    assert thief.get("/account").path.startswith("/login")


def test_who_works_tickets_starts_at_the_desk(browser: Browser, world: World) -> None:
    world.agent("Adam Agent", address="adam@example.com", password=PASSWORD)
    browser.login("adam@example.com", PASSWORD)
    assert browser.page.path.startswith("/desk")


def test_wrong_password_and_unknown_address_are_answered_alike_and_keep_the_address(
    browser: Browser, carla: str
) -> None:
    answers = []
    for address in ("carla@example.com", "nobody@example.com"):
        page = browser.login(address, "not the password")
        assert page.status == 422
        assert page.form("sign-in").value("address") == address
        assert browser.cookie("hd_session") is None
        answers.append(page.words.replace(address, ""))
    assert "do not fit together" in answers[0]
    assert answers[0] == answers[1]


def test_after_too_many_tries_one_has_to_wait(browser: Browser, carla: str, clock: TestClock) -> None:
    for _attempt in range(10):
        assert browser.login("carla@example.com", "wrong").status == 422
    page = browser.login("carla@example.com", PASSWORD)
    assert page.status == 429
    assert "Wait 15 minutes" in page.words
    assert browser.response is not None
    assert int(browser.response.headers["Retry-After"]) > 800
    clock.advance(minutes=16)
    assert browser.login("carla@example.com", PASSWORD).status == 200


def test_one_comes_back_to_the_page_that_asked_to_sign_in(browser: Browser, carla: str) -> None:
    page = browser.get("/account/tokens?x=1")
    assert page.path.startswith("/login?next=")
    page = browser.submit("sign-in", address="carla@example.com", password=PASSWORD)
    assert page.path == "/account/tokens?x=1"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example", "/\t/evil.example"])
def test_signing_in_never_leads_to_another_site(app: Flask, carla: str, target: str) -> None:
    browser = Browser(app)
    browser.get("/login", next=target)
    browser.submit("sign-in", address="carla@example.com", password=PASSWORD)
    assert browser.page.path == "/"


def test_who_is_signed_in_is_not_asked_again(browser: Browser, carla: str) -> None:
    browser.login("carla@example.com", PASSWORD)
    assert browser.get("/login", next="/tickets").path == "/tickets"


def test_a_form_without_its_token_signs_nobody_in(browser: Browser, carla: str) -> None:
    response = browser.client.post("/login", data={"address": "carla@example.com", "password": PASSWORD})
    assert response.status_code == 400
    assert browser.cookie("hd_session") is None


def test_a_deactivated_person_is_out_at_once(browser: Browser, desk: Helpdesk, world: World, carla: str) -> None:
    browser.login("carla@example.com", PASSWORD)
    owner = world.actor(world.user("Olga", is_owner=True))
    deactivate_user(desk, owner, carla)
    assert browser.get("/account").path.startswith("/login")
    assert "deactivated" in browser.login("carla@example.com", PASSWORD).words


def test_a_session_lives_on_while_one_keeps_coming(browser: Browser, carla: str, clock: TestClock) -> None:
    browser.login("carla@example.com", PASSWORD)
    for _week in range(5):
        clock.advance(days=7)
        assert browser.get("/account").path == "/account"
    clock.advance(days=15)
    assert browser.get("/account").path.startswith("/login")


def test_cookies_cannot_be_read_by_scripts_or_sent_along_by_other_sites(browser: Browser, carla: str) -> None:
    browser.get("/login")
    response = browser.client.post(
        "/login",
        data={"address": "carla@example.com", "password": PASSWORD, "csrf_token": browser.token()},
    )
    cookie = next(each for each in response.headers.getlist("Set-Cookie") if each.startswith("hd_session="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "no-store" in response.headers["Cache-Control"]


def test_pages_for_customers_and_pages_for_everybody(browser: Browser) -> None:
    for path in ("/tickets", "/tickets/10001", "/account", "/account/security", "/account/tokens"):
        assert browser.get(path).path.startswith("/login"), path
    public: Sequence[str] = (
        "/",
        "/tickets/new",
        "/login",
        "/signup",
        "/password/forgot",
        "/tickets/sent",
        "/search?q=x",
    )
    for path in public:
        assert (browser.get(path).status, browser.page.path) == (200, path)


def test_a_form_that_outlived_the_session_says_how_to_go_on(browser: Browser, desk: Helpdesk, carla: str) -> None:
    """Who was signed out somewhere else finds back to the page, and so does one whose cookies are gone."""
    browser.login("carla@example.com", PASSWORD)
    browser.get("/account")
    revoke_sessions(desk, SYSTEM, carla)
    browser.headers["Referer"] = "http://localhost/account?tab=1"
    page = browser.submit("/account", name="Carla")
    assert (page.status, page.title.split(" · ")[0]) == (401, "Sign in first")
    assert page.link("Sign in") == "/login?next=/account?tab%3D1"
    browser.client.delete_cookie("hd_session")
    page = browser.post("/account", {"name": "Carla"})
    assert (page.status, page.link("Open the page again")) == (400, "/account?tab=1")
    for elsewhere in ("http://elsewhere.example/account", "http://localhost/logout", ""):
        browser.headers["Referer"] = elsewhere
        assert "Open the page again" not in browser.post("/account", {"name": "Carla"}).words
