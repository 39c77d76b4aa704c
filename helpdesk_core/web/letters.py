"""Messages as pages show them: safe HTML, quotes folded, pictures and files with their addresses."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html.parser import HTMLParser
from itertools import groupby
from typing import Any
from urllib.parse import unquote

from flask import url_for
from markupsafe import Markup, escape

from helpdesk_core.attachments.models import Attachment
from helpdesk_core.tickets.content import clean_html
from helpdesk_core.tickets.models import Message
from helpdesk_core.web.files import INLINE
from helpdesk_core.web.localisation import gettext as _
from helpdesk_core.web.remote_pictures import placed, question

_LINK = re.compile(r"https?://[^\s<>\"“”]*[^\s<>\"“”.,;:!?)\]}'’]")
_CID = re.compile(r'src="cid:([^"]*)"')
LONG_QUOTE = 300
"""Characters: a longer quote amid a letter is folded where it stands; a shorter one is what the next lines answer."""
_SAID = re.compile(r"<[^>]*>|\s|&nbsp;|\u00a0")


@dataclass(frozen=True, slots=True)
class File:
    """An attachment with its address."""

    name: str
    href: str
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message, ready for the macros of `macros/conversation.html`; `message` has the rest."""

    id: str
    """The fragment by which a page's address names it."""
    message: Message
    html: Markup
    quoted: Markup
    """What it repeats of earlier letters; empty if nothing."""
    pictures: Sequence[File]
    files: Sequence[File]
    """Everything attached, but for pictures that the text shows itself."""
    question: Markup
    """The offer to load pictures that lie elsewhere; empty if there are none."""

    @property
    def name(self) -> str:
        """Who wrote it, as they were called then."""
        return self.message.author_name

    @property
    def when(self) -> datetime:
        """When it was written."""
        return self.message.created_at

    @property
    def side(self) -> str:
        """`customer` or `agent`."""
        return self.message.side

    @property
    def redacted(self) -> bool:
        """Whether its content was taken away."""
        return self.message.redacted_at is not None


def as_letter(message: Message) -> Letter:
    """Return the message as a letter; its attachments are loaded."""
    shown: set[int] = set()
    if message.body_html is not None:
        html, quoted = _of_html(message, shown)
    else:
        html, quoted = _of_text(message)
    others = [each for each in message.attachments if each.id not in shown]
    files = [as_file(each) for each in others]
    pictures = [file for file, each in zip(files, others, strict=True) if each.content_type in INLINE]
    return Letter(f"m-{message.uid}", message, html, quoted, pictures, files, question(message))


def as_file(attachment: Attachment) -> File:
    """Return the attachment with its address."""
    href = url_for("files.attachment", uid=attachment.uid, name=attachment.name)
    return File(attachment.name, href, attachment.size)


def fold_text(text: str, quote_at: int | None = None) -> tuple[str, str]:
    """Return plain text and the quote at its end: from `quote_at`, else the last lines that begin with `>`.

    A line before the quote that ends with a colon (“On Monday Ivo wrote:”) belongs to it. A text that is all quote
    is not folded.
    """
    if quote_at is not None and 0 < quote_at < len(text):
        return (text[:quote_at].rstrip(), text[quote_at:].strip("\n")) if text[:quote_at].strip() else (text, "")
    lines = text.split("\n")
    start = len(lines)
    while start and (not lines[start - 1].strip() or lines[start - 1].startswith(">")):
        start -= 1
    quote = [number for number in range(start, len(lines)) if lines[number].startswith(">")]
    if not quote or not start:
        return text, ""
    if lines[start - 1].rstrip().endswith(":") and any(line.strip() for line in lines[: start - 1]):
        start -= 1
    return "\n".join(lines[:start]).rstrip(), "\n".join(lines[start:]).strip("\n")


def fold_html(html: str) -> tuple[str, str]:
    """Return safe HTML and the quote at its end: the last blockquotes that nothing follows.

    HTML that is all quote is not folded.
    """
    finder = _Quotes(html)
    end, start = len(html), len(html)
    for begins, ends in reversed(finder.found):
        if _says_something(html[ends:end]):
            break
        start = end = begins
    if start == len(html) or not _says_something(html[:start]):
        return html, ""
    return clean_html(html[:start]), clean_html(html[start:])  # cleaning closes what the cut has left open


