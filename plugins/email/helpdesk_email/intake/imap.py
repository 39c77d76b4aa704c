"""A mailbox over IMAP (RFC 9051, RFC 3501), with IDLE, MOVE and UIDPLUS where the server has them."""

import imaplib
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any, TypeVar

from imap_tools import MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError, MailboxLoginError
from imap_tools.mailbox import BaseMailBox
from imap_tools.utils import encode_folder

from ..texts import texts
from .models import Mailbox
from .sessions import TIMEOUT, MailboxFailed, NotGiven, failed, refused, tls_context

_l = texts.lazy

T = TypeVar("T")
CHUNK = 500
"""So many numbers go into one command; servers limit the length of lines."""
_UID = re.compile(rb"\bUID (\d+)")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)")
_DATE = re.compile(rb'\bINTERNALDATE "([^"]+)"')


class ImapSession:
    """An open folder; keys are `<UIDVALIDITY>:<UID>`."""

    def __init__(self, mailbox: Mailbox, *, password: str = "", token: str = "", timeout: float = TIMEOUT) -> None:
        with _failing(mailbox.host):
            self._box = _connect(mailbox, timeout)
        try:
            with _failing(mailbox.host, signing_in=True):
                _sign_in(self._box, mailbox.username, password, token)
            self._host, self._folder = mailbox.host, mailbox.folder
            self.generation: int | None = self._select()
        except BaseException:
            with suppress(Exception):
                self._box.client.shutdown()
            raise
        self._capabilities = self._ask_capabilities()

    @property
    def can_wait(self) -> bool:
        """Whether the server has IDLE."""
        return "IDLE" in self._capabilities

    def keys(self, after: int) -> dict[str, int]:
        """Return the mails after that UID, with their sizes."""
        with _failing(self._host):
            self._box.client.noop()
            uids = [int(each) for each in self._box.uids(f"UID {after + 1}:*", charset=None)]
        # "n:*" always has the last mail, whatever n is.
        wanted = sorted(each for each in uids if each > after)
        sizes: dict[int, int] = {}
        for part in _chunks(wanted):
            sizes |= self._numbers(part, "(UID RFC822.SIZE)", _SIZE, int)
        return {self._key(each): sizes.get(each, 0) for each in wanted}

    def arrived(self, keys: Sequence[str]) -> dict[str, datetime]:
        """Return when the server got the mails (INTERNALDATE)."""
        found: dict[int, datetime] = {}
        for part in _chunks([_uid(each) for each in keys]):
            found |= self._numbers(part, "(UID INTERNALDATE)", _DATE, _date)
        return {self._key(uid): when for uid, when in found.items()}

    def newest(self) -> int:
        """Return the UID of the newest mail, 0 if there is none."""
        with _failing(self._host):
            uids = self._box.uids("UID *", charset=None)
        return max((int(each) for each in uids), default=0)

    def fetch(self, keys: Sequence[str]) -> Mapping[str, bytes]:
        """Return the bytes of mails without marking them as read."""
        with _failing(self._host):
            kind, data = self._box.client.uid("FETCH", _set(keys), "(UID BODY.PEEK[])")
        if kind != "OK":
            raise NotGiven(_text(data))
        found = dict(_literals(data))
        wanted = {_uid(each): each for each in keys}
        if missing := wanted.keys() - found.keys():
            self._must_be_gone(missing)
        return {wanted[uid]: raw for uid, raw in found.items() if uid in wanted}

    def settle(self, keys: Sequence[str], afterwards: str, move_to: str) -> None:
        """Flag, move or delete mails."""
        for part in _chunks([_uid(each) for each in keys if each.startswith(f"{self.generation}:")]):
            numbers = ",".join(map(str, part))
            if afterwards == "flag":
                self._do("STORE", numbers, "+FLAGS.SILENT", r"(\Seen)")
            elif afterwards == "delete":
                self._delete(numbers)
            elif afterwards == "move":
                self._move(numbers, move_to)

    def wait(self, seconds: float) -> bool:
        """Wait in IDLE; the server's own "still here" is no news."""
        with _failing(self._host):
            lines = self._box.idle.wait(timeout=seconds)
        return any(b"EXISTS" in line or b"RECENT" in line for line in lines)

    def close(self) -> None:
        """Sign out."""
        with suppress(ImapToolsError, imaplib.IMAP4.error, OSError):
            self._box.logout()

    def _select(self) -> int:
        with _failing(self._host):
            kind, data = self._box.client.select(encode_folder(self._folder))  # type: ignore[arg-type]  # it takes bytes too
            if kind != "OK":
                said = _text(data).rstrip(".")
                raise MailboxFailed(
                    _l(
                        "There is no folder “%(name)s” that can be opened: %(why)s. Check its name.",
                        name=self._folder,
                        why=said,
                    )
                )
            values = self._box.client.response("UIDVALIDITY")[1]
        if not values or values[0] is None:
            raise MailboxFailed(
                _l(
                    "%(host)s does not say UIDVALIDITY, so mails cannot be told apart. Use POP3 there.",
                    host=self._host,
                )
            )
        return int(values[0])

    def _ask_capabilities(self) -> frozenset[str]:
        """Ask again: many servers tell everything only after signing in."""
        with _failing(self._host):
            kind, data = self._box.client.capability()
        return frozenset(_text(data).upper().split()) if kind == "OK" else frozenset()

    def _delete(self, numbers: str) -> None:
        self._do("STORE", numbers, "+FLAGS.SILENT", r"(\Deleted)")
        if "UIDPLUS" in self._capabilities:  # else mails that others have marked as deleted would go too
            self._do("EXPUNGE", numbers)
        else:
            with _failing(self._host):
                self._box.client.expunge()

    def _move(self, numbers: str, folder: str) -> None:
        moves, name = "MOVE" in self._capabilities, encode_folder(folder)
        command = "MOVE" if moves else "COPY"
        if not self._do(command, numbers, name, may_fail=True):  # perhaps the folder is not there yet
            with _failing(self._host), suppress(ImapToolsError):
                self._box.folder.create(folder)
            self._do(command, numbers, name)
        if not moves:
            self._delete(numbers)

    def _must_be_gone(self, uids: Collection[int]) -> None:
        """Raise `NotGiven` for mails that are still there: some servers say OK and leave a damaged one out."""
        with _failing(self._host):
            numbers = ",".join(map(str, sorted(uids)))
            there = {int(each) for each in self._box.uids(f"UID {numbers}", charset=None)}
        if left := sorted(there.intersection(uids)):
            raise NotGiven(f"The server says OK and leaves out {left}.")

    def _do(self, *command: Any, may_fail: bool = False) -> bool:
        with _failing(self._host):
            kind, data = self._box.client.uid(*command)
        if kind != "OK" and not may_fail:
            values = {"host": self._host, "command": command[0], "folder": self._folder, "why": _text(data)}
            raise MailboxFailed(_l("%(host)s refuses %(command)s in “%(folder)s”: %(why)s", **values))
        return bool(kind == "OK")

    def _numbers(self, uids: Sequence[int], what: str, pattern: re.Pattern[bytes], load: Callable[[bytes], T]) -> Any:
        with _failing(self._host):
            kind, data = self._box.client.uid("FETCH", ",".join(map(str, uids)), what)
        found: dict[int, T] = {}
        for line in data if kind == "OK" else []:
            if isinstance(line, bytes) and (uid := _UID.search(line)) and (value := pattern.search(line)):
                found[int(uid[1])] = load(value[1])
        return found

    def _key(self, uid: int) -> str:
        return f"{self.generation}:{uid}"


