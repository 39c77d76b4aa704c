"""Journeys of an agent and a manager through the lists, in Chromium against a running server."""

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
from helpdesk_core.users.models import User
from helpdesk_core.users.sessions import revoke_sessions
from tests.browsers import PATIENCE, serving

PASSWORD = "a password for tests"
Open = Callable[..., Any]


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    with serving(app) as url:
        yield url


@pytest.fixture
def opened(chromium: Browser, address: str) -> Iterator[Open]:
    """Return what opens a page of the desk as somebody; nothing may be wrong in the browser's console at the end."""
    said: list[str] = []
    with ExitStack() as windows:

        def open_page(user: User, path: str, **options: Any) -> Any:
            page = windows.enter_context(chromium.new_context(base_url=address, **options)).new_page()
            page.set_default_timeout(PATIENCE)
            page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
            page.on("pageerror", lambda error: said.append(str(error)))
            page.goto(f"/login?next={path}")
            page.locator("input[name=address]").fill(user.primary_email or "")
            page.locator("input[name=password]").fill(PASSWORD)
            page.locator("input[name=password]").press("Enter")
            page.wait_for_url(f"**{path}")
            return page

        yield open_page
    assert said == []


@pytest.fixture
def agent(world: World) -> User:
    user = world.user("Adam Agent", password=PASSWORD)
    world.grant(user)
    return user


def row(page: Any, number: str) -> Any:
    return page.locator(f"[data-row='{number}']")


def focused(page: Any) -> str:
    return str(page.evaluate("document.activeElement.closest('[data-row]')?.dataset.row ?? ''"))


def test_an_agent_works_through_a_list_by_keyboard(desk: Helpdesk, world: World, agent: User, opened: Open) -> None:
    first, second = (world.ticket(subject=name).ticket.number or "" for name in ("First", "Second"))
    page = opened(agent, "/desk/tickets?view=open", viewport={"width": 1100, "height": 800})
    page.keyboard.press("j")
    assert focused(page) == second
    page.keyboard.press("j")
    assert focused(page) == first
    page.keyboard.press("k")
    page.keyboard.press("p")
    page.get_by_role("menuitemradio", name="Urgent").click()
    expect(row(page, second).locator("[data-set=priority]")).to_have_attribute("data-now", "urgent")
    expect(page.get_by_text("1 ticket changed.")).to_be_visible()
    assert focused(page) == second
    page.keyboard.press("u")
    expect(page.get_by_text("Undone.")).to_be_visible()
    expect(row(page, second).locator("[data-set=priority]")).to_have_attribute("data-now", "normal")
    page.keyboard.press("/")
    page.keyboard.type("jx?u")  # nothing fires while typing
    assert page.locator("input[type=search]").input_value() == "jx?u"
    assert page.locator("dialog[open]").count() == 0
    page.keyboard.press("Escape")
    page.locator("body").click(position={"x": 600, "y": 790})
    page.keyboard.press("?")
    for words in ("Write a reply", "Set status", "Next in the list", "My turn"):
        expect(page.get_by_role("dialog").get_by_text(words, exact=True).first).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    with page.expect_navigation(url="**view=open"):
        page.keyboard.press("o")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/desk/tickets/{second}")


def test_no_column_of_the_list_leaves_the_page(desk: Helpdesk, world: World, agent: User, opened: Open) -> None:
    customer = world.customer("Maximiliane Oberhuber-Winterstein")
    number = world.ticket(customer).ticket.number or ""
    changing.change(desk, world.agent("Other", role="admin"), number, Change(status="waiting"))
    page = opened(agent, "/desk/tickets?view=waiting")
    for width in (800, 1000, 1024, 1280, 1366, 1440):
        page.set_viewport_size({"width": width, "height": 800})
        table = page.locator("table").first
        end, edge = table.evaluate("table => [table.scrollWidth, table.parentElement.clientWidth]")
        assert end <= edge, f"at {width} px the list needs {end} of {edge} px"


