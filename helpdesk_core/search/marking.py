"""Texts with what was found marked in them: whole subjects, and of long texts the place that fits."""

import re
from collections.abc import Sequence
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

Parts = Sequence[tuple[str, bool]]
"""A text in pieces, each with whether it is marked."""
Spans = Sequence[tuple[int, int]]
"""Places in a text: first, and behind the last character; in order."""


def marks(desk: Helpdesk, query: SearchQuery, texts: Sequence[str]) -> Sequence[Spans]:
    """Return for each text where the words of a search stand: as a plugin finds them, else as they are written."""
    if not query.words:
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
    """Return the part of a text around the first of the places (there is one), cut between words, in one line."""
    first = spans[0][0]
    start, end = max(0, first - AROUND // 2), min(len(text), first + 2 * AROUND)
    if start:
        start = (text.find(" ", start, first) + 1) or start
    if end < len(text):
        end = max(text.rfind(" ", first + 1, end), spans[0][1])
    pieces = [(" ".join(f"·{piece}·".split())[1:-1], marked) for piece, marked in _pieces(text, spans, start, end)]
    return [*([("… ", False)] if start else []), *pieces, *([(" …", False)] if end < len(text) else [])]


def _as_they_stand(query: SearchQuery, text: str) -> list[tuple[int, int]]:
    words = sorted((re.escape(word) for word in query.words), key=len, reverse=True)
    return [found.span() for found in re.finditer("|".join(words), text, re.IGNORECASE)]


def _pieces(text: str, spans: Spans, start: int, end: int) -> Parts:
    pieces: list[tuple[str, bool]] = []
    place = start
    for first, last in spans:
        if first < place or last > end:
            continue
        pieces += [(text[place:first], False), (text[first:last], True)]
        place = last
    return [piece for piece in (*pieces, (text[place:end], False)) if piece[0]]
