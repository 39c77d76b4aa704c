"""The content of a signed S/MIME message (CMS, RFC 5652), taken out of its signature without checking that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

SIGNED_DATA: Final = bytes.fromhex("2a864886f70d010702")
"""The content type signed-data: its object identifier in DER, without tag and length."""
_SEQUENCE: Final = 0x30
_OPTIONAL: Final = 0xA0  # [0]
_IDENTIFIER: Final = 0x06
_OCTETS: Final = 0x04
_OCTETS_IN_PIECES: Final = 0x24
_MAX_DEPTH: Final = 12
_MAX_ITEMS: Final = 200_000


class _NotSo(ValueError):
    """The bytes are not what they should be."""


@dataclass(frozen=True, slots=True)
class _Item:
    """One element of BER: its tag, and where its content lies and the next element begins."""

    tag: int
    start: int
    end: int
    after: int


class _Reader:
    """Reads BER, of which mail programs use both the definite and the indefinite form; bounded in depth and items."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.left = _MAX_ITEMS

    def item(self, at: int, limit: int, depth: int = 0) -> _Item:
        self.left -= 1
        if at + 2 > limit or depth > _MAX_DEPTH or self.left < 0:
            raise _NotSo
        tag, size, start = self.data[at], self.data[at + 1], at + 2
        if size == 0x80:
            end = start
            while self.data[end : end + 2] != b"\0\0":
                end = self.item(end, limit, depth + 1).after
            return _Item(tag, start, end, end + 2)
        if size > 0x80:
            start += size & 0x7F
            size = int.from_bytes(self.data[at + 2 : start], "big")
        if start + size > limit:
            raise _NotSo
        return _Item(tag, start, start + size, start + size)

    def items(self, within: _Item) -> Iterator[_Item]:
        at = within.start
        while at < within.end:
            item = self.item(at, within.end)
            at = item.after
            yield item

    def first(self, within: _Item, *tags: int) -> _Item:
        """The first element with one of these tags."""
        found = next((item for item in self.items(within) if item.tag in tags), None)
        if found is None:
            raise _NotSo
        return found

    def octets(self, item: _Item, depth: int = 0) -> bytes:
        if item.tag == _OCTETS:
            return self.data[item.start : item.end]
        if depth > _MAX_DEPTH:
            raise _NotSo
        pieces = (piece for piece in self.items(item) if piece.tag in (_OCTETS, _OCTETS_IN_PIECES))
        return b"".join(self.octets(piece, depth + 1) for piece in pieces)


def signed_content(data: bytes) -> bytes | None:
    """Return what was signed, if it stands in the message; None for everything else, whatever the bytes are."""
    reader = _Reader(data)
    try:
        info = reader.item(0, len(data))
        kind = reader.first(info, _IDENTIFIER)
        if info.tag != _SEQUENCE or data[kind.start : kind.end] != SIGNED_DATA:
            return None
        signed = reader.first(reader.first(info, _OPTIONAL), _SEQUENCE)
        wrapped = reader.first(reader.first(signed, _SEQUENCE), _OPTIONAL)
        return reader.octets(reader.first(wrapped, _OCTETS, _OCTETS_IN_PIECES)) or None
    except _NotSo:
        return None
