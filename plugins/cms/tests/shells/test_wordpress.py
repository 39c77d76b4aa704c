"""What only WordPress has: its nonces, its proof of addresses by mail, its uninstalling."""

import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Thread

import pytest
from playwright.sync_api import Page, expect

from . import PASSWORD, Person
from .staging import BODY, Stage, Visit, ask, support
from .test_comments import send, shown
from .wordpress import WITHOUT_CURL, WordPress

pytestmark = pytest.mark.parametrize("stage", [WordPress], indirect=True, ids=["wordpress"])


def site_of(stage: Stage) -> WordPress:
    assert isinstance(stage.shell, WordPress)
    return stage.shell


def test_a_form_that_was_open_for_too_long_keeps_its_text(stage: Stage, visit: Visit) -> None:
    page, subject = visit(), "Open since yesterday"
    page.goto(stage.shell.url_of("support"))
    page.locator("input[name=_helpdesk_nonce]").evaluate("field => { field.value = 'old'; }")
    ask(page, subject, name="Vera Visitor", email="vera@example.com")
    expect(page.get_by_role("alert")).to_contain_text("open for too long")
    expect(page.get_by_text(BODY)).to_be_visible()
    assert not [each for each in stage.desk.tickets() if each["subject"] == subject]
    page.get_by_role("button", name="Send again").click()
    expect(page.get_by_role("heading", name="We have your question")).to_be_visible()
    assert stage.desk.ticket(subject)["requester"]["email"] == "vera@example.com"


def test_who_changes_their_password_is_signed_out_of_both(stage: Stage, visit: Visit) -> None:
    site = site_of(stage)
    site.tool("newcomer", login="changing", email="changing@example.com", password=PASSWORD)
    site.tool("prove", people=["changing@example.com"])
    page = visit()
    sign_in(page, site, "changing")
    support(page, stage)
    page.goto(f"{site.url}/wp-admin/profile.php")
    page.get_by_role("button", name="Set New Password").click()
    page.locator("#pass1").fill("five yellow trains on 7 bridges")
    page.get_by_role("button", name="Update Profile").click()
    expect(page.get_by_text("Profile updated.")).to_be_visible()
    site.sign_out(page)
    page.goto(f"{stage.desk.url}/tickets")
    page.wait_for_url(f"{stage.desk.url}/login**")


def test_who_sets_a_password_by_the_link_in_a_mail_has_proved_the_address(stage: Stage, visit: Visit) -> None:
    site = site_of(stage)
    site.tool("newcomer", login="newcomer", email="newcomer@example.com", password=PASSWORD)
    page = visit()
    sign_in(page, site, "newcomer")
    page.goto(site.url_of("account"))
    page.get_by_role("link", name="Sign in to support").click()
    expect(page.get_by_text("has not confirmed your e-mail address")).to_be_visible()

    other = visit()
    other.goto(f"{site.url}/wp-login.php?action=lostpassword")
    other.get_by_label("Username or Email Address").fill("newcomer@example.com")
    other.get_by_role("button", name="Get New Password").click()
    other.wait_for_url("**checkemail**")
    found = re.findall(r"https?://\S+action=rp\S*", site.tool("mails"))
    other.goto(found[-1].rstrip(">"))
    other.get_by_label("New password", exact=True).fill("five yellow trains on 7 bridges")
    other.get_by_role("button", name="Save Password").click()
    expect(other.get_by_text("Your password has been reset")).to_be_visible()

    page = visit()
    sign_in(page, site, "newcomer", "five yellow trains on 7 bridges")
    support(page, stage)


def sign_in(page: Page, site: WordPress, login: str, password: str = PASSWORD) -> None:
    page.goto(f"{site.url}/wp-login.php")
    page.get_by_label("Username or Email Address").fill(login)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Log In").click()
    page.wait_for_url(f"{site.url}/wp-admin/**")


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_answer_is_there_once_though_a_process_ended_while_it_was_stored(
    stage: Stage, visit: Visit, when: str
) -> None:
    site, text = site_of(stage), f"Stored once, ended {when}."
    comment = site.comment("Anybody?", name="Carl Comment", email="carl@example.com")
    told = {"comment": comment, "ticket": "1", "author": "Agent Example", "text": text, "html": text, "message": text}
    site.tool("end", when=when)
    send(stage, told, at=int(time.time()), mark=text)
    site.tool("end", when="")
    assert send(stage, told, at=int(time.time()), mark=text) == 503, "another process may be at it still"
    site.tool("later", seconds=200)
    assert send(stage, told, at=int(time.time()), mark=text) in (200, 201)
    assert send(stage, told, at=int(time.time()), mark=text) == 200
    page = visit()
    assert shown(page, site, text)
    assert page.get_by_text(text).count() == 1


@pytest.mark.parametrize("setting", ["", WITHOUT_CURL], ids=["curl", "sockets"])
def test_files_on_a_slow_line_are_no_failure_of_the_helpdesk(stage: Stage, visit: Visit, setting: str) -> None:
    site, page = site_of(stage), visit()
    assert site.tool("transport", setting=setting) == ("sockets" if setting else "curl")
    assert site.tool("upload", setting=setting) == ""
    with slow_desk() as url:
        site.configure(replace(stage.link, helpdesk=url, wait=1.0))
        try:
            assert "cannot be reached" in site.tool("upload", setting=setting)
            assert site.tool("failures") == []
        finally:
            site.configure(stage.link)
    page.goto(stage.shell.url_of("support"))
    expect(page.get_by_label("E-mail address")).to_be_visible()


def test_files_of_which_nothing_is_known_any_more_are_no_failure_either(stage: Stage) -> None:
    site = site_of(stage)
    try:
        assert "Time is up" in site.tool("upload_closed")
        assert site.tool("failures") == []
    finally:
        site.configure(stage.link)


@contextmanager
def slow_desk() -> Iterator[str]:
    """Something that takes in a little of what is sent, and no more."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        server.settimeout(30)
        kept: list[socket.socket] = []

        def take() -> None:
            while True:
                try:
                    kept.append(server.accept()[0])
                except OSError:
                    return

        taking = Thread(target=take)
        taking.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            server.shutdown(socket.SHUT_RDWR)
            taking.join()
            for each in kept:
                each.close()


def test_site_health_tells_of_the_helpdesk_and_pages_are_kept_out_of_caches(stage: Stage, visit: Visit) -> None:
    page = visit()
    answer = page.goto(stage.shell.url_of("tickets"))
    assert answer is not None
    assert "no-cache" in answer.headers["cache-control"]
    stage.shell.sign_in(page, Person.ADMIN)
    page.goto(f"{stage.shell.url}/wp-admin/site-health.php")
    page.get_by_role("button", name=re.compile("Passed tests")).click()
    expect(page.get_by_role("button", name="The helpdesk answers")).to_be_visible()


def test_nothing_is_left_after_deleting_and_the_log_has_no_complaint_of_ours(stage: Stage, visit: Visit) -> None:
    site = site_of(stage)
    page = visit()
    site.sign_in(page, Person.MEMBER)
    page.goto(site.url_of("tickets"))
    assert site.tool("stored") != []
    try:
        assert site.tool("uninstall") == []
    finally:
        site.configure(stage.link)
        site.tool("prove", people=[each.email for each in Person if each is not Person.UNPROVED])
    log = site.folder / "debug.log"
    lines = log.read_text("utf-8").splitlines() if log.exists() else []
    assert [line for line in lines if "plugins/helpdesk" in line] == []
