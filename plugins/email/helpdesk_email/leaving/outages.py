"""Servers of departments that are down: what all processes know of them, so that not every batch waits for them anew.

A server that could not be used is left alone for half a minute, and twice as long after each further failure, a quarter
of an hour at most. Then one process tries it, whether there is mail or not, so that it is soon known to be well.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select, update

from helpdesk_core.api import SYSTEM, Helpdesk
from helpdesk_core.api.db import affect
from helpdesk_core.api.errors import HelpdeskError
from helpdesk_core.api.mail import Connection, Envelope, OutgoingMail, Receipt, Transport, TransportDown

from .models import DepartmentMail

log = logging.getLogger(__name__)

FIRST_WAIT: Final = timedelta(seconds=30)
LONGEST_WAIT: Final = timedelta(minutes=15)
TRYING: Final = timedelta(minutes=2)
"""So long nobody else tries a server that somebody is trying."""
WELL: Final[dict[str, Any]] = {"failures": 0, "failed_since": None, "last_error": None, "try_at": None}
"""What is written of a server that works, or of which nothing is known."""


class Watched(Transport):
    """A department's server; while it is known to be down, it says so at once."""

    def __init__(self, desk: Helpdesk, row_id: int, server: Transport) -> None:
        self._desk, self._row_id, self._server = desk, row_id, server
        self.falls_back = server.falls_back

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """Open it, unless it is not to be tried yet; raises `TransportDown` with the time until then."""
        failing = _may_try(self._desk, self._row_id)
        with ExitStack() as stack:
            try:
                connection = stack.enter_context(self._server.connect())
            except TransportDown as error:
                _note_failure(self._desk, self._row_id, str(error))
                raise
            if failing:
                note_success(self._desk, self._row_id)
            yield _Watching(connection, lambda why: _note_failure(self._desk, self._row_id, why))


class _Watching(Connection):
    def __init__(self, connection: Connection, failed: Callable[[str], None]) -> None:
        self._connection, self._failed = connection, failed
        self._used = False

    def send(self, envelope: Envelope) -> Receipt:
        try:
            receipt = self._connection.send(envelope)
        except TransportDown as error:
            if not self._used:  # a connection that has served before may simply have been open for too long
                self._failed(str(error))
            raise
        self._used = True
        return receipt


def note_success(desk: Helpdesk, row_id: int) -> None:
    """Forget that a server was down, and let the mail that waits for it leave at once."""
    with desk.begin(SYSTEM) as tx:
        row = tx.session.get(DepartmentMail, row_id, with_for_update=True)
        if row is None or not row.failures:
            return
        for name, value in WELL.items():
            setattr(row, name, value)
        waiting = update(OutgoingMail).where(
            OutgoingMail.department_id == row.department_id, OutgoingMail.state == "queued"
        )
        affect(tx.session, waiting.where(OutgoingMail.due_at > tx.now).values(due_at=tx.now))
        tx.brings_work = True


def try_those_down(desk: Helpdesk, server_of: Callable[[DepartmentMail], Transport]) -> int:
    """Try every server that is down and due to be tried, and return how many were; for a job of every minute."""
    due = (DepartmentMail.failures > 0) & (DepartmentMail.try_at <= desk.now()) & (DepartmentMail.host != "")
    with desk.read() as session:
        rows = session.scalars(select(DepartmentMail).where(due).order_by(DepartmentMail.try_at)).all()
    for row in rows:
        try:
            with server_of(row).connect():
                pass
        except HelpdeskError as error:
            log.info("%s", error)
    return len(rows)


def _may_try(desk: Helpdesk, row_id: int) -> bool:
    """Return whether the server has failed before; `TransportDown` if it is somebody else's turn, or too early."""
    with desk.read() as session:
        row = session.get(DepartmentMail, row_id)
    if row is None or not row.failures:
        return False
    now = desk.now()
    if row.try_at is not None and row.try_at > now:
        raise TransportDown(row.last_error or "", until=row.try_at)
    with desk.begin(SYSTEM) as tx:
        mine = update(DepartmentMail).where(DepartmentMail.id == row_id, DepartmentMail.try_at == row.try_at)
        if not affect(tx.session, mine.values(try_at=now + TRYING)):
            raise TransportDown(row.last_error or "", until=now + FIRST_WAIT)
    return True


def _note_failure(desk: Helpdesk, row_id: int, why: str) -> None:
    with desk.begin(SYSTEM) as tx:
        row = tx.session.get(DepartmentMail, row_id, with_for_update=True)
        if row is None:
            return
        row.failures += 1
        row.failed_since = row.failed_since or tx.now
        row.last_error = why
        row.try_at = next_try(tx.now, row.failures)


def next_try(now: datetime, failures: int) -> datetime:
    """Return when a server is tried again that has failed so often in a row."""
    return now + min(FIRST_WAIT * (1 << min(failures - 1, 10)), LONGEST_WAIT)
