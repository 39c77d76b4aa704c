"""The same people and the same helpdesk, from every system that has a shell; systems and browsers are real ones."""

import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from playwright.sync_api import Browser, Page, expect

from helpdesk_core.testing.require import require_command
from tests import conftest as shared
from tests.browsers import PATIENCE

from .desks import NAME, Desk
from .shells import ACCOUNT, Link, Person, Shell
from .shells.djangocms import DjangoCms
from .shells.wagtail import Wagtail
from .shells.wordpress import WordPress

chromium = shared.chromium
SHELLS: tuple[type[Shell], ...] = (WordPress, Wagtail, DjangoCms)
BODY = "It shows a white page since this morning."


@dataclass
class Stage:
    """A site that runs with a helpdesk that serves, and how they are linked."""

    desk: Desk
    shell: Shell
    link: Link


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A helpdesk that serves, one for all shells."""
    made = Desk(tmp_path_factory.mktemp("desk") / "instance")
    made.make()
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module", params=SHELLS, ids=lambda shell: shell.name)
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A site with the shell, once for all tests of it."""
    kind: type[Shell] = request.param
    kind.require()
    require_command("chromium", mend="apt-get install chromium")
    desk: Desk = request.getfixturevalue("desk")
    shell = kind(tmp_path_factory.mktemp(kind.name))
    link = desk.link(shell, kind.name, "--staff")
    try:
        shell.start(link)
        yield Stage(desk, shell, link)
    finally:
        shell.stop()


Visit = Callable[..., Page]


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Visit]:
    """Return a function that opens a window of its own, which knows nobody: `visit(scripts=False)`."""
    with ExitStack() as opened:

        def open_window(*, scripts: bool = True, width: int = 1280) -> Page:
            context = chromium.new_context(
                java_script_enabled=scripts, locale="en-GB", viewport={"width": width, "height": 860}
            )
            opened.callback(context.close)
            context.set_default_timeout(PATIENCE)
            return context.new_page()

        yield open_window


@pytest.fixture
def relink(stage: Stage) -> Iterator[Callable[[Link], None]]:
    """Return what links the site anew for one test."""
    yield stage.shell.configure
    stage.shell.configure(stage.link)


def ask(page: Page, subject: str, *, name: str = "", email: str = "", file: Path | None = None) -> None:
    """Fill the form in and send it."""
    if email:
        page.get_by_label("Your name").fill(name)
        page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Subject").fill(subject)
    page.get_by_label("Message").fill(BODY)
    if file is not None:
        page.get_by_label("Files").set_input_files(file)
    page.get_by_role("button", name="Send").click()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_a_visitor_asks_in_the_page_and_sends_a_file_along(
    stage: Stage, visit: Visit, tmp_path: Path, scripts: bool
) -> None:
    subject = f'The [gallery] of {stage.shell.name} -- "it\'s" white, scripts {scripts}'
    log = tmp_path / "what happened é.log"
    log.write_bytes(b"12:00 white\r\n")
    page = visit(scripts=scripts)
    page.goto(stage.shell.url_of("support"))
    if scripts:
        page.get_by_label("E-mail address").evaluate("field => { field.form.noValidate = true; }")
        ask(page, subject, name="Vera Visitor", email="no address")
        expect(page.get_by_role("alert")).to_contain_text("E-mail address")
        expect(page.get_by_label("Subject")).to_have_value(subject)
        expect(page.get_by_label("Message")).to_have_value(BODY)
    ask(page, subject, name="Vera Visitor", email="vera@example.com", file=log)
    expect(page.get_by_role("heading", name="We have your question")).to_be_visible()
    assert page.url.startswith(stage.shell.url)
    ticket = stage.desk.ticket(subject)
    (message,) = stage.desk.messages(ticket["number"])
    assert message["body_text"].strip() == BODY
    assert [each["name"] for each in message["attachments"]] == [log.name]
    assert ticket["requester"]["name"] == "Vera Visitor"


