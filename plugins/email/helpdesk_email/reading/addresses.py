"""Address lists as people and programs write them; never raises, never loses an address it can see."""

from __future__ import annotations

import re

from .charsets import decode_undeclared
from .model import Address
from .words import decode_words, decode_words_in, unfold

_MAX_ADDRESSES = 500
_MAX_LENGTH = 32_000
_ENCODED = r"=\?[^?\s]{1,60}\?[bBqQ]\?[^?\r\n]{0,1000}\?="
# A quoted string, a comment (one level), an address in angle brackets, an encoded word, a separator, or a run of
# other characters.
_TOKEN = re.compile(
    r'(?P<quoted>"(?:[^"\\]|\\.){0,200}")|(?P<comment>\((?:[^()\\]|\\.|\([^()]{0,99}\)){0,200}\))|(?P<angle><[^<>]{0,999}>)'
    rf"|(?P<word>{_ENCODED})|(?P<comma>,)|(?P<semicolon>;)|(?P<colon>:)|(?P<other>[^\s\"(<,;:]+|[\"(<])|(?P<space>\s+)",
    re.DOTALL,
)
_BARE_ADDRESS = re.compile(r"[^\s<>\"'(),;:\[\]]{1,128}@[^\s<>\"'(),;]{1,255}|[^\s<>()\"]{1,128}@\[[^\]\s]{1,100}\]")


def parse_addresses(raw: bytes, charset: str | None = None) -> tuple[Address, ...]:
    """Read a header with addresses (`From`, `To`, …); `charset` is tried first for raw 8-bit bytes.

    Groups give their members. An entry in which no address can be seen is left out.
    """
    line = unfold(raw[:_MAX_LENGTH])
    text = decode_undeclared(line, charset if not line.isascii() else None)
    found = _parse(text)
    if not found and "=?" in text:
        found = _parse(decode_words_in(text))  # the whole list was put into encoded words
    return tuple(found)


def find_addresses(text: str) -> list[str]:
    """Every address that can be seen in a text, in order, without repetition."""
    seen: dict[str, None] = {}
    for hit in _BARE_ADDRESS.findall(text):
        seen.setdefault(hit.strip(".,;:'"), None)
    return list(seen)


def _parse(text: str) -> list[Address]:
    found: list[Address] = []
    entry: list[tuple[str, str]] = []
    for token in _TOKEN.finditer(text):
        kind = token.lastgroup or ""
        if kind in {"comma", "semicolon"}:
            _finish(entry, found)
            entry = []
        elif kind == "colon" and not any(seen == "angle" for seen, _ in entry) and not _is_scheme(entry):
            entry = []  # the name of a group
        else:
            entry.append((kind, token[0]))
        if len(found) >= _MAX_ADDRESSES:
            return found
    _finish(entry, found)
    return found


def _is_scheme(entry: list[tuple[str, str]]) -> bool:
    """Whether what stands before a colon is part of an address (`mailto:`, `smtp:`) or holds one itself."""
    return any("@" in value for _, value in entry)


def _finish(entry: list[tuple[str, str]], found: list[Address]) -> None:
    """Turn the tokens of one entry into an address."""
    angles = [index for index, (kind, value) in enumerate(entry) if kind == "angle" and value.strip("<> ")]
    for index in reversed(angles):
        address = _clean(entry[index][1][1:-1])
        if address:
            found.append(Address(_name(entry[:index] or entry[index + 1 :]), address))
            return
    written = "".join(value for kind, value in entry if kind not in {"comment", "word"})
    if any(kind == "angle" for kind, _ in entry) and "@" not in written:
        return
    bare = _BARE_ADDRESS.search(written)
    if bare is not None:
        comments = [value[1:-1] for kind, value in entry if kind == "comment"]
        names = _name([(kind, value) for kind, value in entry if bare[0] not in value and kind != "comment"])
        found.append(Address(_text(comments[0]) if comments and not names else names, _clean(bare[0])))
        return
    quoted = re.fullmatch(r'\s*("(?:[^"\\]|\\.)*"@[^\s<>,;]+)\s*', written)
    if quoted is not None:
        found.append(Address("", quoted[1]))
        return
    decoded = "".join(decode_words_in(value) for kind, value in entry if kind != "comment")
    if "@" in decoded and decoded != written:
        found.extend(_parse(decoded)[:1])


def _clean(address: str) -> str:
    """An address without white space, comments, source route and decoration; empty when it is none."""
    address = decode_words_in(address).strip()
    address = re.sub(r"\([^()]*\)", "", address)
    if not address.startswith('"'):
        address = re.sub(r"\s+", "", address)
    address = (
        address.strip()
        .strip("'")
        .removeprefix("mailto:")
        .removeprefix("MAILTO:")
        .removeprefix("smtp:")
        .removeprefix("SMTP:")
    )
    if address.startswith("@") and ":" in address:
        address = address.rpartition(":")[2]
    return address.rstrip(".,;")


def _name(tokens: list[tuple[str, str]]) -> str:
    pieces: list[str] = []
    for kind, value in tokens:
        if kind == "quoted":
            pieces.append(re.sub(r"\\(.)", r"\1", value[1:-1]))
        elif kind == "comment":
            continue
        else:
            pieces.append(value)
    name = _text("".join(pieces))
    if not name:
        comments = [value[1:-1] for kind, value in tokens if kind == "comment"]
        name = _text(comments[0]) if comments else ""
    return name


def _text(written: str) -> str:
    decoded = decode_words(written.encode("utf-8", "replace"), "utf-8") if "=?" in written else written
    return re.sub(r"\s+", " ", decoded).strip().strip('"').strip("'").strip()
