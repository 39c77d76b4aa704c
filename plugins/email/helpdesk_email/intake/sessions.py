"""What the two protocols have in common: a session with a mailbox, and what it can go wrong with."""

import ssl
from collections.abc import Mapping, Sequence
from typing import Protocol

from helpdesk_core.api import HelpdeskError

TIMEOUT = 60.0
"""Seconds that a server may be silent."""


class MailboxFailed(HelpdeskError):
    """The mailbox cannot be used now; the message says why and what may help."""

    status = 502
    code = "mailbox-failed"


class NotGiven(Exception):
    """The server is there but does not hand out these mails."""


class Session(Protocol):
    """A mailbox that is open. Every method raises `MailboxFailed` when server or connection are at fault."""

    generation: int | None
    """UIDVALIDITY (RFC 9051, 2.3.1.1); None for POP3, whose keys hold for ever."""

    def keys(self, after: int) -> dict[str, int]:
        """Return the keys of the mails there are, the oldest first, with their sizes in bytes, 0 if unknown.

        IMAP leaves out those up to the UID `after`.
        """

    def fetch(self, keys: Sequence[str]) -> Mapping[str, bytes]:
        """Return the bytes of mails; those that are gone are left out. `NotGiven` if the server refuses."""

    def settle(self, keys: Sequence[str], afterwards: str, move_to: str) -> None:
        """Flag, move or delete mails; those that are gone are no error."""

    def wait(self, seconds: float) -> bool:
        """Wait for new mail and tell whether something happened; only where `can_wait`."""

    @property
    def can_wait(self) -> bool:
        """Whether the server tells of new mail."""

    def close(self) -> None:
        """Say goodbye; POP3 deletes only now."""


def tls_context() -> ssl.SSLContext:
    """Return how certificates are checked: against those the system trusts, names included."""
    return ssl.create_default_context()
