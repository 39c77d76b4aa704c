"""Asking on the portal without an account."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from helpdesk_core.errors import RateLimited
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.browser import Browser, File
from helpdesk_core.testing.site import World
from helpdesk_core.tickets.models import Message, Ticket
from helpdesk_core.users.visitors import check_visitor
from helpdesk_core.web.portal import asking
from tests.web.stored import count, tickets


def test_a_visitor_asks_and_is_told_to_look_into_the_mail(browser: Browser, desk: Helpdesk, world: World) -> None:
    world.department("support")
    browser.get("/tickets/new")
    page = browser.submit(
        "new-ticket", name="Vera Visitor", email="vera@example.com", subject="Hi", body="Ho", files=File("a.txt", b"1")
    )
    ticket = tickets(desk)[0]
    assert page.path == "/tickets/sent"
    assert "We have sent you a mail" in page.words
    assert ticket.number
    assert ticket.number in page.words
    assert browser.get(f"/tickets/{ticket.number}").path.startswith("/login")
    with desk.read() as session:
        message = session.scalars(select(Message)).one()
    assert (message.author_name, message.author_email) == ("Vera Visitor", "vera@example.com")


def test_a_visitor_with_the_address_of_a_customer_sees_nothing_of_theirs(
    browser: Browser, desk: Helpdesk, world: World
) -> None:
    carla = world.customer("Carla", address="carla@example.com")
    old = world.ticket(carla, subject="Private matter")
    browser.get("/tickets/new")
    page = browser.submit("new-ticket", email="carla@example.com", subject="Hi", body="Ho")
    assert "Carla" not in page.text
    assert "Private matter" not in page.text
    assert browser.get(f"/tickets/{old.ticket.number}").path.startswith("/login")


def test_a_visitor_is_told_what_is_wrong_with_the_address_and_about_the_files(browser: Browser, world: World) -> None:
    world.department("support")
    browser.get("/tickets/new")
    page = browser.submit("new-ticket", email="vera", subject="Hi", body="Ho", files=File("a.txt"))
    assert page.status == 422
    assert "is not an e-mail address" in page.link_words("#f-email")
    assert "Choose the files once more" in page.link_words("#f-files")
    assert page.form("new-ticket").value("email") == "vera"


def test_a_visitor_is_told_which_file_is_not_accepted_and_why(browser: Browser, desk: Helpdesk, world: World) -> None:
    world.department("support")
    browser.get("/tickets/new")
    files = [File("good.txt"), File("bad.exe")]
    page = browser.submit("new-ticket", subject="s", body="b", email="ann@example.net", files=files)
    assert page.status == 422
    assert "“bad.exe”: files of the type .exe are not accepted" in page.words
    assert "Choose the files once more" in page.words
    assert not tickets(desk)


@pytest.mark.parametrize(("allowed", "address"), [(5, "vera@example.com"), (10, "vera{}@example.com")])
def test_a_visitor_cannot_have_mail_sent_without_end(
    browser: Browser, desk: Helpdesk, world: World, allowed: int, address: str
) -> None:
    world.department("support")
    for number in range(allowed):
        browser.get("/tickets/new")
        browser.submit("new-ticket", email=address.format(number), subject="Hi", body="Ho")
    assert count(desk, Ticket) == allowed
    browser.get("/tickets/new")
    page = browser.submit("new-ticket", email=address.format("x"), subject="Hi", body="Typed")
    assert page.status == 429
    assert "Too many attempts. Wait" in page.words
    assert page.form("new-ticket").value("body") == "Typed"
    assert count(desk, Ticket) == allowed


def test_a_visitors_form_whose_double_was_counted_for_it_is_one_ticket(
    browser: Browser, app: Flask, desk: Helpdesk, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    check, others = check_visitor, [Browser(app)]
    world.department("support")
    form = browser.get("/tickets/new")
    asked = {"email": "vera@example.com", "subject": "Once", "body": "only"}

    def counted(*given: Any) -> None:
        check(*given)
        if others:
            other = others.pop()
            other.client.set_cookie("hd_form", browser.cookie("hd_form") or "")
            other.page = form
            assert other.submit("new-ticket", asked).path == "/tickets/sent"
            raise RateLimited("Too many attempts.", retry_after=60)

    monkeypatch.setattr(asking, "check_visitor", counted)
    assert browser.submit("new-ticket", asked).path == "/tickets/sent"
    assert not others
    assert count(desk, Ticket) == 1


def test_a_visitor_does_not_write_in_the_name_of_staff(browser: Browser, desk: Helpdesk, world: World) -> None:
    world.agent("Adam Agent", "support", address="adam@example.com")
    browser.get("/tickets/new")
    page = browser.submit("new-ticket", email="Adam@Example.com", subject="Hi", body="Ho")
    assert page.status == 422
    assert "Sign in to write from this address." in page.link_words("#f-email")
    assert not tickets(desk)
