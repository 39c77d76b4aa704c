"""Tickets that were indexed without the words of a plugin that failed: they are tried again, less and less often."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from helpdesk_core.api import Helpdesk, Transaction

from .asking import TICKETS
from .documents import Key
from .stale import Stale
from .state import State

AGAIN: Final = "again"
"""The name under which the state says when to try next."""
MOST: Final = 200
"""Tickets that are tried at once."""
SOONEST, LATEST = timedelta(minutes=1), timedelta(minutes=15)
"""The wait after the first failure, twice as long after each further one, and the longest."""


class Again:
    """The tickets of one index that lack words.

    Each trial that fails halves how many are tried at the next, and puts these behind the others: so a ticket with
    which a plugin cannot cope is found out, and the others get their words.
    """

    def __init__(self, desk: Helpdesk, stale: Stale, state: State) -> None:
        self._desk, self._stale, self._state = desk, stale, state

    def note(self, tx: Transaction, lacking: Iterable[str], whole: Sequence[str]) -> None:
        """Remember tickets that were indexed without all words, and forget those that have them now."""
        lacking = list(lacking)
        self._stale.lack(tx, lacking)
        self._stale.complete(tx.session, whole)
        if lacking and self._state.get(tx.session, AGAIN) is None:
            self._wait(tx, SOONEST, MOST)

    def due(self, session: Session) -> Sequence[Key]:
        """Return the tickets to try now; none before it is time."""
        plan = self._plan(session)
        if plan and self._desk.now() < datetime.fromisoformat(plan["at"]):
            return ()
        return [Key(TICKETS, key) for key in self._stale.lacking(session, plan["size"] if plan else MOST)]

    def tried(self, tx: Transaction, lacking: Sequence[str]) -> None:
        """Note how a trial went: tickets that lack words as before wait with all others; else more are tried next."""
        plan = self._plan(tx.session) or {"seconds": 0, "size": MOST}
        if lacking:
            self._stale.put_back(tx, lacking)
            wait = min(max(2 * timedelta(seconds=plan["seconds"]), SOONEST), LATEST)
            self._wait(tx, wait, max(len(lacking) // 2, 1))
        elif self._stale.lacking(tx.session, 1):
            self._wait(tx, timedelta(0), min(2 * plan["size"], MOST))
        else:
            self._state.set(tx.session, AGAIN, None)

    def _plan(self, session: Session) -> Any:
        return self._state.get(session, AGAIN)

    def _wait(self, tx: Transaction, time: timedelta, size: int) -> None:
        at = (tx.now + time).isoformat()
        self._state.set(tx.session, AGAIN, {"at": at, "seconds": time.total_seconds(), "size": size})
