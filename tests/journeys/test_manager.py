"""A manager looks at how the desk does, sees to what is late, gives work to others, and puts tickets in order."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from helpdesk_core.app import create_app
from helpdesk_core.tickets import conversation
from helpdesk_core.tickets.inputs import NewMessage
from tests.browsers import PATIENCE, serving
from tests.journeys.conftest import PASSWORD, Place, Site, Visit, enter, sign_in


@pytest.fixture(scope="module")
def address(place: Place) -> Iterator[str]:
    with serving(create_app(place.desk)) as url:
        yield url


def window(chromium: Browser, url: str, width: int, *, scripts: bool) -> Page:
    context = chromium.new_context(
        base_url=url, viewport={"width": width, "height": 860}, locale="en-GB", java_script_enabled=scripts
    )
    context.set_default_timeout(PATIENCE)
    return context.new_page()


@pytest.mark.parametrize(("width", "scripts", "colleague"), [(1280, True, "Robin Adler"), (390, False, "Katrin Vogt")])
def test_reports_lead_to_tickets_that_somebody_else_takes_over(
    address: str, chromium: Browser, width: int, scripts: bool, colleague: str
) -> None:
    page = window(chromium, address, width, scripts=scripts)
    enter(page, "manager@example.com")
    page.goto("/desk/x/sla/report")
    page.get_by_label("By", exact=True).select_option(label="Department")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("cell", name="Support").first).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as CSV").click()
    assert download.value.suggested_filename == "service-levels.csv"

    page.goto("/desk/x/ratings/")
    expect(page.get_by_role("heading", name="What customers say")).to_be_visible()
    page.locator("section[aria-labelledby=comments] a").first.click()
    expect(page.locator(".hd-tickethead")).to_be_visible()

    page.goto("/desk/tickets?view=open")
    page.get_by_text("More filters").click()
    page.get_by_label("Service levels").select_option(label="Target missed")
    page.locator("[data-filter]").click()
    late = page.locator("[data-row]")
    expect(late.first).to_be_visible()
    number = late.first.get_attribute("data-row")
    page.set_viewport_size({"width": 1280, "height": 860})  # phones change tickets one by one
    late.first.get_by_role("checkbox").check()
    page.locator(".hd-bulk [name=assignee]").select_option(label=colleague)
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("1 ticket changed.")).to_be_visible()
    page.goto(f"/desk/tickets/{number}")
    expect(page.get_by_label("Assignee").first).to_have_value(value_of(page, colleague))


def value_of(page: Page, name: str) -> str:
    """Return what stands for somebody in the choice of assignees."""
    found = page.locator("#properties [name=assignee] option", has_text=name).first.get_attribute("value")
    assert found
    return found


@pytest.mark.parametrize(("width", "scripts"), [(1280, True), (390, False)])
def test_tickets_are_split_merged_and_put_back(site: Site, visit: Visit, width: int, scripts: bool) -> None:
    world = site.world
    world.grant(world.user("Maria Manager", address="maria@example.com", password=PASSWORD), "manager")
    customer = world.customer()
    number = world.ticket(customer, subject="Mail is late").ticket.number or ""
    conversation.reply(site.desk, customer, number, NewMessage(text="And my invoice is wrong."))
    other = world.ticket(customer, subject="Mail is still late").ticket.number or ""
    page = visit(width, scripts=scripts)
    page.on("dialog", lambda dialog: dialog.accept())
    sign_in(page, "maria@example.com")

    page.goto(f"/desk/tickets/{number}")
    links = page.locator("#links")
    links.locator("> summary").click()
    links.get_by_text("Split several messages off").click()
    links.get_by_label("And my invoice is wrong.").check()
    links.get_by_label("Subject of the new ticket").fill("Wrong invoice")
    links.get_by_role("button", name="Split off").click()
    expect(page.get_by_role("heading", name="Wrong invoice")).to_be_visible()
    expect(page.get_by_text("And my invoice is wrong.").first).to_be_visible()
    page.goto(f"/desk/tickets/{number}")
    expect(page.locator(".hd-letter", has_text="And my invoice is wrong.")).to_have_count(0)
    page.locator("#links form[action*=undo]").get_by_role("button", name="Undo").click()
    page.goto(f"/desk/tickets/{number}")
    expect(page.locator(".hd-letter", has_text="And my invoice is wrong.")).to_be_visible()

    page.goto(f"/desk/tickets/{other}")
    opened(page)
    page.get_by_label("Merge into number").fill(number)
    page.get_by_role("button", name="Merge", exact=True).click()
    if scripts:
        page.get_by_role("dialog").get_by_role("button", name="Merge", exact=True).click()
    expect(page.get_by_role("heading", name="Mail is late")).to_be_visible()
    opened(page)
    page.locator("#links form[action*=undo]").get_by_role("button", name="Undo").first.click()
    page.goto(f"/desk/tickets/{other}")
    expect(page.get_by_text("was merged into another one")).to_have_count(0)


def opened(page: Page) -> None:
    """Open the panel of links, if it is folded."""
    if page.locator("#links").get_attribute("open") is None:
        page.locator("#links > summary").click()
