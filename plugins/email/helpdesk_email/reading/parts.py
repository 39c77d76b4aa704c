"""The structure of a mail: header block and MIME parts, found in bytes of any quality.

The parser of the standard library recurses once per nested part and takes a stray line as the end of the headers; a
hostile mail can stop it or hide the rest of the headers from it. This reader is bounded (depth, parts, headers) and
goes on after stray lines; decoding and everything else still rests on the standard library.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .html import looks_like_html
from .params import Structured, parse_structured
from .sentences import lazy
from .tnef import SIGNATURE as TNEF_SIGNATURE

PKCS7 = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
MAX_DEPTH = 30
MAX_PARTS = 500
MAX_HEADERS = 1000
MAX_HEADER_BYTES = 200_000
MAX_HEADER_VALUE = 64_000

_HEADER_LINE = re.compile(rb"([!-9;-~]{1,76})[ \t]*:")
_LINE = re.compile(rb"[^\n]*\n|[^\n]+\Z")
_KNOWN = re.compile(
    rb"(?:from|to|cc|bcc|subject|date|sender|reply-to|return-path|received|message-id|in-reply-to|references|mime-version"
    rb"|delivered-to|envelope-to|content-[a-z-]+|x-[!-9;-~]+|dkim-signature|auto-submitted|precedence|list-[a-z-]+|user-agent"
    rb"|resent-[a-z-]+|errors-to|arc-[a-z-]+"
    rb"|authentication-results|thread-[a-z-]+|received-spf|domainkey-signature|return-receipt-to|apparently-to)[ \t]*:",
    re.IGNORECASE,
)
_BOUNDARY_LINE = re.compile(rb"^--([^\s-][^\r\n]{0,200}?)[ \t]*\r?$", re.MULTILINE)


@dataclass(slots=True)
class Part:
    """One node of the MIME tree: raw headers, raw body, and children when it is a multipart."""

    headers: list[tuple[str, bytes]]
    body: bytes
    depth: int = 0
    content_type: Structured = field(default_factory=Structured)
    disposition: Structured = field(default_factory=Structured)
    encoding: str = ""
    children: list[Part] = field(default_factory=list)

    def raw(self, name: str) -> bytes | None:
        """The raw value of the first header of that name (lower case) that is not empty."""
        return next((value for key, value in self.headers if key == name and value.strip()), None)

    @property
    def type(self) -> str:
        """The media type in lower case, `text/plain` when there is none."""
        return self.content_type.value or "text/plain"


@dataclass(slots=True)
class _Budget:
    parts: int = MAX_PARTS
    defects: list[str] = field(default_factory=list)

    def note(self, sentence: str) -> None:
        if sentence not in self.defects:
            self.defects.append(sentence)


def parse_parts(raw: bytes) -> tuple[Part, list[str]]:
    """Split a mail into its tree of parts; the second value is what was wrong, in sentences."""
    budget = _Budget()
    if b"\n" not in raw and b"\r" in raw:
        raw = raw.replace(b"\r", b"\n")
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    headers, body = _split_headers(raw, budget, top=True)
    root = _part(headers, body, 0, "text/plain")
    if body.startswith(TNEF_SIGNATURE):
        root.content_type = Structured("application/ms-tnef")
    elif root.raw("content-type") is None and _is_html(body):
        root.content_type = Structured("text/html", root.content_type.params)
    queue = [root]
    while queue:
        node = queue.pop(0)
        _split_children(node, budget)
        queue.extend(node.children)
    return root, budget.defects


def split_headers(raw: bytes) -> tuple[list[tuple[str, bytes]], bytes]:
    """The headers of a mail that lies inside another one (names in lower case, raw values), and its body."""
    return _split_headers(raw, _Budget(), top=True)


def _split_headers(raw: bytes, budget: _Budget, top: bool) -> tuple[list[tuple[str, bytes]], bytes]:
    start = 0
    if top:
        while raw[start : start + 1] in (b"\n", b"\r", b" ") and start < 1000:
            start += 1
        if raw[start : start + 6] in (b"From r", b"From -") or re.match(rb">?From [^\n]*\n", raw[start : start + 400]):
            start = raw.find(b"\n", start) + 1 or len(raw)
    found: list[tuple[str, list[bytes]]] = []
    position = start
    while position < len(raw):
        line_match = _LINE.match(raw, position)
        if line_match is None:
            break
        line = line_match[0]
        if not line.strip(b"\r\n"):
            position = line_match.end()
            break
        if position - start > MAX_HEADER_BYTES or len(found) >= MAX_HEADERS:
            budget.note(lazy("The headers were too long; the rest of them was read as text."))
            break
        name = _HEADER_LINE.match(line)
        if not line.strip() and found and not _headers_go_on(raw, line_match.end()):
            position = line_match.end()
            break  # a line of blanks where the empty line should be
        if line[:1] in b" \t" and found:
            found[-1][1].append(line)
        elif name is not None:
            found.append((name[1].decode("ascii").lower(), [line[name.end() :]]))
        elif found and _headers_go_on(raw, line_match.end()):
            budget.note(lazy("A line among the headers is no header; it was read as part of the one before it."))
            found[-1][1].append(b" " + line)
        else:
            if found:
                budget.note(lazy("There is no empty line between headers and text."))
            break
        position = line_match.end()
    headers = [(key, b"".join(lines)[:MAX_HEADER_VALUE]) for key, lines in found]
    if top and not any(_KNOWN.match(key.encode() + b":") for key, _ in headers):
        return [], raw[start:] if not headers else raw
    return headers, raw[position:]


def _headers_go_on(raw: bytes, position: int) -> bool:
    """Whether one of the next lines is a header that mails are known to have."""
    for _ in range(4):
        line = _LINE.match(raw, position)
        if line is None or not line[0].strip():
            return False
        if _KNOWN.match(line[0]):
            return True
        position = line.end()
    return False


def _part(headers: list[tuple[str, bytes]], body: bytes, depth: int, default: str) -> Part:
    part = Part(headers, body, depth)
    content_type = part.raw("content-type")
    part.content_type = parse_structured(content_type) if content_type else Structured(default)
    if part.content_type.value and "/" not in part.content_type.value:
        value = {"text": "text/plain", "html": "text/html", "multipart": "multipart/mixed"}.get(
            part.content_type.value, ""
        )
        part.content_type = Structured(value, part.content_type.params)
    elif not part.content_type.value and default.startswith("message/"):
        part.content_type = Structured(default, part.content_type.params)
    disposition = part.raw("content-disposition")
    part.disposition = parse_structured(disposition) if disposition else Structured()
    encoding = part.raw("content-transfer-encoding")
    part.encoding = encoding.decode("ascii", "replace").strip() if encoding else ""
    return part


def _split_children(node: Part, budget: _Budget) -> None:
    if not node.type.startswith("multipart/"):
        declared = node.content_type.params.get("boundary", "")
        if not declared or not node.type.startswith("text/") or b"--" + declared.encode() not in node.body:
            return
        budget.note(lazy("The mail calls itself one text but has several parts."))
        node.content_type = Structured("multipart/mixed", node.content_type.params)
    if node.depth >= MAX_DEPTH:
        budget.note(lazy("The mail is nested too deeply; its inner parts were kept as a file."))
        node.content_type = Structured("application/octet-stream", node.content_type.params)
        return
    boundary = node.content_type.params.get("boundary", "").encode("utf-8", "replace").rstrip()
    pieces = _pieces(node.body, boundary) if boundary else None
    if pieces is None:
        guess = _BOUNDARY_LINE.search(node.body)
        pieces = _pieces(node.body, guess[1]) if guess is not None else None
        budget.note(lazy("The boundary between the parts is missing or wrong."))
    if pieces is None:
        kind = "text/html" if _is_html(node.body) else "text/plain"
        node.content_type = Structured(kind, node.content_type.params)
        return
    default = "message/rfc822" if node.type == "multipart/digest" else "text/plain"
    for piece in pieces:
        if budget.parts <= 0:
            budget.note(lazy("The mail has too many parts; the last ones were left out."))
            return
        budget.parts -= 1
        headers, body = _split_headers(piece, budget, top=False)
        if headers or body.strip():
            node.children.append(_part(headers, body, node.depth + 1, default))


def _pieces(body: bytes, boundary: bytes) -> list[bytes] | None:
    """The bytes between boundary lines; None when there is no such line. A missing end is no obstacle."""
    pattern = re.compile(rb"(?:\A|\n)--" + re.escape(boundary) + rb"(--)?[ \t]*(?:\r?\n|\r|\Z)")
    pieces: list[bytes] = []
    hit = pattern.search(body)
    if hit is None:
        return None
    while hit is not None:
        start = hit.end()
        if hit[1] is not None:
            rest = pattern.search(body, start - 1)
            if rest is None:
                return pieces
            hit = rest  # a boundary after the end: the end was written too early
            continue
        following = pattern.search(body, max(start - 1, 0))
        end = following.start() if following is not None else len(body)
        pieces.append(body[start : max(end, start)].removesuffix(b"\r"))
        hit = following
    return pieces


def _is_html(body: bytes) -> bool:
    return looks_like_html(body[:5000].decode("latin-1"))
