"""Keeping an index: the worker adds what changed in batches; a new one is built beside it, then takes its place."""

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Final

from sqlalchemy.orm import Session

from helpdesk_core.api import SYSTEM, Helpdesk
from helpdesk_core.api.errors import Conflict
from helpdesk_core.api.jobs import stopping

from .again import Again
from .documents import Documents
from .engine import Engine, Entry, IndexBroken
from .stale import Stale
from .state import State
from .stores import Store
from .tables import Tables
from .texts import Texts

log = logging.getLogger(__name__)
BATCH: Final = 200
WORK_SECONDS: Final = 20.0
"""A turn of the worker's job ends after so long, and goes on at the next."""
ABANDONED: Final = timedelta(minutes=5)
"""A build that gave no sign of life for so long is another's to begin again."""
CURRENT, BUILDING, BROKEN, FORMAT = "current", "building", "broken", "format"
NEWEST_FORMAT: Final = 2
"""Raised whenever documents get something that they had not: the worker builds an index of an older format anew.

The second has what plugins add to the words of tickets.
"""


class Keeper:
    """The index of one plugin."""

    def __init__(self, desk: Helpdesk, tables: Tables, store: Callable[[], Store]) -> None:
        self._desk, self._make_store = desk, store
        self._state = State(tables)
        self.stale = Stale(tables)
        self.texts = Texts(desk, tables, self.stale)
        self._documents = Documents(desk, self.texts)
        self._again = Again(desk, self.stale, self._state)
        self._engine: tuple[str, Engine] | None = None
        self._lock = Lock()
        self._read_at = 0.0
        self._failure = ""

    @property
    def store(self) -> Store:
        """Return where generations are; made anew, because settings may have changed."""
        return self._make_store()

    def engine(self) -> Engine | None:
        """Return the engine of the index that is in force; None if there is none, or it is broken."""
        with self._lock:
            if self._engine is None or time.monotonic() - self._read_at > 1:
                self._reopen()
            return self._engine[1] if self._engine else None

    def broken(self, error: IndexBroken) -> None:
        """Note that the index cannot be used; the worker builds it anew."""
        log.error("The search index cannot be used and is built anew: %s", error)
        with self._lock:
            self._drop()
        with suppress(Exception), self._desk.begin(SYSTEM) as tx:
            self._state.set(tx.session, BROKEN, str(error)[:500])
            self._state.set(tx.session, CURRENT, None)

    def work(self) -> None:
        """Index what changed, for a while; build the index if there is none, or one of an older format."""
        with self._desk.read() as session:
            current = self._state.get(session, CURRENT)
            is_old = (self._state.get(session, FORMAT) or 1) < NEWEST_FORMAT
            building = self._is_building(session)
        if current is not None and not building and (damage := self._damage()):
            self.broken(damage)
            current = None
        if (current is None or is_old) and not building:
            with suppress(Conflict):
                self.rebuild()
            return
        until = time.monotonic() + WORK_SECONDS
        while time.monotonic() < until and not stopping() and self._index_some():
            pass
        while not building and time.monotonic() < until and not stopping() and self._try_again():
            pass

    def _damage(self) -> IndexBroken | None:
        """Return what is wrong with the index in force, if anything is."""
        engine = self.engine()
        if engine is None:
            return IndexBroken(self._failure or "The index is gone.")
        try:
            engine.count()
        except IndexBroken as error:
            return error
        return None

    def _index_some(self) -> bool:
        engine = self.engine()
        if engine is None:
            return False
        with self._desk.read() as session:
            marks = self.stale.take(session, BATCH)
            keep = self._is_building(session)
            loaded = self._documents.load(session, marks)
        if not marks or not self._put(engine, loaded.entries, marks):
            return False
        with self._desk.begin(SYSTEM) as tx:
            loaded.texts.keep(tx.session)
            self.stale.settle(tx.session, marks, keep=keep)
            self._again.note(tx, loaded.lacking, loaded.whole)
        return len(marks) == BATCH

    def _try_again(self) -> bool:
        """Index some tickets with the words they lack; return whether there may be more that have them now."""
        engine = self.engine()
        if engine is None:
            return False
        with self._desk.read() as session:
            wanted = self._again.due(session)
            loaded = self._documents.load(session, wanted)
        if not wanted or (loaded.whole and not self._put(engine, loaded.entries, wanted)):
            return False
        with self._desk.begin(SYSTEM) as tx:
            loaded.texts.keep(tx.session)
            self._again.note(tx, loaded.lacking, loaded.whole)
            self._again.tried(tx, loaded.lacking)
        return not loaded.lacking

    def _put(self, engine: Engine, entries: Sequence[Entry], wanted: Sequence[Any]) -> bool:
        """Write documents, and take out those that were wanted but are gone; false if the index is broken."""
        there = {(each.source, each.key) for each in entries}
        try:
            engine.put(entries, [(each.source, each.key) for each in wanted if (each.source, each.key) not in there])
        except IndexBroken as error:
            self.broken(error)
            return False
        return True

    def rebuild(self, progress: Callable[[int, int | None], None] = lambda done, all_: None) -> int:
        """Build a new index beside the one in force and put it in its place; return the number of documents.

        `progress` gets how many are done, and (once known) of how many. Raises `Conflict` while another build runs.
        """
        generation = self._begin()
        try:
            store = self.store
            for each in store.others(self._current()):
                if each != generation:
                    store.remove(each)
            engine = store.make(generation)
            try:
                done = self._fill(engine, generation, progress)
            finally:
                engine.close()
        except BaseException:
            with suppress(Exception), self._desk.begin(SYSTEM) as tx:
                self._state.set(tx.session, BUILDING, None)
            raise
        with self._desk.begin(SYSTEM) as tx:
            self._state.set(tx.session, CURRENT, generation)
            self._state.set(tx.session, FORMAT, NEWEST_FORMAT)
            self._state.set(tx.session, BUILDING, None)
            self._state.set(tx.session, BROKEN, None)
            self.stale.renew(tx.session)
        with self._lock:
            self._drop()
        return done

    def status(self) -> dict[str, Any]:
        """Return how it stands: documents, bytes, what waits and for how many seconds, whether a build runs.

        `lacking_words` counts the tickets that wait for the words of a plugin that failed.
        """
        engine, documents, size = self.engine(), 0, 0
        damage: str | None = None
        if engine is not None:
            try:
                documents, size = engine.count(), engine.size()
            except IndexBroken as error:
                engine, damage = None, str(error)
        with self._desk.read() as session:
            waiting, since = self.stale.waiting(session)
            lacking = self.stale.count_lacking(session)
            building, broken = self._state.get(session, BUILDING), self._state.get(session, BROKEN)
        return {
            "documents": documents,
            "bytes": size,
            "is_built": engine is not None,
            "waiting": waiting,
            "behind_seconds": round((self._desk.now() - since).total_seconds()) if since else 0,
            "lacking_words": lacking,
            "building": {"done": building["done"], "since": building["since"]} if building else None,
            "error": damage or self._failure or broken,
        }

    def close(self) -> None:
        """Let go of the index."""
        with self._lock:
            self._drop()

    def _fill(self, engine: Engine, generation: str, progress: Callable[[int, int | None], None]) -> int:
        done = 0
        for wanted in self._documents.everything():
            if stopping():
                raise Conflict("The worker is being stopped; the next one begins the new index again.")
            with self._desk.read() as session:
                loaded = self._documents.load(session, wanted)
            engine.put(loaded.entries)
            done += len(loaded.entries)
            with self._desk.begin(SYSTEM) as tx:
                loaded.texts.keep(tx.session)
                self._again.note(tx, loaded.lacking, loaded.whole)
                state = self._state.get(tx.session, BUILDING)
                if not state or state["generation"] != generation:
                    raise Conflict("Another build has taken over; this one ends.")
                self._state.set(tx.session, BUILDING, state | {"done": done, "seen": self._desk.now().isoformat()})
            progress(done, None)
        return done

    def _begin(self) -> str:
        now = self._desk.now()
        with self._desk.begin(SYSTEM) as tx:
            running = self._state.get(tx.session, BUILDING, lock=True)
            if running and now - datetime.fromisoformat(running["seen"]) < ABANDONED:
                raise Conflict(
                    f"An index is being built since {running['since']}; {running['done']} documents are done."
                )
            generation = f"g{int(time.time() * 1000):x}"
            stamp = now.isoformat()
            self._state.set(tx.session, BUILDING, {"generation": generation, "since": stamp, "seen": stamp, "done": 0})
        return generation

    def _current(self) -> str | None:
        with self._desk.read() as session:
            found: str | None = self._state.get(session, CURRENT)
        return found

    def _is_building(self, session: Session) -> bool:
        running = self._state.get(session, BUILDING)
        return bool(running) and self._desk.now() - datetime.fromisoformat(running["seen"]) < ABANDONED

    def _reopen(self) -> None:
        generation = self._current()
        self._read_at = time.monotonic()
        if self._engine and self._engine[0] == generation:
            return
        self._drop()
        if generation is None:
            return
        try:
            self._engine = generation, self.store.open(generation)
            self._failure = ""
        except IndexBroken as error:
            if str(error) != self._failure:
                log.error("The search index cannot be opened: %s", error)
            self._failure = str(error)

    def _drop(self) -> None:
        if self._engine:
            with suppress(Exception):
                self._engine[1].close()
        self._engine = None
