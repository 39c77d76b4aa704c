"""The pages for the texts of mails."""

import re

import pytest
from sqlalchemy import update

from helpdesk_core.actor import SYSTEM
from helpdesk_core.mail import texts
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.settings.models import StoredSetting
from helpdesk_core.testing.browser import Browser
from helpdesk_core.testing.site import World
from tests.web.people import sign_in


@pytest.fixture
def admin(browser: Browser, world: World) -> Browser:
    sign_in(browser, world, owner=True)
    return browser


def test_a_text_is_changed_for_a_language_and_reset(admin: Browser, desk: Helpdesk) -> None:
    admin.get("/admin/mail-texts")
    admin.click("Confirmation")
    admin.click("German")
    page = admin.submit("mail-text", subject="Ihr Ticket {{ number }}")
    assert "Saved: Subject." in page.words
    assert page.path == "/admin/mail-texts/ticket_opened?language=de"
    assert "Changed: German" in admin.get("/admin/mail-texts").words
    assert "Ihr Ticket 10042" in admin.get("/admin/mail-texts/ticket_opened/preview", language="de").text
    admin.get("/admin/mail-texts/ticket_opened", language="de")
    assert "The original text is used again." in admin.submit("/admin/mail-texts/ticket_opened/reset?language=de").words
    assert texts.changed_in(desk) == {}


def test_what_would_not_work_is_shown_again_with_the_line(admin: Browser, desk: Helpdesk) -> None:
    admin.get("/admin/mail-texts/assigned")
    page = admin.submit("mail-text", txt="Hello\n{{ nobody }}")
    assert page.status == 422
    assert "Line 2 does not work: 'nobody' is undefined" in page.words
    assert page.form("mail-text").value("txt").endswith("{{ nobody }}")
    assert texts.changed_in(desk) == {}


def test_the_preview_shows_what_is_typed_keeps_nothing_and_is_shut_off(admin: Browser, desk: Helpdesk) -> None:
    admin.get("/admin/mail-texts/assigned")
    page = admin.post("/admin/mail-texts/assigned/preview", {"subject": "<b>Typed</b> {{ tag }}"})
    assert re.search(r"<body[^>]*><p [^>]*>&lt;b&gt;Typed", page.text)
    assert "&lt;b&gt;Typed&lt;/b&gt; [#10042]" in page.text
    assert admin.response is not None
    assert admin.response.headers["Content-Security-Policy"].startswith("sandbox;")
    admin.get("/admin/mail-texts/assigned")
    assert "does not work" in admin.post("/admin/mail-texts/assigned/preview", {"html": "{% if %}"}).text
    assert texts.changed_in(desk) == {}


def test_a_stored_text_that_no_longer_works_is_reported_and_passed_over(admin: Browser, desk: Helpdesk) -> None:
    admin.get("/admin/mail-texts/assigned")
    admin.submit("mail-text", subject="Fine")
    with desk.begin(SYSTEM) as tx:
        tx.session.execute(update(StoredSetting).where(StoredSetting.owner == texts.OWNER).values(value="{{ gone }}"))
        tx.reference_changed()
    assert "Ticket assigned (all languages): Line 1 does not work: 'gone' is undefined" in admin.get("/admin/").words
    assert "the original is sent" in admin.get("/admin/mail-texts/assigned").words
    assert texts.preview(desk, "assigned", "").subject == "For you: My shop is slow [#10042]"


def test_there_is_no_page_for_other_names(admin: Browser) -> None:
    for path in ("", "/preview"):
        assert admin.get(f"/admin/mail-texts/nothing{path}").status == 404
    assert admin.post("/admin/mail-texts/nothing/reset").status == 404
