"""Pages in a language that is written from right to left: mirrored, and no wider than the window."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po
from playwright.sync_api import Browser, Page, expect

from helpdesk_core.app import create_app
from helpdesk_core.testing.plugins import PluginSite, plugin_site
from tests.browsers import PATIENCE, serving
from tests.journeys.conftest import PASSWORD

PORTAL = ("/", "/tickets", "/tickets/new", "/account", "/search?q=mail")
DESK = ("/desk/tickets?view=open", "/desk/search?q=mail", "/desk/workspaces")
ADMIN = ("/admin/", "/admin/departments", "/admin/roles", "/admin/settings")
LEFT_OF = """(pair) => {
  const [first, second] = pair.map((each) => document.querySelector(each).getBoundingClientRect().left);
  return first < second;
}"""
BEYOND = """() => {
  const moves = (each) => /auto|scroll/.test(getComputedStyle(each).overflowX);
  const scrolls = (each) => each && (moves(each) || scrolls(each.parentElement));
  const outside = ({ width, left, right }) => width && (left < -1 || right > innerWidth + 1);
  return [...document.querySelectorAll("main :is(h1, h2, p, a, button, input, select, textarea)")]
    .filter((each) => each.checkVisibility() && !each.closest(".hd-hidden") && !scrolls(each))
    .filter((each) => outside(each.getBoundingClientRect())).map((each) => each.outerHTML.slice(0, 80));
}"""
"""What nobody can reach: outside of the window, and of everything that can be moved sideways."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[PluginSite]:
    """A helpdesk that somebody has begun to translate into Arabic."""
    catalogue = Catalog(locale="ar", fuzzy=False)
    catalogue.add("Sign in", "تسجيل الدخول")
    place = tmp_path / "instance" / "locales" / "ar" / "LC_MESSAGES"
    place.mkdir(parents=True)
    with (place / "helpdesk.po").open("wb") as file:
        write_po(file, catalogue)
    with plugin_site(folder=tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("width", [1280, 320])
def test_pages_are_mirrored_and_fit(site: PluginSite, chromium: Browser, width: int) -> None:
    world = site.world
    world.grant(world.user("Mara Manager", address="mara@example.com", password=PASSWORD, locale="ar"), "admin")
    customer = world.customer("Carla Customer")
    number = world.ticket(customer, subject="البريد لا يصل", text="منذ **الصباح** لا يصل البريد.").ticket.number or ""
    with serving(create_app(site.desk)) as url:
        context = chromium.new_context(base_url=url, viewport={"width": width, "height": 860}, locale="ar")
        context.set_default_timeout(PATIENCE)
        look_at_all(context.new_page(), number, wide=width > 1000)
        context.close()


def look_at_all(page: Page, number: str, *, wide: bool) -> None:
    page.goto("/login")
    assert_fits(page)
    page.locator("[name=address]").fill("mara@example.com")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=password]").press("Enter")
    page.wait_for_url(lambda url: "/login" not in url)
    for path in (*PORTAL, *DESK, f"/desk/tickets/{number}", *ADMIN):
        page.goto(path)
        assert_fits(page)
    if wide:
        page.goto(f"/desk/tickets/{number}")
        assert page.evaluate(LEFT_OF, ["main", ".hd-rail"]), "the rail stands at the right, where reading begins"
        assert page.evaluate(LEFT_OF, [".hd-tickethead__actions", ".hd-tickethead__subject"])
        expect(page.locator(".hd-letter__body strong")).to_have_text("الصباح")


def assert_fits(page: Page) -> None:
    """The page runs from right to left, and nothing of it is beyond the window."""
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, page.url
    assert page.evaluate(BEYOND) == [], page.url
