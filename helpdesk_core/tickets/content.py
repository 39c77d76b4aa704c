"""What a message says: rendering, sanitising, sealing."""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from html import unescape
from typing import Final

import nh3
from markdown_it import MarkdownIt

from helpdesk_core.db.base import canonical_json

PREVIEW = 200
_MOST_WORDS = 1_000_000
MAX_MARKDOWN: Final = 20_000
"""Characters: what is longer is a log or a file pasted in; it is kept as plain text, not rendered."""
MAX_HTML: Final = 2_000_000
MAX_TAGS: Final = 10_000
MAX_DEPTH: Final = 200
"""HTML over one of these becomes text: the time to sanitise it grows with tags times depth."""
MAX_ADDRESS: Final = 4000
"""Characters of the address of a picture."""

_EMPHASIS = re.compile(r"(?<![\w*`])(\*{1,3}|`)(?=[^\s*`])([^*`]*[^\s*`])\1(?![\w*`])")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u2028\u2029]")
# Overrides of the writing direction can make a text read as something it is not.
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")

_BLANK: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and signs, by their category, that show nothing: fillers of Hangul, and the empty sign of Braille."""

# A run that no person writes, and that takes a parser of Markdown long.
_RUN = re.compile(
    r"([\[\](!*_`>~|\\<-])(?:[ \t]*\1){500}|(?:(?:!?\[)[^\[\]\n]{0,3}){300}|(?:[*_]{1,3}[^*_\n]{0,3}){1000}"
)
_VOID = frozenset(("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "wbr"))
_FORMATTING = frozenset(
    ("a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u")
)
_BREAKS = frozenset(("br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "table"))
_WALLS = frozenset(("table", "td", "th", "caption", "button", "object", "marquee", "applet", "template", "svg", "math"))
_CLOSES = {
    "p": ("p",),
    "li": ("li",),
    "dt": ("dt", "dd"),
    "dd": ("dt", "dd"),
    "td": ("td", "th"),
    "th": ("td", "th"),
} | {
    "tr": ("td", "th", "tr"),
    "option": ("option",),
}
_TAG = re.compile(
    r"<!--(?:-?>|.*?(?:--!?>|\Z))"
    r"|<(?P<raw>script|style|title|textarea|xmp|iframe|noembed|noframes)\b.*?(?:</(?P=raw)[^>]*+>?|\Z)"
    r"|<(?P<end>/?)(?P<name>[a-z][^\s/>]*+)(?:[^>\"'=]++|=\s*+\"[^\"]*+\"|=\s*+'[^']*+'|[=\"'])*+(?:>|\Z)",
    re.IGNORECASE | re.DOTALL,
)

_TAGS = {
    *("a", "abbr", "b", "blockquote", "br", "caption", "center", "code", "col", "colgroup", "dd", "del", "details"),
    *("div", "dl", "dt", "em", "figcaption", "figure", "font", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img"),
    *("ins", "kbd", "li", "mark", "ol", "p", "pre", "q", "s", "samp", "small", "span", "strike", "strong", "sub"),
    *("summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul", "var", "wbr"),
}
_ATTRIBUTES = {
    "*": {"dir", "lang", "title", "align"},
    "a": {"href"},
    "img": {"src", "data-src", "alt", "width", "height"},
    "td": {"colspan", "rowspan", "valign"},
    "th": {"colspan", "rowspan", "valign", "scope"},
    "col": {"span", "width"},
    "ol": {"start", "type"},
    "details": {"open"},
}
_ELSEWHERE = re.compile(r"https?://[^/\s]", re.IGNORECASE)


def clean_line(text: str) -> str:
    """Return the text as one NFC line: no control or direction characters, white space folded."""
    text = _DIRECTION.sub("", unicodedata.normalize("NFC", text))
    return " ".join(_CONTROL.sub(" ", text).split())


def clean_text(text: str) -> str:
    """Return the text in NFC with `\\n` line ends, without NUL and other control characters."""
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub("", text).strip("\n")


def is_visible(text: str) -> bool:
    """Tell whether a reader sees anything: spaces, lone marks and characters that show nothing do not count."""
    return any(unicodedata.category(each)[0] not in "CMZ" and each not in _BLANK for each in text)


@dataclass(frozen=True, slots=True)
class Body:
    """What a message will say: clean text, and safe HTML where there is some."""

    text: str
    html: str | None


def body_of(text: str, html: str | None, *, markdown: bool) -> Body:
    """Return what a message says: its sender's HTML, or what its Markdown makes, bounded in time and size.

    Where the one would take too long to make safe, its words are kept, without their form.
    """
    text = clean_text(text)
    if html is not None and is_excessive(html):
        return Body(text or words_of_html(html[:MAX_HTML]), None)
    if html is not None:
        return Body(text, clean_html(html))
    if not text or not markdown or is_costly_markdown(text):
        return Body(text, None)
    return Body(text, render_markdown(text))


def is_costly_markdown(text: str, most: int = MAX_MARKDOWN) -> bool:
    """Tell whether Markdown has more than `most` characters, or runs of signs that would take long to render."""
    return len(text) > most or _RUN.search(text) is not None


def is_excessive(html: str) -> bool:
    """Tell whether HTML is too long, or too deeply nested, to be sanitised in a short time; linear in its length."""
    if len(html) > MAX_HTML:
        return True
    tags = lost = 0
    opened: list[str] = []
    for found in _TAG.finditer(html):
        if found["raw"]:
            lost += found[0].count("<") - 2  # should the sanitiser read it as tags after all
        name = (found["name"] or "").lower()
        if not name or name in _VOID:
            continue
        if found["end"]:
            lost += _close(opened, name)
            continue
        tags += 1
        while opened and opened[-1] in _CLOSES.get(name, ()):
            opened.pop()
        opened.append(name)
        if tags > MAX_TAGS or len(opened) + max(lost, 0) > MAX_DEPTH:
            return True
    return False


def words_of_html(html: str) -> str:
    """Return the words of HTML that was not sanitised; linear in its length, whatever it is made of."""
    words = unescape(_TAG.sub(lambda found: "\n" if (found["name"] or "").lower() in _BREAKS else "", html))
    lines = (clean_line(line) for line in clean_text(words).split("\n"))
    return "\n".join(line for line in lines if line)[:_MOST_WORDS]


def _close(opened: list[str], name: str) -> int:
    """Close the innermost of that name; return how many of formatting it cuts off: they are opened again later."""
    for index in range(len(opened) - 1, -1, -1):
        if opened[index] == name:
            cut = sum(each in _FORMATTING for each in opened[index + 1 :])
            del opened[index:]
            return cut
        if opened[index] in _WALLS:
            break
    return 0


def render_markdown(text: str) -> str:
    """Return safe HTML for what a person wrote; raw HTML in it is shown as text, single line breaks are kept."""
    rendered: str = _MARKDOWN.render(text)
    return clean_html(rendered)


def clean_html(html: str) -> str:
    """Return HTML that can do nothing but be read: no scripts, styles, forms or remote images.

    Images of the mail itself (`cid:`) stay. Images from elsewhere stay where their address is in `data-src`, which
    loads nothing: pages offer to show them, and load them through this site.
    """
    return _CLEANER.clean(html)


def _filter(tag: str, name: str, value: str) -> str | None:
    if tag == "img" and name == "src" and not value.startswith(("cid:", "/attachments/")):
        return None
    if name == "data-src" and (len(value) > MAX_ADDRESS or not _ELSEWHERE.match(value)):
        return None
    return value


# Made once: that takes longer than most messages do. A parse and a cleaning keep nothing on them, so threads may share
# them; the parser orders its rules when it is first used, which is therefore done here.
_MARKDOWN: Final = MarkdownIt("commonmark", {"html": False, "linkify": False, "breaks": True, "maxNesting": 20}).enable(
    ["table", "strikethrough"]
)
_MARKDOWN.render("*")
_CLEANER: Final = nh3.Cleaner(
    tags=_TAGS,
    clean_content_tags={"script", "style", "title", "head", "template", "noscript", "svg", "math", "iframe"},
    attributes=_ATTRIBUTES,
    attribute_filter=_filter,
    url_schemes={"http", "https", "mailto", "tel", "cid", "ftp"},
    link_rel="noopener noreferrer nofollow",
)


def text_of(html: str) -> str:
    """Return the plain words of sanitised HTML, roughly laid out; for search, previews and the text part of mails."""
    text = re.sub(r"(?i)<(?:br|/p|/div|/tr|/li|/h\d|/blockquote)[^>]*>", "\n", html)
    text = unescape(re.sub(r"<[^>]+>", "", text))
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+", " ", text)).strip()


def preview_of(text: str) -> str:
    """Return the beginning of a message as one line of at most 200 characters, without Markdown's marks in a line."""
    line = _EMPHASIS.sub(r"\2", clean_line(text[: PREVIEW * 4]))
    return line if len(line) <= PREVIEW else line[: PREVIEW - 1].rstrip() + "…"


def seal(text: str, html: str | None, kind: str, author_id: int | None, files: Sequence[str]) -> str:
    """Return the SHA-256, in hex, of what a message says; `files` are the attachments' SHA-256."""
    content = {"author": author_id, "files": sorted(files), "html": html, "kind": kind, "text": text}
    return hashlib.sha256(canonical_json(content).encode("utf-8", "surrogatepass")).hexdigest()