def test_a_member_asks_reads_the_answer_and_replies_without_leaving_the_site(stage: Stage, visit: Visit) -> None:
    desk, subject = stage.desk, f"Invoice of {stage.shell.name}"
    page, other = visit(), visit()
    stage.shell.sign_in(page, Person.MEMBER)
    page.goto(stage.shell.url_of("tickets"))
    page.goto(stage.shell.url_of("support"))
    ask(page, subject)
    expect(page.get_by_role("heading", name=subject)).to_be_visible()
    ticket = desk.ticket(subject)
    assert ticket["requester"]["email"] == Person.MEMBER.email
    desk.answer(ticket["number"], "Look into your <b>basket</b>, please -- [gallery].")
    page.goto(stage.shell.url_of("tickets"))
    page.get_by_role("link", name=subject).click()
    expect(page.get_by_text("Look into your <b>basket</b>, please -- [gallery].")).to_be_visible()
    page.get_by_label("Your answer").fill("It was there.")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("It was there.")).to_be_visible()
    assert [each["body_text"].strip() for each in desk.messages(ticket["number"])][-1] == "It was there."

    here = page.url
    stage.shell.sign_in(other, Person.OTHER)
    other.goto(stage.shell.url_of("tickets"))
    expect(other.get_by_text("You have not asked anything yet")).to_be_visible()
    other.goto(here)
    expect(other.get_by_role("heading", name="Not found")).to_be_visible()
    expect(other.get_by_text("It was there.")).to_have_count(0)


def test_who_signs_in_by_the_link_is_known_once(stage: Stage, visit: Visit) -> None:
    page, thief = visit(), visit()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if "/x/cms/sign-in" in request.url else None)
    stage.shell.sign_in(page, Person.MEMBER)
    page.goto(stage.shell.url_of("account"))
    page.get_by_role("link", name="Sign in to support").click()
    page.wait_for_url(f"{stage.desk.url}/tickets")
    page.goto(f"{stage.desk.url}/account")
    expect(page.get_by_label("Your name")).to_have_value(Person.MEMBER.full_name)
    thief.goto(sent[0])
    expect(thief.get_by_role("heading", name="Sign-in did not work")).to_be_visible()
    assert "token" not in thief.content().replace("csrf_token", "").split("<main")[-1].casefold()


def test_an_address_that_nobody_proved_gets_no_account(stage: Stage, visit: Visit) -> None:
    page = visit()
    stage.shell.sign_in(page, Person.UNPROVED)
    page.goto(stage.shell.url_of("account"))
    page.get_by_role("link", name="Sign in to support").click()
    expect(page.get_by_role("heading", name="Sign-in did not work")).to_be_visible()
    expect(page.get_by_text("has not confirmed your e-mail address")).to_be_visible()
    page.goto(stage.shell.url_of("support"))
    expect(page.get_by_label("E-mail address")).to_have_value(Person.UNPROVED.email)


def test_signing_out_of_one_signs_out_of_the_other(stage: Stage, visit: Visit) -> None:
    shell, desk = stage.shell, stage.desk
    page = visit()
    shell.sign_in(page, Person.MEMBER)
    support(page, stage)
    shell.sign_out(page)
    page.goto(f"{desk.url}/tickets")
    page.wait_for_url(f"{desk.url}/login**")

    shell.sign_in(page, Person.MEMBER)
    support(page, stage)
    page.locator("form[action$='/logout'] button").first.evaluate("button => button.click()")
    page.wait_for_url(f"{shell.url}/**")
    page.goto(shell.url_of("tickets"))
    expect(page.get_by_text("Sign in on this site to see your tickets")).to_be_visible()


def support(page: Page, stage: Stage) -> None:
    """Go to the helpdesk by the site's link."""
    page.goto(stage.shell.url_of("account"))
    page.get_by_role("link", name="Sign in to support").click()
    page.wait_for_url(f"{stage.desk.url}/tickets")


def test_a_comment_becomes_a_ticket_and_the_answer_comes_back_as_a_comment(stage: Stage, visit: Visit) -> None:
    shell, desk = stage.shell, stage.desk
    text = f"Where is the new shop of {shell.name}? I 'searched' <everywhere>."
    comment = shell.comment(text, name="Carl Comment", email="carl@example.com")
    page, reader = visit(), visit()
    shell.sign_in(page, Person.AGENT)
    shell.make_ticket(page, comment)
    expect(page.get_by_role("link", name="View ticket").first).to_be_visible()
    (ticket,) = [
        each
        for each in desk.tickets()
        if each["requester"]["email"] == "carl@example.com" and desk.messages(each["number"])[0]["body_text"] == text
    ]
    desk.answer(ticket["number"], "In the <main> street, [gallery] number 5.")
    wait(lambda: shown(reader, shell, "In the <main> street, [gallery] number 5."))
    assert reader.get_by_text("In the <main> street").count() == 1


def shown(page: Page, shell: Shell, text: str) -> bool:
    """Tell whether visitors see a comment with that text."""
    page.goto(shell.url_of("comments"))
    return text in page.locator("body").inner_text()


