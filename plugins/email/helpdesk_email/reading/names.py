"""Names of files in a mail: as the sender gave them, or made from what the part is."""

from __future__ import annotations

import mimetypes
import re

from .charsets import tidy
from .params import parse_structured
from .parts import Part, split_headers
from .words import decode_words, decode_words_in

_MAX_NAME = 200
_EXTENSIONS = {
    "message/rfc822": ".eml",
    "text/calendar": ".ics",
    "text/plain": ".txt",
    "text/html": ".html",
    "text/rfc822-headers": ".txt",
    "application/pgp-signature": ".asc",
    "application/pgp-keys": ".asc",
    "application/pkcs7-mime": ".p7m",
    "application/x-pkcs7-mime": ".p7m",
    "application/pkcs7-signature": ".p7s",
    "application/x-pkcs7-signature": ".p7s",
    "application/octet-stream": ".bin",
    "image/jpeg": ".jpg",
    "image/pjpeg": ".jpg",
}


def file_name(part: Part, hint: str | None = None) -> str | None:
    """The name the sender gave a part, in one line; None when there is none. `hint` is the charset of raw bytes."""
    name = _named(part, "content-disposition", "filename", hint) or _named(part, "content-type", "name", hint)
    if not name:
        return None
    name = re.sub(r"[\r\n\t]+", " ", tidy(decode_words_in(name))).strip()
    return name[:_MAX_NAME] or None


def _named(part: Part, header: str, parameter: str, hint: str | None) -> str | None:
    raw = part.raw(header)
    if raw is not None and hint and not raw.isascii():
        return parse_structured(raw, hint).params.get(parameter)
    there = part.disposition if header == "content-disposition" else part.content_type
    return there.params.get(parameter)


def made_up_name(part: Part, data: bytes, number: int, hint: str | None = None) -> str:
    """A name for a part without one: the subject of an enclosed mail, or its number and kind."""
    if part.type == "message/rfc822":
        headers, _ = split_headers(data)
        subject = next((decode_words(value, hint) for key, value in headers if key == "subject"), "")
        subject = re.sub(r'[\\/:*?"<>|\s]+', " ", subject).strip()[:80]
        if subject:
            return f"{subject}.eml"
    extension = _EXTENSIONS.get(part.type) or mimetypes.guess_extension(part.type) or ".bin"
    return f"part-{number}{extension}"
