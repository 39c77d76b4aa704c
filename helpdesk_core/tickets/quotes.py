"""Finding what other texts repeat of a message, however it was wrapped, marked or cut, and taking it out of quotes."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Final, Self

ENOUGH: Final = 12
"""Letters and digits: by so many a line is known wherever it stands, also amid a longer one."""
LEAST: Final = 4
"""By fewer than that nothing is known."""
FEW: Final = 500
"""So many lines are looked for one by one, which is fastest for a few and takes hours for many."""
_FOLDED_AWAY: Final = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Repeats:
    """Tells whether a text repeats some of what a message says, and no other message of its conversation says.

    Greetings and names that stand under every message make no quote. Only letters and digits count, so that marks of
    quotes, line ends and encodings make no difference. Each text is gone through once, however long the message is.
    """

    lines: frozenset[str]
    whole: str
    runs: frozenset[str]
    """All runs of `ENOUGH` letters in the whole; what consists of them alone is a part of it."""
    shortest: Mapping[str, int]
    """For each run that lines begin with, how long the shortest of those lines is."""

    @classmethod
    def of(cls, said: str, others: Iterable[str]) -> Self:
        """Make it of the own words of the message, and of those of the others."""
        elsewhere = "\n".join(_folded(line) for other in others for line in other.split("\n"))
        known = set(elsewhere.split("\n"))
        own = [each for each in map(_folded, said.split("\n")) if len(each) >= LEAST and each not in known]
        amid = _amid(elsewhere.replace("\n", ""), {each for each in own if len(each) >= ENOUGH})
        lines = [each for each in own if each not in amid]
        whole = "".join(lines)
        shortest: dict[str, int] = {}
        for each in lines:
            if len(each) >= ENOUGH:
                shortest[each[:ENOUGH]] = min(len(each), shortest.get(each[:ENOUGH], len(each)))
        return cls(frozenset(lines), whole, frozenset(_runs(whole, ENOUGH)), shortest)

    def __call__(self, text: str) -> bool:
        """Tell it of a text."""
        lines = [_folded(line) for line in text.split("\n")]
        return any(self._is_part(each) for each in lines) or self._holds_a_line("".join(lines))

    def pieces(self, text: str) -> Callable[[str], bool]:
        """Return what tells, for this text that repeats some of it, whether some of its lines belong to that."""
        short = {each for each in map(_folded, text.split("\n")) if LEAST <= len(each) < ENOUGH}
        if len(short) <= FEW:
            found = {each for each in short if each in self.whole}
        else:
            found = {each for size in range(LEAST, ENOUGH) for each in short.intersection(_runs(self.whole, size))}
        return lambda lines: self(lines) or any(_folded(line) in found for line in lines.split("\n"))

    def _is_part(self, line: str) -> bool:
        return line in self.lines or (len(line) >= ENOUGH and all(each in self.runs for each in _runs(line, ENOUGH)))

    def _holds_a_line(self, joined: str) -> bool:
        """Tell whether runs of the message follow one another for as long as a line that begins with the first."""
        nearest = len(joined) + 1
        for at, run in enumerate(_runs(joined, ENOUGH)):
            if run not in self.runs:
                nearest = len(joined) + 1
                continue
            if run in self.shortest:
                nearest = min(nearest, at + self.shortest[run])
            if at + ENOUGH >= nearest:
                return True
        return False


def own_words(text: str, quote_at: int | None = None) -> str:
    """Return a text without what it quotes: from `quote_at` on, and lines that begin with `>`."""
    return "\n".join(line for line in text[:quote_at].split("\n") if not line.startswith(">"))


def without_quotes(text: str, quote_at: int | None, repeats: Repeats, mark: str) -> tuple[str, int | None] | None:
    """Return the text with a mark in place of quotes that repeat the message, and where the last quote begins now.

    None if it quotes nothing of it. The quote from `quote_at` on goes as a whole, since it may be cut or mangled.
    """
    head, tail = (text, "") if quote_at is None else (text[:quote_at], text[quote_at:])
    marked = "\n".join(line.lstrip("> ") for line in head.split("\n") if line.startswith(">"))
    tail_repeats = bool(tail) and repeats(tail)
    if not tail_repeats and not repeats(f"{marked}\n{tail}"):
        return None
    head = _without_runs(head, repeats.pieces(head), mark)
    if not tail_repeats:
        return head + tail, quote_at if quote_at is None else len(head)
    above = f"{head.rstrip()}\n\n"
    return above + mark, len(above)


def without_repeats(text: str, repeats: Repeats, mark: str) -> str:
    """Return a copy of something that was sent, with a mark in place of all lines that repeat the message."""
    if not repeats(text):
        return text
    belongs = repeats.pieces(text)
    lines = _without_runs(text, belongs, mark).split("\n")
    return "\n".join(mark if not line.startswith(">") and belongs(line) else line for line in lines)


def _without_runs(text: str, belongs: Callable[[str], bool], mark: str) -> str:
    """Put a mark in place of each run of lines with `>` that belongs to what is repeated."""
    kept: list[str] = []
    for quoted, run in groupby(text.split("\n"), lambda line: line.startswith(">")):
        lines = list(run)
        gone = quoted and belongs("\n".join(line.lstrip("> ") for line in lines))
        kept += [f"> {mark}"] if gone else lines
    return "\n".join(kept)


def _amid(words: str, lines: Set[str]) -> set[str]:
    """Return those of the lines that stand somewhere in the words: each is looked for by a run that no other has."""
    owners: dict[str, str | None] = {}
    for line in lines:
        for run in _runs(line, ENOUGH):
            if owners.setdefault(run, line) is not line:
                owners[run] = None
    own = {line: run for run, line in owners.items() if line is not None}
    places = {run: (line, line.index(run)) for line, run in own.items()}
    found = {each for each in islice(lines - own.keys(), FEW) if each in words}
    for at, run in enumerate(_runs(words, ENOUGH)):
        line, offset = places.get(run, ("", 0))
        if line and line not in found and at >= offset and words.startswith(line, at - offset):
            found.add(line)
    return found


def _runs(text: str, size: int) -> Iterator[str]:
    """Return all runs of so many letters."""
    return (text[at : at + size] for at in range(len(text) - size + 1))


def _folded(text: str) -> str:
    return _FOLDED_AWAY.sub("", text.casefold())
