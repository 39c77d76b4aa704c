"""What files say: text, HTML, PDF and office files."""

import logging
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from io import BytesIO
from typing import BinaryIO, Final, NamedTuple

from helpdesk_core.api.tickets import words_of_html

log = logging.getLogger(__name__)
MAX_FILE: Final = 8_000_000
"""Bytes; larger files are found by their names."""
MAX_INSIDE: Final = 100_000
"""Characters of a file."""
MAX_UNPACKED: Final = 30_000_000
MAX_PAGES: Final = 100
MAX_SECONDS: Final = 60
"""By the clock, for a PDF file; its reader also has a limit of CPU time, which counts on a busy machine."""
_OFFICE: Final = {
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ("word/document.xml",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ("xl/sharedStrings.xml",),
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ("ppt/slides/",),
    "application/vnd.oasis.opendocument.text": ("content.xml",),
    "application/vnd.oasis.opendocument.spreadsheet": ("content.xml",),
    "application/vnd.oasis.opendocument.presentation": ("content.xml",),
}
_PARAGRAPH, _TAG = re.compile(r"</(?:w:p|a:p|text:p|text:h|si|w:tab)>"), re.compile(r"<[^<>]*>")
_ENTITIES: Final = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&amp;": "&"}


READERS: Final = 2
"""Raised whenever one of the readers reads better, which then has this number: what older ones read is read again."""


class Reader(NamedTuple):
    """What reads a kind of files; `version` is what `READERS` was raised to when it last changed."""

    read: Callable[[bytes, str], str]
    version: int


def reader_version(content_type: str, size: int) -> int | None:
    """Return the version of the reader of such a file, whose size is in bytes; None if it is not read."""
    reader = _reader(content_type)
    return reader.version if reader is not None and size <= MAX_FILE else None


def read_file(stream: BinaryIO, content_type: str) -> str:
    """Return what a file says, at most 100,000 characters; nothing for what cannot be read."""
    reader = _reader(content_type)
    if reader is None:
        return ""
    try:
        text = reader.read(stream.read(MAX_FILE + 1)[:MAX_FILE], content_type)
    except Exception as error:  # noqa: BLE001 - files are anybody's: whatever is wrong with one, the ticket is indexed
        log.info("A file of type %s could not be read: %s", content_type, type(error).__name__)
        return ""
    return " ".join(text[: 2 * MAX_INSIDE].replace("\0", " ").split())[:MAX_INSIDE]


def _reader(content_type: str) -> Reader | None:
    kind = content_type.partition(";")[0].strip().lower()
    if kind in _OFFICE:
        return Reader(_office, 1)
    if kind == "application/pdf":
        return Reader(_pdf, 1)
    if kind in ("text/html", "application/xhtml+xml"):
        return Reader(_html, 2)
    if kind.startswith("text/") or kind in ("application/json", "application/xml", "message/rfc822"):
        return Reader(_plain, 1)
    return None


def _plain(raw: bytes, _type: str) -> str:
    for charset in ("utf-8-sig", "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"):
        try:
            return raw.decode(charset)
        except UnicodeDecodeError:
            continue
    return raw.decode("cp1251" if sum(byte >= 0xC0 for byte in raw[:4096]) > 512 else "cp1252", "replace")


def _html(raw: bytes, content_type: str) -> str:
    return words_of_html(_plain(raw, content_type))


def _office(raw: bytes, content_type: str) -> str:
    parts = _OFFICE[content_type.partition(";")[0].strip().lower()]
    texts, left = [], MAX_UNPACKED
    with zipfile.ZipFile(BytesIO(raw)) as archive:
        for each in archive.infolist():
            if not each.filename.startswith(parts) or not each.filename.endswith(".xml"):
                continue
            with archive.open(each) as inside:
                content = inside.read(left)
            left -= len(content)
            texts.append(_without_tags(content.decode("utf-8", "replace")))
            if left <= 0:
                break
    return "\n".join(texts)


def _without_tags(xml: str) -> str:
    text = _TAG.sub("", _PARAGRAPH.sub(" ", xml))
    for name, letter in _ENTITIES.items():
        text = text.replace(name, letter)
    return text


def _pdf(raw: bytes, _type: str) -> str:
    command = [sys.executable, "-m", "helpdesk_search.pdf_text", str(MAX_PAGES), str(MAX_INSIDE)]
    try:
        # Nothing of the command comes from the file.
        done = subprocess.run(command, input=raw, capture_output=True, timeout=MAX_SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        log.info("A PDF file took longer than %s s; what was read until then is kept.", MAX_SECONDS)
        return (error.stdout or b"").decode("utf-8", "replace")
    if done.returncode:
        log.info("A PDF file could not be read to its end: %s", done.stderr.decode("utf-8", "replace")[-200:].strip())
    return done.stdout.decode("utf-8", "replace")
