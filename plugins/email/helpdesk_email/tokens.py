"""The signed token by which an answer finds its ticket, whatever became of subject and headers on the way.

It is the local part of our Message-IDs, `<ticket.10481.m3f…q.k7…a@host>`: number, kind with a nonce, signature. A reply
address can carry it too: `support+ticket.10481.r.k7…a@example.com`. Letters may change case on the way.

What is sent to a member of staff alone has a token that is theirs: only with it does somebody speak as staff. All who
are sent a reply hold its token, so that it proves no more than that they may answer as customers.
"""

import hashlib
import hmac
import re
from base64 import b32encode
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["root", "message", "internal", "staff"]

_LETTERS: Final[dict[Kind, str]] = {"root": "r", "message": "m", "internal": "n", "staff": "s"}
_TOKEN = re.compile(
    r"(?P<token>ticket\.(?P<number>[a-z0-9][a-z0-9._-]{0,31})\.(?P<mark>[rmns][a-z2-7]{0,16})\.(?P<signature>[a-z2-7]{16}))"
    r"(?=@|$)",
    re.IGNORECASE,
)
_PERSONAL: Final[frozenset[Kind]] = frozenset(("internal", "staff"))
_HOLDER: Final = 8
"""Letters that stand for whose token it is."""
_PURPOSE: Final = b"helpdesk_email: tokens of tickets, 1"


@dataclass(frozen=True, slots=True)
class Token:
    """A token whose signature is right. `internal` marks a notice that told staff of an internal note.

    `internal` and `staff` tokens belong to one person, of whom `holder` is a mark; it is empty if nobody is known.
    """

    number: str
    kind: Kind
    holder: str = ""


class Tokens:
    """Makes and checks tokens with the site's secret."""

    def __init__(self, secret: bytes) -> None:
        self._key = hmac.digest(secret, _PURPOSE, "sha256")

    def make(self, number: str, kind: Kind, seed: str = "", *, holder: str | None = None) -> str:
        """Return the token of a ticket; equal seeds (a mail's first Message-ID) give equal tokens.

        `holder` is the uid of the member of staff whose token it is, for the kinds `internal` and `staff`.
        """
        nonce = _base32(hashlib.sha256(seed.encode("utf-8", "surrogatepass")).digest())[:13] if seed else ""
        if kind in _PERSONAL:
            nonce = (self._holder(holder) if holder else "") + nonce[: 16 - _HOLDER]
        mark = _LETTERS[kind] + nonce
        return f"ticket.{number}.{mark}.{self._signature(number, mark)}"

    def read(self, text: str) -> Token | None:
        """Return the token at the end of a Message-ID's or an address's local part, if it is one of ours."""
        found = _find(text)
        if found is None:
            return None
        number, mark = found["number"], found["mark"].lower()
        if not hmac.compare_digest(self._signature(number, mark), found["signature"].lower()):
            return None
        kind = next(kind for kind, letter in _LETTERS.items() if letter == mark[0])
        return Token(number, kind, mark[1 : 1 + _HOLDER] if kind in _PERSONAL else "")

    def is_of(self, token: Token, uid: str | None) -> bool:
        """Tell whether the token was sent to the member of staff with that uid."""
        return token.kind in _PERSONAL and uid is not None and hmac.compare_digest(token.holder, self._holder(uid))

    def _holder(self, uid: str) -> str:
        return _base32(hmac.digest(self._key, f"holder|{uid}".encode(), "sha256"))[:_HOLDER]

    def _signature(self, number: str, mark: str) -> str:
        return _base32(hmac.digest(self._key, f"{number.lower()}|{mark}".encode(), "sha256"))[:16]


def claimed_number(text: str) -> str | None:
    """Return the number of the ticket that a token speaks of, whoever has made it; a hint, never a proof."""
    found = _find(text)
    return found["number"] if found else None


def _find(text: str) -> re.Match[str] | None:
    local = text.strip().strip("<>").rpartition("@")[0] or text.strip().strip("<>")
    found = _TOKEN.search(local)
    if found is None or (found.start() and local[found.start() - 1] != "+"):
        return None
    return found


def _base32(digest: bytes) -> str:
    return b32encode(digest).decode("ascii").lower()
