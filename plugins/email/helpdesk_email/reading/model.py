"""What a mail says, once it has been read: plain values that other parts of the gateway work with."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox: the display name (may be empty) and the address as written, without angle brackets."""

    name: str
    address: str

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name else self.address


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a mail: `name` is never empty, `content` is decoded, `content_id` has no angle brackets."""

    name: str
    content_type: str
    content: bytes = field(repr=False)
    content_id: str | None = None
    inline: bool = False
    named: bool = True

    @property
    def size(self) -> int:
        """The number of bytes of the content."""
        return len(self.content)


@dataclass(frozen=True, slots=True)
class Protection:
    """That a mail is signed or encrypted; nothing was checked or opened.

    `closed` tells that what a signed mail says stands inside its signature, where only a program that knows S/MIME
    finds it; `in_text` that the armour of PGP is in the text itself.
    """

    kind: Literal["signed", "encrypted"]
    standard: Literal["S/MIME", "OpenPGP"]
    closed: bool = False
    in_text: bool = False

    @property
    def is_readable(self) -> bool:
        """Whether the text of the mail is what its sender wrote."""
        return self.kind == "signed" and not self.closed


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail, read as far as it can be read.

    Text is Unicode NFC without NUL. `message_id`, `in_reply_to` and `references` keep their angle brackets. `date`
    is aware UTC. `html` is what the sender wrote: pass it through `clean_html` before anybody sees it.
    `signed` is the signed part of a mail whose signature stands beside its text, as a mail of its own, by which alone
    the signature can be checked. `text_from_html` says that the mail had no text of its own. `defects` are sentences
    about what was wrong with the mail and how it was read all the same.
    """

    message_id: str | None = None
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    date: datetime | None = None
    from_: Address | None = None
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    envelope_to: tuple[str, ...] = ()
    return_path: str | None = None
    subject: str = ""
    text: str = ""
    html: str | None = None
    text_from_html: bool = False
    attachments: tuple[Attachment, ...] = ()
    content_type: str = "text/plain"
    report_type: str | None = None
    protection: Protection | None = None
    signed: bytes | None = field(default=None, repr=False)
    headers: tuple[tuple[str, str], ...] = ()
    defects: tuple[str, ...] = ()

    def header(self, name: str) -> str | None:
        """The first header of that name (any case), decoded; None when there is none."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    def header_all(self, name: str) -> list[str]:
        """Every header of that name (any case), decoded, in the order of the mail."""
        wanted = name.lower()
        return [value for key, value in self.headers if key.lower() == wanted]
