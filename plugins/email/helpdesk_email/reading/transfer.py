"""Content transfer encodings, read leniently: base64, quoted-printable and uuencode."""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass

_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=]+")
_UU_BEGIN = re.compile(rb"^begin(?:-base64)? ([0-7]{3,4}) ([^\r\n]{1,255}?)[ \t]*\r?$", re.MULTILINE)
_MAX_UU_FILES = 50


@dataclass(frozen=True, slots=True)
class UuFile:
    """A file that was uuencoded into a text."""

    name: bytes
    content: bytes


def decode_transfer(body: bytes, encoding: str) -> bytes:
    """Undo a content transfer encoding; an unknown one leaves the body as it is."""
    name = re.sub(r"[^a-z0-9-]", "", encoding.lower().split(";")[0].replace("_", "-"))
    if name in {"base64", "b64", "base-64", "b"}:
        return decode_base64(body)
    if name in {"quoted-printable", "quotedprintable", "qp", "quoted-printible", "q"}:
        return binascii.a2b_qp(body)
    if name in {"x-uuencode", "uuencode", "x-uue", "uue"}:
        files = uu_files(body)[1]
        return files[0].content if files else body
    return body


def decode_base64(data: bytes) -> bytes:
    """Decode base64 with foreign characters, missing padding, or several padded pieces in a row."""
    clean = _NOT_BASE64.sub(b"", data.replace(b"-", b"+").replace(b"_", b"/") if _is_url_safe(data) else data)
    head = clean.rstrip(b"=")
    if b"=" not in head:
        return _chunk(head)
    return b"".join(_chunk(piece) for piece in re.split(rb"=+", head))


def uu_files(text: bytes) -> tuple[bytes, list[UuFile]]:
    """Split uuencoded files from a text: what is left of the text, and the files (at most fifty)."""
    if b"begin" not in text:
        return text, []
    kept: list[bytes] = []
    files: list[UuFile] = []
    position = 0
    while len(files) < _MAX_UU_FILES and (begin := _UU_BEGIN.search(text, position)) is not None:
        decoded = _uu_body(text, begin.end())
        if decoded is None:
            kept.append(text[position : begin.end()])
            position = begin.end()
            continue
        kept.append(text[position : begin.start()])
        files.append(UuFile(begin[2], decoded[0]))
        position = decoded[1]
    kept.append(text[position:])
    return b"".join(kept), files


def _uu_body(text: bytes, start: int) -> tuple[bytes, int] | None:
    """The bytes of a uuencoded file whose lines begin after `start`, and where it ends; None when it is none."""
    content: list[bytes] = []
    position = text.find(b"\n", start) + 1
    while position:
        end = text.find(b"\n", position)
        line = text[position : end if end >= 0 else len(text)].rstrip(b"\r")
        after = end + 1 if end >= 0 else len(text)
        if line == b"end":
            return b"".join(content), after
        if line and not 32 <= line[0] <= 96:
            return None
        if line and line != b"`":
            decoded = _uu_line(line)
            if decoded is None:
                return None
            content.append(decoded)
        if end < 0:
            return (b"".join(content), after) if content else None
        position = after
    return None


def _uu_line(line: bytes) -> bytes | None:
    size = (line[0] - 32) & 63
    needed = (size * 4 + 2) // 3
    try:
        return binascii.a2b_uu(line[: 1 + (needed + 3) // 4 * 4])
    except binascii.Error:
        return None


def _chunk(clean: bytes) -> bytes:
    usable = clean if len(clean) % 4 != 1 else clean[:-1]
    return binascii.a2b_base64(usable + b"=" * (-len(usable) % 4))


def _is_url_safe(data: bytes) -> bool:
    return (b"-" in data or b"_" in data) and b"+" not in data and b"/" not in data