def fold_amid(html: str) -> str:
    """Return safe HTML with its long quotes folded where they stand; one that is all quote is not."""
    found = _Quotes(html).found
    if not _says_something(_without(html, found)):
        return html
    parts, last = [], 0
    for begins, ends in found:
        if len(_SAID.sub("", html[begins:ends])) > LONG_QUOTE:
            parts += [html[last:begins], _folded(_safe(html[begins:ends]))]
            last = ends
    return "".join(parts) + html[last:]


def _folded(quote: Markup) -> Markup:
    return Markup(
        '<details class="hd-quote"><summary title="{0}" aria-label="{0}">···</summary>'
        '<div class="hd-quote__text">{1}</div></details>'
    ).format(_("Show quoted text"), quote)


def _of_html(message: Message, shown: set[int]) -> tuple[Markup, Markup]:
    """Return the sanitised HTML with its own pictures in place; `shown` gets the ids of those."""
    by_cid = {each.content_id: each for each in message.attachments if each.content_id}

    def place(match: re.Match[str]) -> str:
        attachment = by_cid.get(unquote(match[1]))
        if attachment is None or attachment.content_type not in INLINE:
            return ""
        shown.add(attachment.id)
        return f'src="{escape(as_file(attachment).href)}"'

    html = message.body_html or ""
    # What somebody quotes in the web form they have chosen to show.
    chosen = message.channel == "web" and "quote_at" not in message.details
    if chosen:
        return _safe(placed(message, _CID.sub(place, html))), Markup("")
    body, quoted = fold_html(html)
    shown_body, shown_quote = (_CID.sub(place, each) for each in (fold_amid(body), quoted))
    return _safe(placed(message, shown_body)), _safe(placed(message, shown_quote))


def _of_text(message: Message) -> tuple[Markup, Markup]:
    at = message.details.get("quote_at")
    body, quoted = fold_text(message.body_text, at if isinstance(at, int) else None)
    shown = [_folded(plain_html(run)) if folds else plain_html(run) for run, folds in stretches(body)]
    return Markup("").join(shown), plain_html(quoted) if quoted else Markup("")


def stretches(text: str) -> list[tuple[str, bool]]:
    """Return the stretches of a plain text, and of each whether it is a quote so long that it is to be folded."""
    runs = [(quote, "\n".join(lines)) for quote, lines in groupby(text.split("\n"), lambda line: line.startswith(">"))]
    if not any(run.strip() for quote, run in runs if not quote):
        return [(text, False)]
    found: list[tuple[str, bool]] = []
    for quote, run in runs:
        folds = quote and len(run) > LONG_QUOTE
        if found and not folds and not found[-1][1]:
            found[-1] = (f"{found[-1][0]}\n{run}", False)
        else:
            found.append((run, folds))
    return found


def plain_html(text: str) -> Markup:
    """Return plain text as HTML, line breaks kept, its addresses as links."""
    parts, last = [], 0
    for match in _LINK.finditer(text):
        parts.append(escape(text[last : match.start()]))
        parts.append(Markup('<a href="{0}" rel="noopener noreferrer nofollow">{0}</a>').format(match[0]))
        last = match.end()
    parts.append(escape(text[last:]))
    return Markup('<div class="hd-letter__plain">{}</div>').format(Markup("").join(parts))


def _safe(html: str) -> Markup:
    return Markup(html)  # noqa: S704 - sanitised when it was written


def _without(html: str, places: Sequence[tuple[int, int]]) -> str:
    parts, last = [], 0
    for begins, ends in places:
        parts.append(html[last:begins])
        last = ends
    return "".join(parts) + html[last:]


def _says_something(html: str) -> bool:
    return "<img" in html or bool(_SAID.sub("", html))


class _Quotes(HTMLParser):
    """Finds the outermost blockquotes of an HTML text, as (begin, end) in characters."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[int, int]] = []
        self._lines = [0]
        for line in html.split("\n"):
            self._lines.append(self._lines[-1] + len(line) + 1)
        self._depth = 0
        self._begin = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> Any:
        if tag == "blockquote":
            if not self._depth:
                self._begin = self._here()
            self._depth += 1

    def handle_endtag(self, tag: str) -> Any:
        if tag == "blockquote" and self._depth:
            self._depth -= 1
            if not self._depth:
                self.found.append((self._begin, self._here() + len("</blockquote>")))

    def _here(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column
