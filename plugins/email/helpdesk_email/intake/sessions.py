"""What the two protocols have in common: a session with a mailbox, and what it can go wrong with."""

import imaplib
import re
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from helpdesk_core.api import HelpdeskError

from ..texts import texts

_l = texts.lazy

TIMEOUT = 60.0
"""Seconds that a server may be silent."""
_PYTHONS_QUOTES = re.compile(r"""\[?\bb(["'])(.*?)\1\]?""")


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


def words(error: Exception) -> str:
    """Return what went wrong as people say it: a server's own words without the quotes of Python around them."""
    match error:
        case ssl.SSLCertVerificationError():
            return _l("its certificate is not trusted (%(why)s)", why=error.verify_message)
        case ssl.SSLError():
            return _l(
                "the encryption does not work (%(why)s); perhaps this port has another kind of it",
                why=error.reason or str(error),
            )
        case socket.gaierror():
            return _l("there is no host of that name")
        case ConnectionRefusedError():
            return _l("nothing answers at this port")
        case TimeoutError():
            return _l("it does not answer in time")
        case ConnectionError():
            return _l("the connection broke")
        case OSError() if error.strerror:
            return error.strerror
    result = getattr(error, "command_result", None)
    said = " ".join(_texts(result[1:] if result else error.args))
    if isinstance(error, imaplib.IMAP4.abort):
        said = said.rpartition(" => ")[2]  # what stands before it is the command, which nobody typed
        if not said or said.startswith("socket error"):
            return _l("the connection broke")
    said = _PYTHONS_QUOTES.sub(r"\2", " ".join(said.split()))
    return said[:500].rstrip(".") or _l("it talks another protocol at this port")


def refused(host: str, error: Exception) -> MailboxFailed:
    """Return the error for a server that does not let us in."""
    why = words(error)
    return MailboxFailed(_l("%(host)s refuses the sign-in: %(why)s. Check user name and password.", host=host, why=why))


def failed(host: str, error: Exception) -> MailboxFailed:
    """Return the error for whatever else goes wrong with a server."""
    return MailboxFailed(_l("%(host)s fails: %(why)s.", host=host, why=words(error)))


def _texts(values: object) -> Iterator[str]:
    if isinstance(values, bytes):
        yield values.decode("utf-8", "replace")
    elif isinstance(values, (tuple, list)):
        for each in values:
            yield from _texts(each)
    elif values is not None:
        yield str(values)
