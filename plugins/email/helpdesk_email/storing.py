"""The rows of mails whose bytes are safe: one for the same bytes to the same recipients, however often they come."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from helpdesk_core.api import Transaction
from helpdesk_core.api.errors import Unavailable

from .models import Received
from .senders import normal


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What the mail server says of a mail, apart from the mail: sender and recipients, and by which way it came."""

    sender: str | None = None
    recipients: tuple[str, ...] = ()
    source: str = "pipe"


class NotStored(Unavailable):
    """The mail could not be kept; whoever hands it over has to try again later (exit code 75, SMTP 451)."""

    code = "not-stored"


@dataclass(frozen=True, slots=True)
class Kept:
    """A mail whose bytes are safe, and that has no row yet."""

    sha256: str
    size: int
    envelope: Envelope

    @property
    def recipients(self) -> list[str]:
        return sorted({normal(each) or each[:320] for each in self.envelope.recipients})

    @property
    def key(self) -> str:
        return hashlib.sha256("\0".join([self.sha256, *self.recipients]).encode("utf-8", "surrogatepass")).hexdigest()

    def values(self, key: str, now: datetime) -> dict[str, Any]:
        return {
            "key": key,
            "sha256": self.sha256,
            "size": self.size,
            "source": self.envelope.source[:64],
            "envelope_sender": self.envelope.sender[:320] if self.envelope.sender else None,
            "envelope_recipients": self.recipients,
            "received_at": now,
        }


def add_rows(tx: Transaction, kept: Sequence[Kept]) -> list[int]:
    """Add rows for those that have none yet, and return the ids of all."""
    keys = [each.key for each in kept]
    by_key = dict(zip(keys, kept, strict=True))
    known = _ids(tx, by_key)
    new = [each.values(key, tx.now) for key, each in by_key.items() if key not in known]
    if new:
        tx.session.execute(insert(Received), new)
        known |= _ids(tx, [each["key"] for each in new])
    return [known[key] for key in keys]


def _ids(tx: Transaction, keys: Collection[str]) -> dict[str, int]:
    there = select(Received.key, Received.id).where(Received.key.in_(keys))
    return {row.key: row.id for row in tx.session.execute(there)}
