"""Signing up, choosing a password by a link, proving an address, and following a guest's link."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from helpdesk_core.actor import Actor
from helpdesk_core.app import create_app
from helpdesk_core.events.models import EventRow
from helpdesk_core.hooks import hookimpl
from helpdesk_core.mail import links
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing import site
from helpdesk_core.testing.browser import Browser
from helpdesk_core.testing.site import TestClock, World
from helpdesk_core.users import hooks
from helpdesk_core.users.accounts import find_by_address
from helpdesk_core.users.inputs import Credentials
from helpdesk_core.users.links import guest_token
from helpdesk_core.users.models import AddressRequest, User
from helpdesk_core.users.recovery import add_address
from helpdesk_core.web import hooks as web_hooks
from helpdesk_core.web.parts import Panel

PASSWORD = "three blue lamps"


def path_of(url: str) -> str:
    return url.removeprefix("http://helpdesk.example")


def person(desk: Helpdesk, address: str) -> User:
    with desk.read() as session:
        user = find_by_address(session, address)
    assert user is not None
    return user


def password_link(desk: Helpdesk, address: str, reason: str = "reset") -> str:
    return path_of(links.password_url(desk, person(desk, address), reason))


def links_asked_for(desk: Helpdesk) -> int:
    with desk.read() as session:
        kind = "user.password_link_requested"
        return len(session.scalars(select(EventRow.id).where(EventRow.type == kind)).all())


def test_one_signs_up_follows_the_link_and_is_in(browser: Browser, desk: Helpdesk) -> None:
    browser.get("/login")
    browser.click("Create an account")
    page = browser.submit("sign-up", name="Nora New", address="nora@example.com")
    assert "on its way to nora@example.com" in page.words
    page = browser.get(password_link(desk, "nora@example.com", "sign_up"))
    assert page.title.startswith("Choose a password")
    page = browser.submit("reset", password=PASSWORD)
    assert "you are signed in" in page.words
    assert "Nora New" in page.words
    browser.logout()
    assert "Nora New" in browser.login("nora@example.com", PASSWORD).words


def test_signing_up_says_beside_each_field_what_is_wrong_and_keeps_the_rest(browser: Browser) -> None:
    browser.get("/signup")
    page = browser.submit("sign-up", name="Nora", address="nora")
    assert page.status == 422
    assert page.form("sign-up").value("name") == "Nora"
    assert page.form("sign-up").value("address") == "nora"
    assert page.link("is not an e-mail address") == "#f-address"


def test_known_and_unknown_addresses_are_answered_alike(browser: Browser, desk: Helpdesk, world: World) -> None:
    world.user("Carla", address="carla@example.com", password=PASSWORD)
    seen = []
    for address in ("carla@example.com", "nobody@example.com"):
        browser.get("/password/forgot")
        page = browser.submit("forgot", address=address)
        seen.append((page.status, page.path, page.words.replace(address, "")))
    assert seen[0] == seen[1]
    assert links_asked_for(desk) == 1


def test_too_many_links_are_refused_with_the_time_to_wait(browser: Browser, world: World) -> None:
    world.user("Carla", address="carla@example.com")
    for _time in range(5):
        browser.get("/password/forgot")
        browser.submit("forgot", address="carla@example.com")
    browser.get("/password/forgot")
    page = browser.submit("forgot", address="carla@example.com")
    assert page.status == 429
    assert "Wait 60 minutes" in page.words


def test_a_link_to_choose_a_password_works_once_and_for_two_hours(
    browser: Browser, desk: Helpdesk, world: World, clock: TestClock, app: Flask
) -> None:
    world.user("Carla", address="carla@example.com", password=PASSWORD)
    link = password_link(desk, "carla@example.com")
    browser.get(link)
    page = browser.submit("reset", password="short")
    assert page.status == 422
    assert page.link("use 10 or more") == "#f-password"
    browser.submit("reset", password="four green lamps")
    other = Browser(app)
    assert other.get(link).status == 410
    assert other.page.link("Send a new link") == "/password/forgot"
    clock.advance(hours=3)
    assert other.get(password_link(desk, "carla@example.com")).status == 200
    stale = password_link(desk, "carla@example.com")
    clock.advance(hours=3)
    assert other.get(stale).status == 410


def test_a_plugin_may_still_say_no_to_who_comes_by_a_link(browser: Browser, desk: Helpdesk, world: World) -> None:
    class OfficeHours:
        @hookimpl(hooks.sign_in_check)
        def closed(self, user: User, method: str, credentials: Credentials) -> list[str]:
            return ["Nobody signs in at night."]

    desk.hooks.register(OfficeHours(), "hours")
    world.user("Carla", address="carla@example.com")
    browser.get(password_link(desk, "carla@example.com"))
    page = browser.submit("reset", password=PASSWORD)
    assert page.path == "/login"
    assert "Nobody signs in at night." in page.words
    assert browser.cookie("hd_session") is None


def test_a_second_factor_adds_its_field_and_gets_what_was_entered(
    browser: Browser, desk: Helpdesk, world: World, app: Flask, tmp_path: Path
) -> None:
    class Codes:
        @hookimpl(web_hooks.auth_login)
        def field(self, actor: Actor) -> Panel | None:
            return Panel(template="parts/code.html")

        @hookimpl(web_hooks.auth_other)
        def other(self, actor: Actor) -> Panel | None:
            return Panel(template="parts/elsewhere.html")

        @hookimpl(hooks.sign_in_check)
        def checked(self, user: User, method: str, credentials: Credentials) -> list[str]:
            return [] if credentials.fields.get("code") == "42" else ["Enter the code from your device."]

    desk.hooks.register(Codes(), "codes")
    templates = desk.config.instance / "templates" / "parts"
    templates.mkdir(parents=True)
    (templates / "code.html").write_text('<input name="code">')
    (templates / "elsewhere.html").write_text('<a href="/x/codes/lost">I lost my device</a>')
    browser = Browser(create_app(desk))
    world.user("Carla", address="carla@example.com", password=PASSWORD)
    browser.get("/login")
    assert browser.page.link("I lost my device") == "/x/codes/lost"
    page = browser.submit("sign-in", address="carla@example.com", password=PASSWORD, code="41")
    assert (page.status, browser.cookie("hd_session")) == (422, None)
    assert "Enter the code from your device." in page.words
    assert browser.submit("sign-in", address="carla@example.com", password=PASSWORD, code="42").path == "/"


def test_opening_the_link_proves_no_address_but_the_button_does(browser: Browser, desk: Helpdesk, world: World) -> None:
    carla = world.customer("Carla", address="carla@example.com", password=PASSWORD)
    request = add_address(desk, carla, carla.uid or "", "carla@home.example")
    assert isinstance(request, AddressRequest)
    link = path_of(links.address_url(desk, request))
    browser.get(link)
    with desk.read() as session:
        assert find_by_address(session, "carla@home.example") is None
    page = browser.submit("verify")
    assert "carla@home.example is yours now." in page.words
    assert person(desk, "carla@home.example").uid == carla.uid
    assert browser.get(link).status == 410


def test_an_address_that_became_somebody_elses_is_not_taken_from_them(
    browser: Browser, desk: Helpdesk, world: World
) -> None:
    carla = world.customer("Carla")
    request = add_address(desk, carla, carla.uid or "", "shared@example.com")
    assert isinstance(request, AddressRequest)
    world.user("Sam", address="shared@example.com")
    browser.get(path_of(links.address_url(desk, request)))
    page = browser.submit("verify")
    assert page.status == 409
    assert "belongs to another account" in page.words


def test_a_guests_link_opens_its_ticket_and_nothing_else(browser: Browser, desk: Helpdesk, world: World) -> None:
    mine = world.ticket_for("guest@example.com", subject="Mine")
    other = world.ticket_for("guest@example.com", subject="Also mine")
    requester = mine.ticket.requester
    page = browser.get(path_of(links.ticket_url(desk, mine.ticket, requester)))
    assert (page.status, page.path) == (200, f"/tickets/{mine.ticket.number}")
    assert "My site is down." in page.words
    assert browser.get(f"/tickets/{other.ticket.number}").status == 404
    for path in ("/tickets", "/account"):
        assert browser.get(path).path.startswith("/login")


def test_a_guests_link_dies_with_time_and_cannot_be_forged(
    browser: Browser, desk: Helpdesk, world: World, clock: TestClock
) -> None:
    posted = world.ticket_for("guest@example.com")
    token = guest_token(desk, posted.ticket.id, posted.ticket.requester_id)
    clock.advance(days=181)
    for bad in (token, token[:-2] + "xx", "nonsense"):
        assert browser.get(f"/t/{bad}").status == 410
        assert browser.get(f"/tickets/{posted.ticket.number}").path.startswith("/login")


def test_a_guests_link_does_not_turn_somebody_who_is_signed_in_into_another(
    browser: Browser, desk: Helpdesk, world: World
) -> None:
    posted = world.ticket_for("guest@example.com")
    world.user("Carla", address="carla@example.com", password=PASSWORD)
    browser.login("carla@example.com", PASSWORD)
    link = f"/t/{guest_token(desk, posted.ticket.id, posted.ticket.requester_id)}"
    page = browser.get(link)
    assert page.status == 409
    assert "You are signed in as Carla" in page.words
    browser.submit("/logout", press="Sign out")
    assert browser.get(link).path == f"/tickets/{posted.ticket.number}"
    browser.login("carla@example.com", PASSWORD)
    assert browser.cookie("hd_guest") is None


@pytest.fixture
def closed(desk_url: str, tmp_path: Path) -> Iterator[Helpdesk]:
    with site.opened(tmp_path / "closed", desk_url, {"site": {"signup": "closed"}}) as opened:
        yield opened


def test_where_staff_make_the_accounts_nobody_signs_up(closed: Helpdesk) -> None:
    browser = Browser(create_app(closed))
    assert "Create an account" not in browser.get("/login").words
    assert browser.get("/signup").status == 403
    assert browser.post("/signup", {"name": "Nora", "address": "nora@example.com"}).status == 403
    with closed.read() as session:
        assert find_by_address(session, "nora@example.com") is None
