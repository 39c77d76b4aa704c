"""The job of every minute: what is due on any ticket, found by an index and done in small units of work."""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import or_, select, tuple_
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import InstrumentedAttribute, Session

from helpdesk_core.api import Helpdesk, HelpdeskError
from helpdesk_core.api.errors import Unavailable
from helpdesk_core.api.jobs import stopping

from . import escalating
from .keeping import PORTION, LookedAt, catch_up
from .models import Watched

log = logging.getLogger(__name__)
TOGETHER: Final = 50
"""Tickets whose clocks catch up in one unit of work, which other writers wait for: some hundredths of a second."""


class _Along:
    """Tickets along an index, each once, however long the job takes; those that come meanwhile are found too."""

    def __init__(self, column: InstrumentedAttribute[datetime | None], most: int) -> None:
        self._column, self._most = column, most
        self._last: tuple[datetime | None, int] | None = None
        self._given: set[int] = set()

    def next(self, session: Session, until: datetime) -> Sequence[int]:
        """Return the ids of the next tickets, the longest waiting first; none if there are no more just now."""
        while True:
            query = select(self._column, Watched.ticket_id).where(self._column <= until)
            if self._last is not None:
                behind = tuple_(self._column, Watched.ticket_id) > tuple_(*self._last)
                query = query.where(self._column >= self._last[0], behind)
            rows = session.execute(query.order_by(self._column, Watched.ticket_id).limit(self._most)).all()
            if not rows:
                return ()
            self._last = rows[-1][0], rows[-1][1]
            ids = [id for _at, id in rows if id not in self._given]
            if ids:
                self._given.update(ids)
                return ids


def tick(desk: Helpdesk) -> int:
    """Do what is due on any ticket: breaches, steps, changed policies; return on how many tickets that was.

    Clocks catch up for some tickets at a time, and what is to be done then is noted; the steps of each ticket are a
    unit of work of its own. What is interrupted is undone as a whole and done by the next worker. A ticket at which
    something fails keeps no other from being looked at; in the end, or at a stop, the failures are raised. Only where
    the database cannot be worked with at all is nothing more tried. However many tickets follow a changed policy,
    what is due comes before them, also what comes due meanwhile.
    """
    done = 0
    due, edited = _Along(Watched.next_at, PORTION), _Along(Watched.edited_at, TOGETHER)
    failed: list[str] = []
    while not stopping():
        with desk.read() as session:
            ids = due.next(session, desk.now()) or edited.next(session, desk.now())
        if not ids:
            break
        for start in range(0, len(ids), TOGETHER):
            if stopping():
                break
            # In the order of their ids, in which others lock several tickets too.
            looked_at = _look_at(desk, sorted(ids[start : start + TOGETHER]), failed)
            done += len(looked_at)
            for each in looked_at:
                if each.has_steps:
                    _do_steps(desk, each, failed)
    if failed:
        raise HelpdeskError(f"{len(failed)} tickets could not be looked at: {'; '.join(failed[:3])}")
    return done


def _look_at(desk: Helpdesk, ids: Sequence[int], failed: list[str]) -> Sequence[LookedAt]:
    """Let the clocks of tickets catch up. Where one of several makes that fail, they are looked at one by one."""
    try:
        with desk.begin(escalating.ACTOR) as tx:
            tx.hold_reference()
            has_cause = or_(Watched.next_at <= tx.now, Watched.edited_at.is_not(None))
            query = select(Watched).where(Watched.ticket_id.in_(ids), has_cause)
            watched = tx.session.scalars(query.order_by(Watched.ticket_id).with_for_update(skip_locked=True)).all()
            return catch_up(tx, watched) if watched else ()
    except Exception as error:
        if _is_away(desk, error):
            raise
        if len(ids) == 1:
            _note(failed, ids[0], error)
            return ()
    return [each for id in ids for each in _look_at(desk, [id], failed)]


def _do_steps(desk: Helpdesk, looked_at: LookedAt, failed: list[str]) -> None:
    try:
        with desk.begin(escalating.ACTOR) as tx:
            query = select(Watched).where(Watched.ticket_id == looked_at.ticket_id).with_for_update(skip_locked=True)
            watched = tx.session.scalar(query)
            if watched is not None:
                escalating.carry_out(tx, watched)
                # Whoever moved the clocks meanwhile, or changed a policy, has written when to look at them once more.
                if watched.next_at == looked_at.at:
                    watched.next_at = looked_at.next_at
    except Exception as error:
        if _is_away(desk, error):
            raise
        _note(failed, looked_at.ticket_id, error)


def _is_away(desk: Helpdesk, error: Exception) -> bool:
    """Tell whether an error is one of the whole database: it takes no other work either."""
    if not isinstance(error, DBAPIError | Unavailable):
        return False
    try:
        with desk.begin(escalating.ACTOR) as tx:
            tx.session.execute(select(1))
    except (DBAPIError, Unavailable):
        return True
    return False


def _note(failed: list[str], ticket_id: int, error: Exception) -> None:
    log.exception("The clocks of the ticket with the id %s cannot be looked at", ticket_id)
    failed.append(f"{type(error).__name__}: {error}")
