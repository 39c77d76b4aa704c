"""An index in a folder, kept by Whoosh: pure Python, nothing to install, for sites of some ten thousand messages."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from time import sleep
from typing import Any, Final

from whoosh import index, query

from .engine import Clause, Engine, Entry, IndexBroken, Phrase, Term, Wanted
from .intact import Intact
from .whoosh_fields import schema
from .whoosh_writing import BulkWriter

BETWEEN: Final = "\x1f"
MAX_LIMIT: Final = 10_000
BATCH: Final = 4_000_000
"""Postings that are kept in memory while an index is built: at most some 300 MB."""
TRIES: Final = 10
PAUSE: Final = 0.02
"""Seconds to wait before what a commit of another process took away under a reader is looked for again."""


def is_there(folder: Path) -> bool:
    """Tell whether there is an index in a folder."""
    with _broken():
        return bool(_found(lambda: index.exists_in(folder)))


class WhooshEngine(Engine):
    """An index in `folder`, made if it is not there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock, self._writing = Lock(), Lock()
        self._users, self._is_left = 0, False
        with _broken():
            if not is_there(folder):
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                index.create_in(folder, schema())
            self._index = _found(lambda: index.open_dir(folder))
            self._intact = Intact(folder)
            self._searcher: Any = None
            self._fresh()

    def put(self, entries: Sequence[Entry], gone: Sequence[tuple[str, str]] = ()) -> None:
        """Write in one batch."""
        with self._writer() as writer:
            for source, key in gone:
                writer.drop(_name(source, key))
            for entry in entries:
                writer.drop(_name(entry.source, entry.key))
            for entry in entries:
                _add(writer, entry)
            writer.commit()

    def fill(self, portions: Iterable[Sequence[Entry]]) -> None:
        """Write batches as large as memory likes: the fewer there are, the less is written twice."""
        writer: BulkWriter | None = None
        seen: set[str] = set()
        try:
            for entries in portions:
                with _broken():
                    writer = writer or BulkWriter(self._index)
                    for entry in entries:
                        name = _name(entry.source, entry.key)
                        if name not in seen:
                            seen.add(name)
                            _add(writer, entry)
                    if writer.postings >= BATCH:
                        done, writer = writer, None
                        done.commit()
            if writer:
                with _broken():
                    writer.commit()
        except BaseException:
            if writer and not writer.is_closed:
                writer.cancel()
            raise

    def expunge(self) -> bool:
        """Write those segments anew of which documents were taken out."""
        with self._writer() as writer:
            writer.expunge()
        return True

    def search(self, wanted: Wanted) -> list[str]:
        """Search in what was committed last."""
        with self._reading() as searcher:
            found = searcher.search(
                _query(wanted),
                filter=_allowed(wanted),
                limit=min(wanted.limit, MAX_LIMIT),
                sortedby="updated" if wanted.newest else None,
                reverse=wanted.newest,
                scored=not wanted.newest,
            )
            return [hit["key"] for hit in found]

    def known(self, words: Collection[str], *, internal: bool) -> Mapping[str, int]:
        """Look the terms up."""
        with self._reading() as searcher:
            reader = searcher.reader()
            names = ("public", "title", "internal") if internal else ("public", "title")
            counts = {word: max(reader.doc_frequency(name, word) for name in names) for word in words}
        return {word: count for word, count in counts.items() if count}

    def count(self) -> int:
        """Count what is not deleted."""
        with self._reading() as searcher:
            return int(searcher.doc_count())

    def size(self) -> int:
        """Add up the files."""
        with _broken():
            return sum(path.stat().st_size for path in self._folder.iterdir() if path.is_file())

    def close(self) -> None:
        """Close the files; while other threads search in them, the last of these does."""
        with self._lock:
            self._is_left = True
            self._close_unless_used()

    @contextmanager
    def _reading(self) -> Iterator[Any]:
        """Return what reads that which was committed last, and stays open until this ends."""
        with self._lock:
            self._users += 1
        try:
            with _broken():
                yield self._fresh()
        finally:
            with self._lock:
                self._users -= 1
                self._close_unless_used()

    def _close_unless_used(self) -> None:
        if self._is_left and not self._users and self._searcher is not None:
            self._searcher.close()
            self._index.close()
            self._searcher = None

    @contextmanager
    def _writer(self) -> Iterator[BulkWriter]:
        """Return what writes, given up if something goes wrong; searches go on meanwhile."""
        with self._writing, _broken():
            writer = BulkWriter(self._index)
            try:
                yield writer
            except BaseException:
                if not writer.is_closed:
                    writer.cancel()
                raise

    def _fresh(self) -> Any:
        """Return what reads that which was committed last.

        A commit, by whichever process, takes away the files of the one before: only what is missing or different
        while nobody has committed is damage.
        """
        with self._lock:
            for _try in range(TRIES - 1):
                generation = self._index.latest_generation()
                try:
                    return self._checked()
                except Exception:
                    if self._index.latest_generation() == generation:
                        raise
                sleep(PAUSE)
            return self._checked()

    def _checked(self) -> Any:
        if self._searcher is None or not self._searcher.up_to_date():
            # Not `refresh`, which fails on what was empty; other threads may still read with the one before.
            self._searcher = self._opened()
        self._intact.check()
        return self._searcher

    def _opened(self) -> Any:
        """Return what reads that which was committed last, with an eye on its files."""
        contents = f"_{self._index.indexname}_{self._index.latest_generation()}.toc"
        searcher = self._index.searcher()
        segments = [each.segment() for each, _first in searcher.reader().leaf_readers()]
        names = tuple(each.segment_id() for each in segments if each is not None)
        self._intact.watch(lambda name: name == contents or name.startswith(names))
        return searcher


