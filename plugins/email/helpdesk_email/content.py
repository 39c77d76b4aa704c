"""What of a mail becomes the message: subject, text, HTML, files, and where the quote begins."""

from dataclasses import asdict, dataclass
from typing import Any

from helpdesk_core.api import Actor, Helpdesk, HelpdeskError
from helpdesk_core.api.attachments import StoredFile, Upload, check, keep
from helpdesk_core.api.tickets import NewMessage, clean_line, clean_text, is_visible

from .reading import Attachment, Mail, Stripped, clean_html, strip_reply
from .sentences import words_of

MOST_FILES = 100
LONGEST_TEXT = 900_000
NO_SUBJECT = "(no subject)"
NO_TEXT = "(no text)"
SIGNED_NAME = "signed.eml"
IN_A_FILE = "(What this mail says is in the attached file.)"


@dataclass(frozen=True, slots=True)
class Content:
    """A mail's content as the services take it. `own_text` is the text without quotes and signature.

    `signed` is the one of the `files` that holds the signed part as it came, with everything that it quotes.
    `left_out` holds name and reason of files that the site does not accept.
    """

    subject: str
    text: str
    own_text: str
    html: str | None
    quote_at: int | None
    files: tuple[StoredFile, ...]
    left_out: tuple[tuple[str, str], ...]
    signed: StoredFile | None = None


def content_of(desk: Helpdesk, actor: Actor, mail: Mail) -> Content:
    """Return the content, its files stored; those that the policy or a plugin refuses are left out, with the reason."""
    text = clean_text(mail.text)[:LONGEST_TEXT]
    protection = mail.protection
    closed = protection is not None and not protection.is_readable
    stripped = Stripped(reply=text) if closed else strip_reply(text, html=False)
    own = strip_reply(mail.html, html=True).reply if mail.text_from_html and mail.html else stripped.reply
    without = IN_A_FILE if closed else NO_TEXT
    subject = clean_line(mail.subject)[:500].strip()
    files, signed, left_out = _files(desk, actor, mail)
    return Content(
        subject=subject if is_visible(subject) else NO_SUBJECT,
        text=text if is_visible(text) else without,
        own_text=clean_text(own) if is_visible(own) else without,
        html=clean_html(mail.html) if mail.html is not None else None,
        quote_at=quote_begins(text, stripped.reply, stripped.signature) if stripped.quoted else None,
        files=files,
        left_out=left_out,
        signed=signed,
    )


def quote_begins(text: str, reply: str, signature: str) -> int | None:
    """Return the offset at which the quote below the reply begins; None if the reply does not stand on top."""
    lines = text.split("\n")
    at = 0
    for piece in (reply, signature):
        wanted = piece.split("\n") if piece else []
        while at < len(lines) and wanted and not lines[at].strip():
            at += 1
        if [line.rstrip() for line in lines[at : at + len(wanted)]] != [line.rstrip() for line in wanted]:
            return None
        at += len(wanted)
    while at < len(lines) and not lines[at].strip():
        at += 1
    if not reply or at >= len(lines):
        return None
    return sum(len(line) + 1 for line in lines[:at])


def details_of(mail: Mail, content: Content, uid: str) -> dict[str, Any]:
    """Return what the message keeps beside its content; `email` is the uid of the received mail."""
    details: dict[str, Any] = {
        "email": uid,
        "to": [str(each) for each in mail.to[:50]],
        "cc": [str(each) for each in mail.cc[:50]],
        "references": list(mail.references[-20:]),
    }
    if mail.in_reply_to:
        details["in_reply_to"] = mail.in_reply_to[0]
    if mail.date is not None:
        details["date"] = mail.date.isoformat()
    if mail.reply_to:
        details["reply_to"] = [str(each) for each in mail.reply_to[:5]]
    if content.quote_at is not None:
        details["quote_at"] = content.quote_at
    if mail.protection is not None:
        details["protection"] = asdict(mail.protection)
    if content.left_out:
        details["left_out"] = [{"name": name, "reason": reason} for name, reason in content.left_out]
    return details


def message_of(mail: Mail, content: Content, uid: str, *, notify: bool = True, stripped: bool = False) -> NewMessage:
    """Return the message to post.

    `stripped` leaves quotes, HTML and the signed part away: for what staff answer by mail, whose quotes may repeat what
    customers must not see.
    """
    details = details_of(mail, content, uid)
    if stripped:
        details.pop("quote_at", None)
    return NewMessage(
        text=content.own_text if stripped else content.text,
        html=None if stripped else content.html,
        markdown=False,
        files=tuple(each for each in content.files if not (stripped and each is content.signed)),
        message_id=mail.message_id if mail.message_id and len(mail.message_id) <= 700 else None,
        details=details,
        notify=notify,
    )


def _with_signed(mail: Mail) -> tuple[tuple[Attachment, ...], Attachment | None]:
    """Return the mail's files with its signed part as it came, since no signature fits what is decoded; and that."""
    if mail.signed is None:
        return mail.attachments, None
    signed = Attachment(SIGNED_NAME, "message/rfc822", mail.signed)
    return (*mail.attachments, signed), signed


def _files(
    desk: Helpdesk, actor: Actor, mail: Mail
) -> tuple[tuple[StoredFile, ...], StoredFile | None, tuple[tuple[str, str], ...]]:
    """Return the files that are kept, the one of them that is the signed part, and names and reasons of the others."""
    files: list[StoredFile] = []
    kept_signed: StoredFile | None = None
    left_out: list[tuple[str, str]] = []
    attachments, signed = _with_signed(mail)
    for each in attachments:
        upload = Upload(
            name=each.name, content=each.content, content_type=each.content_type, content_id=each.content_id
        )
        if len(files) == MOST_FILES:
            left_out.append((each.name, f"A message carries {MOST_FILES} files at most."))
            continue
        try:
            checked = check(desk, actor, upload)
        except HelpdeskError as error:
            left_out.append((each.name, words_of(error)))
            continue
        files.append(keep(desk, checked))
        if each is signed:
            kept_signed = files[-1]
    return tuple(files), kept_signed, tuple(left_out)
