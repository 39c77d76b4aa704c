"""What attachments say: text, PDF and office files, read once and remembered by the name of their bytes."""

import logging
import re
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any, BinaryIO, Final, Protocol

from sqlalchemy import Table, insert, select
from sqlalchemy.orm import Session

from helpdesk_core.api import Helpdesk
from helpdesk_core.api.errors import NotFound
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


class Reader(Protocol):
    """Whoever can say what files contain."""

    def of(self, session: Session, files: Sequence[Any]) -> Mapping[str, str]:
        """Return the text of each file by the SHA-256 of its bytes; `files` have `sha256, content_type, size`."""


class Texts:
    """The texts of files, kept in a table so that a ticket can be indexed again without reading its files."""

    def __init__(self, desk: Helpdesk, table: Table) -> None:
        self._desk = desk
        self._table = table

    def of(self, session: Session, files: Sequence[Any]) -> Mapping[str, str]:
        """Return the text of each file by the SHA-256 of its bytes; `files` have `sha256, content_type, size`.

        Those that are not known yet are read now. Nothing that a file contains raises.
        """
        wanted = {file.sha256: file for file in files if _reader(file.content_type) and file.size <= MAX_FILE}
        if not wanted:
            return {}
        columns = select(self._table.c.sha256, self._table.c.text).where(self._table.c.sha256.in_(wanted))
        known = {row.sha256: row.text for row in session.execute(columns)}
        return known | {name: self._read(file) for name, file in wanted.items() if name not in known}

    def keep(self, session: Session, texts: Mapping[str, str]) -> None:
        """Remember texts."""
        columns = select(self._table.c.sha256).where(self._table.c.sha256.in_(texts))
        known = set(session.scalars(columns))
        rows = [{"sha256": name, "text": text} for name, text in texts.items() if name not in known]
        if rows:
            session.execute(insert(self._table), rows)

    def _read(self, file: Any) -> str:
        try:
            with self._desk.storage.open(file.sha256) as stream:
                return read_file(stream, file.content_type)
        except NotFound:
            return ""


def read_file(stream: BinaryIO, content_type: str) -> str:
    """Return what a file says, at most 100,000 characters; nothing for what cannot be read."""
    reader = _reader(content_type)
    if reader is None:
        return ""
    try:
        text = reader(stream.read(MAX_FILE + 1)[:MAX_FILE], content_type)
    except Exception as error:  # noqa: BLE001 - files are anybody's: whatever is wrong with one, the ticket is indexed
        log.info("A file of type %s could not be read: %s", content_type, type(error).__name__)
        return ""
    return " ".join(text[: 2 * MAX_INSIDE].replace("\0", " ").split())[:MAX_INSIDE]


def _reader(content_type: str) -> Any:
    kind = content_type.partition(";")[0].strip().lower()
    if kind in _OFFICE:
        return _office
    if kind == "application/pdf":
        return _pdf
    if kind in ("text/html", "application/xhtml+xml"):
        return _html
    if kind.startswith("text/") or kind in ("application/json", "application/xml", "message/rfc822"):
        return _plain
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