def test_many_at_once_tell_what_was_refused(desk: Helpdesk, world: World, agent: User, opened: Open) -> None:
    numbers = [world.ticket().ticket.number or "" for _ in range(3)]
    page = opened(agent, "/desk/tickets?view=open")
    for number in numbers:
        row(page, number).get_by_role("checkbox").check()
    expect(page.locator("[data-selected-count]")).to_have_text("3")
    changing.change(desk, world.agent("Other", role="admin"), numbers[0], Change(priority="high"))
    world.department("abuse")
    changing.move(desk, world.agent("Third"), numbers[1], "abuse")
    keep_only_support(world, agent)
    page.locator(".hd-bulk [name=priority]").select_option("high")
    page.get_by_role("button", name="Apply").click()
    outcome = page.locator("[data-outcome]")
    expect(outcome).to_contain_text("1 ticket changed.")
    expect(outcome).to_contain_text("1 was so already.")
    expect(outcome).to_contain_text(f"#{numbers[1]}")
    expect(row(page, numbers[2]).locator("[data-set=priority]")).to_have_attribute("data-now", "high")
    outcome.get_by_role("button", name="Undo").click()
    expect(row(page, numbers[2]).locator("[data-set=priority]")).to_have_attribute("data-now", "normal")


def keep_only_support(world: World, user: User) -> None:
    """Leave the person only the department of the tests' tickets."""
    from sqlalchemy import update

    from helpdesk_core.actor import SYSTEM
    from helpdesk_core.users.models import Grant

    department = world.department("support")
    with world.desk.begin(SYSTEM) as tx:
        tx.session.execute(update(Grant).where(Grant.user_id == user.id).values(department_id=department.id))
        tx.reference_changed()


def test_who_is_signed_out_somewhere_else_is_told_on_open_pages(
    desk: Helpdesk, world: World, agent: User, chromium: Browser, address: str
) -> None:
    number = world.ticket().ticket.number or ""
    context = chromium.new_context(base_url=address)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"/login?next=/desk/tickets/{number}")
    page.locator("input[name=address]").fill(agent.primary_email or "")
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("input[name=password]").press("Enter")
    message = page.get_by_label("Message", exact=True)
    message.fill("Half a sentence")
    lists = context.new_page()
    lists.goto("/desk/tickets?view=open")
    expect(page.locator("[data-draft-state]")).to_have_text("Draft kept")
    revoke_sessions(desk, SYSTEM, agent.uid)
    lists.bring_to_front()
    row(lists, number).get_by_role("checkbox").check()
    lists.locator(".hd-bulk [name=priority]").select_option("high")
    lists.get_by_role("button", name="Apply").click()
    expect(lists.locator(".hd-toasts")).to_contain_text("You are signed out here.")
    expect(lists.locator(".hd-toasts")).not_to_contain_text("JSON")
    page.bring_to_front()
    expect(page.locator(".hd-toasts")).to_contain_text("You are signed out here.")
    expect(message).to_have_value("Half a sentence")
    page.locator(".hd-toasts").get_by_role("link", name="Sign in").click()
    page.locator("input[name=address]").fill(agent.primary_email or "")
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("input[name=password]").press("Enter")
    expect(message).to_have_value("Half a sentence")
    context.close()


def test_wide_screens_show_the_ticket_beside_the_list(desk: Helpdesk, world: World, agent: User, opened: Open) -> None:
    first, second = (world.ticket(subject=name, text=f"Text of {name}").ticket.number or "" for name in ("One", "Two"))
    page = opened(agent, "/desk/tickets?view=open", viewport={"width": 1500, "height": 900})
    page.get_by_role("link", name="Two").click()
    pane = page.locator(".hd-pane--ticket")
    expect(pane).to_contain_text("Text of Two")
    expect(row(page, second)).to_have_attribute("aria-current", "true")
    expect(row(page, second)).not_to_have_class("hd-unread")
    page.keyboard.press("j")
    expect(pane).to_contain_text("Text of One")
    page.reload()
    expect(pane).to_contain_text("Text of One")
    page.locator(".hd-pane--list").click(position={"x": 5, "y": 880})
    page.keyboard.press("Escape")
    expect(pane).to_have_count(0)
    page.set_viewport_size({"width": 1200, "height": 900})
    page.get_by_role("link", name="One").click()
    page.wait_for_url(f"**/desk/tickets/{first}")


