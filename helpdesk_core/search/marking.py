"""Texts with what was found marked in them: whole subjects, and of long texts the place that fits."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from helpdesk_core.errors import Invalid
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.search import hooks
from helpdesk_core.search.query import SearchQuery
from helpdesk_core.texts import lazy as _l

READ: Final = 20_000
"""So many characters of a text are looked through for the place that fits."""
AROUND: Final = 110
"""Characters shown on each side of it."""

_PAIRED: Final = (
    re.compile(r"(?<![\w*\\])(?P<first>\*{1,3})(?=[^\s*])[^*]*[^\s*\\](?P<last>(?P=first))(?![\w*])"),
    re.compile(r"(?<![\w_\\])(?P<first>_{1,2})(?=[^\s_])[^_]*[^\s_\\](?P<last>(?P=first))(?![\w_])"),
    re.compile(r"(?<!`)(?P<first>`{1,2})(?!`)[^`]+(?P<last>(?P=first))(?!`)"),
    re.compile(r"(?P<first>~~)(?=\S)[^~]*[^\s~](?P<last>~~)"),
    re.compile(r"(?P<first>!?\[)[^\[\]\n]*(?P<last>\]\([^()\s]*\))"),
)
_ALONE: Final = re.compile(
    r"^[ \t]*(?:(?:```|~~~)[^\n]*$|\#{1,6}[ \t]+|(?:>[ \t]?)+|[*+][ \t]+)|\\(?=[*_`~#>\[\]])", re.MULTILINE
)
"""Marks of Markdown, in which messages are written: a snippet shows its words alone."""
_ANY: Final = re.compile(r"[*_`~\[\\#>+]")
"""What each of them has; most messages have none of it."""

Parts = Sequence[tuple[str, bool]]
"""A text in pieces, each with whether it is marked."""
Spans = Sequence[tuple[int, int]]
"""Places in a text: first, and behind the last character; in order."""


def marks(desk: Helpdesk, query: SearchQuery, texts: Sequence[str]) -> Sequence[Spans]:
    """Return for each text where the words of a search stand: as a plugin finds them, else as they are written."""
    if not query.words or not texts:
        return [[] for _ in texts]

    def check(found: Sequence[Spans]) -> None:
        if len(found) != len(texts):
            raise Invalid(_l("There must be as many lists of places as texts."))

    found = desk.hooks.pick_valid(hooks.search_marks, check, query=query, texts=texts)
    return found if found is not None else [_as_they_stand(query, text) for text in texts]


def whole(text: str, spans: Spans) -> Parts:
    """Return all of a text, marked."""
    return _pieces(text, spans, 0, len(text))


def around(text: str, spans: Spans) -> Parts:
    """Return the part of a text around the first of the places (there is one), cut between words, in one line.

    Marks of Markdown are left out, unless they are what was found.
    """
    first = spans[0][0]
    start, end = max(0, first - AROUND // 2), min(len(text), first + 2 * AROUND)
    if start:
        start = (text.find(" ", start, first) + 1) or start
    if end < len(text):
        end = max(text.rfind(" ", first + 1, end), spans[0][1])
    out = _marks_of_markdown(text, max(0, start - AROUND), end + AROUND)
    kept = [("".join(_left(text, place, last, out)), marked) for place, last, marked in _places(spans, start, end)]
    pieces = [(" ".join(f"·{piece}·".split())[1:-1], marked) for piece, marked in kept if piece]
    if not start and pieces:
        pieces[0] = (pieces[0][0].lstrip(), pieces[0][1])
    if end == len(text) and pieces:
        pieces[-1] = (pieces[-1][0].rstrip(), pieces[-1][1])
    return [*([("… ", False)] if start else []), *pieces, *([(" …", False)] if end < len(text) else [])]


def _marks_of_markdown(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Return where marks stand between two places, in order."""
    if _ANY.search(text, start, end) is None:
        return []
    found = [
        each.span(name) for way in _PAIRED for each in way.finditer(text, start, end) for name in ("first", "last")
    ]
    return sorted([*found, *(each.span() for each in _ALONE.finditer(text, start, end))])


def _left(text: str, start: int, end: int, out: Spans) -> Iterator[str]:
    """Return what is between two places without what is to be left out; what lies across their edges stays."""
    for first, last in out:
        if start <= first and last <= end:
            yield text[start:first]
            start = last
    yield text[start:end]


def _as_they_stand(query: SearchQuery, text: str) -> list[tuple[int, int]]:
    words = sorted((re.escape(word) for word in query.words), key=len, reverse=True)
    return [found.span() for found in re.finditer("|".join(words), text, re.IGNORECASE)]


def _pieces(text: str, spans: Spans, start: int, end: int) -> Parts:
    return [(text[first:last], marked) for first, last, marked in _places(spans, start, end) if last > first]


def _places(spans: Spans, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
    """Return what is between two places in parts, in order: first, behind the last, and whether it is marked."""
    place = start
    for first, last in spans:
        if first < place or last > end:
            continue
        yield place, first, False
        yield first, last, True
        place = last
    yield place, end, False
