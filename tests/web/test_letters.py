"""Messages as pages show them."""

from typing import Any

import pytest
from flask import Flask

from helpdesk_core.attachments.models import Attachment
from helpdesk_core.clock import utc_now
from helpdesk_core.tickets.models import Message
from helpdesk_core.web.letters import Letter, as_letter, fold_html, fold_text


def letter(app: Flask, text: str = "", html: str | None = None, **fields: Any) -> Letter:
    defaults = {
        "uid": "abc",
        "author_name": "Ann",
        "side": "customer",
        "channel": "email",
        "details": {},
        "attachments": [],
        "created_at": utc_now(),
    }
    message = Message(body_text=text, body_html=html, **defaults | fields)
    with app.test_request_context():
        return as_letter(message)


def picture(number: int, **fields: Any) -> Attachment:
    return Attachment(id=number, uid=f"u{number}", name="a b.png", content_type="image/png", size=3, **fields)


@pytest.mark.parametrize(
    ("text", "body", "quote"),
    [
        ("Thanks!\n\nOn Monday Ivo wrote:\n> a\n>\n> b\n\n", "Thanks!", "On Monday Ivo wrote:\n> a\n>\n> b"),
        ("Thanks!\n> a", "Thanks!", "> a"),
        ("> a\nI disagree.", "> a\nI disagree.", ""),
        ("> all of it", "> all of it", ""),
        ("He said:\n> a", "He said:", "> a"),
        ("no quote\n\n", "no quote\n\n", ""),
    ],
)
def test_quoted_lines_at_the_end_of_a_text_are_folded(text: str, body: str, quote: str) -> None:
    assert fold_text(text) == (body, quote)


def test_a_known_place_of_the_quote_is_believed_unless_nothing_stands_before_it() -> None:
    assert fold_text("Yes.\nFrom: Ivo\nAll well?", 5) == ("Yes.", "From: Ivo\nAll well?")
    assert fold_text("\nFrom: Ivo", 1) == ("\nFrom: Ivo", "")
    assert fold_text("Yes.", 400) == ("Yes.", "")


@pytest.mark.parametrize(
    ("html", "body", "quote"),
    [
        (
            "<div>Hi<div>Ivo wrote:<blockquote>a\n<blockquote>b</blockquote></blockquote></div></div>",
            "<div>Hi<div>Ivo wrote:</div></div>",
            "<blockquote>a\n<blockquote>b</blockquote></blockquote>",
        ),
        ("<p>x</p><blockquote>a</blockquote><br>&nbsp;", "<p>x</p>", "<blockquote>a</blockquote><br>&nbsp;"),
        ("<p>x</p><blockquote>a</blockquote><p>y</p>", "<p>x</p><blockquote>a</blockquote><p>y</p>", ""),
        ("<blockquote>a</blockquote>", "<blockquote>a</blockquote>", ""),
        (
            "<p>\u2028x</p>\n<blockquote>a</blockquote><blockquote>b</blockquote>",
            "<p>\u2028x</p>\n",
            "<blockquote>a</blockquote><blockquote>b</blockquote>",
        ),
    ],
)
def test_blockquotes_at_the_end_of_a_mail_are_folded(html: str, body: str, quote: str) -> None:
    assert fold_html(html) == (body, quote)


def test_what_is_quoted_in_the_web_form_stays_open(app: Flask) -> None:
    html = "<p>It says:</p><blockquote>relay denied</blockquote>"
    assert letter(app, html=html, channel="web").quoted == ""
    assert "relay denied" in letter(app, html=html, channel="email").quoted


def test_plain_text_is_shown_as_text_and_its_addresses_as_links(app: Flask) -> None:
    shown = letter(app, "<b>see</b> (https://example.com/a?b=1&c=2).").html
    assert "&lt;b&gt;see&lt;/b&gt;" in shown
    assert '(<a href="https://example.com/a?b=1&amp;c=2"' in shown
    assert "</a>)." in shown


def test_a_picture_of_the_mail_stands_in_its_text_and_not_among_the_files(app: Flask) -> None:
    inline, other = picture(1, content_id="one@x"), picture(2)
    found = letter(app, html='<p>x <img src="cid:one@x"> <img src="cid:gone"></p>', attachments=[inline, other])
    assert '<img src="/attachments/u1/a%20b.png">' in found.html
    assert "cid:" not in found.html
    assert [file.href for file in found.files] == ["/attachments/u2/a%20b.png"]
    assert list(found.pictures) == list(found.files)


def test_only_harmless_pictures_are_shown(app: Flask) -> None:
    drawing = Attachment(id=1, uid="u", name="a.svg", content_type="image/svg+xml", size=3, content_id="x")
    found = letter(app, html='<img src="cid:x">', attachments=[drawing])
    assert "src" not in found.html
    assert (found.pictures, len(found.files)) == ([], 1)


LONG = "What was said before. " * 30


def test_a_long_quote_amid_a_mail_is_folded_where_it_stands_and_a_short_one_stays_open(app: Flask) -> None:
    html = f"<p>See</p><div><blockquote>{LONG}<blockquote>older</blockquote></blockquote></div><p>my answer</p>"
    found = letter(app, html=html + "<blockquote>why?</blockquote><p>because</p>")
    assert found.html.count("<details") == 1
    folded = found.html[found.html.index("<details") : found.html.index("</details>")]
    assert "older" in folded
    assert "my answer" not in folded
    assert "<blockquote>why?</blockquote><p>because</p>" in found.html
    assert not found.quoted


def test_a_mail_that_is_all_quote_stays_open(app: Flask) -> None:
    assert "<details" not in letter(app, html=f"<div><blockquote>{LONG}</blockquote></div>").html
    assert "<details" not in letter(app, "> " + LONG).html


def test_long_quotes_amid_a_text_are_folded(app: Flask) -> None:
    quoted = "\n".join(["> What was said before, at length and in detail."] * 10)
    found = letter(app, f"Hello\n> why?\nBecause.\n{quoted}\nNo.")
    assert found.html.count("<details") == 1
    before, after = found.html.split("<details")[0], found.html.split("</details>")[1]
    assert "&gt; why?\nBecause." in before
    assert "No." in after
