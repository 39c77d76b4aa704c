"""One's own account on the portal."""

import json
import zipfile
from io import BytesIO

import pytest
from flask import Flask

from helpdesk_core.actor import Actor
from helpdesk_core.mail.links import address_url
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.browser import Browser
from helpdesk_core.testing.queries import count_queries
from helpdesk_core.testing.site import TestClock, World
from helpdesk_core.users.accounts import find_user
from helpdesk_core.users.actors import load_actor_by_api_token
from helpdesk_core.users.models import AddressRequest, User
from helpdesk_core.web.portal.devices import device_name

PASSWORD = "three blue lamps"


@pytest.fixture
def carla(browser: Browser, world: World) -> Actor:
    actor = world.customer("Carla Customer", address="carla@example.com", password=PASSWORD)
    browser.login("carla@example.com", PASSWORD)
    return actor


def account(desk: Helpdesk, actor: Actor) -> User:
    with desk.read() as session:
        return find_user(session, actor.uid or "")


def test_name_language_zone_and_look_are_changed_and_show_at_once(
    browser: Browser, desk: Helpdesk, carla: Actor
) -> None:
    browser.get("/account")
    page = browser.submit("profile", name="Carla Neu", locale="de", timezone="Europe/Berlin", theme_mode="dark")
    user = account(desk, carla)
    assert (user.name, user.locale, user.timezone, user.theme_mode) == ("Carla Neu", "de", "Europe/Berlin", "dark")
    assert '<html lang="de"' in page.text
    assert 'data-theme="dark"' in page.text
    form = page.form("profile")
    assert (form.value("locale"), form.value("timezone"), form.value("theme_mode")) == ("de", "Europe/Berlin", "dark")
    page = browser.submit("profile", locale="", timezone="", theme_mode="")
    assert account(desk, carla).theme_mode is None
    assert "data-theme" not in page.text.split("<head>")[0]


def test_a_look_once_chosen_comes_along_to_another_browser(browser: Browser, app: Flask, carla: Actor) -> None:
    browser.get("/account")
    browser.submit("profile", theme_mode="light")
    other = Browser(app)
    assert 'data-theme="light"' in other.login("carla@example.com", PASSWORD).text


def test_a_name_that_is_missing_is_said_beside_its_field(browser: Browser, desk: Helpdesk, carla: Actor) -> None:
    browser.get("/account")
    page = browser.submit("profile", name=" ", locale="hr")
    assert page.status == 422
    assert "Write a name." in page.link_words("#f-name")
    assert page.form("profile").value("locale") == "hr"
    assert account(desk, carla).name == "Carla Customer"


def test_an_address_is_added_by_following_the_link_then_gets_the_mail_then_goes(
    browser: Browser, desk: Helpdesk, carla: Actor
) -> None:
    browser.get("/account")
    page = browser.submit("new-address", address="carla@home.example")
    assert "We sent a link to carla@home.example" in page.words
    assert "Follow the link we sent there" in page.words
    with desk.read() as session:
        request = session.query(AddressRequest).one()
    browser.get(address_url(desk, request).removeprefix("http://helpdesk.example"))
    page = browser.submit("verify")
    assert page.path == "/account"
    browser.submit(press="Send mail here")
    assert account(desk, carla).primary_email == "carla@home.example"
    browser.submit("/account/addresses/remove", address="carla@example.com")
    assert [each.address for each in account(desk, carla).emails] == ["carla@home.example"]


def test_the_wish_for_an_address_is_repeated_or_taken_back(browser: Browser, desk: Helpdesk, carla: Actor) -> None:
    browser.get("/account")
    browser.submit("new-address", address="carla@home.example")
    page = browser.submit(press="Send the link again")
    assert page.words.count("carla@home.example") == 2  # what was done, and the one line in the list
    page = browser.submit(press="Remove")
    assert "carla@home.example" not in page.words


def test_no_address_is_no_address(browser: Browser, carla: Actor) -> None:
    browser.get("/account")
    page = browser.submit("new-address", address="nowhere")
    assert page.status == 422
    assert "is not an e-mail address" in page.link_words("#f-address")
    assert page.form("profile").value("name") == "Carla Customer"


def test_the_address_that_mail_goes_to_stays(browser: Browser, desk: Helpdesk, carla: Actor) -> None:
    browser.get("/account")
    page = browser.post("/account/addresses/remove", {"address": "carla@example.com"})
    assert "Choose another address for that first." in page.words
    assert account(desk, carla).primary_email == "carla@example.com"


def test_a_new_password_signs_every_other_browser_out(browser: Browser, app: Flask, carla: Actor) -> None:
    other = Browser(app)
    other.login("carla@example.com", PASSWORD)
    browser.get("/account/security")
    page = browser.submit("password", current="wrong", password="four green lamps")
    assert page.status == 422
    assert "not your present password" in page.link_words("#f-current")
    page = browser.submit("password", current=PASSWORD, password="four green lamps")
    assert "Your password is changed." in page.words
    assert page.path == "/account/security"
    assert other.get("/account").path.startswith("/login")
    assert other.login("carla@example.com", "four green lamps").status == 200