def wait(happened: Callable[[], bool]) -> None:
    """Wait until it has happened."""
    until = time.monotonic() + PATIENCE / 1000
    while not happened():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.3)


def test_agents_see_their_tickets_on_the_dashboard_and_others_do_not(stage: Stage, visit: Visit) -> None:
    subject = f"Dashboard of {stage.shell.name}"
    page, agent = visit(), visit()
    page.goto(stage.shell.url_of("support"))
    ask(page, subject, name="Vera Visitor", email="vera@example.com")
    expect(page.get_by_role("heading", name="We have your question")).to_be_visible()
    stage.shell.sign_in(agent, Person.AGENT)
    agent.goto(stage.shell.url_of("dashboard"))
    expect(agent.get_by_role("link", name=subject)).to_be_visible()
    stage.shell.sign_in(page, Person.MEMBER)
    page.goto(stage.shell.url_of("dashboard"))
    expect(page.get_by_text(subject)).to_have_count(0)


def test_the_settings_say_whether_the_link_works(stage: Stage, visit: Visit, relink: Callable[[Link], None]) -> None:
    page = visit()
    stage.shell.sign_in(page, Person.ADMIN)
    page.goto(stage.shell.url_of("settings"))
    assert stage.link.secret not in page.content()
    page.get_by_role("button", name="Test connection").click()
    expect(page.get_by_text(re.compile(f"{NAME}.*The site {stage.link.site}")).first).to_be_visible()
    relink(replace(stage.link, secret="x" * 40))
    page.goto(stage.shell.url_of("settings"))
    page.get_by_role("button", name="Test connection").click()
    expect(page.get_by_text(re.compile("secret|sign", re.IGNORECASE)).first).to_be_visible()
    expect(page.get_by_text(f"The site {stage.link.site}")).to_have_count(0)


def test_two_sites_share_a_helpdesk_and_neither_speaks_for_the_other(
    stage: Stage, visit: Visit, relink: Callable[[Link], None]
) -> None:
    shell, desk = stage.shell, stage.desk
    second = desk.link(shell, f"{shell.name}-2")
    page = visit()
    shell.sign_in(page, Person.OTHER)
    relink(replace(second, kid=stage.link.kid, secret=stage.link.secret))
    page.goto(shell.url_of("support"))
    expect(page.get_by_role("link", name=re.compile("support", re.IGNORECASE)).first).to_be_visible()
    expect(page.get_by_label("Subject")).to_have_count(0)
    relink(second)
    subject = f"From the second site of {shell.name}"
    page.goto(shell.url_of("support"))
    ask(page, subject)
    expect(page.get_by_role("heading", name=subject)).to_be_visible()
    relink(stage.link)
    page.goto(shell.url_of("tickets"))
    expect(page.get_by_role("link", name=subject)).to_be_visible()


def test_without_the_helpdesk_pages_show_what_was_kept_or_a_polite_link(stage: Stage, visit: Visit) -> None:
    shell, desk = stage.shell, stage.desk
    page, visitor = visit(), visit()
    shell.sign_in(page, Person.MEMBER)
    page.goto(shell.url_of("support"))
    subject = f"Before the end of {shell.name}"
    ask(page, subject)
    expect(page.get_by_role("heading", name=subject)).to_be_visible()
    page.goto(shell.url_of("tickets"))
    expect(page.get_by_role("link", name=subject)).to_be_visible()
    visitor.goto(shell.url_of("support"))
    desk.stop()
    try:
        page.goto(shell.url_of("tickets"))
        expect(page.get_by_role("link", name=subject)).to_be_visible()
        visitor.get_by_label("Your name").fill("Vera Visitor")
        visitor.get_by_label("E-mail address").fill("vera@example.com")
        visitor.get_by_label("Subject").fill("Is it gone?")
        visitor.get_by_label("Message").fill("What I wrote for an hour.")
        visitor.get_by_role("button", name="Send").click()
        expect(visitor.get_by_text("What I wrote for an hour.").first).to_be_visible()
        for where in ("home", "support", "tickets", "frame", "account", "comments"):
            answer = visitor.goto(shell.url_of(where))
            assert answer is not None
            assert answer.status == 200, where
        visitor.goto(shell.url_of("support"))
        link = visitor.get_by_role("link", name=re.compile("support", re.IGNORECASE)).and_(
            visitor.locator(f"[href^='{desk.url}']")
        )
        expect(link.first).to_be_visible()
    finally:
        desk.start()
        shell.configure(stage.link)
    page.goto(shell.url_of("support"))
    expect(page.get_by_label("Subject")).to_be_visible()


