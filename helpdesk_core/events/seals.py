"""Keyed seals on the ends of tickets' chains of events: who has only the database cannot make one.

A seal names the key, says how many events it covers, and is an HMAC (RFC 2104) over the ticket, that number, the last
event's hash, and the seals before it. A ticket has one seal, renewed with every event. If the one there does not fit,
because the key was changed or the rows were, it stays in front of the new one: what happened later never makes good
what was not proved before.
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

KEY_ID: Final = 8
MAC: Final = 32
"""Hexadecimal digits: 128 bits."""
LONGEST: Final = 500
_UNSEALED: Final = "-"


@dataclass(frozen=True, slots=True)
class Part:
    """One seal: which key made it, over how many events, and its proof."""

    key_id: str
    count: int
    proof: str


def key_id(secret: bytes) -> str:
    """Return the public name of a secret key, eight hexadecimal digits; it tells nothing of the key."""
    return hmac.digest(secret, b"helpdesk audit key", "sha256").hex()[:KEY_ID]


def sealed(secret: bytes, ticket_id: int, count: int, end: str, *, before: tuple[str, int, str] = ("", 0, "")) -> str:
    """Return the seal for a chain of `count` events that ends in `end`; `before` is the seal, count and end it had."""
    kept = _kept(secret, ticket_id, *before)
    return f"{kept} {_part(secret, ticket_id, count, end, kept)}".strip()[-LONGEST:]


def _kept(secret: bytes, ticket_id: int, seal: str, count: int, end: str) -> str:
    """Return the seals that a new one may not replace: none if the one there is ours and fits."""
    if count == 0:
        return seal
    earlier, _, last = seal.rpartition(" ")
    if hmac.compare_digest(last, _part(secret, ticket_id, count, end, earlier)):
        return earlier
    return seal or f"{_UNSEALED}:{count}:"


def parts(seal: str) -> Sequence[Part]:
    """Return the seals in the order in which they were made; what cannot be read proves nothing."""
    found = []
    for text in seal.split():
        name, _, rest = text.partition(":")
        count, _, proof = rest.partition(":")
        found.append(Part(name, int(count) if count.isdecimal() and count.isascii() else -1, proof))
    return found


def fits(secret: bytes, ticket_id: int, seal: str, position: int, end: str) -> bool:
    """Tell whether the seal at this position is what the key makes of the hash `end` and of the seals before it."""
    texts = seal.split()
    count = parts(seal)[position].count
    return hmac.compare_digest(texts[position], _part(secret, ticket_id, count, end, " ".join(texts[:position])))


def known(secrets: Sequence[bytes]) -> Mapping[str, bytes]:
    """Return the keys by their public names."""
    return {key_id(secret): secret for secret in secrets}


def _part(secret: bytes, ticket_id: int, count: int, end: str, earlier: str) -> str:
    said = f"helpdesk audit seal\0{ticket_id}\0{count}\0{end}\0{earlier}"
    return f"{key_id(secret)}:{count}:{hmac.digest(secret, said.encode(), 'sha256').hex()[:MAC]}"
