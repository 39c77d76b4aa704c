"""What happened while nobody told the plugin: it was switched off, or a source of documents was.

A plugin that is off gets no events, neither then nor later. So an index remembers how far it has heard; when it
begins to work, after each start and switch of the configuration, it looks through what came since. Hearing twice of the
same is harmless: what is marked is indexed again. So how far it has heard is noted last, once all the rest is in the
database: whatever ends the process before has it look through the same again.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk_core.api import SYSTEM, Event, Helpdesk
from helpdesk_core.api.events import EventRow
from helpdesk_core.api.jobs import stopping
from helpdesk_core.api.search import SearchSource, sources

from .asking import TICKETS
from .forgetting import ERASING, Forgetting
from .stale import PORTION, Stale
from .state import State

HEARD, SOURCES = "heard", "sources"
"""Names of values: the id of the last event that was heard of, and the sources whose documents are in the index."""
MOST: Final = 20_000
"""Events that are looked through; of more, building anew is quicker."""
TWICE_AFTER: Final = 10.0
"""So many seconds later other processes may notice that the plugin is on; until then they record events past it."""
TWICE: Final = 2
NOTED_EVERY: Final = timedelta(hours=1)
"""How often it is noted that all was heard of, so that the next start looks through little."""


class CatchingUp:
    """Looks, twice after it is made, for what one index has not heard of; and notes how far it has heard from then."""

    def __init__(self, desk: Helpdesk, state: State, stale: Stale, forgetting: Forgetting) -> None:
        self._desk, self._state, self._stale, self._forgetting = desk, state, stale, forgetting
        self._times = 0
        self._began = 0.0
        self._noted_at: datetime | None = None

    def look(self, tell: Callable[[Event], object]) -> bool:
        """Mark what changed, and tell events of people and organisations; false if it is to be built anew instead.

        Only a look that came to its end counts, and only after both is it noted that nothing was missed since.
        """
        if self._times == TWICE:
            self._note_now_and_then()
            return True
        if self._times and time.monotonic() - self._began < TWICE_AFTER:
            return True
        with self._desk.read() as session:
            heard = self._state.get(session, HEARD)
            newest = session.scalar(select(func.max(EventRow.id))) or 0
            known = self._state.get(session, SOURCES) or []
            missed = select(EventRow).where(EventRow.id > (heard or 0)).order_by(EventRow.id).limit(MOST + 1)
            rows = session.scalars(missed).all() if heard is not None and heard < newest else []
            there = sources(self._desk)
            keys = {name: [*source.keys(session)] for name, source in there.items() if name not in known}
        if heard is None or len(rows) > MOST:
            return False
        told, changed, is_erased = self._read(rows, there)
        for name, these in (*changed.items(), *keys.items()):
            self._stale.mark_apart(self._desk, name, these)
        for number, event in enumerate(told, 1):
            tell(event)
            if number % PORTION == 0 and stopping():
                return True
        with self._desk.begin(SYSTEM) as tx:
            if is_erased:
                self._forgetting.note(tx)
            self.note(tx.session, newest)
        self._times += 1
        self._began = self._began or time.monotonic()
        self._noted_at = self._desk.now()
        return True

    def note(self, session: Session, heard: int) -> None:
        """Note that all was heard of until that event, and that all sources are in the index."""
        self._state.set(session, HEARD, heard)
        self._state.set(session, SOURCES, sorted(sources(self._desk)))

    def _note_now_and_then(self) -> None:
        if self._noted_at and self._desk.now() - self._noted_at < NOTED_EVERY:
            return
        with self._desk.begin(SYSTEM) as tx:
            self.note(tx.session, tx.session.scalar(select(func.max(EventRow.id))) or 0)
        self._noted_at = self._desk.now()

    def _read(
        self, rows: Sequence[EventRow], there: Mapping[str, SearchSource]
    ) -> tuple[list[Event], dict[str, dict[str, None]], bool]:
        told: list[Event] = []
        changed: dict[str, dict[str, None]] = defaultdict(dict)
        is_erased = False
        for row in rows:
            if row.ticket_id is not None:
                changed[TICKETS][str(row.ticket_id)] = None
            is_erased = is_erased or row.type in ERASING
            kind = self._desk.event_types.get(row.type)
            if kind is None:
                continue  # of a plugin that is off: so are its documents
            event = kind.load(row)
            if row.ticket_id is None:
                told.append(event)
            for name, source in there.items():
                changed[name].update(dict.fromkeys(source.changed(event)))
        return told, changed, is_erased
