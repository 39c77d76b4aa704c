"""The helpdesk in a page of another origin, in a real browser: strict host page, sandboxed frame, floating button."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from helpdesk_core.api.tickets import NewMessage, reply
from tests.browsers import serving

from .worlds import MEMBER, Sites

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FrameLocator, Page

ACCENT = "rgb(180, 0, 90)"
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Shop</title>
<link rel="stylesheet" href="/shop.css"><script src="{helpdesk}/x/cms/embed.js" defer></script></head>
<body><h1>Shop</h1>{part}</body></html>"""
PARTS = {
    "/visitor": '<helpdesk-embed site="main" path="new" title="Support"><a href="/mail">Write us</a></helpdesk-embed>',
    "/member": '<helpdesk-embed site="main" path="tickets" token-url="/token" title="Support"></helpdesk-embed>',
    "/widget": '<helpdesk-widget site="main" token-url="/token" label="Help"></helpdesk-widget>',
}


@dataclass
class Host:
    """A site of the company; `token` makes what `/token` answers, its pages load the elements from `helpdesk`."""

    port: int = 0
    helpdesk: str = ""
    token: Callable[[], str] = str
    asked: list[str] = field(default_factory=list)

    def at(self, path: str, name: str = "localhost") -> str:
        """Return the address of a page."""
        return f"http://{name}:{self.port}{path}"


@pytest.fixture
def host() -> Iterator[Host]:
    kept = Host()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kept.asked.append(self.path)
            kind, body = "text/html", PAGE.format(helpdesk=kept.helpdesk, part=PARTS.get(self.path, ""))
            if self.path == "/token":
                kind, body = "application/json", f'{{"token": "{kept.token()}"}}'
            elif self.path == "/shop.css":
                kind, body = "text/css", f":root {{ --hd-accent: {ACCENT}; --hd-radius: 0px }}"
            self.send_response(200)
            self.send_header("Content-Type", kind)
            policy = (
                f"default-src 'none'; style-src 'self'; connect-src 'self'; img-src 'self'; script-src {kept.helpdesk}"
            )
            self.send_header("Content-Security-Policy", f"{policy}; frame-src {kept.helpdesk}")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.port = server.server_port
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield kept
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def shop(open_world: Callable[..., Sites], host: Host) -> Iterator[Sites]:
    """A helpdesk that serves, with a site at `localhost`."""
    world = open_world(origins=[host.at("")])
    host.token = lambda: world.token("frame", **MEMBER)
    with serving(world.site.app) as helpdesk:
        host.helpdesk = helpdesk
        yield world


def opened(page: "Page", address: str) -> tuple["FrameLocator", list[str]]:
    """Open a page of the site; return its frame, and what the browser complains of."""
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address)
    return page.frame_locator("helpdesk-embed iframe"), complaints


def test_a_visitor_asks_in_a_frame_that_fits_its_content_and_wears_the_sites_colours(
    shop: Sites, host: Host, chromium: "Browser"
) -> None:
    page = chromium.new_page()
    frame, complaints = opened(page, host.at("/visitor"))
    button = frame.get_by_role("button", name="Send")
    button.wait_for()
    page.wait_for_function("document.querySelector('helpdesk-embed').frame.getBoundingClientRect().height > 400")
    tall = page.evaluate("document.querySelector('helpdesk-embed').frame.getBoundingClientRect().height")
    inside = frame.locator("body").evaluate("body => body.scrollHeight")
    assert abs(tall - inside) <= 2
    assert button.evaluate("each => getComputedStyle(each).backgroundColor") == ACCENT
    assert button.evaluate("each => getComputedStyle(each).borderRadius") == "0px"
    frame.get_by_label("E-mail address").fill("vera@example.net")
    frame.get_by_label("Subject").fill("Parcel")
    frame.get_by_label("Message").fill("It is lost.")
    frame.get_by_label("Files").set_input_files({"name": "a.txt", "mimeType": "text/plain", "buffer": b"smoke"})
    button.click()
    frame.get_by_role("heading", name="We have your question").wait_for()
    page.wait_for_function("document.querySelector('helpdesk-embed').frame.getBoundingClientRect().height < 400")
    assert complaints == []
    shop.site.work()
    assert b"Parcel" in shop.site.mail.to("vera@example.net")[0].content
    page.close()


def test_a_member_reads_and_answers_and_another_origin_is_refused(shop: Sites, host: Host, chromium: "Browser") -> None:
    number = shop.ask(subject="Invoice")["go"].rpartition("/")[2]
    agent = shop.site.world.agent("Adam Agent", "support")
    reply(shop.site.desk, agent, number, NewMessage(text="Which one?"))
    page = chromium.new_page()
    frame, complaints = opened(page, host.at("/member"))
    frame.get_by_role("link", name="Invoice").click()
    frame.get_by_text("Which one?").wait_for()
    frame.get_by_label("Your answer").fill("Number 7.")
    frame.get_by_role("button", name="Send").click()
    frame.get_by_role("listitem").filter(has_text="Number 7.").wait_for()
    frame.get_by_role("button", name="Close this ticket").click()
    frame.get_by_role("button", name="Open it again").wait_for()
    assert complaints == []
    assert page.context.cookies() == []
    page.goto(host.at("/visitor", "127.0.0.1"))
    page.get_by_role("link", name="Write us").wait_for(timeout=30_000)
    assert page.frame_locator("helpdesk-embed iframe").get_by_role("button", name="Send").count() == 0
    page.close()


def test_the_floating_button_opens_the_helpdesk_and_closes_by_key(shop: Sites, host: Host, chromium: "Browser") -> None:
    page = chromium.new_page(viewport={"width": 390, "height": 800})
    _frame, complaints = opened(page, host.at("/widget"))
    assert "/token" not in host.asked
    button = page.get_by_role("button", name="Help", exact=True)
    button.click()
    dialog = page.get_by_role("dialog", name="Help")
    frame = dialog.frame_locator("iframe")
    frame.get_by_role("button", name="Send").wait_for()
    assert frame.get_by_label("E-mail address").count() == 0  # the site said who it is
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    assert button.evaluate("each => each.getRootNode().activeElement === each")
    assert complaints == []
    page.close()
