"""Keeping an index: the worker adds what changed in batches; a new one is built beside it, then takes its place."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import func, select

from helpdesk_core.api import SYSTEM, Event, Helpdesk
from helpdesk_core.api.errors import Conflict
from helpdesk_core.api.events import EventRow
from helpdesk_core.api.jobs import stopping
from helpdesk_core.api.tickets import Ticket

from .again import Again
from .building import BUILDING, Build
from .catching_up import CatchingUp
from .documents import Documents
from .engine import Engine, Entry, IndexBroken
from .forgetting import EXPUNGED_AFTER, REBUILT_AFTER, Forgetting
from .in_force import BROKEN, CURRENT, InForce
from .stale import Stale
from .state import State
from .stores import Store
from .tables import Tables
from .texts import Texts

BATCH: Final = 200
WORK_SECONDS: Final = 20.0
"""A turn of the worker's job ends after so long, and goes on at the next."""
EMPTY_AFTER: Final = timedelta(minutes=10)
"""By then a ticket is indexed, or waits for it."""
FORMAT: Final = "format"
NEWEST_FORMAT: Final = 4
"""Raised whenever documents get something that they had not: the worker builds an index of an older format anew.

The second has what plugins add to the words of tickets; in the third Whoosh keeps its fields in another way; in the
fourth forms of Ukrainian verbs, and of words with an apostrophe, share their stems.
"""


