"""From text to words that an index can hold: the same on the way in and when somebody asks.

A text gives two lists. *Tokens* are its words as they stand, in order: for phrases and for marking. *Terms* are what
each word can be found by: itself without accents, its stem in every language its script is used for, and what stands
around it without a space (`ann@example.com`, `203.0.113.7`, `INV-2026/17`). Nobody has to say in which language a text
is, so texts of several languages are no harder than others. Scripts that write no spaces are cut into pairs of letters.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from threading import local
from typing import Any, Final

import Stemmer

from . import ukrainian

LONGEST: Final = 64
"""Longer words are noise (keys, encoded files); their beginning is kept."""
COMMON: Final = 32
"""Chunks of a text that are no longer come again and again: what they are found by is remembered for a while."""
LATIN: Final = ("english", "german", "serbian")
"""Serbian's stemmer knows Croatian's endings; Snowball has none of its own."""
_CHUNK = re.compile(r"[^\s<>\"„“”«»‹›(){}\[\],;|]+")
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_LETTER = rf"[^\W_{_UNSPACED}]"
_WORD = re.compile(rf"[{_UNSPACED}]|{_LETTER}+(?:['’ʼ]{_LETTER}+)*")
_IS_UNSPACED = re.compile(rf"[{_UNSPACED}]")
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")
_AROUND: Final = ".:!?…'’*_~`-–—/\\=#&"
_NO_LETTER = re.compile(r"[\d]+")
_stemmers = local()


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a text: how it is compared, and where it stands."""

    word: str
    start: int
    end: int


def tokens(text: str) -> Iterator[Token]:
    """Return the words of a text in order; each letter of a script without spaces is one."""
    for found in _WORD.finditer(text):
        yield Token(plain(found.group()), found.start(), found.end())


def words(text: str) -> list[str]:
    """Return the words of `tokens` alone, which is quicker."""
    return [_plain(word) if len(word) <= LONGEST else plain(word) for word in _WORD.findall(text)]


def terms(text: str) -> set[str]:
    """Return all that a text can be found by."""
    found: set[str] = set()
    for chunk in _CHUNK.findall(text):
        found.update(_of_common(chunk) if len(chunk) <= COMMON else _of_chunk(chunk))
    return found


def _of_chunk(chunk: str) -> frozenset[str]:
    piece = chunk.strip(_AROUND)
    parts = list(_WORD.finditer(piece))
    found: set[str] = set()
    for part in parts:
        found.update(forms(part.group()))
    if any(_IS_UNSPACED.match(part.group()) for part in parts):
        found.update(_pairs(parts))
    elif len(parts) > 1 and len(piece) <= 2 * LONGEST:
        found.update(wholes(piece))
    return frozenset(found)


_of_common = lru_cache(65_536)(_of_chunk)


def forms(word: str) -> frozenset[str]:
    """Return what one word can be found by: itself and its stems, without accents."""
    return _known_forms(word) if len(word) <= LONGEST else _forms(word)


def _forms(word: str) -> frozenset[str]:
    word = plain(word)
    if "'" in word:  # комп'ютери, customer's: what stands in it is found too
        inside = {form for part in word.split("'") if len(part) > 2 for form in forms(part)}
        whole = {word, ukrainian.stem(word)} if _CYRILLIC.search(word) else {folded(word)}
        return frozenset(inside | whole)
    if _NO_LETTER.fullmatch(word) or not word.isalpha():
        return frozenset((folded(word),))
    if _CYRILLIC.search(word):
        return frozenset((word, _stem("russian", word), ukrainian.stem(word)))
    return frozenset(folded(each) for each in (word, *(_stem(language, word) for language in LATIN)))


_known_forms = lru_cache(65_536)(_forms)
"""Only of words that are no longer than words are: what is remembered of others would fill the memory."""


def stems(word: str) -> frozenset[str]:
    """Return what a word that somebody looks for may be found by; what is too short to tell is left out."""
    found = forms(word)
    return frozenset(each for each in found if len(each) > 1) or found


def wholes(piece: str) -> set[str]:
    """Return a chunk with dots, at-signs and dashes as it was written, and the domains that it ends with."""
    piece = plain(piece)
    found = {piece}
    host = piece.rpartition("@")[2].partition("/")[0] if "://" not in piece else piece.split("/")[2].rpartition("@")[2]
    host = host.partition(":")[0]
    labels = host.split(".")
    if len(labels) > 1 and all(labels) and not labels[-1].isdigit():
        found.update(".".join(labels[place:]) for place in range(len(labels) - 1))
    elif len(labels) > 1:
        found.add(host)
    return {each for each in found if each}


def pairs(text: str) -> list[str]:
    """Return the pairs of neighbouring letters in a text whose script has no spaces."""
    return sorted(_pairs(list(_WORD.finditer(text))))


def plain(text: str) -> str:
    """Return a text as words are compared: small letters, one way of writing each."""
    whole = unicodedata.normalize("NFKC", text).casefold().replace("ё", "е").replace("’", "'").replace("ʼ", "'")
    return "".join(whole.split())[: LONGEST * 2]  # one letter may become several with a space between


_plain = lru_cache(65_536)(plain)


def folded(word: str) -> str:
    """Return a word without accents, so that “Zürich” is found by “Zurich”; Cyrillic letters keep theirs."""
    if word.isascii() or _CYRILLIC.search(word):
        return word
    apart = unicodedata.normalize("NFD", word).replace("đ", "d").replace("ł", "l").replace("ø", "o")
    return unicodedata.normalize("NFC", "".join(each for each in apart if not unicodedata.combining(each)))


def _pairs(parts: "list[re.Match[str]]") -> set[str]:
    found = set()
    for first, second in pairwise(parts):
        if first.end() == second.start() and _IS_UNSPACED.match(first.group()) and _IS_UNSPACED.match(second.group()):
            found.add(first.group() + second.group())
    return found


def _stem(language: str, word: str) -> str:
    """Return the stem; stemmers are not safe between threads, so each thread has its own."""
    known: dict[str, Any] = _stemmers.__dict__.setdefault("known", {})
    if language not in known:
        known[language] = Stemmer.Stemmer(language)
    return str(known[language].stemWord(word))
