"""The ticket page in Chromium: an agent's day on it, and two agents on the same ticket at once."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from helpdesk_core.actor import SYSTEM
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.site import World
from helpdesk_core.tickets import changing, conversation
from helpdesk_core.tickets.inputs import Change, NewMessage
from tests.browsers import PATIENCE, serving

PASSWORD = "correct horse battery"
Enter = Callable[[str, list[str]], Any]


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    with serving(app) as url:
        yield url


@pytest.fixture
def enter(chromium: Browser, address: str, world: World) -> Iterator[Enter]:
    """Return what opens the page of a new agent who has signed in; the list gets what the console complains of."""
    with ExitStack() as windows:

        def open_page(name: str, said: list[str]) -> Any:
            user = world.user(name, password=PASSWORD)
            world.grant(user, "agent")
            options: Any = {"viewport": {"width": 1440, "height": 900}, "locale": "en-GB", "base_url": address}
            page = windows.enter_context(chromium.new_context(**options)).new_page()
            page.set_default_timeout(PATIENCE)
            page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
            page.on("pageerror", lambda error: said.append(str(error)))
            page.goto("/login")
            page.get_by_label("E-mail").first.fill(user.primary_email or "")
            page.locator("[name=password]").fill(PASSWORD)
            page.locator("form[action*=login] button[type=submit]").first.click()
            page.wait_for_url(lambda url: "/login" not in url)
            return page

        yield open_page


def test_an_agents_way_through_a_ticket(enter: Enter, world: World) -> None:
    number, said = world.ticket(text="My **site** is down").ticket.number, list[str]()
    page = enter("Adam Agent", said)
    page.goto(f"/desk/tickets/{number}")
    body = page.get_by_label("Message", exact=True)

    page.keyboard.press("r")
    expect(body).to_be_focused()
    page.keyboard.type("We *see* it.")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("[data-preview-pane] em")).to_have_text("see")
    page.get_by_role("button", name="Preview").click()
    expect(body).to_be_focused()
    expect(page.get_by_text("Draft kept")).to_be_visible()
    page.reload()
    expect(body).to_have_value("We *see* it.")

    page.locator("input[type=file]").set_input_files({"name": "seen.txt", "mimeType": "text/plain", "buffer": b"seen"})
    expect(page.locator("#composer input[name=attachments]")).to_have_count(1)
    body.press("Control+Enter")
    expect(page.locator(".hd-letter--held")).to_contain_text("We see it.")
    expect(body).to_have_value("")
    page.keyboard.press("u")
    expect(body).to_have_value("We *see* it.")
    expect(page.locator(".hd-composer__files")).to_contain_text("seen.txt")
    expect(page.locator(".hd-letter--held")).to_have_count(0)

    page.locator(".hd-tickethead__number").click()
    page.keyboard.press("n")
    expect(page.get_by_text("Only colleagues see this", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Send reply")).to_be_hidden()

    page.locator(".hd-tickethead__number").click()
    page.keyboard.press("s")
    expect(page.locator(".hd-pick[open] .hd-menu__item").first).to_be_focused()
    page.get_by_role("button", name="On hold", exact=True).click()
    expect(page.locator(".hd-tickethead .hd-pill")).to_have_text("On hold")
    page.keyboard.press("u")
    expect(page.locator(".hd-tickethead .hd-pill")).not_to_have_text("On hold")

    page.locator("[data-inplace] > summary").click()
    expect(page.locator("[data-inplace] input[name=subject]")).to_be_focused()
    page.keyboard.type("The site is down")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="The site is down")).to_be_visible()

    page.keyboard.press("m")
    expect(page.get_by_label("Department")).to_be_focused()
    with page.expect_response(lambda answer: "key=desk.links" in (answer.request.post_data or "")):
        page.locator("#links > summary").click()
    page.reload()
    expect(page.locator("#links")).to_have_attribute("open", "")
    assert said == []


def test_the_field_for_the_message_says_what_is_being_written(enter: Enter, world: World) -> None:
    number, said = world.ticket().ticket.number, list[str]()
    page = enter("Adam Agent", said)
    page.goto(f"/desk/tickets/{number}")
    body = page.get_by_label("Message", exact=True)
    expect(body).to_have_attribute("placeholder", "Write a reply")
    page.locator("#composer [name=kind][value=internal]").check(force=True)
    expect(body).to_have_attribute("placeholder", "Write a note for colleagues")
    assert page.locator("[placeholder=undefined]").count() == 0
    assert said == []


def test_two_agents_on_one_ticket(enter: Enter, world: World, desk: Helpdesk) -> None:
    customer, said = world.customer(), list[str]()
    number = world.ticket(customer).ticket.number or ""
    ada = enter("Ada Agent", said)
    ben = enter("Ben Agent", said)
    for page in (ada, ben):
        page.goto(f"/desk/tickets/{number}")
    expect(ada.get_by_text("Ben Agent is looking at this too")).to_be_visible()

    ben.keyboard.press("n")
    ben.keyboard.type("For @ad")
    expect(ada.get_by_text("Ben Agent is writing")).to_be_visible()
    expect(ben.locator("#mentions").get_by_role("option", name="Ada Agent")).to_be_visible()
    ben.keyboard.press("Enter")
    expect(ben.get_by_label("Message", exact=True)).to_have_value("For @Ada Agent ")

    ada.keyboard.press("r")
    ada.keyboard.type("Half a sentence")
    ben.keyboard.press("Control+Enter")
    expect(ada.locator(".hd-letter--note")).to_contain_text("For @Ada Agent")
    expect(ada.get_by_label("Message", exact=True)).to_have_value("Half a sentence")
    expect(ada.get_by_label("Message", exact=True)).to_be_focused()

    ada.locator("[name=read_to]").evaluate("field => { field.dataset.before = field.value }")
    conversation.reply(desk, customer, number, NewMessage(text="It works again."))
    expect(ada.get_by_text("It works again.").first).to_be_visible()
    ada.locator("[name=read_to]").evaluate("field => { field.value = field.dataset.before }")
    ada.keyboard.press("Control+Enter")
    expect(ada.get_by_role("alert").first).to_contain_text("answered while you were writing")
    expect(ada.get_by_label("Message", exact=True)).to_have_value("Half a sentence")

    ben.get_by_label("Tags").fill("mine")
    ada.get_by_label("Tags").fill("hers")
    ada.locator("#properties").get_by_role("button", name="Save").click()
    expect(ada.get_by_text("Changed.")).to_be_visible()
    ben.locator("#properties").get_by_role("button", name="Save").click()
    conflict = ben.get_by_role("alert").filter(has_text="Somebody else changed this ticket in between")
    expect(conflict).to_contain_text("hers")
    expect(conflict).to_contain_text("mine")
    conflict.get_by_role("button", name="Set mine").click()
    expect(ben.get_by_label("Tags")).to_have_value("mine")
    assert [each for each in said if "409" not in each] == []


def test_what_somebody_uses_is_brought_up_to_date_when_they_are_done(
    enter: Enter, world: World, desk: Helpdesk
) -> None:
    number = world.ticket().ticket.number or ""
    page = enter("Adam Agent", [])
    page.goto(f"/desk/tickets/{number}")
    status, tags = page.locator("#ticket-head .hd-pick > summary").first, page.get_by_label("Tags")
    status.focus()
    changing.change(desk, SYSTEM, number, Change(status="waiting", tags=("slow",)))
    expect(tags).to_have_value("slow")
    expect(status).to_be_focused()
    expect(status).not_to_contain_text("Waiting")
    page.get_by_label("Message", exact=True).focus()
    expect(status).to_contain_text("Waiting")
    expect(page.get_by_label("Message", exact=True)).to_be_focused()


def test_what_was_sent_while_the_server_was_away_is_not_lost(enter: Enter, world: World) -> None:
    number = world.ticket().ticket.number or ""
    page = enter("Adam Agent", [])
    page.goto(f"/desk/tickets/{number}")
    body = page.get_by_label("Message", exact=True)
    body.fill("Half an hour of work")
    page.context.set_offline(True)
    body.press("Control+Enter")
    page.wait_for_url("chrome-error://**")
    page.context.set_offline(False)
    page.goto(f"/desk/tickets/{number}")
    expect(body).to_have_value("Half an hour of work")
    body.press("Control+Enter")
    expect(page.locator(".hd-letter--held")).to_contain_text("Half an hour of work")
    page.reload()
    expect(page.locator(".hd-letter--held")).to_be_visible()
    expect(body).to_have_value("")


def test_what_is_said_covers_no_part_of_the_composer(enter: Enter, world: World) -> None:
    number = world.ticket().ticket.number or ""
    page = enter("Adam Agent", [])
    composer = page.locator("#composer")
    for width in (1440, 900):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(f"/desk/tickets/{number}")
        page.locator("#properties").get_by_role("button", name="Save").click()
        said = page.locator(".hd-desk__flashes .hd-flash")
        expect(said).to_be_visible()
        composer.scroll_into_view_if_needed()
        page.evaluate("document.dispatchEvent(new CustomEvent('hd:toast', { detail: { message: 'By the way' } }))")
        note = page.locator(".hd-toasts .hd-flash")
        expect(note).to_be_visible()
        for each in (said, note):
            assert not overlap(each.bounding_box(), composer.bounding_box()), width


def test_menus_in_the_head_of_a_ticket_stay_on_a_phone(enter: Enter, world: World) -> None:
    number = world.ticket().ticket.number or ""
    page = enter("Adam Agent", [])
    page.set_viewport_size({"width": 390, "height": 780})
    page.goto(f"/desk/tickets/{number}")
    buttons = page.locator(".hd-tickethead__meta .hd-pick > summary")
    expect(buttons).to_have_count(2)
    for button in buttons.all():
        button.click()
        expect(page.locator(".hd-pick[open] > .hd-menu__list")).to_be_in_viewport(ratio=1)
        page.keyboard.press("Escape")


def overlap(one: dict[str, float], other: dict[str, float]) -> bool:
    return all(
        one[start] < other[start] + other[size] and other[start] < one[start] + one[size]
        for start, size in (("x", "width"), ("y", "height"))
    )
