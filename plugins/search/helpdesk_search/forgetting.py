"""When words that were erased have to leave the files of an index, too.

Taking a document out of an index, or putting another in its place, only marks it: its words stay in the files until
these are merged some day. So an erasure is noted, and some time later, together with others that came meanwhile, the
engine writes the files anew that have something left of it; what an engine cannot do, building the index anew does.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from helpdesk_core.api import Helpdesk, Transaction

from .state import State

ERASING: Final = ("user.erased", "message.redacted", "message.quote_redacted")
"""The events after which words are to be gone."""
ERASED: Final = "erased"
"""The name under which the state says when the first and the last of them came, that are not dealt with."""
EXPUNGED_AFTER: Final = timedelta(hours=1)
REBUILT_AFTER: Final = timedelta(hours=24)
"""Building an index anew takes longer: it waits for more to come."""


class Forgetting:
    """What one index has to forget."""

    def __init__(self, desk: Helpdesk, state: State) -> None:
        self._desk, self._state = desk, state

    def note(self, tx: Transaction) -> None:
        """Note that something was erased just now."""
        now = tx.now.isoformat()
        known = self._state.get(tx.session, ERASED, lock=True) or {"first": now}
        self._state.set(tx.session, ERASED, known | {"last": now})

    def due(self, session: Session, after: timedelta) -> Any:
        """Return what `done` wants to know, if the first erasure was that long ago; else None."""
        known = self._state.get(session, ERASED)
        if known and self._desk.now() - datetime.fromisoformat(known["first"]) >= after:
            return known
        return None

    def done(self, tx: Transaction, known: Any) -> None:
        """Note that the files have nothing left of what was erased until then; what came meanwhile waits anew."""
        now = self._state.get(tx.session, ERASED, lock=True)
        is_new = now and now["last"] != known["last"]
        self._state.set(tx.session, ERASED, {"first": now["last"], "last": now["last"]} if is_new else None)
