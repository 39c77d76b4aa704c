"""Which places of a text made it be found, and what somebody may have meant who finds nothing."""

import re
from collections.abc import Collection, Sequence
from functools import lru_cache

from helpdesk_core.api.search import SearchQuery

from .engine import Engine
from .words import folded, forms, pairs, tokens

ALPHABETS = ("abcdefghijklmnopqrstuvwxyz", "абвгдежзийклмнопрстуфхцчшщъыьэюяіїєґ")
SHORTEST, LONGEST = 4, 20
"""Lengths of words that are corrected."""


def _accented() -> dict[str, str]:
    found = {"е": "ё", "о": "і", "і": "о"}  # and Ukrainian's stems have о for і
    for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00)):
        base = folded(chr(code).casefold())
        if len(base) == 1 and base.isascii() and base.isalpha():
            found[base] = found.get(base, "") + chr(code)
    return found


_ACCENTED = _accented()


def all_places(query: SearchQuery, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
    """Return for each text the places where words that a search looks for stand, in any of their forms."""
    pattern, wanted = _looking_for(query.words)
    if pattern is None:
        return [[] for _ in texts]
    return [
        [
            found.span()
            for found in pattern.finditer(text)
            if found.lastgroup or not wanted.isdisjoint(forms(found.group()))
        ]
        for text in texts
    ]


@lru_cache(256)
def _looking_for(words: tuple[str, ...]) -> tuple[re.Pattern[str] | None, frozenset[str]]:
    """Return what finds words that may be forms of these (a form begins as its word does), and their forms.

    Words of scripts without spaces are found as they are written; these matches are in a group.
    """
    wanted: set[str] = set()
    beginnings: set[str] = set()
    written: set[str] = set()
    for text in words:
        for token in tokens(text):
            if pairs(text):
                written.add(re.escape(text.strip()))
                continue
            wanted |= forms(token.word)
            beginnings.update(each[:2] for each in forms(token.word))
    ways = []
    if written:
        ways.append(f"(?P<written>(?i:{'|'.join(sorted(written, key=len, reverse=True))}))")
    if beginnings:
        ways.append(_beginning(beginnings))
    return re.compile("|".join(ways)) if ways else None, frozenset(wanted)


def _beginning(beginnings: Collection[str]) -> str:
    """Return a pattern for whole words that begin so.

    All first letters stand in one class in front, large and small: only then does `re` leap from one to the next,
    instead of trying at every place. What stands before the word, and its second letter, is looked at afterwards.
    """
    first = "".join(sorted({each for beginning in beginnings for each in _letters(beginning[0])}))
    ways = sorted(
        f"(?<=[{_class(_letters(each[0]))}])" + (f"[{_class(_letters(each[1]))}]" if len(each) > 1 else "")
        for each in beginnings
    )
    return rf"[{_class(first)}](?<![^\W_].)(?:{'|'.join(ways)})(?:[^\W_]|['’ʼ](?=[^\W_]))*"


def _letters(letter: str) -> str:
    """Return a letter with whatever accent, large and small."""
    all_ = letter + _ACCENTED.get(letter, "")
    return "".join(dict.fromkeys(each for each in all_ + all_.upper() + all_.lower()))


def _class(letters: str) -> str:
    return "".join(map(re.escape, letters))


def correction(query: SearchQuery, engine: Engine, *, internal: bool) -> str | None:
    """Return the search with each word that is nowhere replaced by the commonest that is one slip away, or None."""
    text, changed = query.text, False
    for words in query.words:
        for each in tokens(words):
            word = folded(each.word)
            if (
                not SHORTEST <= len(word) <= LONGEST
                or not word.isalpha()
                or engine.has_any(forms(word), internal=internal)
            ):
                continue
            better = _best(engine, _slips(word), internal=internal)
            if better is None:
                return None
            start = text.casefold().find(each.word)
            if start < 0:
                return None
            text, changed = text[:start] + better + text[start + len(each.word) :], True
    return text if changed else None


def _best(engine: Engine, words: Collection[str], *, internal: bool) -> str | None:
    """Return that word of which the index has a form most often; None if it has none of any.

    Of several with that form, the one that is there as it stands.
    """
    by_word = {word: {*forms(word), word} for word in words}
    known = engine.known(set().union(*by_word.values()), internal=internal)

    def commonness(word: str) -> tuple[int, int, str]:
        return max(known.get(form, 0) for form in by_word[word]), known.get(word, 0), word

    return max(by_word, key=commonness) if known else None


def _slips(word: str) -> set[str]:
    """Return the words that differ by a letter missing, added or wrong, or by two that changed places."""
    alphabet = next((each for each in ALPHABETS if word[0] in each or word[-1] in each), ALPHABETS[0])
    parts = [(word[:place], word[place:]) for place in range(len(word) + 1)]
    missing = {before + after[1:] for before, after in parts if after}
    turned = {before + after[1] + after[0] + after[2:] for before, after in parts if len(after) > 1}
    wrong = {before + letter + after[1:] for before, after in parts if after for letter in alphabet}
    added = {before + letter + after for before, after in parts for letter in alphabet}
    return missing | turned | wrong | added
