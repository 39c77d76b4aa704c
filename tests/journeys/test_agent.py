"""An agent from signing in to signing out; with scripts on a desktop, without on a phone."""

import re

import pytest
from playwright.sync_api import Page, expect

from helpdesk_core.jobs.worker import Worker
from helpdesk_core.testing.site import TestClock
from helpdesk_core.tickets import conversation
from helpdesk_core.tickets.inputs import NewMessage
from tests.journeys.conftest import PASSWORD, Site, Visit, sign_in


@pytest.fixture
def agent_of(site: Site) -> str:
    """The address of an agent who may do what agents do."""
    agent = site.world.user("Adam Agent", address="adam@example.com", password=PASSWORD)
    site.world.grant(agent, "agent")
    return "adam@example.com"


@pytest.mark.parametrize(("width", "scripts"), [(1280, True), (390, True), (390, False)])
def test_an_agent_takes_asks_back_answers_and_is_done(
    site: Site, visit: Visit, clock: TestClock, agent_of: str, width: int, scripts: bool
) -> None:
    def let_it_leave() -> None:
        """An answer waits for a while in which it can be taken back."""
        expect(page.locator(".hd-letter--held")).to_have_count(1)
        clock.advance(seconds=60)
        Worker(site.desk, jobs=()).run_once()
        page.reload()
        expect(page.locator(".hd-letter--held")).to_have_count(0)

    def fits() -> None:
        """Nothing of the page is beside the window; only scripts can measure that."""
        if scripts:
            assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url

    customer = site.world.customer("Carla Customer")
    number = site.world.ticket(customer, subject="Mail is late", text="Since **this morning**.").ticket.number or ""
    site.world.ticket(subject="Another matter")
    page = visit(width, scripts=scripts)
    sign_in(page, agent_of)

    page.goto("/desk/tickets?view=open")
    expect(page.get_by_role("link", name=re.compile("Mail is late")).first).to_be_visible()
    fits()
    page.get_by_role("link", name=re.compile("Mail is late")).first.click()
    if scripts and width > 1000:  # beside the list; from there it has a page of its own
        page.goto(f"/desk/tickets/{number}")
    expect(page.locator("strong", has_text="this morning")).to_be_visible()
    fits()
    page.get_by_role("button", name="Take it").click()
    expect(page.get_by_role("button", name="Take it")).to_have_count(0)

    write(page, "Note", "The queue was full at nine.", "Add note")
    expect(page.locator(".hd-letter--note")).to_contain_text("The queue was full at nine.")
    write(page, "Reply", "Which address do you *send* from?", "Send reply")
    let_it_leave()
    expect(page.locator(".hd-letter", has_text="Which address do you send from?")).to_be_visible()
    fits()

    page.goto("/desk/tickets?view=turn")
    line = page.locator(f"[data-row='{number}']")
    expect(line).to_have_count(0)
    conversation.reply(site.desk, customer, number, NewMessage(text="carla@example.org"))
    page.goto("/desk/tickets?view=turn")
    expect(line).to_be_visible()
    page.goto(f"/desk/tickets/{number}")
    expect(page.get_by_text("carla@example.org").first).to_be_visible()
    fits()
    write(page, "Reply", "Then it is mended.", "Send and set “Resolved”")
    let_it_leave()
    expect(page.locator(".hd-tickethead .hd-pill")).to_have_text("Resolved")

    page.goto("/desk/tickets?view=turn")
    expect(line).to_have_count(0)
    fits()
    page.goto("/desk/")
    sign_out(page)
    page.goto(f"/desk/tickets/{number}")
    expect(page).to_have_url(re.compile("/login"))


def write(page: Page, kind: str, text: str, send: str) -> None:
    """Write something below a ticket, and send it by that button, whether in sight or in the menu beside the first."""
    page.locator(".hd-composer__kind", has_text=kind).click()
    page.get_by_label("Message", exact=True).fill(text)
    button = page.locator("#composer button", has_text=send).locator("visible=true")
    if not button.count():
        page.get_by_label("More ways to send").click()
    button.first.click()


def sign_out(page: Page) -> None:
    """Find the way out."""
    if (menu := page.locator("[popovertarget=hd-rail]").first).is_visible():  # on a phone
        menu.click()
    page.locator(".hd-rail summary").last.click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(lambda url: "/desk" not in url)
