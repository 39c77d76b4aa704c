"""Files that are too large: nothing is sent, what was typed is kept, and the person is told what fits."""

import json
from io import BytesIO
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect
from sqlalchemy import func, select

from helpdesk_core.actor import SYSTEM, Actor
from helpdesk_core.administration.service import save_settings
from helpdesk_core.app import create_app
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.browser import Browser, File
from helpdesk_core.testing.site import World
from helpdesk_core.tickets.models import Message, Ticket
from helpdesk_core.users.tokens import create_token
from tests.browsers import PATIENCE, serving

MEGABYTE = 1024 * 1024
HUGE = [File(f"disk{part}.img", bytes(2 * MEGABYTE)) for part in range(4)]
"""More than a form may have where a file may have one megabyte: four for all of them, and two for the words."""
PASSWORD = "three blue lamps"
LIMITS = "a file may have 1 MB, and all together 4 MB"


@pytest.fixture(autouse=True)
def _small_files(desk: Helpdesk, world: World) -> None:
    save_settings(desk, SYSTEM, "core.site", {"attachment_max_mb": 1})
    world.department("support")


@pytest.fixture
def carla(world: World) -> Actor:
    return world.customer("Carla Customer", address="carla@example.com", password=PASSWORD)


@pytest.fixture
def signed_in(desk: Helpdesk, carla: Actor) -> Browser:
    browser = Browser(create_app(desk))
    browser.login("carla@example.com", PASSWORD)
    return browser


def count(desk: Helpdesk, model: type[Ticket] | type[Message]) -> int:
    with desk.read() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_a_visitors_question_is_shown_again_as_it_was_typed(app: Flask, desk: Helpdesk) -> None:
    browser = Browser(app)
    browser.get("/tickets/new")
    page = browser.submit("new-ticket", email="vera@example.net", subject="Disk", body="It is full.", files=HUGE)
    assert page.status == 422
    assert LIMITS in page.words
    form = page.form("new-ticket")
    assert [form.value(name) for name in ("email", "subject", "body")] == ["vera@example.net", "Disk", "It is full."]
    assert count(desk, Ticket) == 0
    browser.submit("new-ticket", files=File("small.txt"))
    assert count(desk, Ticket) == 1


def test_a_customers_answer_is_shown_again(signed_in: Browser, desk: Helpdesk, world: World, carla: Actor) -> None:
    number = world.ticket(carla).ticket.number
    signed_in.get(f"/tickets/{number}")
    page = signed_in.submit("composer", body="See the picture of the disk.", files=HUGE)
    assert page.status == 422
    assert LIMITS in page.words
    assert page.form("composer").value("body") == "See the picture of the disk."
    assert count(desk, Message) == 1


def test_an_agents_message_and_ticket_are_shown_again(desk: Helpdesk, world: World) -> None:
    world.agent("Ada Agent", address="ada@example.com", password=PASSWORD)
    number = world.ticket().ticket.number
    browser = Browser(create_app(desk))
    browser.login("ada@example.com", PASSWORD)
    browser.get(f"/desk/tickets/{number}")
    for pressed in ("", "preview=1"):
        page = browser.submit("composer", body="Here it is.", files=HUGE, press=pressed)
        assert LIMITS in page.words, pressed
        assert page.form("composer").value("body") == "Here it is.", pressed
    assert count(desk, Message) == 1
    browser.get("/desk/tickets/new")
    page = browser.submit(
        "/desk/tickets/new", subject="By phone", body="She said so.", email="v@example.net", files=HUGE
    )
    assert page.status == 422
    assert LIMITS in page.words
    assert page.form("/desk/tickets/new").value("body") == "She said so."
    assert count(desk, Ticket) == 1


def test_a_single_file_that_the_script_sends_is_answered_with_the_limits(signed_in: Browser) -> None:
    signed_in.get("/tickets/new")
    response = signed_in.client.post(
        "/attachments",
        data={"csrf_token": signed_in.token(), "file": (BytesIO(bytes(8 * MEGABYTE)), "disk.img")},
    )
    assert response.status_code == 422
    assert LIMITS in response.get_json()["error"]


def test_a_program_that_sends_too_much_is_told_so_when_it_has_sent_it(desk: Helpdesk, carla: Actor) -> None:
    token = create_token(desk, carla, carla.uid or "", "Program").token
    headers = {"Content-Type": "multipart/form-data; boundary=x", "Authorization": f"Bearer {token}"}
    with serving(create_app(desk)) as url:
        asked = Request(f"{url}/api/v1/attachments", data=bytes(20 * MEGABYTE), headers=headers)
        with pytest.raises(HTTPError) as caught:
            urlopen(asked, timeout=60)
        assert caught.value.code == 413
        assert json.load(caught.value)["code"] == "too-large"


def test_what_is_far_beyond_the_limit_is_not_even_read(app: Flask) -> None:
    browser = Browser(app)
    browser.get("/tickets/new")
    response = browser.client.post(
        "/tickets/new",
        content_type="multipart/form-data; boundary=x",
        environ_overrides={"CONTENT_LENGTH": str(10**12)},
    )
    assert response.status_code == 413
    assert "nothing of it was taken in" in response.text


def test_the_browser_refuses_too_large_files_before_it_sends_them(
    desk: Helpdesk, chromium: Chromium, tmp_path: Path
) -> None:
    large, small = tmp_path / "disk.img", tmp_path / "notes.txt"
    large.write_bytes(bytes(2 * MEGABYTE))
    small.write_bytes(b"full")
    with serving(create_app(desk)) as url:
        page = chromium.new_page(base_url=url)
        page.set_default_timeout(PATIENCE)
        page.goto("/tickets/new")
        page.get_by_label("E-mail address").fill("vera@example.net")
        page.get_by_label("Subject").fill("Disk")
        page.get_by_label("Message").fill("It is full.")
        page.locator("input[type=file]").set_input_files([large, small])
        expect(page.get_by_role("alert").filter(has_text="a file may have 1 MB")).to_have_count(1)
        page.get_by_role("button", name="Send", exact=True).click()
        remove = page.get_by_role("button", name="Remove disk.img")
        expect(remove).to_be_focused()
        assert count(desk, Ticket) == 0
        remove.click()
        page.get_by_role("button", name="Send", exact=True).click()
        expect(page.get_by_role("heading", name="We have your question")).to_be_visible()
        page.close()
    assert count(desk, Ticket) == 1