def test_browsers_are_listed_and_signed_out_one_or_all(browser: Browser, app: Flask, carla: Actor) -> None:
    agents = {
        "phone": "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605 Version/19.0 Safari/604.1",
        "desktop": "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "tablet": "Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 Chrome/140.0 Safari/537.36",
    }
    others = {name: Browser(app, User_Agent=agent) for name, agent in agents.items()}
    for other in others.values():
        other.login("carla@example.com", PASSWORD)
    page = browser.get("/account/security")
    for name in ("Safari, iPhone", "Firefox, Windows", "Chrome, Android", "This browser"):
        assert name in page.words
    browser.submit("/account/devices/revoke", press="Sign out")
    alive = [name for name, other in others.items() if other.get("/account").path == "/account"]
    assert len(alive) == 2
    browser.get("/account/security")
    browser.submit(press="Sign out everywhere else")
    assert all(other.get("/account").path.startswith("/login") for other in others.values())
    assert browser.get("/account").path == "/account"


def test_nobody_signs_out_somebody_elses_browser(browser: Browser, app: Flask, world: World, carla: Actor) -> None:
    world.user("Mallory", address="mallory@example.com", password=PASSWORD)
    for name in ("one", "two"):
        Browser(app, User_Agent=name).login("carla@example.com", PASSWORD)
    page = browser.get("/account/security")
    uid = page.form("/account/devices/revoke").value("uid")
    mallory = Browser(app)
    mallory.login("mallory@example.com", PASSWORD)
    assert mallory.post("/account/devices/revoke", {"uid": uid}).status == 403
    assert uid in browser.get("/account/security").text


def test_a_token_is_shown_once_works_and_is_revoked(
    browser: Browser, desk: Helpdesk, carla: Actor, clock: TestClock
) -> None:
    browser.get("/account/tokens")
    page = browser.submit("token", name="Backup script", scope="read", lasts="30")
    token = next(word for word in page.text.replace('"', " ").split() if word.startswith("hd_") and len(word) > 30)
    with desk.read() as session:
        found = load_actor_by_api_token(desk, session, token)
    assert found is not None
    assert (found.actor.user_id, found.actor.read_only) == (carla.user_id, True)
    page = browser.get("/account/tokens")
    assert token not in page.text
    assert "Backup script" in page.words
    assert "Reads only" in page.words
    page = browser.submit(press="Revoke")
    assert "Backup script" not in page.words
    with desk.read() as session:
        assert load_actor_by_api_token(desk, session, token) is None


def test_a_token_ends_when_its_time_is_over(browser: Browser, desk: Helpdesk, carla: Actor, clock: TestClock) -> None:
    browser.get("/account/tokens")
    page = browser.submit("token", name="Short", scope="", lasts="30")
    assert "May do all that you may" in page.words
    token = next(word for word in page.text.replace('"', " ").split() if word.startswith("hd_") and len(word) > 30)
    clock.advance(days=31)
    with desk.read() as session:
        assert load_actor_by_api_token(desk, session, token) is None


def test_a_token_without_a_name_is_not_made(browser: Browser, desk: Helpdesk, carla: Actor) -> None:
    browser.get("/account/tokens")
    page = browser.submit("token", name=" ", scope="", lasts="never")
    assert page.status == 422
    assert "Give the token a name" in page.link_words("#f-name")
    assert (page.form("token").value("scope"), page.form("token").value("lasts")) == ("", "never")


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 15) Chrome/140 Safari/537 Edg/140", "Edge, macOS"),
        ("curl/8.5", "curl/8.5"),
    ],
)
def test_browsers_are_called_by_names_that_people_know(agent: str, name: str) -> None:
    assert device_name(agent) == name


def test_the_pages_of_an_account_need_few_queries(browser: Browser, app: Flask, desk: Helpdesk, carla: Actor) -> None:
    for _browser in range(3):
        Browser(app).login("carla@example.com", PASSWORD)
    browser.get("/account")
    for path in ("/account", "/account/security", "/account/tokens"):
        with count_queries(desk) as queries:
            browser.get(path)
        assert len(queries) <= 8, f"{path}\n{queries}"


def test_ones_data_can_be_taken_along(browser: Browser, world: World, carla: Actor) -> None:

    browser.get("/account/data")
    browser.submit("/account/data/export")
    assert browser.response is not None
    with zipfile.ZipFile(BytesIO(browser.response.data)) as archive:
        assert json.loads(archive.read("person.json"))["uid"] == carla.uid


def test_erasure_is_asked_for_by_a_ticket_once_one_is_sure(browser: Browser, world: World, carla: Actor) -> None:
    world.department("support")
    browser.get("/account/data")
    page = browser.submit("erase", body="I have moved.")
    assert page.status == 422
    assert page.link("Tick the box") == "#f-sure"
    assert page.form("erase").value("body") == "I have moved."
    page = browser.submit("erase", sure=True)
    assert page.title.startswith("Erase my personal data")
    assert "I have moved." in page.words
    assert "We have your request." in page.words
