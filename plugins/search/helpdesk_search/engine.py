"""What every engine does, whatever it is made of: documents in, keys out."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Field = Literal["title", "public", "internal", "facts", "internal_facts"]
"""What is searched: subjects; what everybody on a ticket reads; notes; who, where and in which state."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A document as the index holds it.

    `tokens` are words in order, for phrases (public and internal apart), `terms` what each field is found by. `labels`
    say who may find it. `created` and `updated` are seconds since 1970.
    """

    key: str
    source: str
    labels: frozenset[str]
    tokens: Mapping[Literal["public", "internal"], Sequence[str]]
    terms: Mapping[Field, frozenset[str]]
    created: int = 0
    updated: int = 0


@dataclass(frozen=True, slots=True)
class Term:
    """A term in a field; a heavier one counts for more in the order."""

    field: Field
    term: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words beside each other, in this order."""

    field: Literal["public", "internal"]
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Clause:
    """A condition: one of the ways holds (each way: all of its parts); `negated`: none does."""

    ways: tuple[tuple[Term | Phrase, ...], ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """A search as engines take it: all clauses hold, one of the labels is there (None: whatever labels)."""

    source: str
    clauses: tuple[Clause, ...]
    labels: Collection[str] | None = None
    after: int | None = None
    before: int | None = None
    newest: bool = False
    limit: int = 1000


class IndexBroken(Exception):
    """The index cannot be read; it has to be built anew."""


class Engine(Protocol):
    """One index. Methods raise `IndexBroken` when it cannot be used; one writer at a time, any number of readers."""

    def put(self, entries: Sequence[Entry], gone: Sequence[tuple[str, str]] = ()) -> None:
        """Add entries, instead of those with the same source and key, and remove others; kept when this returns."""

    def fill(self, portions: Iterable[Sequence[Entry]]) -> None:
        """Add entries to an index that is being built and that nobody asks yet; what a portion raises ends it."""
        for entries in portions:
            self.put(entries)

    def expunge(self) -> bool:
        """Leave nothing in the files of what was removed or replaced; false if only building anew can do that."""

    def search(self, wanted: Wanted) -> list[str]:
        """Return the keys that fit, best first, or last changed first."""

    def known(self, words: Collection[str], *, internal: bool) -> Mapping[str, int]:
        """Return which of the terms are in the index, with how many documents have them.

        Both roughly: of terms that few documents have, some may be left out while there are commoner ones.
        """

    def has_any(self, words: Collection[str], *, internal: bool) -> bool:
        """Tell whether any of the terms is in the index."""
        return bool(self.known(words, internal=internal))

    def count(self) -> int:
        """Return the number of documents."""

    def size(self) -> int:
        """Return what it takes on disk, in bytes."""

    def close(self) -> None:
        """Let go of files and connections."""
