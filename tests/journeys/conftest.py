"""A helpdesk that serves, and people in front of real browsers."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page

from helpdesk_core.app import create_app
from helpdesk_core.cli.demo.people import PASSWORD as DEMO_PASSWORD
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.site import World
from tests.browsers import PATIENCE, serving
from tests.journeys.furnishing import furnished_demo, links_in_mails
from tests.journeys.pages import Survey, survey

PASSWORD = "three blue lamps"


@dataclass
class Site:
    """A running helpdesk, and what browsers complained about."""

    desk: Helpdesk
    world: World
    url: str
    complaints: list[str] = field(default_factory=list)


@pytest.fixture
def site(desk: Helpdesk, world: World) -> Iterator[Site]:
    """Serve `desk` on a free port; at the end no browser may have complained."""
    with serving(create_app(desk)) as url:
        served = Site(desk, world, url)
        yield served
    assert served.complaints == []


Visit = Callable[..., Page]


@pytest.fixture
def visit(site: Site, chromium: Browser) -> Iterator[Visit]:
    """Return a function that opens a window: `visit(width=390, scripts=False)`."""
    with ExitStack() as opened:

        def open_window(width: int = 1280, *, scripts: bool = True, **options: Any) -> Page:
            context = chromium.new_context(
                viewport={"width": width, "height": 860},
                java_script_enabled=scripts,
                base_url=site.url,
                **{"locale": "en-GB", **options},
            )
            opened.callback(context.close)
            context.set_default_timeout(PATIENCE)
            page = context.new_page()
            page.on("pageerror", lambda error: site.complaints.append(str(error)))
            page.on("console", lambda said: _listen(site, said.type, said.text))
            return page

        yield open_window


def _listen(site: Site, kind: str, text: str) -> None:
    # A form that is sent back says so with its status; the browser notes that as an error of its own.
    if kind == "error" and not re.search(r"status of (4\d\d)", text):
        site.complaints.append(text)


def sign_in(page: Page, address: str) -> None:
    """Sign in with the password of these tests."""
    page.goto("/login")
    page.get_by_label("E-mail address").fill(address)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(re.compile(r"^(?!.*/login)"))


@dataclass(frozen=True)
class Place:
    """The demo with all plugins, its application, and what pages it has."""

    desk: Helpdesk
    app: Flask
    pages: Survey
    guest_link: str


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The demo with all plugins, and something on each of their pages."""
    with furnished_demo(tmp_path_factory.mktemp("pages") / "demo") as desk:
        app = create_app(desk)
        links = links_in_mails(desk)
        yield Place(desk, app, survey(app, links), links[0])


def enter(page: Page, address: str) -> None:
    """Sign in as one of the demo's people, or not at all."""
    if address:
        page.goto("/login")
        page.locator("input[name=address]").fill(address)
        page.locator("input[name=password]").fill(DEMO_PASSWORD)
        page.locator("input[name=password]").press("Enter")
        page.wait_for_url(re.compile(r"^(?!.*/login)"))
