"""What somebody wrote, apart from what the program quoted below it. Nothing is deleted: quotes and signatures are
folded away.

Rules, not learning: a mail is cut where a quote starts (attribution line, header block, separator, trailing `>`
lines), in many languages. When in doubt text stays in the reply, because an agent who sees too much loses less than
one who sees too little.
"""

from __future__ import annotations

from dataclasses import dataclass

from .html import looks_like_html
from .quote_words import CLOSING, FORWARD, FORWARDED
from .quotes import (
    FENCE,
    LONG_LINE,
    MARK,
    attribution,
    find_cut,
    header_block,
    is_quoted,
    is_separator,
    is_signature_start,
    quote_end,
)
from .reply_html import marked_text

MAX_LINES = 5_000
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200e\u200f\u202a\u202b\u202c\u2060\ufeff"))
_SIGNATURE_LINES = 30
_CONTACT_LINES = 8


@dataclass(frozen=True, slots=True)
class Stripped:
    """A body in three pieces of plain text: what the sender wrote, what was quoted, and the signature.

    Together they hold every line of the body (without spaces at its end). `reply` is empty only when the body is.
    """

    reply: str
    quoted: str = ""
    signature: str = ""


def strip_reply(body: str, *, html: bool | None = None) -> Stripped:
    """Split a body into reply, quote and signature. Never raises; takes time linear in the size.

    `html` says what the body is; when it is None, a body that starts with a tag counts as HTML.
    """
    if html is None:
        html = looks_like_html(body)
    text = marked_text(body) if html else body
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    lines, beyond = lines[:MAX_LINES], lines[MAX_LINES:]
    clean = [
        line.translate(_INVISIBLE).replace("\u00a0", " ") if not line.isascii() and line != MARK else line
        for line in lines
    ]
    cut = find_cut(clean)
    if cut < len(clean) and clean[cut] == MARK and not _has_text(clean[:cut]):
        # The quote stands above the answer, so its mark says nothing about where the answer ends.
        lines = [line for line in lines if line != MARK]
        clean = [line for line in clean if line != MARK]
        cut = find_cut(clean)
    if not _has_text(clean[:cut]):
        return _nothing_above(lines, clean, beyond)
    top = 0
    if cut == len(clean):
        top = _answer_below(clean)
        if beyond:  # a text of this length without a quote is pasted, and the sender's own
            return Stripped(_join(lines[top:] + beyond), quoted=_join(lines[:top]))
    end = find_signature(clean[:cut])
    return Stripped(
        reply=_join(lines[top:end]),
        quoted=_join(lines[:top] + lines[cut:] + beyond),
        signature=_join(lines[end:cut]),
    )


def _nothing_above(lines: list[str], clean: list[str], beyond: list[str]) -> Stripped:
    """A text that starts with a quote: a forwarded mail, or a quote and nothing else."""
    start = next((index for index, line in enumerate(clean) if line.strip() and line != MARK), len(clean))
    if start == len(clean):
        return Stripped("")
    if len(clean[start]) > LONG_LINE:
        return Stripped(_join(lines + beyond))
    body = start
    if is_separator(clean[start]):
        forwarded = FORWARD.match(clean[start]) or FORWARDED.search(clean[start])
        body = next((index for index in range(start + 1, len(clean)) if clean[index].strip()), len(clean))
        after = header_block(clean, body) if body < len(clean) else None
        if after is not None and forwarded and _has_text(clean[after:]):
            return Stripped(_join(lines[after:] + beyond), quoted=_join(lines[:after]))
    return Stripped(_join(lines + beyond))


def _answer_below(clean: list[str]) -> int:
    """The index after a quote with attribution at the very top under which the answer stands; 0 when there is none."""
    start = next((index for index, line in enumerate(clean) if line.strip()), 0)
    length = attribution(clean, start) if start < len(clean) and not is_quoted(clean, start) else 0
    end = quote_end(clean, start + length) if length else None
    if end is None or any(is_quoted(clean, index) for index in range(end, len(clean))):
        return 0
    return end


def find_signature(lines: list[str]) -> int:
    """The index of the line with which the signature starts; the number of lines when there is none."""
    seen = fenced = False
    for index, line in enumerate(lines):
        fenced ^= FENCE.match(line) is not None
        if fenced or not line.strip():
            continue
        if not seen:
            seen = True  # a text does not start with its signature
            continue
        if is_signature_start(lines, index) and len(lines) - index <= _SIGNATURE_LINES:
            return index
        if CLOSING.match(line.strip()) and _is_contact(lines[index + 1 :]):
            return index
    return len(lines)


def _is_contact(lines: list[str]) -> bool:
    """Whether the lines after a closing are a name with contact details, and not a name alone or more text."""
    written = [line.strip() for line in lines if line.strip()]
    return 2 <= len(written) <= _CONTACT_LINES and all(len(line) < 70 for line in written)


def _has_text(lines: list[str]) -> bool:
    return any(line.strip() and line != MARK for line in lines)


def _join(lines: list[str]) -> str:
    kept = [line for line in lines if line != MARK]
    while kept and not kept[0].strip():
        kept.pop(0)
    while kept and not kept[-1].strip():
        kept.pop()
    return "\n".join(kept)
