"""HTML bodies as text for reading."""

from __future__ import annotations

import re
from collections.abc import Callable

from selectolax.lexbor import LexborHTMLParser, LexborNode

from .charsets import tidy
from .html import MAX_HTML, is_hostile, strip_tags

_SKIPPED = frozenset(
    {"style", "script", "head", "title", "noscript", "template", "object", "embed", "iframe", "meta", "link"}
)
_BLOCKS = frozenset(
    """
    address article aside center dd details dir div dl dt fieldset figcaption figure footer form h1 h2 h3 h4
    h5 h6 header hr li main nav ol p pre section table tbody tfoot thead tr ul blockquote caption
    """.split()  # noqa: SIM905  (a list of this length reads better as words)
)
_APART = frozenset(["p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "pre", "table", "blockquote"])
_EMPTY_END = re.compile(r"(?:\n>[> ]*)+\Z")
_MAX_QUOTE = 20
_SPACES = re.compile("[ \t\r\n\f\u00a0]+")


def parse_html(html: str) -> LexborHTMLParser:
    """The document tree of an HTML body; broken HTML is read as browsers do."""
    return LexborHTMLParser(html[:MAX_HTML].replace("\0", ""))


def html_to_text(html: str) -> str:
    """The text of an HTML body as a reader sees it: paragraphs apart, list items with dashes, quotes with `> `."""
    if "<" not in html and "&" not in html:
        return tidy(html).strip("\n")
    if is_hostile(html[:MAX_HTML]):
        return tidy(strip_tags(html[:MAX_HTML])).strip()
    root = parse_html(html).root
    return node_text(root) if root is not None else ""


def node_text(root: LexborNode) -> str:
    """The text of a node and what is below it."""
    writer = Writer()
    writer.walk(root)
    return tidy(writer.text())


class Writer:
    """Collects the lines of a tree; walks without recursion, because mails nest tables hundreds deep.

    `mark` may return a line that is put before what an element holds.
    """

    def __init__(self, mark: Callable[[str, LexborNode], str | None] | None = None) -> None:
        self._mark = mark
        self._lines: list[str] = []
        self._line: list[str] = []
        self._quote = 0
        self._pre = 0
        self._space = False

    def walk(self, root: LexborNode) -> None:
        stack: list[tuple[LexborNode, bool]] = [(root, False)]
        while stack:
            node, leaving = stack.pop()
            tag = node.tag or ""
            if leaving:
                self._leave(tag)
                continue
            if tag == "-text":
                self._add(node.text_content or "")
                continue
            if tag in _SKIPPED or (tag.startswith(("-", "!")) and tag not in {"-document"}):
                continue
            if tag == "br":
                self._break()
                continue
            if self._mark is not None and (line := self._mark(tag, node)) is not None:
                self._flush()
                self._lines.append(line)
            self._enter(tag, node)
            stack.append((node, True))
            child = node.last_child
            while child is not None:
                stack.append((child, False))
                child = child.prev

    def text(self) -> str:
        self._flush()
        joined = "\n".join(self._lines)
        return _EMPTY_END.sub("", re.sub(r"\n{3,}", "\n\n", joined).strip("\n"))

    def _add(self, text: str) -> None:
        if self._pre:
            first, *rest = text.split("\n")
            self._line.append(first)
            for line in rest:
                self._break()
                self._line.append(line)
            return
        words = _SPACES.sub(" ", text)
        if words == " ":
            self._space = True
            return
        if not words:
            return
        if (self._space or words[0] == " ") and self._line and not self._line[-1].endswith((" ", "\t")):
            self._line.append(" ")
        self._line.append(words.strip(" "))
        self._space = words[-1] == " "

    def _enter(self, tag: str, node: LexborNode) -> None:
        if tag in _BLOCKS:
            self._flush()
        if tag in _APART:
            self._blank()
        if tag == "blockquote":
            self._quote += 1
        elif tag == "pre":
            self._pre += 1
        elif tag == "li":
            self._line.append("- ")
        elif tag == "hr":
            self._line.append("-" * 30)
            self._flush()
        elif tag in {"td", "th"} and self._line:
            self._space = True
        elif tag == "img" and (alt := node.attributes.get("alt")) and len(alt) < 200:
            self._add(f"[{alt}]")

    def _leave(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._flush()
        if tag == "blockquote":
            self._quote -= 1
        elif tag == "pre":
            self._pre -= 1
        if tag in _APART:
            self._blank()

    def _flush(self) -> None:
        if self._line:
            self._break()

    def _break(self) -> None:
        line = "".join(self._line)
        line = line.rstrip() if self._pre else line.strip(" ")
        quote = "> " * min(self._quote, _MAX_QUOTE)
        self._lines.append(quote + line if line else quote.rstrip())
        self._line = []
        self._space = False

    def _blank(self) -> None:
        if self._lines and self._lines[-1].strip("> "):
            self._lines.append(("> " * min(self._quote, _MAX_QUOTE)).rstrip())
