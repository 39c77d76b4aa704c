"""Making the bytes of a mail (RFC 5322, 2045 to 2047, 2231).

The header is written here and not by the `email` package, which turns long Message-IDs in References into encoded
words, so that no mail program threads them, and doubles spaces in long subjects.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from helpdesk_core.mail.mailbox import Mailbox, one_line

_POLICY = SMTP.clone(cte_type="7bit")
_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")
_SPECIAL = re.compile(r'[()<>@,;:\\".\[\]]')
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9.+-]{1,100}/[A-Za-z0-9.+-]{1,100}")
_LINE_ENDS = re.compile(r"[\r\n]+\s*")
OUR_HEADERS = frozenset(
    ("from", "to", "cc", "bcc", "sender", "reply-to", "subject", "date", "message-id", "in-reply-to", "references")
)
"""Headers that are fields of `Letter`; extra headers of these names, and those of MIME, are left out."""


@dataclass(frozen=True)
class File:
    """An attachment's bytes; with a `content_id` (no brackets) that the HTML shows as `cid:…` it is shown inline."""

    name: str
    content_type: str
    content: bytes
    content_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Letter:
    """What a mail says, before it is bytes. Message-IDs are with angle brackets; `references` are oldest first."""

    sender: Mailbox
    to: Sequence[Mailbox]
    cc: Sequence[Mailbox] = ()
    reply_to: Mailbox | None = None
    subject: str
    date: datetime
    message_id: str
    in_reply_to: str | None = None
    references: Sequence[str] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    text: str
    html: str | None = None
    files: Sequence[File] = ()


def compile_mail(letter: Letter) -> bytes:
    """Return the mail with CRLF line ends, in 7-bit ASCII unless an address is not."""
    lines = [
        ("From", _mailboxes([letter.sender])),
        ("To", _mailboxes(letter.to)),
        ("Cc", _mailboxes(letter.cc)),
        ("Reply-To", _mailboxes([letter.reply_to]) if letter.reply_to else ""),
        ("Subject", _text("Subject", letter.subject)),
        ("Date", format_datetime(letter.date)),
        ("Message-ID", _ids([letter.message_id])),
        ("In-Reply-To", _ids([letter.in_reply_to]) if letter.in_reply_to else ""),
        ("References", _ids(letter.references)),
        *((name, _text(name, value)) for name, value in letter.headers.items() if _is_extra(name)),
    ]
    head = "".join(f"{name}: {value}\r\n" for name, value in lines if value)
    return head.encode("utf-8") + _body(letter).as_bytes(policy=_POLICY)


def is_ascii(mailboxes: Iterable[Mailbox]) -> bool:
    """Tell whether a mail to them needs no SMTPUTF8."""
    return all(mailbox.address.isascii() for mailbox in mailboxes)


def _body(letter: Letter) -> EmailMessage:
    message = EmailMessage(policy=_POLICY)
    message.set_content(_lines(letter.text))
    inline: list[File] = []
    if letter.html is not None:
        message.add_alternative(_lines(letter.html), subtype="html")
        inline = [file for file in letter.files if file.content_id and f"cid:{file.content_id}" in letter.html]
        _relate(message, inline)
    for file in letter.files:
        if file not in inline:
            _attach(message, file)
    return message


def _relate(message: EmailMessage, inline: Sequence[File]) -> None:
    html = message.get_body(("html",))
    if not isinstance(html, EmailMessage):
        return
    for file in inline:
        maintype, subtype = _media_type(file)
        html.add_related(
            file.content,
            maintype=maintype,
            subtype=subtype,
            cid=f"<{one_line(file.content_id or '')}>",
            filename=one_line(file.name),
            disposition="inline",
        )


def _attach(message: EmailMessage, file: File) -> None:
    maintype, subtype = _media_type(file)
    message.add_attachment(file.content, maintype=maintype, subtype=subtype, filename=one_line(file.name))


def _media_type(file: File) -> tuple[str, str]:
    """Return the two halves; messages and multiparts travel as mere bytes, so that nothing changes them on the way."""
    maintype, _, subtype = file.content_type.partition("/")
    if maintype in ("message", "multipart") or not _MEDIA_TYPE.fullmatch(file.content_type):
        return "application", "octet-stream"
    return maintype, subtype


def _mailboxes(mailboxes: Sequence[Mailbox]) -> str:
    return ",\r\n ".join(_mailbox(mailbox) for mailbox in mailboxes)


def _mailbox(mailbox: Mailbox) -> str:
    name = one_line(mailbox.name)
    if not name:
        return one_line(mailbox.address)
    if not name.isascii():
        shown = Header(name, "utf-8", header_name="Reply-To", maxlinelen=75).encode(linesep="\r\n")
    elif _SPECIAL.search(name):
        shown = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    else:
        shown = name
    return f"{shown} <{one_line(mailbox.address)}>"


def _text(name: str, value: str) -> str:
    """Write a text; whatever is not short ASCII is split into encoded words, which every reader joins again."""
    value = " ".join(_LINE_ENDS.sub(" ", value).split())
    simple = value.isascii() and value.isprintable() and "=?" not in value
    if simple and len(name) + 2 + len(value) <= 76:
        return value
    if simple and all(len(word) <= 70 for word in value.split()):
        return _fold(name, value.split())
    return Header(value, "utf-8", header_name=name, maxlinelen=75).encode(linesep="\r\n")


def _ids(ids: Sequence[str]) -> str:
    """Write Message-IDs one a line; a line is never broken within one."""
    return "\r\n ".join(re.sub(r"[^!-~]", "", each) for each in ids if each)


def _fold(name: str, words: Sequence[str]) -> str:
    lines, length = [""], len(name) + 1
    for word in words:
        if length + 1 + len(word) > 76:
            lines.append("")
            length = 0
        lines[-1] += (" " if lines[-1] else "") + word
        length += 1 + len(word)
    return "\r\n ".join(lines)


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n") + "\n"


def _is_extra(name: str) -> bool:
    lower = name.lower()
    return (
        bool(_HEADER_NAME.fullmatch(name)) and lower not in OUR_HEADERS and not lower.startswith(("content-", "mime-"))
    )