def _connect(mailbox: Mailbox, timeout: float) -> BaseMailBox:
    if mailbox.security == "tls":
        return MailBox(mailbox.host, mailbox.port, timeout=timeout, ssl_context=tls_context())
    if mailbox.security == "starttls":
        return MailBoxStartTls(mailbox.host, mailbox.port, timeout=timeout, ssl_context=tls_context())
    return MailBoxUnencrypted(mailbox.host, mailbox.port, timeout=timeout)


def _sign_in(box: BaseMailBox, username: str, password: str, token: str) -> None:
    if token:
        box.xoauth2(username, token, initial_folder=None)
    elif (username + password).isascii():
        box.login(username, password, initial_folder=None)
    else:
        box.login_utf8(username, password, initial_folder=None)


@contextmanager
def _failing(host: str, *, signing_in: bool = False) -> Iterator[None]:
    """Turn every way in which a server can fail into one error that says what to do."""
    try:
        yield
    except (ImapToolsError, imaplib.IMAP4.error, OSError, ValueError) as error:
        is_refused = signing_in and isinstance(error, (MailboxLoginError, imaplib.IMAP4.error))
        if is_refused and not isinstance(error, imaplib.IMAP4.abort):
            raise refused(host, error) from error
        raise failed(host, error) from error


def _literals(data: Sequence[Any]) -> Iterator[tuple[int, bytes]]:
    """Yield UID and bytes of each mail; the UID may stand before the literal or behind it."""
    for position, each in enumerate(data):
        if isinstance(each, tuple):
            behind = data[position + 1] if position + 1 < len(data) else b""
            uid = _UID.search(each[0]) or (_UID.search(behind) if isinstance(behind, bytes) else None)
            if uid:
                yield int(uid[1]), each[1]


def _chunks(uids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(uids), CHUNK):
        yield uids[start : start + CHUNK]


def _set(keys: Sequence[str]) -> str:
    return ",".join(str(_uid(each)) for each in keys)


def _uid(key: str) -> int:
    return int(key.rpartition(":")[2])


def _date(written: bytes) -> datetime:
    return datetime.strptime(written.decode("ascii").strip(), "%d-%b-%Y %H:%M:%S %z")


def _text(data: Sequence[Any]) -> str:
    return " ".join(each.decode("utf-8", "replace") for each in data if isinstance(each, bytes))