def test_an_open_list_stays_as_it_is_until_asked(desk: Helpdesk, world: World, agent: User, opened: Open) -> None:
    customer = world.customer("Carla Customer")
    old = world.ticket(customer, subject="Old").ticket.number or ""
    page = opened(agent, "/desk/tickets?view=open")
    page.evaluate("window.ask = () => document.dispatchEvent(new Event('hd:changed'))")
    new = world.ticket(customer, subject="Brand new").ticket.number or ""
    changing.change(desk, world.agent("Other"), old, Change(priority="high"))
    page.evaluate("ask()")
    expect(row(page, old).locator("[data-set=priority]")).to_have_attribute("data-now", "high")
    expect(page.locator("[data-newcomers]")).to_contain_text("New in this list: 1")
    expect(row(page, new)).to_have_count(0)
    expect(page.locator(".hd-rail [data-view=open] .hd-count")).to_have_text("2")
    page.get_by_role("button", name="Show").press("Enter")
    expect(row(page, new)).to_be_visible()
    expect(row(page, new).get_by_role("link")).to_be_focused()
    changing.change(desk, world.agent("Third"), new, Change(assignee=agent.uid))
    changing.close(desk, world.agent("Fourth"), old)
    page.evaluate("ask()")
    expect(row(page, old)).to_contain_class("hd-left")
    expect(page).to_have_title("(1) All open · Helpdesk")
    assert "n=1" in page.locator("link[rel=icon]").get_attribute("href")