def _add(writer: BulkWriter, entry: Entry) -> None:
    name = _name(entry.source, entry.key)
    writer.add(
        stored={"key": entry.key},
        terms=[("id", (name,)), ("source", (entry.source,)), ("labels", entry.labels), *entry.terms.items()],
        words={f"words_{name}": words for name, words in entry.tokens.items()},
        numbers={"created": entry.created, "updated": entry.updated},
    )


def _name(source: str, key: str) -> str:
    return source + BETWEEN + key


def _query(wanted: Wanted) -> Any:
    parts = [_clause(clause) for clause in wanted.clauses if not clause.negated]
    if wanted.after is not None or wanted.before is not None:
        end = None if wanted.before is None else wanted.before - 1
        parts.append(query.ConstantScoreQuery(query.NumericRange("created", wanted.after, end)))
    found = query.And(parts) if parts else query.Every()
    against = [_clause(clause) for clause in wanted.clauses if clause.negated]
    return query.AndNot(found, query.Or(against)) if against else found


def _allowed(wanted: Wanted) -> Any:
    source = query.Term("source", wanted.source)
    if wanted.labels is None:
        return source
    return query.And([source, query.Or([query.Term("labels", each) for each in sorted(wanted.labels)])])


def _clause(clause: Clause) -> Any:
    ways = [[_part(part) for part in way] for way in clause.ways]
    flat = [query.And(way) if len(way) > 1 else way[0] for way in ways if way]
    return query.Or(flat) if flat else query.NullQuery


def _part(part: Term | Phrase) -> Any:
    if isinstance(part, Term):
        return query.Term(part.field, part.term, boost=part.weight)
    words = [*part.words]
    if len(words) == 1:
        return query.Term(f"words_{part.field}", words[0])
    return query.Phrase(f"words_{part.field}", words)


def _found(look: Callable[[], Any]) -> Any:
    """Return what is found, looked for again while a commit puts the table of contents in place of the one before."""
    for _try in range(TRIES - 1):
        try:
            return look()
        except FileNotFoundError:
            sleep(PAUSE)
    return look()


@contextmanager
def _broken() -> Any:
    """Turn whatever Whoosh raises over damaged files into `IndexBroken`."""
    try:
        yield
    except IndexBroken:
        raise
    except Exception as error:
        raise IndexBroken(f"{type(error).__name__}: {error}") from error
