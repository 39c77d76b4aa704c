"""From Markdown to what is shown: safe HTML, plain words, headings to jump to, addresses of files."""

import re
from collections.abc import Callable, Collection
from html import escape, unescape
from typing import Final
from urllib.parse import unquote

from helpdesk_core.api.errors import Invalid
from helpdesk_core.api.tickets import clean_text, is_costly_markdown, is_visible, render_markdown, text_of

from .texts import lazy

MAX_BODY: Final = 60_000
"""Characters of an article: some thirty printed pages."""

_FILE: Final = re.compile(r'(src|href)="cid:([^"]*)"')
_PICTURE: Final = re.compile(r'<img((?: [a-z]+="[^"]*")*)>')
_ATTRIBUTE: Final = re.compile(r' ([a-z]+)="([^"]*)"')
_HEADING: Final = re.compile(r"<h([1-6])>(.*?)</h\1>", re.DOTALL)


def checked_body(body: str) -> str:
    """Return the Markdown as it is kept; `Invalid` if there is nothing to read, or too much."""
    body = clean_text(body)
    if not is_visible(body):
        raise Invalid({"body": [lazy("Write the article first.")]})
    if len(body) > MAX_BODY:
        raise Invalid(
            {"body": [lazy("An article can have %(most)s characters. Make two articles of it.", most=MAX_BODY)]}
        )
    if is_costly_markdown(body, MAX_BODY):
        raise Invalid({"body": [lazy("There is a very long run of signs in it that cannot be shown. Take it out.")]})
    return body


def render(body: str) -> str:
    """Return safe HTML; its headings begin below that of the title, and none is passed over on the way down."""
    html = render_markdown(body)
    levels = sorted({found[1] for found in _HEADING.finditer(html)})
    above = 1

    def placed(found: re.Match[str]) -> str:
        nonlocal above
        above = min(levels.index(found[1]) + 2, above + 1, 6)
        return f"<h{above}>{found[2]}</h{above}>"

    return _HEADING.sub(placed, html)


def plain(html: str) -> str:
    """Return the words alone."""
    return text_of(html)


def lacking(body: str, names: Collection[str]) -> list[str]:
    """Return the files that the Markdown leads to, as a page reads it, and that are not among these."""
    led = dict.fromkeys(_name(found[2]) for found in _FILE.finditer(render_markdown(body)))
    return [name for name in led if name not in names]


def shown(html: str, address: Callable[[str], str], names: Collection[str]) -> tuple[str, list[tuple[str, str]]]:
    """Return HTML with the addresses of its files and anchors at its headings, and these as (anchor, words).

    A file is written `cid:NAME` in the Markdown; `address(NAME)` says where it is. `names` are those that are shown as
    pictures: in place of one that is not among them, or was one of another site, stand its words.
    """

    def picture(found: re.Match[str]) -> str:
        attributes = dict(_ATTRIBUTE.findall(found[1]))
        kind, _colon, name = attributes.get("src", "").partition(":")
        return found[0] if kind == "cid" and _name(name) in names else attributes.get("alt", "")

    html = _PICTURE.sub(picture, html)
    html = _FILE.sub(lambda found: f'{found[1]}="{escape(address(_name(found[2])))}"', html)
    headings: list[tuple[str, str]] = []

    def anchored(found: re.Match[str]) -> str:
        anchor = f"s-{len(headings) + 1}"
        headings.append((anchor, text_of(found[2])))
        return f'<h{found[1]} id="{anchor}">{found[2]}</h{found[1]}>'

    return _HEADING.sub(anchored, html), headings


def slug_of(words: str) -> str:
    """Return words as a part of an address: small letters of any script, figures, hyphens; at most 80 characters."""
    return re.sub(r"[\W_]+", "-", words.casefold()).strip("-")[:80].strip("-") or "article"


def _name(written: str) -> str:
    """Return a file's name as it was given, out of an address in HTML; one that leads elsewhere has no folders."""
    return unquote(unescape(written)).replace("/", "-")
