"""The texts of attached files, kept by the name of their bytes so that a ticket is indexed again without its files."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any, Final

from sqlalchemy import delete, exists, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from helpdesk_core.api import SYSTEM, Helpdesk
from helpdesk_core.api.attachments import Attachment
from helpdesk_core.api.errors import NotFound
from helpdesk_core.api.jobs import stopping
from helpdesk_core.api.tickets import Message

from .asking import TICKETS
from .files import READERS, read_file, reader_version
from .stale import Stale
from .tables import Tables

PORTION: Final = 50
SECONDS: Final = 20.0
"""A turn of reading again ends after so long, and goes on at the next."""
FORGOTTEN: Final = 500
"""Texts are deleted so many at a time."""


class Texts:
    """The texts of one plugin."""

    def __init__(self, desk: Helpdesk, tables: Tables, stale: Stale) -> None:
        self._desk, self._table, self._stale = desk, tables.texts, stale

    def reading(self) -> "Reading":
        """Return what gives the texts for a batch of tickets."""
        return Reading(self)

    def known(self, session: Session, names: Sequence[str]) -> Mapping[str, tuple[str, int]]:
        """Return the texts that are kept, by the SHA-256 of the files, with the version of what read each."""
        table = self._table
        rows = session.execute(select(table).where(table.c.sha256.in_(names)))
        return {row.sha256: (row.text, row.reader) for row in rows}

    def keep(self, session: Session, texts: Mapping[str, str]) -> None:
        """Remember what was read now; of what another worker keeps at this moment, its row stays."""
        table = self._table
        known = set(session.scalars(select(table.c.sha256).where(table.c.sha256.in_(texts))))
        for name in known:
            session.execute(update(table).where(table.c.sha256 == name).values(text=texts[name], reader=READERS))
        rows = [{"sha256": name, "text": text, "reader": READERS} for name, text in texts.items() if name not in known]
        if rows:
            with suppress(IntegrityError), session.begin_nested():
                session.execute(insert(table), rows)

    def read(self, file: Any) -> str | None:
        """Return what a file says; None if its bytes are gone. Nothing that it contains raises."""
        try:
            with self._desk.storage.open(file.sha256) as stream:
                return read_file(stream, file.content_type)
        except NotFound:
            return None

    def reread(self) -> None:
        """Read again, for a while, what older readers have read; tickets whose files say something else are marked."""
        until = monotonic() + SECONDS
        while not stopping() and self._reread_some(until):
            pass

    def forget(self) -> None:
        """Delete the texts of files that no message has any more, because it was redacted or its author erased."""
        table = self._table
        in_use = exists().where(Attachment.sha256 == table.c.sha256, Attachment.message_id.isnot(None))
        gone = select(table.c.sha256).where(~in_use).limit(FORGOTTEN)
        while not stopping():
            with self._desk.read() as session:
                names = session.scalars(gone).all()
            if names:
                with self._desk.begin(SYSTEM) as tx:
                    tx.session.execute(delete(table).where(table.c.sha256.in_(names)))
            if len(names) < FORGOTTEN:
                return

    def _reread_some(self, until: float) -> bool:
        """Read a portion again; return whether there may be more, and time for it."""
        table = self._table
        with self._desk.read() as session:
            old = session.execute(select(table).where(table.c.reader < READERS).limit(PORTION)).all()
            where = self._where(session, [row.sha256 for row in old])
        current: list[str] = []
        changed: dict[str, str] = {}
        for row in old:
            file = next((each for each in where[row.sha256] if _is_behind(each, row.reader)), None)
            if file is None:
                current.append(row.sha256)
            elif monotonic() < until:
                text = self.read(file)
                if text is None or text == row.text:
                    current.append(row.sha256)
                else:
                    changed[row.sha256] = text
        with self._desk.begin(SYSTEM) as tx:
            tx.session.execute(update(table).where(table.c.sha256.in_(current)).values(reader=READERS))
            self.keep(tx.session, changed)
            self._stale.mark(tx, TICKETS, [str(each.ticket_id) for name in changed for each in where[name]])
        return len(old) == PORTION and monotonic() < until

    def _where(self, session: Session, names: Sequence[str]) -> Mapping[str, list[Any]]:
        """Return what is attached with these bytes: `sha256, content_type, size, ticket_id`."""
        columns = select(Attachment.sha256, Attachment.content_type, Attachment.size, Message.ticket_id)
        found: dict[str, list[Any]] = defaultdict(list)
        belongs = columns.join(Message, Message.id == Attachment.message_id)
        for row in session.execute(belongs.where(Attachment.sha256.in_(names))):
            found[row.sha256].append(row)
        return found


class Reading:
    """The texts of the files of a batch of tickets: those that are kept, and those that are read for it."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self._new: dict[str, str] = {}

    def of(self, session: Session, files: Sequence[Any]) -> Mapping[str, str]:
        """Return the text of each file by the SHA-256 of its bytes; `files` have `sha256, content_type, size`.

        Where the bytes cannot be found, what an older reader has read stays, and they are looked for the next time.
        """
        read = {file.sha256: file for file in files if reader_version(file.content_type, file.size) is not None}
        known = self._texts.known(session, list(read)) if read else {}
        found: dict[str, str] = {}
        for name, file in read.items():
            text, version = known.get(name, ("", 0))
            if _is_behind(file, version) and (read_now := self._texts.read(file)) is not None:
                text = self._new[name] = read_now
            found[name] = text
        return found

    def keep(self, session: Session) -> None:
        """Remember what was read."""
        if self._new:
            self._texts.keep(session, self._new)


def _is_behind(file: Any, version: int) -> bool:
    """Tell whether a better reader reads that file now than the one of that version."""
    return (reader_version(file.content_type, file.size) or 0) > version
