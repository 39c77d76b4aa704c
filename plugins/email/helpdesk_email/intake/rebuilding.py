"""Mails put together again from what a provider has taken apart, where its form of raw mails was not chosen.

Better than to refuse them: a provider gives up on what is refused long enough, and tells nobody. The bytes are not
those of the sender (a signature does not fit any more), but headers, texts and files are, and the same handover gives
the same bytes.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ..reading.transfer import decode_base64
from .handover import Handover

_SHAPE: Final = frozenset({"mime-version", "content-type", "content-transfer-encoding", "content-disposition"})
_NAME: Final = re.compile(r"[!-9;-~]{1,76}")
_FOLD: Final = re.compile(r"[\r\n\0]+[ \t]*")


@dataclass(frozen=True, slots=True)
class File:
    """A file of a mail; `content_id` has no angle brackets."""

    name: str
    content_type: str
    content: bytes
    content_id: str = ""


def rebuild(
    headers: Iterable[tuple[str, str]], missing: Mapping[str, str], text: str, html: str, files: Sequence[File]
) -> bytes:
    """Return the mail. `headers` are those of the sender; `missing` has what they lack, as the provider names it."""
    kept = [(name, value) for name, value in headers if name.lower() not in _SHAPE and _NAME.fullmatch(name)]
    there = {name.lower() for name, _ in kept}
    kept += [(name, value) for name, value in missing.items() if value and name.lower() not in there]
    bodies = [_part(f"text/{kind}; charset=utf-8", each) for kind, each in (("plain", text), ("html", html)) if each]
    content = bodies[0] if len(bodies) == 1 else _several("alternative", bodies)
    parts = [content, *(_file(each) for each in files)]
    whole = content if len(parts) == 1 else _several("mixed", parts)
    lines = [f"{name}: {_FOLD.sub(' ', value).strip()}\r\n" for name, value in kept]
    return "".join([*lines, "MIME-Version: 1.0\r\n"]).encode("utf-8", "replace") + whole


def from_mailgun(given: Handover) -> bytes | None:
    """Return the mail of a fully parsed message of Mailgun's; None if it is none."""
    if "body-plain" not in given.fields and "body-html" not in given.fields:
        return None
    listed, pictures = _list(given.text("message-headers")), _object(given.text("content-id-map"))
    ids = {field: cid.strip("<>") for cid, field in pictures.items() if isinstance(field, str)}
    names = [name for name in given.fields if name.startswith("attachment-") and name != "attachment-count"]
    return rebuild(
        [(str(each[0]), str(each[1])) for each in listed if isinstance(each, list) and len(each) == 2],
        {"From": given.text("from"), "To": given.text("recipient"), "Subject": given.text("subject")},
        given.text("body-plain"),
        given.text("body-html"),
        [_of_field(given, name, content_id=ids.get(name, "")) for name in names],
    )


def from_sendgrid(given: Handover) -> bytes | None:
    """Return the mail of a parsed message of SendGrid's; None if it is none."""
    if not {"headers", "from", "text", "html"} & given.fields.keys():
        return None
    charsets, infos = (_object(given.text(name)) for name in ("charsets", "attachment-info"))
    files = []
    for name, info in infos.items():
        if isinstance(info, dict) and name in given.fields:
            title, kind = str(info.get("filename") or info.get("name") or ""), str(info.get("type") or "")
            files.append(_of_field(given, name, title, kind, str(info.get("content-id") or "")))
    return rebuild(
        _lines(_text(given, "headers", charsets)),
        {name: _text(given, name.lower(), charsets) for name in ("From", "To", "Cc", "Subject")},
        _text(given, "text", charsets),
        _text(given, "html", charsets),
        files,
    )


def from_postmark(said: Mapping[str, Any]) -> bytes | None:
    """Return the mail of Postmark's JSON; None if it is none."""
    if not {"TextBody", "HtmlBody"} & said.keys():
        return None

    def text(name: str, of: Mapping[str, Any] = said) -> str:
        value = of.get(name)
        return value if isinstance(value, str) else ""

    sender = said.get("FromFull")
    given = text("From")
    if isinstance(sender, dict):
        name = text("Name", sender).replace("\\", "").replace('"', "")
        given = f'"{name}" <{text("Email", sender)}>' if name else text("Email", sender)
    missing = {"From": given, "Reply-To": text("ReplyTo"), "Message-ID": f"<{text('MessageID')}@inbound.postmark>"}
    return rebuild(
        [(text("Name", each), text("Value", each)) for each in _objects(said.get("Headers"))],
        missing | {name: text(name) for name in ("To", "Cc", "Subject", "Date")},
        text("TextBody"),
        text("HtmlBody"),
        [
            File(
                text("Name", each),
                text("ContentType", each),
                decode_base64(text("Content", each).encode("ascii", "ignore")),
                text("ContentID", each),
            )
            for each in _objects(said.get("Attachments"))
        ],
    )


def _of_field(given: Handover, name: str, title: str = "", kind: str = "", content_id: str = "") -> File:
    known_title, known_kind = given.files.get(name, ("", ""))
    return File(title or known_title or name, kind or known_kind, given.fields[name], content_id)


def _text(given: Handover, name: str, charsets: Mapping[str, Any]) -> str:
    content = given.fields.get(name, b"")
    try:
        return content.decode(str(charsets.get(name) or "utf-8"), "replace")
    except LookupError:
        return content.decode("utf-8", "replace")


def _lines(block: str) -> list[tuple[str, str]]:
    """The headers of a block; lines that begin with a blank go on."""
    unfolded = re.sub(r"\r?\n[ \t]+", " ", block)
    pairs = (line.partition(":") for line in unfolded.splitlines())
    return [(name.strip(), value.strip()) for name, colon, value in pairs if colon]


def _object(text: str) -> dict[str, Any]:
    value = _json(text)
    return value if isinstance(value, dict) else {}


def _list(text: str) -> list[Any]:
    value = _json(text)
    return value if isinstance(value, list) else []


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _objects(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _part(kind: str, content: str | bytes, *more: str) -> bytes:
    raw = content.encode("utf-8", "replace") if isinstance(content, str) else content
    head = "".join(f"{line}\r\n" for line in (f"Content-Type: {kind}", "Content-Transfer-Encoding: base64", *more))
    return head.encode("utf-8", "replace") + b"\r\n" + base64.encodebytes(raw).replace(b"\n", b"\r\n")


def _file(file: File) -> bytes:
    kind = file.content_type if re.fullmatch(r"[\w.+-]+/[\w.+-]+", file.content_type) else "application/octet-stream"
    name = _FOLD.sub(" ", file.name).replace("\\", "\\\\").replace('"', '\\"')
    cid = _FOLD.sub(" ", file.content_id).strip(" <>")
    more = [f"Content-ID: <{cid}>"] if cid else []
    return _part(
        kind, file.content, f'Content-Disposition: {"inline" if cid else "attachment"}; filename="{name}"', *more
    )


def _several(kind: str, parts: Sequence[bytes]) -> bytes:
    limit = hashlib.sha256(b"\0".join(parts)).hexdigest()[:40].encode()
    inside = b"".join(b"--" + limit + b"\r\n" + part + b"\r\n" for part in parts)
    return (
        f"Content-Type: multipart/{kind}; boundary=".encode() + limit + b"\r\n\r\n" + inside + b"--" + limit + b"--\r\n"
    )
