"""Keeping an index: the worker adds what changed in batches; a new one is built beside it, then takes its place."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import islice
from threading import Lock
from typing import Any, Final

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from helpdesk_core.api import SYSTEM, Helpdesk
from helpdesk_core.api.errors import Conflict
from helpdesk_core.api.search import SearchDocument, sources, words_of_tickets
from helpdesk_core.api.tickets import vocabulary

from .asking import TICKETS
from .engine import Engine, Entry, IndexBroken
from .stale import Stale
from .stores import Store
from .tables import Tables
from .texts import Reading, Texts
from .tickets import all_tickets, in_order, load_tickets
from .words import terms

log = logging.getLogger(__name__)
BATCH: Final = 200
BUILD_BATCH: Final = 1000
WORK_SECONDS: Final = 20.0
"""A turn of the worker's job ends after so long, and goes on at the next."""
ABANDONED: Final = timedelta(minutes=5)
"""A build that gave no sign of life for so long is another's to begin again."""
CURRENT, BUILDING, BROKEN = "current", "building", "broken"


class Keeper:
    """The index of one plugin."""

    def __init__(self, desk: Helpdesk, tables: Tables, store: Callable[[], Store]) -> None:
        self._desk, self._tables, self._make_store = desk, tables, store
        self.stale = Stale(tables)
        self.texts = Texts(desk, tables, self.stale)
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
            self._set(tx.session, BROKEN, str(error)[:500])
            self._set(tx.session, CURRENT, None)

    def work(self) -> None:
        """Index what changed, for a while; build the index if there is none."""
        with self._desk.read() as session:
            current = self._get(session, CURRENT)
            building = self._is_building(session)
        if current is not None and not building and (damage := self._damage()):
            self.broken(damage)
            current = None
        if current is None and not building:
            with suppress(Conflict):
                self.rebuild()
            return
        until = time.monotonic() + WORK_SECONDS
        while time.monotonic() < until and self._index_some():
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
            entries, texts = self._entries(session, marks)
        if not marks:
            return False
        there = {(each.source, each.key) for each in entries}
        try:
            engine.put(entries, [(each.source, each.key) for each in marks if (each.source, each.key) not in there])
        except IndexBroken as error:
            self.broken(error)
            return False
        with self._desk.begin(SYSTEM) as tx:
            texts.keep(tx.session)
            self.stale.settle(tx.session, marks, keep=keep)
        return len(marks) == BATCH

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
                self._set(tx.session, BUILDING, None)
            raise
        with self._desk.begin(SYSTEM) as tx:
            self._set(tx.session, CURRENT, generation)
            self._set(tx.session, BUILDING, None)
            self._set(tx.session, BROKEN, None)
            self.stale.renew(tx.session)
        with self._lock:
            self._drop()
        return done

    def status(self) -> dict[str, Any]:
        """Return how it stands: documents, bytes, what waits and for how many seconds, whether a build runs."""
        engine, documents, size = self.engine(), 0, 0
        damage: str | None = None
        if engine is not None:
            try:
                documents, size = engine.count(), engine.size()
            except IndexBroken as error:
                engine, damage = None, str(error)
        with self._desk.read() as session:
            waiting, since = self.stale.waiting(session)
            building, broken = self._get(session, BUILDING), self._get(session, BROKEN)
        return {
            "documents": documents,
            "bytes": size,
            "is_built": engine is not None,
            "waiting": waiting,
            "behind_seconds": round((self._desk.now() - since).total_seconds()) if since else 0,
            "building": {"done": building["done"], "since": building["since"]} if building else None,
            "error": damage or self._failure or broken,
        }

    def close(self) -> None:
        """Let go of the index."""
        with self._lock:
            self._drop()

    def _fill(self, engine: Engine, generation: str, progress: Callable[[int, int | None], None]) -> int:
        done = 0
        for source, keys in self._everything():
            with self._desk.read() as session:
                marks = [_Wanted(source, key) for key in keys]
                entries, texts = self._entries(session, marks)
            engine.put(entries)
            done += len(entries)
            with self._desk.begin(SYSTEM) as tx:
                texts.keep(tx.session)
                state = self._get(tx.session, BUILDING)
                if not state or state["generation"] != generation:
                    raise Conflict("Another build has taken over; this one ends.")
                self._set(tx.session, BUILDING, state | {"done": done, "seen": self._desk.now().isoformat()})
            progress(done, None)
        return done

    def _everything(self) -> Iterator[tuple[str, list[str]]]:
        with self._desk.read() as session:
            keys = list(all_tickets(session))
        for source in [TICKETS, *(found := sources(self._desk))]:
            if source != TICKETS:
                with self._desk.read() as session:
                    keys = list(found[source].keys(session))
            rest = iter(keys)
            while portion := list(islice(rest, BUILD_BATCH)):
                yield source, portion

    def _entries(self, session: Session, marks: Sequence[Any]) -> tuple[list[Entry], Reading]:
        """Return the documents of marks, and the texts of files, some of which were read for them."""
        by_source: dict[str, list[str]] = {}
        for each in marks:
            by_source.setdefault(each.source, []).append(each.key)
        texts = self.texts.reading()
        entries: list[Entry] = []
        if tickets := by_source.pop(TICKETS, []):
            added = words_of_tickets(self._desk, [int(key) for key in tickets])
            entries += load_tickets(session, vocabulary(self._desk, session), texts, tickets, added)
        if by_source:
            known = sources(self._desk)
            for name, keys in by_source.items():
                if name in known:
                    entries += [_entry(name, document) for document in known[name].load(session, keys)]
        return entries, texts

    def _begin(self) -> str:
        now = self._desk.now()
        with self._desk.begin(SYSTEM) as tx:
            running = self._get(tx.session, BUILDING, lock=True)
            if running and now - datetime.fromisoformat(running["seen"]) < ABANDONED:
                raise Conflict(
                    f"An index is being built since {running['since']}; {running['done']} documents are done."
                )
            generation = f"g{int(time.time() * 1000):x}"
            stamp = now.isoformat()
            self._set(tx.session, BUILDING, {"generation": generation, "since": stamp, "seen": stamp, "done": 0})
        return generation

    def _current(self) -> str | None:
        with self._desk.read() as session:
            found: str | None = self._get(session, CURRENT)
        return found

    def _is_building(self, session: Session) -> bool:
        running = self._get(session, BUILDING)
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

    def _get(self, session: Session, name: str, *, lock: bool = False) -> Any:
        query = select(self._tables.state.c.value).where(self._tables.state.c.name == name)
        return session.scalar(query.with_for_update() if lock else query)

    def _set(self, session: Session, name: str, value: Any) -> None:
        table = self._tables.state
        session.execute(delete(table).where(table.c.name == name))
        if value is not None:
            session.execute(insert(table).values(name=name, value=value))


class _Wanted:
    __slots__ = ("key", "source")

    def __init__(self, source: str, key: str) -> None:
        self.source, self.key = source, key


def _entry(source: str, document: SearchDocument) -> Entry:
    title = frozenset(terms(document.title))
    return Entry(
        key=document.key,
        source=source,
        labels=document.labels,
        tokens={"public": in_order([document.title, document.text]), "internal": []},
        terms={
            "title": title,
            "public": frozenset(terms(document.text)) | title,
            "internal": frozenset(),
            "facts": frozenset(),
            "internal_facts": frozenset(),
        },
    )
