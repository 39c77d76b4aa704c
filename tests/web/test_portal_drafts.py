"""What somebody has begun to write is kept, with its files, until it is sent."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from helpdesk_core.attachments.models import Attachment
from helpdesk_core.drafts.models import Draft
from helpdesk_core.drafts.service import forget_old_drafts
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.browser import Browser, File
from helpdesk_core.testing.site import TestClock, World
from helpdesk_core.tickets.models import Ticket
from tests.web.people import PASSWORD, sign_in


def tickets(desk: Helpdesk) -> Sequence[Ticket]:
    with desk.read() as session:
        return session.scalars(select(Ticket).order_by(Ticket.id)).all()


def count(desk: Helpdesk, table: type[Any]) -> int:
    with desk.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_draft_waits_on_the_server_until_it_is_sent(
    browser: Browser, app: Flask, desk: Helpdesk, world: World
) -> None:
    world.department("support")
    user = sign_in(browser, world)
    browser.get("/tickets/new")
    page = browser.submit(
        "new-ticket", subject="Half", body="So far", files=File("a.txt", b"kept"), press="Keep as a draft"
    )
    assert "Your draft is kept." in page.words
    elsewhere = Browser(app)
    elsewhere.login(user.primary_email or "", PASSWORD)
    page = elsewhere.get("/tickets/new")
    assert page.form("new-ticket").value("subject") == "Half"
    assert page.form("new-ticket").value("body") == "So far"
    assert "This is your draft of" in page.words
    elsewhere.submit("new-ticket", subject="Whole")
    assert [each.subject for each in tickets(desk)] == ["Whole"]
    with desk.read() as session:
        assert session.scalar(select(Attachment.message_id)) is not None
    assert browser.get("/tickets/new").form("new-ticket").value("subject") == ""


def test_a_script_keeps_the_form_and_what_is_sent_is_no_draft_any_more(
    browser: Browser, desk: Helpdesk, world: World
) -> None:
    world.department("support")
    sign_in(browser, world)
    form = browser.get("/tickets/new").form("new-ticket")
    fields = {"subject": "Typed", "body": " ", "form_uid": form.value("form_uid")}
    assert browser.post("/drafts/new-ticket", fields).status == 204
    with desk.read() as session:
        assert session.scalar(select(Draft.content)) == {"subject": ["Typed"]}
    browser.get("/tickets/new")
    browser.submit("new-ticket", body="All of it", form_uid=fields["form_uid"])
    browser.post("/drafts/new-ticket", fields)  # on its way when the form was sent
    assert count(desk, Draft) == 0
    assert browser.post("/drafts/no%20name", {"subject": "x"}).status == 422


def test_a_draft_can_be_discarded_and_is_nobody_elses(
    browser: Browser, app: Flask, desk: Helpdesk, world: World
) -> None:
    world.department("support")
    sign_in(browser, world)
    browser.get("/tickets/new")
    browser.submit("new-ticket", subject="Secret", press="Keep as a draft")
    other = Browser(app)
    sign_in(other, world)
    assert "Secret" not in other.get("/tickets/new").text
    page = browser.submit("discard", press="Discard it")
    assert page.form("new-ticket").value("subject") == ""
    assert count(desk, Draft) == 0


def test_a_visitors_form_is_not_kept_on_the_server(browser: Browser, desk: Helpdesk, world: World) -> None:
    world.department("support")
    browser.get("/tickets/new")
    assert "data-draft-href" not in browser.page.text
    browser.post("/drafts/new-ticket", {"subject": "x"})
    assert count(desk, Draft) == 0


def test_old_drafts_are_forgotten(browser: Browser, desk: Helpdesk, world: World, clock: TestClock) -> None:
    world.department("support")
    sign_in(browser, world)
    browser.get("/tickets/new")
    browser.submit("new-ticket", subject="Old", press="Keep as a draft")
    clock.advance(days=29)
    forget_old_drafts(desk)
    assert count(desk, Draft) == 1
    clock.advance(days=2)
    forget_old_drafts(desk)
    assert count(desk, Draft) == 0


def test_a_file_is_taken_in_as_soon_as_it_is_chosen(browser: Browser, desk: Helpdesk, world: World) -> None:
    world.department("support")
    sign_in(browser, world)
    form = browser.get("/tickets/new").form("new-ticket")
    token = form.value("csrf_token")
    sent = browser.client.post("/attachments", data={"csrf_token": token, "file": (BytesIO(b"abc"), "a.txt")})
    assert sent.status_code == 201
    assert (sent.json or {})["size"] == 3
    refused = browser.client.post("/attachments", data={"csrf_token": token, "file": (BytesIO(b"abc"), "a.exe")})
    assert refused.status_code == 422
    assert ".exe are not accepted" in (refused.json or {})["error"]
    browser.post("/tickets/new", {"subject": "s", "body": "b", "attachments": (sent.json or {})["uid"]})
    with desk.read() as session:
        assert session.scalar(select(Attachment.message_id)) is not None


def test_a_visitor_uploads_nothing_ahead(browser: Browser, desk: Helpdesk, world: World) -> None:
    world.department("support")
    browser.get("/tickets/new")
    answer = browser.client.post("/attachments", data={"csrf_token": browser.token(), "file": (BytesIO(b"a"), "a.txt")})
    assert answer.status_code in (302, 303, 401)
    assert count(desk, Attachment) == 0
