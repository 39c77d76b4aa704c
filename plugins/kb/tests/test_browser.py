"""What only a real browser shows: the buttons of a row can be pressed although a link covers the row."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from helpdesk_core.api.attachments import Upload
from helpdesk_kb import files, visits, writing
from helpdesk_kb.writing import TextDraft
from tests.browsers import PATIENCE, serving

from .conftest import Kb

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture
def page(kb: Kb, chromium: "Browser") -> Iterator["Page"]:
    """A page of Chromium in which the editor is signed in."""
    cookie = kb.site.browser(kb.editor).client.get_cookie("hd_session")
    assert cookie is not None
    with serving(kb.site.app) as address, chromium.new_context(base_url=address) as context:
        context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": address}])
        shown = context.new_page()
        shown.set_default_timeout(PATIENCE)
        yield shown


def test_an_older_version_is_restored_by_its_button(kb: Kb, page: "Page") -> None:
    article, _text = kb.publish("Domains", body="First words.")
    writing.save_text(kb.site.desk, kb.editor, article.uid, "en", TextDraft(title="Domains", body="Other words."))
    page.goto(f"/desk/x/kb/{article.uid}/en/history")
    page.get_by_role("button", name="Restore").click()
    page.get_by_text("First words.").wait_for()
    with kb.site.desk.read() as session:
        text = writing.find_text(session, writing.find_article(session, kb.editor, article.uid), "en")
        assert (text.newest, text.state) == (3, "draft")


def test_a_file_is_taken_away_by_its_button(kb: Kb, page: "Page") -> None:
    article = kb.draft("Domains")
    upload = Upload(name="notes.txt", content=b"Words.", content_type="text/plain")
    files.keep_files(kb.site.desk, kb.editor, article.uid, [upload])
    page.goto(f"/desk/x/kb/{article.uid}/en")
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("link", name="notes.txt").wait_for(state="detached")


def test_a_comment_is_read_in_full_and_settled_by_its_button(kb: Kb, page: "Page") -> None:
    _article, text = kb.publish("Domains")
    comment = "And for the calendar?\n" + "Not a word of it. " * 60
    visits.vote(kb.site.desk, text.id, "somebody", helpful=False, comment=comment)
    page.goto("/desk/x/kb/figures")
    whole = page.get_by_text("And for the calendar?")
    assert whole.evaluate("each => each.scrollWidth <= each.clientWidth"), "all of it can be read"
    assert whole.evaluate("each => each.clientHeight > 80")
    page.get_by_role("button", name="Done").click()
    page.get_by_text("No comment is waiting.").wait_for()
