"""Pictures of messages that lie elsewhere: left out until asked for, then loaded by the site itself."""

import re
from collections.abc import Iterator
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from flask import Flask

from helpdesk_core import outgoing
from helpdesk_core.actor import SYSTEM, Actor
from helpdesk_core.attachments.elsewhere import MAX_BYTES, fetch_picture, forget_pictures
from helpdesk_core.errors import NotFound
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.browser import Browser
from helpdesk_core.testing.pages import Page
from helpdesk_core.testing.site import TestClock, World
from helpdesk_core.tickets.content import clean_html
from helpdesk_core.tickets.conversation import note
from helpdesk_core.tickets.inputs import NewMessage
from helpdesk_core.tickets.queries import find_ticket
from helpdesk_core.users.links import guest_token
from helpdesk_core.web.remote_pictures import key_of

from .people import sign_in

PIXEL = b"\x89PNG\r\n\x1a\n and so on"
PASSWORD = "three blue lamps"


class Elsewhere(ThreadingHTTPServer):
    """A web server of somebody else; `asked` holds path and headers of each request."""

    daemon_threads = True

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        super().__init__(("127.0.0.1", 0), Answers)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_port}{path}"


class Answers(BaseHTTPRequestHandler):
    server: Elsewhere

    def do_GET(self) -> None:
        self.server.asked.append((self.path, dict(self.headers.items())))
        place = self.path.partition("?")[0]
        if place.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", place.removeprefix("/to"))
            self.end_headers()
            return
        bodies = {
            "/logo.png": PIXEL,
            "/cat.gif": b"GIF89a and so on",
            "/drawing.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            "/page.text": b"<script>alert(1)</script>",
            "/huge.png": PIXEL + b"\0" * MAX_BYTES,
        }
        self.send_response(200 if place in bodies else 404)
        self.send_header("Content-Type", "image/png")
        self.send_header("Set-Cookie", "who=you")
        self.end_headers()
        self.wfile.write(bodies.get(place, PIXEL))

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[Elsewhere]:
    """A server on this machine that counts as one on the public internet."""
    monkeypatch.setattr(outgoing, "_is_public", lambda ip: str(ip) == "127.0.0.1")
    with Elsewhere() as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield server
        server.shutdown()


def with_pictures(*addresses: str) -> str:
    return "<p>Look:</p>" + "".join(f'<img data-src="{escape(each)}" alt="A picture">' for each in addresses)


def shown_at(page: Page) -> list[str]:
    """Return the addresses of this site by which the page shows pictures of messages."""
    return re.findall(r'<img[^>]* src="(/pictures/[^"]+)"', page.text)


@pytest.fixture
def carla(world: World) -> Actor:
    return world.customer("Carla Customer", address="carla@example.com", password=PASSWORD)


def ask(world: World, actor: Actor, html: str) -> tuple[str, str]:
    """Return number and message uid of a new ticket that says this."""
    posted = world.ticket(actor, subject="Pictures", message=NewMessage(text="Look:", html=html))
    return posted.ticket.number or "", posted.message.uid


def test_a_message_keeps_addresses_of_pictures_where_they_load_nothing() -> None:
    kept = clean_html('<img data-src="https://example.net/a.png?x=1&amp;y=2" src="https://example.net/b.png">')
    assert kept == '<img data-src="https://example.net/a.png?x=1&amp;y=2">'
    for address in ("javascript:alert(1)", "/desk", "//example.net/a.png", "data:image/png;base64,AA", "https:///a"):
        assert clean_html(f'<img data-src="{address}">') == "<img>"
    assert clean_html('<p data-src="https://example.net/a.png">a</p>') == "<p>a</p>"


def test_nothing_is_asked_elsewhere_until_somebody_wants_the_pictures(
    browser: Browser, world: World, carla: Actor, elsewhere: Elsewhere
) -> None:
    number, uid = ask(world, carla, with_pictures(elsewhere.url("/logo.png?reader=carla"), elsewhere.url("/cat.gif")))
    sign_in(browser, world, "agent")
    page = browser.get(f"/desk/tickets/{number}")
    assert "127.0.0.1" not in page.text
    assert shown_at(page) == []
    assert page.text.count('data-remote="/pictures/') == 2
    page = browser.click("Show pictures")
    assert "Show pictures" not in page.words
    assert "127.0.0.1" not in page.text
    assert elsewhere.asked == []
    first, second = shown_at(page)
    assert first.startswith(f"/pictures/{uid}/")
    got = browser.client.get(first)
    assert (got.status_code, got.data, got.mimetype) == (200, PIXEL, "image/png")
    assert "sandbox" in got.headers["Content-Security-Policy"]
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in got.headers
    assert browser.client.get(second).mimetype == "image/gif"
    (path, headers), _ = elsewhere.asked
    assert path == "/logo.png?reader=carla"
    assert {name.lower() for name in headers} <= {"host", "accept", "user-agent", "connection", "accept-encoding"}
    browser.get(f"/desk/tickets/{number}")
    assert browser.response is not None
    assert "img-src 'self' data:;" in browser.response.headers["Content-Security-Policy"]


