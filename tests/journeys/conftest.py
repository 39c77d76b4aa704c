"""A helpdesk that serves, and people in front of real browsers."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from helpdesk_core.app import create_app
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.site import World
from tests.browsers import PATIENCE, serving

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
                locale="en-GB",
                **options,
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
