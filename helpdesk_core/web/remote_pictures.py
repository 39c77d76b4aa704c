"""Pictures of messages that lie elsewhere: left out until somebody asks for them, then loaded through this site.

A message keeps their addresses as `data-src` of its images. A page never has these addresses: it has ones of this site,
which name the message and the picture, so that nothing can be loaded through it but what stands in a message that the
person may see.
"""

import hashlib
import re
from collections.abc import Iterator
from html.parser import HTMLParser

from flask import request, url_for
from markupsafe import Markup, escape

from helpdesk_core.tickets.models import Message
from helpdesk_core.web.localisation import gettext as _

ASKED = "pictures"
"""The parameter of a page's address by which somebody asks for the pictures of a message, named by its uid."""
TINY = 3
"""Pixels: what is not larger shows nothing and only tells its sender who reads; it is never loaded."""
_MARK = "data-src="
_NUMBER = re.compile(r"\s*(\d+)")


def addresses(html: str) -> dict[str, str]:
    """Return the addresses of the pictures that a message's HTML has elsewhere, by their keys."""
    return {key_of(address): address for *_, attributes, address in _found(html) if not _is_tiny(attributes)}


def key_of(address: str) -> str:
    """Return the name that a picture has in addresses of this site."""
    return hashlib.sha256(address.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def are_asked(message: Message) -> bool:
    """Tell whether the page's address asks for the message's pictures."""
    return message.uid in request.args.getlist(ASKED)


def placed(message: Message, html: str) -> str:
    """Return the message's HTML with addresses of this site for pictures from elsewhere.

    They load if the page's address asks for them; else they stand in `data-remote`, for the script that shows them.
    Tiny ones are cut out.
    """
    attribute = "src" if are_asked(message) else "data-remote"
    parts, last = [], 0
    for begin, end, attributes, address in _found(html):
        parts.append(html[last:begin])
        last = end
        if _is_tiny(attributes):
            continue
        href = url_for("pictures.picture", uid=message.uid, key=key_of(address))
        kept = {name: value for name, value in attributes.items() if name not in ("src", "data-src")}
        written = "".join(f' {name}="{escape(value)}"' for name, value in kept.items())
        parts.append(f'<img{written} {attribute}="{escape(href)}" loading="lazy">')
    return "".join(parts) + html[last:]


def question(message: Message) -> Markup:
    """Return the offer to load the pictures; empty if there are none, or they are loaded already."""
    if message.body_html is None or are_asked(message) or not addresses(message.body_html):
        return Markup("")
    asked = [*request.args.getlist(ASKED), message.uid]
    address = f"{request.path}?" + "&".join(f"{ASKED}={uid}" for uid in asked if re.fullmatch(r"[\w-]+", uid))
    return Markup(
        '<p class="hd-letter__remote"><span class="hd-muted">{}</span> '
        '<a class="hd-btn hd-btn--small" href="{}#m-{}" data-show-pictures rel="nofollow" title="{}">{}</a></p>'
    ).format(
        _("Pictures from elsewhere are not shown."),
        address,
        message.uid,
        _("They are loaded by the helpdesk, so their sender does not learn who reads, or where."),
        _("Show pictures"),
    )


def _found(html: str) -> Iterator[tuple[int, int, dict[str, str], str]]:
    """Return where images from elsewhere begin and end, in characters, with their attributes and address."""
    if _MARK not in html:
        return
    for begin, end, attributes in _Images(html).found:
        if address := attributes.get("data-src"):
            yield begin, end, attributes, address


def _is_tiny(attributes: dict[str, str]) -> bool:
    sizes = [_NUMBER.match(attributes.get(name, "")) for name in ("width", "height")]
    return any(size is not None and int(size[1][:9]) <= TINY for size in sizes)


class _Images(HTMLParser):
    """Finds the images of sanitised HTML, as (begin, end, attributes)."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[int, int, dict[str, str]]] = []
        self._lines = [0]
        for line in html.split("\n"):
            self._lines.append(self._lines[-1] + len(line) + 1)
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            line, column = self.getpos()
            begin = self._lines[line - 1] + column
            written = self.get_starttag_text() or ""
            self.found.append((begin, begin + len(written), {name: value or "" for name, value in attrs}))
