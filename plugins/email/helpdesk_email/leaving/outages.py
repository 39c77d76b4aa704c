"""Servers of departments that are down: what all processes know of them, so that not every batch waits for them anew.

A server that could not be used is left alone for half a minute, and twice as long after each further failure, a quarter
of an hour at most. Then one process tries it, whether there is mail or not, so that it is soon known to be well. One
that lets us in and then takes no mail is known to be well only by a mail that it takes.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, select, update

from helpdesk_core.api import SYSTEM, Helpdesk, Transaction
from helpdesk_core.api.db import affect
from helpdesk_core.api.errors import HelpdeskError
from helpdesk_core.api.mail import Connection, Envelope, OutgoingMail, Receipt, Transport, TransportDown

from ..sentences import words_of
from .models import DepartmentMail

log = logging.getLogger(__name__)

FIRST_WAIT: Final = timedelta(seconds=30)
LONGEST_WAIT: Final = timedelta(minutes=15)
TRYING: Final = timedelta(minutes=2)
"""So long nobody else tries a server that somebody is trying."""
WELL: Final[dict[str, Any]] = {
    "failures": 0,
    "failed_since": None,
    "failed_sending": False,
    "last_error": None,
    "try_at": None,
}
"""What is written of a server that works, or of which nothing is known."""


@dataclass(frozen=True, slots=True)
class _Turn:
    """A try of a server, and how things were when it began: what has changed since is not judged by it."""

    row_id: int
    changed_at: datetime
    failing: bool = False
    try_at: datetime | None = None


class Watched(Transport):
    """A department's server as it is set in `row`; while it is known to be down, it says so at once."""

    def __init__(self, desk: Helpdesk, row: DepartmentMail, server: Transport) -> None:
        self._desk, self._server = desk, server
        self._turn = _Turn(row.id, row.changed_at)
        self.falls_back = server.falls_back

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """Open it, unless it is not to be tried yet; raises `TransportDown` with the time until then."""
        turn = _begin(self._desk, self._turn)
        with ExitStack() as stack:
            try:
                connection = stack.enter_context(self._server.connect())
            except TransportDown as error:
                _note_failure(self._desk, turn, words_of(error), sending=False)
                raise
            if turn.failing:
                turn = _note_connected(self._desk, turn)
            yield _Watching(self._desk, turn, connection)


class _Watching(Connection):
    def __init__(self, desk: Helpdesk, turn: _Turn, connection: Connection) -> None:
        self._desk, self._turn, self._connection = desk, turn, connection
        self._used = False

    def send(self, envelope: Envelope) -> Receipt:
        try:
            receipt = self._connection.send(envelope)
        except TransportDown as error:
            if not self._used:  # a connection that has served before may simply have been open for too long
                _note_failure(self._desk, self._turn, words_of(error), sending=True)
            raise
        if self._turn.failing and not self._used:
            _note_taken(self._desk, self._turn)
        self._used = True
        return receipt


def note_tested(desk: Helpdesk, row: DepartmentMail) -> None:
    """Forget that a server was down, for an administrator has tried it as it is in `row`; what waits leaves at once."""
    with desk.begin(SYSTEM) as tx:
        there = _as_set(tx, _Turn(row.id, row.changed_at))
        if there is not None:
            _is_well(there)
            bring_forward(tx, there.department_id)


def bring_forward(tx: Transaction, department_id: int, which: ColumnElement[bool] | None = None) -> None:
    """Let the mail of a department that waits leave at once: all, or what fits `which`."""
    waiting = update(OutgoingMail).where(OutgoingMail.department_id == department_id, OutgoingMail.state == "queued")
    if which is not None:
        waiting = waiting.where(which)
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


def _begin(desk: Helpdesk, turn: _Turn) -> _Turn:
    """Return the turn with how things are; `TransportDown` if it is somebody else's, or too early."""
    with desk.read() as session:
        row = session.get(DepartmentMail, turn.row_id)
    if row is None or row.changed_at != turn.changed_at:
        return turn
    if not row.failures:
        return replace(turn, try_at=row.try_at)
    now = desk.now()
    if row.try_at is not None and row.try_at > now:
        raise TransportDown(row.last_error or "", until=row.try_at)
    with desk.begin(SYSTEM) as tx:
        mine = update(DepartmentMail).where(DepartmentMail.id == row.id, DepartmentMail.try_at == row.try_at)
        if not affect(tx.session, mine.values(try_at=now + TRYING)):
            raise TransportDown(row.last_error or "", until=now + FIRST_WAIT)
    return replace(turn, failing=True, try_at=now + TRYING)


def _note_connected(desk: Helpdesk, turn: _Turn) -> _Turn:
    """End the pause, and let mail that was not tried for it leave; the rest keeps the time of its next try.

    That it works is known only if it was not a mail over which it was lost.
    """
    with desk.begin(SYSTEM) as tx:
        row = _as_set(tx, turn)
        if row is None or row.try_at != turn.try_at:
            return turn
        _wake_untried(tx, row)
        row.try_at = None
        if not row.failed_sending:
            _is_well(row)
        return replace(turn, failing=row.failures > 0, try_at=None)


def _note_taken(desk: Helpdesk, turn: _Turn) -> None:
    with desk.begin(SYSTEM) as tx:
        row = _as_set(tx, turn)
        if row is not None and row.failures:
            _wake_untried(tx, row)
            _is_well(row)


def _note_failure(desk: Helpdesk, turn: _Turn, why: str, *, sending: bool) -> None:
    with desk.begin(SYSTEM) as tx:
        row = _as_set(tx, turn)
        if row is None or row.try_at != turn.try_at:  # another process has met the same failure, and noted it
            return
        row.failures += 1
        row.failed_since = row.failed_since or tx.now
        row.failed_sending = row.failed_sending or sending
        row.last_error = why
        row.try_at = next_try(tx.now, row.failures)


def _as_set(tx: Transaction, turn: _Turn) -> DepartmentMail | None:
    """Return the locked row of the server that was tried; None if another has been set since."""
    row = tx.session.get(DepartmentMail, turn.row_id, with_for_update=True)
    return row if row is not None and row.changed_at == turn.changed_at else None


def _wake_untried(tx: Transaction, row: DepartmentMail) -> None:
    """Bring forward what was never tried, or was given back until the server would be tried."""
    bring_forward(tx, row.department_id, (OutgoingMail.attempts == 0) | (OutgoingMail.due_at == row.try_at))


def _is_well(row: DepartmentMail) -> None:
    for name, value in WELL.items():
        setattr(row, name, value)


def next_try(now: datetime, failures: int) -> datetime:
    """Return when a server is tried again that has failed so often in a row."""
    return now + min(FIRST_WAIT * (1 << min(failures - 1, 10)), LONGEST_WAIT)
