"""What Whoosh keeps of a document: its fields, and how their postings are written."""

from array import array
from collections.abc import Sequence
from typing import Any, Final

from whoosh import columns, fields, formats

SCORED: Final = ("title", "public", "internal")
FACTS: Final = ("facts", "internal_facts")


class Places(formats.Positions):  # type: ignore[misc]  # Whoosh has no types
    """The places of a word in a text, two bytes each."""

    def encode(self, poslist: Sequence[int]) -> bytes:
        """Return the places as bytes."""
        return array("H", poslist).tobytes()

    def decode_positions(self, valuestring: bytes) -> list[int]:
        """Return the places."""
        return array("H", valuestring).tolist()

    def decode_frequency(self, valuestring: bytes) -> int:
        """Return how often the word is there."""
        return len(valuestring) // 2

    def decode_weight(self, valuestring: bytes) -> float:
        """Return the same, as Whoosh reckons with it."""
        return float(len(valuestring) // 2)


class Terms(fields.FieldType):  # type: ignore[misc]  # Whoosh has no types
    """Terms that are there or not; of a scorable field it is known how many each document has."""

    def __init__(self, *, scorable: bool = False) -> None:
        super().__init__(formats.Existence(), None, scorable=scorable)


class Words(fields.FieldType):  # type: ignore[misc]  # Whoosh has no types
    """Words in order."""

    def __init__(self) -> None:
        super().__init__(Places(), None, scorable=True)


def schema() -> Any:
    """Return the fields of a document."""
    return fields.Schema(
        id=Terms(),
        key=fields.STORED,
        source=Terms(),
        labels=Terms(),
        **{name: Terms(scorable=True) for name in SCORED},
        **{name: Terms() for name in FACTS},
        words_public=Words(),
        words_internal=Words(),
        created=fields.NUMERIC(int, bits=64, shift_step=8),
        updated=fields.COLUMN(columns.NumericColumn("q")),
    )
