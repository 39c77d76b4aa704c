"""Read a mail from its bytes: the entry of this library."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_tz

from .addresses import parse_addresses
from .bodies import body_html, body_text, gather
from .charsets import DETECT_BYTES, decode_text, decode_undeclared, is_utf8, likely_charset, says_charset, tidy
from .model import Address, Mail
from .parts import Part, parse_parts
from .protection import find_protection, signed_bytes
from .sentences import lazy
from .transfer import decode_transfer
from .words import decode_words

_ID = re.compile(r"<[^<>\s]{1,996}>")
_MAX_REFERENCES = 200
_ENVELOPE = (
    "x-original-to",
    "delivered-to",
    "envelope-to",
    "x-envelope-to",
    "x-rcpt-to",
    "x-delivered-to",
    "x-forwarded-to",
)
_STRUCTURED = frozenset(
    {"received", "dkim-signature", "content-type", "content-disposition", "content-transfer-encoding"}
)


def read_mail(raw: bytes) -> Mail:
    """Read a mail, whatever its bytes are. Never raises; what was wrong stands in `defects`.

    Bounded in depth (30), parts (500), headers (1,000) and text (a million characters); time grows with the size only.
    """
    root, defects = parse_parts(raw)
    charset = _charset(root)
    contents = gather(root, charset)
    defects.extend(contents.defects)
    html = body_html(contents.segments)
    headers = tuple((name, _header_text(name, value, charset)) for name, value in root.headers)
    text = body_text(contents.segments)
    sender = _sender(root, charset)
    if sender is None:
        defects.append(lazy("The mail names no sender."))
    return Mail(
        message_id=next(iter(_ids(root, "message-id")), None),
        in_reply_to=_ids(root, "in-reply-to"),
        references=_ids(root, "references"),
        date=_date(root),
        from_=sender,
        to=_addresses(root, "to", charset),
        cc=_addresses(root, "cc", charset),
        reply_to=_addresses(root, "reply-to", charset),
        envelope_to=_envelope_to(root),
        return_path=_return_path(root),
        subject=_subject(root, charset),
        text=text,
        html=html,
        text_from_html=html is not None and not any(piece.text and piece.text.strip() for piece in contents.segments),
        attachments=tuple(contents.files),
        content_type=root.type,
        report_type=root.content_type.params.get("report-type", "").lower() or None,
        protection=find_protection(root, text, opened=contents.opened),
        signed=signed_bytes(root),
        headers=headers,
        defects=tuple(defects),
    )


def _charset(root: Part) -> str | None:
    """The charset that bytes without a label are probably in: that of the first text that has one, else the one that
    all of them together look like, since a subject or the name of a file is often too short to tell.
    """
    unlabelled: list[bytes] = []
    queue = [root]
    while queue:
        part = queue.pop(0)
        declared = part.content_type.params.get("charset", "")
        if says_charset(declared):
            return declared
        unlabelled.extend(value for _name, value in part.headers)
        if not part.children and part.type.startswith("text"):
            unlabelled.append(decode_transfer(part.body, part.encoding)[:DETECT_BYTES])
        queue.extend(part.children)
    raw = [each for each in unlabelled if not is_utf8(each)]
    return likely_charset(b"\n".join(raw)) if raw else None


def _header_text(name: str, value: bytes, charset: str | None) -> str:
    if name in _STRUCTURED or (b"=?" not in value and value.isascii()):
        return tidy(" ".join(decode_undeclared(value, charset).split()))
    return re.sub(r"\s+", " ", decode_words(value, charset)).strip()


def _subject(root: Part, charset: str | None) -> str:
    raw = root.raw("subject")
    return re.sub(r"[\r\n\t]+", " ", decode_words(raw, charset)).strip() if raw else ""


def _addresses(root: Part, name: str, charset: str | None) -> tuple[Address, ...]:
    return tuple(
        address
        for key, value in root.headers
        if key == name and value.strip()
        for address in parse_addresses(value, charset)
    )


def _sender(root: Part, charset: str | None) -> Address | None:
    for name in ("from", "sender", "reply-to", "return-path", "x-sender", "resent-from"):
        found = _addresses(root, name, charset)
        if found:
            return found[0]
    return None


def _return_path(root: Part) -> str | None:
    """The envelope sender; empty for the null sender, None when the mail does not say."""
    raw = root.raw("return-path")
    if raw is None:
        return None
    found = parse_addresses(raw)
    return found[0].address if found else ""


def _envelope_to(root: Part) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for name in _ENVELOPE:
        for address in _addresses(root, name, None):
            found.setdefault(address.address, None)
    return tuple(found)


def _ids(root: Part, name: str) -> tuple[str, ...]:
    raw = b" ".join(value for key, value in root.headers if key == name)
    if not raw.strip():
        return ()
    text = decode_text(raw[:100_000].replace(b"\r", b" ").replace(b"\n", b" "))
    found = _ID.findall(text)
    if not found and name == "message-id":
        found = [f"<{word.strip('<>')}>" for word in text.split()[:1] if word.strip("<>")]
    return tuple(dict.fromkeys(found[-_MAX_REFERENCES:]))


def _date(root: Part) -> datetime | None:
    candidates = [value for key, value in root.headers if key == "date"]
    candidates += [value.rpartition(b";")[2] for key, value in root.headers if key == "received"][:1]
    for raw in candidates:
        found = _parse_date(decode_text(raw[:200]).strip())
        if found is not None:
            return found
    return None


def _parse_date(text: str) -> datetime | None:
    """A date as mails write it, as aware UTC; None when it makes no sense."""
    try:
        parsed = parsedate_tz(text)
        if parsed is None:
            return None
        naive = datetime(*parsed[:6], tzinfo=UTC)
        return datetime.fromtimestamp(naive.timestamp() - (parsed[9] or 0), UTC)
    except (ValueError, TypeError, IndexError, OverflowError, OSError):
        return None
