"""A mailbox over POP3 (RFC 1939), with UIDL, STLS and XOAUTH2."""

import base64
import poplib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from ..texts import texts
from .models import Mailbox
from .sessions import TIMEOUT, MailboxFailed, NotGiven, failed, refused, tls_context, words

LONGEST_LINE = 64 * 1024 * 1024
"""Bytes; the standard library refuses mails with lines over 2048, which exist."""


class _Lines:
    file: Any

    def _getline(self) -> tuple[bytes, int]:
        line = self.file.readline(LONGEST_LINE + 1)
        if len(line) > LONGEST_LINE:
            raise poplib.error_proto("line too long")
        if not line:
            raise poplib.error_proto("the connection is closed")
        return (line[:-2] if line.endswith(b"\r\n") else line.removesuffix(b"\n")), len(line)


class _Plain(_Lines, poplib.POP3):
    pass


class _Encrypted(_Lines, poplib.POP3_SSL):
    pass


class Pop3Session:
    """An open mailbox; keys are UIDLs. What is settled is deleted when the session is closed."""

    generation: int | None = None
    can_wait = False

    def __init__(self, mailbox: Mailbox, *, password: str = "", token: str = "", timeout: float = TIMEOUT) -> None:
        self._host = mailbox.host
        self._numbers: dict[str, int] = {}
        with _failing(self._host):
            self._pop = _connect(mailbox, timeout)
        try:
            _sign_in(self._pop, mailbox, password, token)
        except BaseException:
            self._pop.close()
            raise

    def keys(self, after: int) -> dict[str, int]:
        """Return all mails with their sizes."""
        with _failing(self._host):
            sizes = {int(number): int(size) for number, size in (each.split()[:2] for each in self._pop.list()[1])}
            try:
                listed = [each.split(maxsplit=1) for each in self._pop.uidl()[1]]
            except poplib.error_proto as error:
                raise MailboxFailed(
                    texts.lazy(
                        "%(host)s has no UIDL, so mails cannot be told apart: %(why)s. Use IMAP there.",
                        host=self._host,
                        why=words(error),
                    )
                ) from error
        self._numbers = {uidl.decode("latin-1"): int(number) for number, uidl in listed}
        return {key: sizes.get(number, 0) for key, number in self._numbers.items()}

    def fetch(self, keys: Sequence[str]) -> Mapping[str, bytes]:
        """Return the bytes of mails."""
        found = {}
        for key in keys:
            if key in self._numbers:
                found[key] = self._retrieve(self._numbers[key])
        return found

    def settle(self, keys: Sequence[str], afterwards: str, move_to: str) -> None:
        """Mark mails for deletion."""
        if afterwards != "delete":
            return
        with _failing(self._host):
            for key in keys:
                if key in self._numbers:
                    self._pop.dele(self._numbers.pop(key))

    def wait(self, seconds: float) -> bool:
        """Return at once: POP3 tells nothing by itself."""
        return False

    def close(self) -> None:
        """Sign out, which deletes what is marked."""
        try:
            self._pop.quit()
        except (poplib.error_proto, OSError):
            with suppress(OSError):
                self._pop.close()

    def _retrieve(self, number: int) -> bytes:
        with _failing(self._host):
            try:
                lines = self._pop.retr(number)[1]
            except poplib.error_proto as error:
                if str(error).startswith(("b'-ERR", 'b"-ERR')):
                    raise NotGiven(str(error)) from error
                raise
        return b"".join(line + b"\r\n" for line in lines)


def _connect(mailbox: Mailbox, timeout: float) -> poplib.POP3:
    if mailbox.security == "tls":
        return _Encrypted(mailbox.host, mailbox.port, timeout=timeout, context=tls_context())
    pop = _Plain(mailbox.host, mailbox.port, timeout=timeout)
    if mailbox.security == "starttls":
        pop.stls(tls_context())
    return pop


def _sign_in(pop: poplib.POP3, mailbox: Mailbox, password: str, token: str) -> None:
    try:
        if token:
            text = f"user={mailbox.username}\1auth=Bearer {token}\1\1"
            pop._shortcmd(f"AUTH XOAUTH2 {base64.b64encode(text.encode()).decode('ascii')}")  # type: ignore[attr-defined]  # the library has no method for it
        else:
            pop.user(mailbox.username)
            pop.pass_(password)
    except poplib.error_proto as error:
        raise refused(mailbox.host, error) from error
    except OSError as error:
        raise failed(mailbox.host, error) from error


@contextmanager
def _failing(host: str) -> Iterator[None]:
    try:
        yield
    except (poplib.error_proto, OSError, ValueError) as error:
        raise failed(host, error) from error
