"""From the tree of parts to what a person sees: text, HTML and files."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from mimetypes import guess_type

from .charsets import decode_text, decode_undeclared, says_charset, tidy
from .cms import signed_content
from .html import text_to_html
from .html_text import html_to_text
from .model import Attachment
from .names import file_name, made_up_name
from .parts import PKCS7, Part, parse_parts
from .rtf import rtf_to_text
from .sentences import lazy
from .tnef import SIGNATURE, Tnef, read_tnef
from .transfer import decode_transfer, uu_files

MAX_TEXT = 1_000_000
MAX_FILES = 500
_TOO_SHORT = 200
"""A text of fewer bytes may not tell its charset, so that other texts of the mail are asked."""

_TEXT_TYPES = frozenset(
    {"text/plain", "text/html", "text/enriched", "text/richtext", "text", "message/delivery-status"}
)
_QUOTE_DEPTH = re.compile(r"[> ]*>")


@dataclass(slots=True)
class Segment:
    """A stretch of the body, as text, as HTML, or as both."""

    text: str | None = None
    html: str | None = None


@dataclass(slots=True)
class Contents:
    """What was found in the parts of a mail; `charset` is that of text and names that declare none."""

    charset: str | None = None
    segments: list[Segment] = field(default_factory=list)
    files: list[Attachment] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)
    opened: bool = False
    """Whether the text was taken out of a signature that encloses it."""


def gather(root: Part, charset: str | None = None) -> Contents:
    """Sort the parts of a mail into body and files."""
    contents = Contents(charset)
    contents.segments = _visit(root, contents, related=False)
    return contents


def body_text(segments: list[Segment]) -> str:
    """The body as text; HTML is turned into text where there is nothing else."""
    texts: list[str] = []
    for segment in segments:
        text = segment.text
        if segment.html is not None and (text is None or not text.strip()):
            text = html_to_text(segment.html)
        if text and text.strip():
            texts.append(text)
    return "\n\n".join(part.strip("\n") for part in texts) if len(texts) > 1 else (texts[0] if texts else "")


def body_html(segments: list[Segment]) -> str | None:
    """The body as HTML; None when no part of it was HTML."""
    if not any(segment.html for segment in segments):
        return None
    return "\n".join(
        segment.html if segment.html is not None else text_to_html(segment.text or "") for segment in segments
    )


def _visit(part: Part, contents: Contents, related: bool) -> list[Segment]:
    if part.children:
        return _visit_multipart(part, contents)
    if part.type.startswith("multipart/"):
        return []
    name = file_name(part, contents.charset)
    if _is_body(part, name, related):
        return _body(part, contents)
    return _attach(part, name, contents)


def _visit_multipart(part: Part, contents: Contents) -> list[Segment]:
    if part.type == "multipart/alternative":
        found = [segment for child in part.children for segment in _visit(child, contents, related=False)]
        texts = [segment.text for segment in found if segment.text is not None and segment.text.strip()]
        htmls = [segment.html for segment in found if segment.html is not None]
        if not texts and not htmls:
            return found[:1]
        return [Segment("\n\n".join(texts) if texts else None, "\n".join(htmls) if htmls else None)]
    if part.type == "multipart/related":
        # Everything after the first body of a related group belongs to it: pictures, not further text.
        segments: list[Segment] = []
        for child in part.children:
            segments.extend(_visit(child, contents, related=bool(segments)))
        return segments
    segments = []
    for child in part.children:
        segments.extend(_visit(child, contents, related=False))
    return segments


def _is_body(part: Part, name: str | None, related: bool) -> bool:
    if part.disposition.value == "attachment" or part.type not in _TEXT_TYPES:
        return False
    if part.type == "message/delivery-status":
        return True
    if name is None:
        return not (related and part.raw("content-id") is not None)
    return part.depth == 0 and part.disposition.value != "attachment" and "filename" not in part.disposition.params


def _body(part: Part, contents: Contents) -> list[Segment]:
    data = decode_transfer(part.body, part.encoding)
    if part.type == "message/delivery-status":
        contents.files.append(
            Attachment(f"delivery-status-{len(contents.files) + 1}.txt", part.type, data, named=False)
        )
        return [Segment(text=_lines(decode_text(data)))]
    if part.type in {"text/plain", "text"}:
        data, files = uu_files(data)
        for file in files:
            contents.files.append(
                Attachment(decode_undeclared(file.name, contents.charset), "application/octet-stream", file.content)
            )
    declared = part.content_type.params.get("charset", "")
    if len(data) < _TOO_SHORT and not says_charset(declared):
        text = _lines(decode_undeclared(data, contents.charset))
    else:
        text = _lines(decode_text(data, declared))
    if len(text) > MAX_TEXT:
        contents.defects.append(
            lazy("The text was longer than a million characters; the rest is only in the original.")
        )
        text = text[:MAX_TEXT]
    if part.type == "text/html":
        return [Segment(html=text)]
    if part.type in {"text/enriched", "text/richtext"}:
        return [Segment(text=_enriched(text))]
    if part.content_type.params.get("format", "").lower() == "flowed":
        text = _unflow(text, part.content_type.params.get("delsp", "").lower() == "yes")
    return [Segment(text=text)]


def _attach(part: Part, name: str | None, contents: Contents) -> list[Segment]:
    if len(contents.files) >= MAX_FILES:
        contents.defects.append(lazy("The mail has too many files; the last ones were left out."))
        return []
    data = decode_transfer(part.body, part.encoding)
    if part.type in {"application/ms-tnef", "application/vnd.ms-tnef"} or data.startswith(SIGNATURE):
        tnef = read_tnef(data)
        if tnef is not None:
            return _unpack(tnef, data, contents)
        contents.defects.append(lazy("A winmail.dat could not be read; it was kept as a file."))
    content_id = part.raw("content-id")
    inline = part.disposition.value == "inline" or (content_id is not None and part.disposition.value != "attachment")
    contents.files.append(
        Attachment(
            name=name or made_up_name(part, data, len(contents.files) + 1, contents.charset),
            content_type=part.type,
            content=data,
            content_id=decode_text(content_id).strip().strip("<>") if content_id else None,
            inline=inline,
            named=name is not None,
        )
    )
    return _enclosed(part, data, contents)


def _enclosed(part: Part, data: bytes, contents: Contents) -> list[Segment]:
    """What stands inside an S/MIME signature (the file stays as well, since only the whole can be checked)."""
    if contents.opened or not (part.type in PKCS7 or (file_name(part) or "").lower().endswith(".p7m")):
        return []
    inside = signed_content(data)
    if inside is None:
        return []
    contents.opened = True
    root, defects = parse_parts(inside)
    contents.defects.extend(defects)
    return _visit(root, contents, related=False)


def _unpack(tnef: Tnef, data: bytes, contents: Contents) -> list[Segment]:
    for index, file in enumerate(tnef.files, start=1):
        named = bool(file.name.strip())
        contents.files.append(
            Attachment(
                name=file.name.strip() or f"file-{index}",
                content_type=file.content_type or guess_type(file.name)[0] or "application/octet-stream",
                content=file.content,
                content_id=file.content_id,
                named=named,
            )
        )
    if not tnef.complete:
        contents.defects.append(lazy("A winmail.dat is damaged; it was kept beside the files found in it."))
        contents.files.append(Attachment("winmail.dat", "application/ms-tnef", data))
    text = tnef.text or (rtf_to_text(tnef.rtf) if tnef.rtf else None)
    if not text and tnef.html is None:
        return []
    return [Segment(text=_lines(text) if text else None, html=_lines(tnef.html) if tnef.html else None)]


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _enriched(text: str) -> str:
    text = re.sub(r"<param>.*?</param>", "", text, flags=re.DOTALL | re.IGNORECASE)
    text = re.sub(r"<<", "\0", re.sub(r"</?[a-zA-Z-]+>", "", text))
    return tidy(re.sub(r"(?<!\n)\n(?!\n)", " ", text).replace("\0", "<"))


def _unflow(text: str, delete_space: bool) -> str:
    """Join the soft line breaks of `format=flowed` (RFC 3676) within one depth of quoting."""
    paragraphs: list[list[str]] = []
    open_depth: int | None = None
    for line in text.split("\n"):
        quote = _QUOTE_DEPTH.match(line) if line.startswith(">") else None
        depth = quote[0].count(">") if quote else 0
        content = line[quote.end() :] if quote else line
        content = content.removeprefix(" ")
        if open_depth == depth and content != "-- ":
            paragraphs[-1].append(content)
        else:
            paragraphs.append([">" * depth + " " if depth else "", content])
        soft = content.endswith(" ") and content != "-- "
        open_depth = depth if soft else None
        if soft and delete_space:
            paragraphs[-1][-1] = content[:-1]
    joined = ("".join(pieces) for pieces in paragraphs)
    return "\n".join(line if line == "-- " else line.rstrip(" ") for line in joined)
