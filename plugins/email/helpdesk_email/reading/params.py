"""Header parameters (`text/plain; charset=utf-8`): RFC 2045 and 2231, and what programs write in their place."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from .charsets import decode_text
from .words import decode_words, unfold

_NAME = re.compile(rb"([^\s=;\"]{1,80})\s{0,20}=\s{0,80}")
_QUOTED = re.compile(rb'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_BARE = re.compile(rb"[^;]*")
_EXTENDED = re.compile(rb"([A-Za-z0-9_.:+-]*)'[^']{0,40}'(.*)", re.DOTALL)
_MAX_PARAMETERS = 100


@dataclass(frozen=True, slots=True)
class Structured:
    """A header with parameters: the value in lower case, the parameters decoded, their names in lower case."""

    value: str = ""
    params: dict[str, str] = field(default_factory=dict)


def parse_structured(raw: bytes, charset: str | None = None) -> Structured:
    """Read a header of the form `value; name=value`. `charset` is tried first for raw 8-bit bytes."""
    line = unfold(raw)
    head, _, rest = line.partition(b";")
    value = head.decode("ascii", "replace").strip().strip("\"'").lower()
    if "=" in value and "/" not in value:
        value, rest = "", line  # the value is missing: `Content-Type: charset=utf-8`
    value = value.split()[0] if value else ""
    return Structured(value, _decode_all(_split(rest), charset))


def _split(rest: bytes) -> list[tuple[str, bytes, bool]]:
    """The parameters as written: name, raw value, and whether it stood in quotes."""
    found: list[tuple[str, bytes, bool]] = []
    position = 0
    while len(found) < _MAX_PARAMETERS and (name := _NAME.search(rest, position)) is not None:
        key = name[1].decode("ascii", "replace").lower()
        quoted = _QUOTED.match(rest, name.end())
        if quoted is not None:
            text = re.sub(rb"\\(.)", rb"\1", quoted[1], flags=re.DOTALL)
            found.append((key, text, True))
            position = quoted.end()
        else:
            bare = _BARE.match(rest, name.end())
            assert bare is not None  # matches the empty string too
            found.append((key, _trim_bare(bare[0]), False))
            position = bare.end()
    return found


def _trim_bare(value: bytes) -> bytes:
    value = value.strip()
    if value.startswith(b'"'):
        return value[1:]
    # A comment or a second parameter after white space instead of a semicolon.
    second = re.search(rb"\s(?:\(|[a-zA-Z-]{4,20}=)", value)
    return (value[: second.start()] if second else value).strip().strip(b"'") if b" " in value else value


def _decode_all(found: list[tuple[str, bytes, bool]], charset: str | None) -> dict[str, str]:
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[bytes, bool]]] = {}
    for key, value, _quoted in found:
        name, star, rest = key.partition("*")
        if not star:
            plain.setdefault(name, decode_words(value, charset))
            continue
        number = re.match(r"\d{1,3}", rest)
        extended = rest.endswith("*") or not rest
        pieces.setdefault(name, {}).setdefault(int(number[0]) if number else 0, (value, extended))
    for name, numbered in pieces.items():
        decoded = _extended([numbered[key] for key in sorted(numbered)], charset)
        if decoded or name not in plain:
            plain[name] = decoded
    return plain


def _extended(parts: list[tuple[bytes, bool]], charset: str | None) -> str:
    """Join RFC 2231 continuations: the charset stands in the first, percent escapes in those marked for it."""
    first, is_extended = parts[0]
    label = charset
    prefix = _EXTENDED.fullmatch(first) if is_extended else None
    if prefix is not None:
        label = prefix[1].decode("ascii") or charset
        parts = [(prefix[2], True), *parts[1:]]
    joined = b"".join(unquote_to_bytes(value) if extended else value for value, extended in parts)
    if prefix is None and b"=?" in joined:
        return decode_words(joined, charset)
    return decode_text(joined, label)
