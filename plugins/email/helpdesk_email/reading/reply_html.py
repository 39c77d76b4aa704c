"""HTML bodies as text, with a mark where the program that made them says that a quote starts."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborNode

from .charsets import tidy
from .html import is_hostile
from .html_text import Writer, html_to_text, parse_html
from .quotes import MARK

_IDS = frozenset(
    {
        "divrplyfwdmsg",
        "appendonsend",
        "olk_src_body_section",
        "reply-intro",
        "mail-editor-reference-message-container",
        "ms-outlook-mobile-reference-message",
        "stopspelling",
        "zwchr",
        "isforwardcontent",
        "quoted_header",
    }
)
_CLASSES = frozenset(
    {
        "gmail_quote",
        "gmail_quote_container",
        "yahoo_quoted",
        "moz-cite-prefix",
        "moz-forward-container",
        "protonmail_quote",
        "tutanota_quote",
        "zmail_extra",
        "ymail_quote",
        "front-blockquote",
        "airmail_on",
        "mailru-blockquote",
        "hmmessage_quote",
        "outlookmessageheader",
    }
)
_PREFIXES = ("replytomessage", "mail-quote", "qt_", "isreplycontent")
_OUTLOOK_BORDER = re.compile(
    r"border(?:-top)?\s*:\s*(?:none;)?[^;]*solid\s*(?:#e1e1e1|#b5c4df|windowtext|rgb\(181,\s*196,\s*223\)"
    r"|rgb\(225,\s*225,\s*225\))"
)
_PADDING = re.compile(r"padding\s*:\s*3(?:\.0)?pt 0")


def marked_text(html: str) -> str:
    """The text of an HTML body with a line `quotes.MARK` where a known quote container starts."""
    if is_hostile(html):
        return html_to_text(html)
    root = parse_html(html).root
    if root is None:
        return ""
    writer = Writer(_mark)
    writer.walk(root)
    return tidy(writer.text()) if MARK not in (text := writer.text()) else text


def _mark(tag: str, node: LexborNode) -> str | None:
    attributes = node.attributes
    if not attributes:
        return None
    identifier = (attributes.get("id") or "").lower()
    if identifier and (identifier in _IDS or identifier.startswith(_PREFIXES)):
        return MARK
    classes = (attributes.get("class") or "").lower()
    if classes and not _CLASSES.isdisjoint(name.removeprefix("ecx").removeprefix("x_") for name in classes.split()):
        return MARK
    if tag == "blockquote" and (attributes.get("type") or "").lower() == "cite" and "cite" in attributes:
        return None  # the `> ` of the text says it
    style = (attributes.get("style") or "").lower()
    if tag == "div" and style and _OUTLOOK_BORDER.search(style) and _PADDING.search(style):
        return MARK
    return None
