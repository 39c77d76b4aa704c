"""Finding what other texts repeat of a message, however it was wrapped, marked or cut, and taking it out of quotes."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Final, Self

ENOUGH: Final = 12
"""Letters and digits: by so many a line is known wherever it stands, also amid a longer one."""
LEAST: Final = 4
"""By fewer than that nothing is known."""
_FOLDED_AWAY: Final = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Repeats:
    """Tells whether a text repeats some of what a message says, and no other message of its conversation says.

    Greetings and names that stand under every message make no quote. Only letters and digits count, so that marks of
    quotes, line ends and encodings make no difference.
    """

    lines: frozenset[str]
    whole: str

    @classmethod
    def of(cls, said: str, others: Iterable[str]) -> Self:
        """Make it of the own words of the message, and of those of the others."""
        elsewhere = "\n".join(_folded(line) for other in others for line in other.split("\n"))
        known = set(elsewhere.split("\n"))
        joined = elsewhere.replace("\n", "")
        own = [_folded(line) for line in said.split("\n")]
        lines = [
            each
            for each in own
            if len(each) >= LEAST and each not in known and (len(each) < ENOUGH or each not in joined)
        ]
        return cls(frozenset(lines), "".join(lines))

    def __call__(self, text: str) -> bool:
        """Tell it of a text."""
        lines = [_folded(line) for line in text.split("\n")]
        joined = "".join(lines)
        return any(each in joined for each in self.lines if len(each) >= ENOUGH) or any(
            each in self.lines or (len(each) >= ENOUGH and each in self.whole) for each in lines
        )

    def is_piece(self, text: str) -> bool:
        """Tell whether, in a text that repeats some of it, these lines belong to that."""
        return self(text) or any(
            len(each) >= LEAST and each in self.whole for each in (_folded(line) for line in text.split("\n"))
        )


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
    head = _without_runs(head, repeats, mark)
    if not tail_repeats:
        return head + tail, quote_at if quote_at is None else len(head)
    above = f"{head.rstrip()}\n\n"
    return above + mark, len(above)


def without_repeats(text: str, repeats: Repeats, mark: str) -> str:
    """Return a copy of something that was sent, with a mark in place of all lines that repeat the message."""
    if not repeats(text):
        return text
    lines = _without_runs(text, repeats, mark).split("\n")
    return "\n".join(mark if repeats.is_piece(line) and not line.startswith(">") else line for line in lines)


def _without_runs(text: str, repeats: Repeats, mark: str) -> str:
    """Put a mark in place of each run of lines with `>` that belongs to what is repeated."""
    kept: list[str] = []
    for quoted, run in groupby(text.split("\n"), lambda line: line.startswith(">")):
        lines = list(run)
        gone = quoted and repeats.is_piece("\n".join(line.lstrip("> ") for line in lines))
        kept += [f"> {mark}"] if gone else lines
    return "\n".join(kept)


def _folded(text: str) -> str:
    return _FOLDED_AWAY.sub("", text.casefold())