def test_a_helpdesk_that_hangs_is_asked_three_times_and_then_let_be(
    stage: Stage, visit: Visit, relink: Callable[[Link], None]
) -> None:
    page = visit()
    with silence() as (port, callers):
        relink(replace(stage.link, helpdesk=f"http://127.0.0.1:{port}", wait=1.0))
        for _ in range(8):
            page.goto(stage.shell.url_of("support"), wait_until="commit")
        asked = len(callers)
    assert 1 <= asked <= 4, "three, and the style sheet at most"


@contextmanager
def silence() -> Iterator[tuple[int, list[socket.socket]]]:
    """Give the port of a server that takes calls and says nothing, and the calls."""
    callers: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        over = False

        def listen() -> None:
            while not over:
                try:
                    callers.append(server.accept()[0])
                except TimeoutError:
                    continue

        thread = Thread(target=listen)
        thread.start()
        try:
            yield server.getsockname()[1], callers
        finally:
            over = True
            thread.join()
            for caller in callers:
                caller.close()


def test_what_the_account_page_knows_is_kept_with_the_ticket(stage: Stage, visit: Visit) -> None:
    desk, subject = stage.desk, f"Account of {stage.shell.name}"
    page, agent = visit(), visit()
    stage.shell.sign_in(page, Person.MEMBER)
    page.goto(stage.shell.url_of("support"))
    ask(page, subject)
    expect(page.get_by_role("heading", name=subject)).to_be_visible()
    stage.shell.sign_in(agent, Person.AGENT)
    support(agent, stage)
    agent.goto(f"{desk.url}/desk/tickets/{desk.ticket(subject)['number']}")
    for name, value in ACCOUNT.items():
        panel = agent.get_by_role("complementary").filter(has_text=name).first
        expect(panel).to_contain_text(value)


def test_visitors_ask_in_a_frame_and_by_the_widget(stage: Stage, visit: Visit) -> None:
    page = visit()
    page.goto(stage.shell.url_of("frame"))
    frame = page.frame_locator("helpdesk-embed iframe")
    subject = f"In a frame of {stage.shell.name}"
    frame.get_by_label("Your name").fill("Fred Frame")
    frame.get_by_label("E-mail address").fill("fred@example.com")
    frame.get_by_label("Subject").fill(subject)
    frame.get_by_label("Message").fill(BODY)
    frame.get_by_role("button", name="Send").click()
    expect(frame.get_by_role("heading", name="We have your question")).to_be_visible()
    assert stage.desk.ticket(subject)["requester"]["email"] == "fred@example.com"


@pytest.fixture(scope="module")
def bare(desk: Desk) -> Link:
    """A site of which there is only the secret."""
    return desk.add_site("bare")


def forged(link: Link, **claims: Any) -> str:
    """Return a token for signing in that is right but for what is given."""
    now = int(time.time())
    right = {
        "iss": link.site,
        "aud": link.helpdesk,
        "iat": now,
        "exp": now + 60,
        "jti": f"unguessable-{time.monotonic_ns()}",
        "use": "sign-in",
        "sub": "4711",
        "email": "mallory@example.com",
        "email_verified": True,
        "name": "Mallory",
    }
    return jwt.encode(right | claims, link.secret, algorithm="HS256", headers={"kid": link.kid})


@pytest.mark.parametrize(
    ("change", "claims"),
    [
        ({}, {"exp": int(time.time()) - 600, "iat": int(time.time()) - 660}),
        ({}, {"aud": "https://other.example.com"}),
        ({}, {"iss": "nobody"}),
        ({}, {"use": "frame"}),
        ({"secret": "y" * 40}, {}),
        ({"kid": "unknown"}, {}),
    ],
    ids=["expired", "other audience", "no such site", "for a frame", "forged", "unknown key"],
)
def test_a_wrong_token_leads_to_one_sentence_and_nowhere_else(
    desk: Desk, bare: Link, visit: Visit, change: dict[str, Any], claims: dict[str, Any]
) -> None:
    page = visit()
    token = forged(replace(bare, **change), **claims)
    page.goto(f"{desk.url}/x/cms/sign-in?token={token}&next=/tickets")
    expect(page.get_by_role("heading", name="Sign-in did not work")).to_be_visible()
    assert token not in page.content()
    assert parse_qs(urlsplit(page.get_by_role("link", name="Sign in here").get_attribute("href") or "").query)
    page.goto(f"{desk.url}/tickets")
    page.wait_for_url(f"{desk.url}/login**")