def test_a_watched_workspace_is_heard_once_in_all_windows(
    desk: Helpdesk, world: World, agent: User, opened: Open
) -> None:
    customer = world.customer("Carla Customer")
    number = world.ticket(customer).ticket.number or ""
    page = opened(agent, "/desk/tickets?view=unassigned", permissions=["notifications"])
    page.get_by_label("Watch this workspace").click()
    page.get_by_label("Play a sound").check()
    page.get_by_label("Show a notification of the browser").check()
    page.locator("form[data-watch]").get_by_role("button", name="Save").click()
    expect(page.locator(".hd-rail [data-view=unassigned] .hd-rail__watched")).to_be_visible()
    other = page.context.new_page()
    other.goto("/desk/tickets?view=mine")
    for each in (page, other):
        each.evaluate("window.heard = []; document.addEventListener('hd:news', ({ detail }) => heard.push(...detail))")
    conversation.reply(desk, customer, number, NewMessage(text="Are you there?"))
    page.evaluate("document.dispatchEvent(new Event('hd:changed'))")
    for _ in range(PATIENCE // 100):
        if page.evaluate("heard.length"):
            break
        page.wait_for_timeout(100)
    assert page.evaluate("heard[0].sound && heard[0].notify && heard[0].title") == "Carla Customer wrote"
    with other.expect_response("**/desk/live**"):
        other.evaluate("document.dispatchEvent(new Event('hd:changed'))")
    assert other.evaluate("heard.length") == 0


def test_the_palette_goes_anywhere(world: World, agent: User, opened: Open) -> None:
    number = world.ticket(subject="Mail is late").ticket.number or ""
    page = opened(agent, "/desk/tickets?view=open")
    page.keyboard.press("Control+k")
    page.keyboard.type("closed rec")
    page.keyboard.press("Enter")
    page.wait_for_url("**view=closed")
    page.keyboard.press("Control+k")
    page.keyboard.type("mail is")
    page.get_by_role("option", name=f"#{number} Mail is late").click()
    page.wait_for_url(f"**/desk/tickets/{number}")
    page.goto("/desk/tickets?view=open")
    page.keyboard.press("/")
    page.keyboard.type("late")
    page.get_by_role("link", name="Mail is late").first.wait_for()
    page.locator(".hd-search__results a").first.wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/desk/tickets/{number}")


def test_a_manager_makes_a_workspace_for_a_department(world: World, opened: Open) -> None:
    world.ticket()
    manager = world.user("Mara Manager", password=PASSWORD)
    world.grant(manager, "manager")
    page = opened(manager, "/desk/tickets?view=open")
    page.get_by_label("Priority", exact=True).select_option("urgent")
    page.wait_for_url("**priority=urgent**")
    page.locator("summary[aria-label='Workspace']").click()
    page.get_by_label("Keep this list as").fill("Fires")
    page.get_by_role("button", name="Keep").click()
    page.locator("summary[aria-label='Workspace']").click()
    page.get_by_role("link", name="Change this workspace").click()
    page.get_by_label("Who has it").select_option("department:support")
    page.get_by_role("button", name="Status: one up").click()
    page.get_by_role("button", name="Status: one up").click()
    page.get_by_role("button", name="Status: one up").click()
    page.get_by_role("checkbox", name="Department").last.uncheck()
    page.get_by_role("button", name="Save").last.click()
    page.wait_for_url("**view=**")
    page.goto("/desk/workspaces")
    line = page.get_by_role("row").filter(has_text="Fires")
    expect(line).to_contain_text("Shared in a department")
    line.get_by_role("button", name="one up").click()
    lines = page.locator("[data-order] tbody tr")
    expect(lines.nth(lines.count() - 2)).to_contain_text("Fires")


def test_what_narrows_a_list_of_the_admin_pages_is_in_sight_on_a_phone(world: World, opened: Open) -> None:
    admin = world.user("Ida Admin", password=PASSWORD)
    world.grant(admin, "admin")
    for path, button in (("/admin/people", "Find"), ("/admin/audit", "Show")):
        page = opened(admin, path, viewport={"width": 320, "height": 700})
        bar = page.locator("form.hd-filters")
        assert bar.evaluate("(bar) => bar.scrollWidth - bar.clientWidth") <= 0
        expect(bar.get_by_role("button", name=button)).to_be_in_viewport(ratio=1)
        for field in bar.locator("input:not([type=hidden])").all():
            assert field.bounding_box()["width"] > 120


def test_what_was_saved_is_said_and_can_be_put_away(world: World, opened: Open) -> None:
    admin = world.user("Ida Admin", password=PASSWORD)
    world.grant(admin, "admin")
    for scripts in (True, False):
        page = opened(admin, "/admin/settings/core.mail", java_script_enabled=scripts)
        page.get_by_label("Port").fill(str(587 + scripts))
        page.get_by_label("Mail server").fill(f"mail{scripts:d}.example.com")
        page.get_by_role("button", name="Save settings").click()
        said = page.locator(".hd-desk__flashes .hd-flash")
        expect(said).to_have_count(2)
        for _each in range(2 * scripts):
            said.first.get_by_role("button", name="Close").click()
        expect(said).to_have_count(0 if scripts else 2)
        page.get_by_role("button", name="Send a test mail").click()  # at the end of the page, where notes stand
        expect(page.locator(".hd-desk__flashes .hd-flash").first).to_be_visible()


@pytest.mark.parametrize("width", [1280, 390])
def test_a_theme_that_is_tried_covers_no_button(world: World, opened: Open, width: int) -> None:
    admin = world.user("Ida Admin", password=PASSWORD)
    world.grant(admin, "admin")
    page = opened(admin, "/admin/settings/core.theme", viewport={"width": width, "height": 780})
    page.get_by_role("button", name="Try it yourself").first.click()
    expect(page.locator(".hd-trying")).to_be_visible()
    for scroller in ("html", "main"):
        page.locator(scroller).evaluate("(each) => each.scrollTo({ top: 1e6, behavior: 'instant' })")
    bar, button = (
        each.bounding_box() for each in (page.locator(".hd-trying"), page.get_by_role("button", name="Save settings"))
    )
    assert button["y"] + button["height"] <= bar["y"]


def test_the_list_fits_a_phone_and_needs_no_script(world: World, agent: User, opened: Open) -> None:
    number = world.ticket(subject="Old").ticket.number or ""
    phone = opened(agent, "/desk/tickets?view=open", viewport={"width": 320, "height": 700})
    assert phone.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    plain = opened(agent, "/desk/tickets?view=open", java_script_enabled=False)
    row(plain, number).get_by_role("checkbox").check()
    plain.locator(".hd-bulk [name=priority]").select_option("high")
    plain.get_by_role("button", name="Apply").click()
    expect(plain.get_by_text("1 ticket changed.")).to_be_visible()
    plain.get_by_role("button", name="Undo").click()
    expect(plain.get_by_text("Undone.")).to_be_visible()
    plain.get_by_role("link", name="Old").click()
    expect(plain).to_have_url(f"{plain.url.split('/desk')[0]}/desk/tickets/{number}")
