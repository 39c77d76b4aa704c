"""A site and its helpdesk: whether they are linked well, two sites of one helpdesk, and a helpdesk that is away."""

import re
import socket
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Thread

from playwright.sync_api import expect

from tests.browsers import PATIENCE

from . import Link, Person
from .desks import NAME
from .staging import Stage, Visit, ask


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
    stage: Stage, relink: Callable[[Link], None]
) -> None:
    with silence() as (port, callers):
        relink(replace(stage.link, helpdesk=f"http://127.0.0.1:{port}", wait=1.0))
        for _ in range(8):
            with urllib.request.urlopen(stage.shell.url_of("support"), timeout=PATIENCE / 1000) as page:
                assert "support" in page.read().decode()
    assert len(callers) == 3


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
