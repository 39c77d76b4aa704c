"""What hands a mail over: the shape of a transport, and the simple ones (files, memory, nothing)."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from helpdesk_core.errors import HelpdeskError


@dataclass(frozen=True, slots=True)
class Envelope:
    """A finished mail: bare addresses for the envelope, and the bytes with CRLF line ends.

    `uid` names the mail for as long as it is tried. `smtputf8` is set if an address is not plain ASCII.
    """

    uid: str
    sender: str
    recipients: tuple[str, ...]
    content: bytes
    smtputf8: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one recipient, or the whole mail, was not taken; a `permanent` one is not tried again."""

    reason: str
    permanent: bool


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a mail that was handed over: those whom it now travels to, and those who were refused.

    `dropped` tells that nothing was sent, on purpose.
    """

    accepted: tuple[str, ...]
    refused: Mapping[str, Refusal] = field(default_factory=dict)
    dropped: bool = False


class MailRefused(HelpdeskError):
    """The mail was not taken for anybody; others may well be."""

    code = "mail-refused"

    def __init__(self, reason: str, *, permanent: bool) -> None:
        super().__init__(reason)
        self.permanent = permanent


class TransportDown(HelpdeskError):
    """The way out does not work at all just now, so that there is no sense in trying the next mail.

    With `until` it is known not to work, and was not tried: mail waits until then, and loses no try.
    """

    code = "transport-down"

    def __init__(self, reason: str, *, until: datetime | None = None) -> None:
        super().__init__(reason)
        self.until = until


class Connection(ABC):
    """An open way out, for one or more mails."""

    @abstractmethod
    def send(self, envelope: Envelope) -> Receipt:
        """Hand one mail over. Raises `MailRefused` or `TransportDown`; after the latter it is not used again."""


class Transport(ABC):
    """A way out. Plugins bring others by the hook `mail_transport`.

    With `falls_back` the way out of [mail] is tried at once where this one does not work at all (`TransportDown`).
    `delivers` is False for one that reaches nobody: mail that was meant for another way out waits instead of ending
    here.
    """

    falls_back: bool = False
    delivers: bool = True

    @abstractmethod
    def connect(self) -> AbstractContextManager[Connection]:
        """Open the way out for a batch of mails; raises `TransportDown`."""


class FolderTransport(Transport):
    """Writes each mail to a file `<uid>.eml`, for trying things out; it reaches nobody."""

    delivers = False

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """Make the folder if need be."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise TransportDown(f"The folder {self._folder} cannot be made: {error}. Correct [mail] folder.") from error
        yield _Files(self._folder)


class _Files(Connection):
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, envelope: Envelope) -> Receipt:
        target = self._folder / f"{envelope.uid}.eml"
        unfinished = target.with_suffix(".part")
        try:
            unfinished.write_bytes(envelope.content)
            unfinished.replace(target)
        except OSError as error:
            raise TransportDown(f"{target} cannot be written: {error}") from error
        return Receipt(envelope.recipients)


class MemoryTransport(Transport, Connection):
    """Keeps mails in a list, for tests."""

    def __init__(self) -> None:
        self.sent: list[Envelope] = []

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """Nothing to open."""
        yield self

    def send(self, envelope: Envelope) -> Receipt:
        """Keep it."""
        self.sent.append(envelope)
        return Receipt(envelope.recipients)

    def to(self, address: str) -> Sequence[Envelope]:
        """Return the mails that went to an address."""
        return [envelope for envelope in self.sent if address in envelope.recipients]


class NullTransport(Transport, Connection):
    """Sends nothing; mails are marked as dropped."""

    delivers = False

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """Nothing to open."""
        yield self

    def send(self, envelope: Envelope) -> Receipt:
        """Forget it."""
        return Receipt((), dropped=True)