class Keeper:
    """The index of one plugin."""

    def __init__(
        self,
        desk: Helpdesk,
        tables: Tables,
        store: Callable[[], Store],
        not_chosen: Callable[[], Sequence[Store]] = lambda: (),
    ) -> None:
        self._desk, self._make_store, self._not_chosen = desk, store, not_chosen
        self._state = State(tables)
        self._in_force = InForce(desk, self._state, store)
        self.stale = Stale(tables)
        self.texts = Texts(desk, tables, self.stale)
        self._documents = Documents(desk, self.texts)
        self._again = Again(desk, self.stale, self._state)
        self.forgetting = Forgetting(desk, self._state)
        self.catching_up = CatchingUp(desk, self._state, self.stale, self.forgetting)
        self._build = Build(desk, self._state, self._documents, self._again)

    @property
    def store(self) -> Store:
        """Return where generations are; made anew, because settings may have changed."""
        return self._make_store()

    def engine(self) -> Engine | None:
        """Return the engine of the index that is in force; None if there is none, or it is broken."""
        opened = self._in_force.opened()
        return opened[1] if opened else None

    def broken(self, error: IndexBroken, engine: Engine) -> None:
        """Note that an index cannot be used; if it is the one in force, the worker builds it anew."""
        self._in_force.broken(error, engine)

    def work(self, tell: Callable[[Event], object] = lambda event: None) -> None:
        """Index what changed, for a while; build the index if there is none, or one of an older format.

        `tell` gets the events about people and organisations that nobody told the plugin while it was off.
        """
        with self._desk.read() as session:
            current = self._state.get(session, CURRENT)
            is_old = (self._state.get(session, FORMAT) or 1) < NEWEST_FORMAT
            building = self._build.is_running(session)
        if current is not None and not building and self._gave_up(current):
            current = self._in_force.name()
        if current is None or is_old:  # one of an older format is asked, and not written
            if not building:
                with suppress(Conflict):
                    self.rebuild()
            return
        if not building and not self.catching_up.look(tell):
            with suppress(Conflict):
                self.rebuild(meanwhile=self._index_some)
            return
        until = time.monotonic() + WORK_SECONDS
        erased: Any = None
        while time.monotonic() < until and not stopping():
            erased = self._due()  # what comes while the last marks are looked for is not indexed yet
            if not self._index_some():
                break
        while not building and time.monotonic() < until and not stopping() and self._try_again():
            pass
        if not building and time.monotonic() < until and not stopping():
            self._expunge(erased)

    def tidy(self) -> None:
        """Remove the generations that nobody asks any more: they have words that were erased since.

        Also those of engines that were chosen before. Of an index that somebody else has emptied the worker is told.
        """
        self._give_up_if_emptied()
        stores = (self.store, *self._not_chosen())
        # Before looking which are needed: there may be a new one at any moment.
        others = [(store, each) for store in stores for each in store.others(None)]
        with self._desk.read() as session:
            if self._in_force.is_new(session):
                return
            needed = {self._state.get(session, CURRENT), self._build.generation(session)}
        self._build.forget_abandoned()
        for store, each in others:
            if each not in needed:
                store.remove(each)

    def _give_up_if_emptied(self) -> None:
        """Give an index up that has nothing though there have been tickets for a while, as a table without its rows."""
        engine = self.engine()
        with self._desk.read() as session:
            current = self._state.get(session, CURRENT)
            older = select(Ticket.id).where(Ticket.created_at < self._desk.now() - EMPTY_AFTER).limit(1)
            is_missed = session.scalar(older) is not None and not self.stale.waiting(session)[0]
        if engine is None or current is None or not is_missed:
            return
        try:
            if engine.count() == 0:
                self._in_force.give_up(IndexBroken("It is empty, though there are tickets."), current)
        except IndexBroken as error:
            self.broken(error, engine)

    def _due(self) -> Any:
        with self._desk.read() as session:
            return self.forgetting.due(session, EXPUNGED_AFTER)

    def _expunge(self, erased: Any) -> None:
        """Rid the files of what was erased some time ago; everything that waited then is indexed."""
        engine = self.engine()
        if erased is None or engine is None:
            return
        with self._desk.read() as session:
            is_old = self.forgetting.due(session, REBUILT_AFTER) is not None
        try:
            is_done = engine.expunge()
        except IndexBroken as error:
            self.broken(error, engine)
            return
        if not is_done and is_old:
            with suppress(Conflict):
                self.rebuild(meanwhile=self._index_some)
            return
        if is_done:
            with self._desk.begin(SYSTEM) as tx:
                self.forgetting.done(tx, erased)

    def _gave_up(self, current: str) -> bool:
        """Look whether the index in force can be used; give it up, and return true, if it cannot."""
        opened = self._in_force.opened()
        if opened is None:
            self._in_force.give_up(IndexBroken(self._in_force.failure or "The index is gone."), current)
            return True
        try:
            opened[1].count()
        except IndexBroken as error:
            self._in_force.give_up(error, opened[0])
            return True
        return False

    def _index_some(self) -> bool:
        """Index what waited longest; return whether there may be more."""
        opened = self._in_force.opened()
        if opened is None:
            return False
        generation, engine = opened
        with self._desk.read() as session:
            marks = self.stale.take(session, BATCH)
            keep = self._build.generation(session) is not None
            loaded = self._documents.load(session, marks)
        if not marks or not self._put(engine, loaded.entries, marks):
            return False
        with self._desk.begin(SYSTEM) as tx:
            if self._state.get(tx.session, CURRENT, lock=True) != generation:
                self._in_force.close()  # what took its place meanwhile may not have these: their marks stay
                return True
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
            self.broken(error, engine)
            return False
        return True

    def rebuild(
        self,
        progress: Callable[[int, int | None], None] = lambda done, all_: None,
        meanwhile: Callable[[], object] = lambda: None,
    ) -> int:
        """Build a new index beside the one in force and put it in its place; return the number of documents.

        `progress` gets how many are done, and (once known) of how many; `meanwhile` is called from time to time.
        Raises `Conflict` while another build runs.
        """
        with self._build.begun() as generation:
            with self._desk.read() as session:
                erased = self.forgetting.due(session, timedelta(0))
                heard = session.scalar(select(func.max(EventRow.id))) or 0
            done = self._filled(generation, progress, meanwhile)
            with self._desk.begin(SYSTEM) as tx:
                self._build.end(tx, generation)
                self._in_force.put(tx.session, generation)
                self._state.set(tx.session, FORMAT, NEWEST_FORMAT)
                self.catching_up.note(tx.session, heard)
                if erased:
                    self.forgetting.done(tx, erased)
                self.stale.renew(tx.session)
        self._in_force.close()
        return done

    def _filled(
        self, generation: str, progress: Callable[[int, int | None], None], meanwhile: Callable[[], object]
    ) -> int:
        """Make a generation of everything, and return of how much; nothing stays of one that fails."""
        store = self.store
        engine = store.make(generation)
        try:
            done = self._build.fill(engine, generation, progress, meanwhile)
        except BaseException:
            engine.close()
            store.remove(generation)
            raise
        engine.close()
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
            "error": damage or self._in_force.failure or broken,
        }

    def close(self) -> None:
        """Let go of the index."""
        self._in_force.close()
