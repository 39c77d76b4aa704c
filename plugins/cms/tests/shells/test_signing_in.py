"""People come to the helpdesk by a link of the site, and go again; tokens that are wrong are good for nothing."""

import re
import time
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from playwright.sync_api import Page, expect

from . import Link, Person
from .desks import Desk
from .staging import Stage, Visit, support

SESSIONS = re.compile(r"wordpress_|sessionid$")
"""The cookies of a site's sessions, which browsers give up when a session ends."""


def test_who_signs_in_by_the_link_is_known_once(stage: Stage, visit: Visit) -> None:
    page, thief = visit(), visit()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if "/x/cms/sign-in" in request.url else None)
    stage.shell.sign_in(page, Person.MEMBER)
    page.goto(stage.shell.url_of("account"))
    page.get_by_role("link", name="Sign in to support").click()
    page.wait_for_url(f"{stage.desk.url}/tickets")
    page.goto(f"{stage.desk.url}/account")
    expect(page.get_by_label("Name", exact=True)).to_have_value(Person.MEMBER.full_name)
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


def test_signing_out_in_one_browser_leaves_another_alone_both_ways(stage: Stage, visit: Visit) -> None:
    shell = stage.shell
    office, home = visit(), visit()
    for page in (office, home):
        shell.sign_in(page, Person.MEMBER)
        support(page, stage)
    shell.sign_out(office)
    assert not is_in(office, stage)
    assert is_in(home, stage)

    shell.sign_in(office, Person.MEMBER)
    support(office, stage)
    office.locator("form[action$='/logout'] button").first.evaluate("button => button.click()")
    office.wait_for_url(f"{shell.url}/**")
    office.goto(shell.url_of("tickets"))
    expect(office.get_by_text("Sign in on this site to see your tickets")).to_be_visible()
    assert is_in(home, stage)
    home.goto(shell.url_of("tickets"))
    expect(home.get_by_text("Sign in on this site to see your tickets")).to_have_count(0)
    shell.sign_out(home)
    assert not is_in(home, stage)


def test_who_signed_in_to_the_site_anew_is_signed_out_of_both(stage: Stage, visit: Visit) -> None:
    page = visit()
    stage.shell.sign_in(page, Person.MEMBER)
    support(page, stage)
    page.context.clear_cookies(name=SESSIONS)
    stage.shell.sign_in(page, Person.MEMBER)
    assert is_in(page, stage)
    stage.shell.sign_out(page)
    assert not is_in(page, stage)


def is_in(page: Page, stage: Stage) -> bool:
    """Tell whether the browser is signed in to the helpdesk."""
    page.goto(f"{stage.desk.url}/tickets")
    return urlsplit(page.url).path == "/tickets"


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
