"""Header text: RFC 2047 encoded words and all that is sent in their place."""

from __future__ import annotations

import binascii
import re

from .charsets import decode_text, decode_undeclared, tidy
from .transfer import decode_base64

_WORD = re.compile(
    rb"=\?(?P<charset>[^?\s=]{0,60})\?(?P<how>[bBqQ])\?(?P<text>[^\r\n]*?)(?:\?=|(?P<cut>\?{0,1}\Z))",
)
_FOLD = re.compile(rb"\r?\n(?=[ \t])|[\r\n]+")


def unfold(value: bytes) -> bytes:
    """One line of a folded header value: line ends go, the white space after them stays."""
    return _FOLD.sub(b"", value).strip(b" \t\0") if b"\n" in value or b"\r" in value else value.strip(b" \t\0")


def decode_words(value: bytes, charset: str | None = None) -> str:
    """Decode a header value: encoded words, raw 8-bit bytes, and plain text.

    `charset` is what raw bytes are tried in first (usually the charset of the body). Bytes of neighbouring words in
    one charset are joined before they are decoded, because many programs cut a character in two.
    """
    value = unfold(value)
    if b"=?" not in value:
        return decode_undeclared(value, charset if not value.isascii() or b"\x1b" in value else None)
    pieces: list[str] = []
    pending: list[tuple[str, bytes]] = []
    carried = b""
    end = 0
    for hit in _WORD.finditer(value):
        if hit["cut"] is not None and re.search(rb"\s", hit["text"]):
            break  # an unfinished word with spaces is ordinary text
        between = value[end : hit.start()]
        if pending and between.strip(b" \t"):
            pieces.append(_join(pending, carried))
            pending, carried = [], b""
        if not pending:
            pieces.append(_plain(between, charset))
        label = hit["charset"].split(b"*")[0].decode("ascii", "replace").lower()
        if hit["how"] in b"bB":
            encoded = carried + hit["text"]
            carried = b""
            if _is_cut(encoded) and _continues(value, hit.end(), label):
                carried = encoded
                end = hit.end()
                pending.append((label, b""))
                continue
            data = decode_base64(encoded)
        else:
            data = binascii.a2b_qp(hit["text"].replace(b" ", b"_"), header=True)
        pending.append((label, data))
        end = hit.end()
    if pending:
        pieces.append(_join(pending, carried))
    pieces.append(_plain(value[end:], charset))
    return tidy("".join(pieces))


def decode_words_in(text: str) -> str:
    """Decode encoded words inside text that is decoded already, as happens in quoted strings and file names."""
    return decode_words(text.encode("utf-8", "replace"), "utf-8") if "=?" in text else text


def _is_cut(encoded: bytes) -> bool:
    stripped = encoded.strip()
    return len(stripped) % 4 != 0 and not stripped.endswith(b"=")


def _continues(value: bytes, position: int, label: str) -> bool:
    following = _WORD.match(value[position : position + 400].lstrip(b" \t"))
    return (
        following is not None
        and following["how"] in b"bB"
        and following["charset"].split(b"*")[0].decode("ascii", "replace").lower() == label
    )


def _join(pending: list[tuple[str, bytes]], carried: bytes) -> str:
    if carried:
        pending = [*pending, (pending[-1][0], decode_base64(carried))]
    result: list[str] = []
    run: list[bytes] = []
    for index, (label, data) in enumerate(pending):
        run.append(data)
        if index + 1 == len(pending) or pending[index + 1][0] != label:
            result.append(decode_text(b"".join(run), label))
            run = []
    return "".join(result)


def _plain(chunk: bytes, charset: str | None) -> str:
    return decode_undeclared(chunk, charset if not chunk.isascii() else None)