def test_a_customer_and_a_guest_see_the_pictures_of_messages_that_they_may_read(
    app: Flask, desk: Helpdesk, world: World, carla: Actor, elsewhere: Elsewhere
) -> None:
    number, uid = ask(world, carla, with_pictures(elsewhere.url("/logo.png")))
    with desk.read() as session:
        ticket_id = find_ticket(session, SYSTEM, number).id
    path = f"/pictures/{uid}/{key_of(elsewhere.url('/logo.png'))}"
    customer, stranger, guest = Browser(app), Browser(app), Browser(app)
    customer.login("carla@example.com", PASSWORD)
    customer.get(f"/tickets/{number}")
    assert shown_at(customer.click("Show pictures")) == [path]
    assert customer.client.get(path).data == PIXEL
    sign_in(stranger, world)
    assert stranger.get(path).status == 404
    guest.get(f"/t/{guest_token(desk, ticket_id, carla.user_id or 0)}")
    assert guest.client.get(path).status_code == 200
    assert app.test_client().get(path).status_code == 302


def test_pictures_of_internal_notes_are_nothing_for_customers(
    app: Flask, desk: Helpdesk, world: World, carla: Actor, elsewhere: Elsewhere
) -> None:
    number, _ = ask(world, carla, "<p>Hello</p>")
    written = note(desk, world.agent(), number, NewMessage(text="a", html=with_pictures(elsewhere.url("/logo.png"))))
    customer = Browser(app)
    customer.login("carla@example.com", PASSWORD)
    key = key_of(elsewhere.url("/logo.png"))
    assert customer.get(f"/pictures/{written.message.uid}/{key}").status == 404
    assert elsewhere.asked == []


def test_only_what_stands_in_the_message_can_be_loaded_and_tiny_pictures_never(
    browser: Browser, world: World, carla: Actor, elsewhere: Elsewhere
) -> None:
    spy = f'<img data-src="{elsewhere.url("/spy.png")}" width="1" height="1">'
    number, uid = ask(world, carla, spy + with_pictures(elsewhere.url("/logo.png")))
    sign_in(browser, world, "agent")
    assert browser.get(f"/desk/tickets/{number}?pictures={uid}").text.count("/pictures/") == 1
    for address in (elsewhere.url("/spy.png"), elsewhere.url("/other.png")):
        assert browser.get(f"/pictures/{uid}/{key_of(address)}").status == 404
    assert elsewhere.asked == []


def test_a_message_that_only_spies_offers_nothing(browser: Browser, world: World, carla: Actor) -> None:
    number, _ = ask(world, carla, 'Hello<img data-src="https://example.net/spy.gif" width=1 height=1>')
    sign_in(browser, world, "agent")
    page = browser.get(f"/desk/tickets/{number}")
    assert "Show pictures" not in page.words
    assert "spy.gif" not in page.text


def test_words_of_a_message_cannot_pass_for_a_picture(browser: Browser, world: World, carla: Actor) -> None:
    hostile = '<p lang="<img data-src=" title=" onmouseover=alert(1) x=">a</p>' + with_pictures("https://example.net/a")
    number, _ = ask(world, carla, hostile)
    sign_in(browser, world, "agent")
    page = browser.get(f"/desk/tickets/{number}")
    assert page.text.count("data-remote=") == 1
    assert not re.search(r"<p[^>]* onmouseover=alert\(1\)[^>\"]*>", re.sub(r'"[^"]*"', '""', page.text))


@pytest.mark.parametrize(
    "path", ["/drawing.svg", "/page.text", "/huge.png", "/missing.png", "/to/to/to/to/to/logo.png"]
)
def test_what_is_no_picture_or_too_large_or_sends_one_around_is_not_shown(
    desk: Helpdesk, elsewhere: Elsewhere, path: str
) -> None:
    with pytest.raises(NotFound):
        fetch_picture(desk, elsewhere.url(path))
    asked = len(elsewhere.asked)
    with pytest.raises(NotFound):
        fetch_picture(desk, elsewhere.url(path))
    assert len(elsewhere.asked) == asked


def test_a_redirect_is_followed_and_the_picture_kept_for_the_next_reader(
    desk: Helpdesk, clock: TestClock, elsewhere: Elsewhere
) -> None:
    address = elsewhere.url("/to/logo.png")
    assert fetch_picture(desk, address) == fetch_picture(desk, address) == (PIXEL, "image/png")
    assert len(elsewhere.asked) == 2
    clock.advance(days=31)
    forget_pictures(desk)
    assert [each for each in (desk.config.instance / "pictures").glob("*/*") if each.is_file()] == []
    fetch_picture(desk, address)
    assert len(elsewhere.asked) == 4


def test_pictures_that_cannot_be_loaded_are_tried_again_later(
    desk: Helpdesk, clock: TestClock, elsewhere: Elsewhere
) -> None:
    for _again in range(2):
        with pytest.raises(NotFound):
            fetch_picture(desk, elsewhere.url("/missing.png"))
        clock.advance(minutes=11)
    assert len(elsewhere.asked) == 2


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "10.0.0.1", "[::1]", "169.254.169.254", "[::ffff:10.0.0.1]"]
)
def test_nothing_inside_of_ones_own_network_is_asked(desk: Helpdesk, host: str) -> None:
    with pytest.raises(NotFound):
        fetch_picture(desk, f"http://{host}:9/logo.png")
