"""An index in a folder, kept by Whoosh: pure Python, nothing to install, for sites of some ten thousand messages."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from time import sleep
from typing import Any, Final

from whoosh import fields, index, query
from whoosh.analysis import SpaceSeparatedTokenizer

from .engine import Clause, Engine, Entry, IndexBroken, Phrase, Term, Wanted
from .intact import Intact

BETWEEN: Final = "\x1f"
MAX_LIMIT: Final = 10_000
TRIES: Final = 10
PAUSE: Final = 0.02
"""Seconds to wait before what a commit of another process took away under a reader is looked for again."""
_SPACED = fields.TEXT(analyzer=SpaceSeparatedTokenizer(), phrase=True, stored=False)


def _schema() -> Any:
    keyword = {"stored": False, "lowercase": False, "commas": False}
    return fields.Schema(
        id=fields.ID(unique=True),
        key=fields.STORED,
        source=fields.ID,
        labels=fields.KEYWORD(**keyword),
        title=fields.KEYWORD(scorable=True, **keyword),
        public=fields.KEYWORD(scorable=True, **keyword),
        internal=fields.KEYWORD(scorable=True, **keyword),
        facts=fields.KEYWORD(**keyword),
        internal_facts=fields.KEYWORD(**keyword),
        words_public=_SPACED,
        words_internal=_SPACED,
        created=fields.NUMERIC(int, bits=64),
        updated=fields.NUMERIC(int, bits=64, sortable=True),
    )


def is_there(folder: Path) -> bool:
    """Tell whether there is an index in a folder."""
    with _broken():
        return bool(_found(lambda: index.exists_in(folder)))


class WhooshEngine(Engine):
    """An index in `folder`, made if it is not there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = Lock()
        with _broken():
            if not is_there(folder):
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                index.create_in(folder, _schema())
            self._index = _found(lambda: index.open_dir(folder))
            self._intact = Intact(folder)
            self._searcher: Any = None
            self._fresh()

    def put(self, entries: Sequence[Entry], gone: Sequence[tuple[str, str]] = ()) -> None:
        """Write in one batch."""
        with self._lock, _broken():
            writer = self._index.writer(limitmb=256)
            try:
                for source, key in gone:
                    writer.delete_by_term("id", source + BETWEEN + key)
                for entry in entries:
                    writer.delete_by_term("id", entry.source + BETWEEN + entry.key)
                for entry in entries:
                    writer.add_document(**_fields(entry))
            except BaseException:
                writer.cancel()
                raise
            writer.commit()

    def search(self, wanted: Wanted) -> list[str]:
        """Search in what was committed last."""
        with _broken():
            found = self._fresh().search(
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
        with _broken():
            reader = self._fresh().reader()
            names = ("public", "title", "internal") if internal else ("public", "title")
            counts = {word: max(reader.doc_frequency(name, word) for name in names) for word in words}
        return {word: count for word, count in counts.items() if count}

    def count(self) -> int:
        """Count what is not deleted."""
        with _broken():
            return int(self._fresh().doc_count())

    def size(self) -> int:
        """Add up the files."""
        with _broken():
            return sum(path.stat().st_size for path in self._folder.iterdir() if path.is_file())

    def close(self) -> None:
        """Close the files."""
        self._searcher.close()
        self._index.close()

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
        searcher = self._index.searcher()
        segments = [each.segment() for each, _first in searcher.reader().leaf_readers()]
        names = tuple(each.segment_id() for each in segments if each is not None)
        self._intact.watch(lambda name: name.startswith(names))
        return searcher


def _fields(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.source + BETWEEN + entry.key,
        "key": entry.key,
        "source": entry.source,
        "labels": " ".join(entry.labels),
        **{name: " ".join(terms) for name, terms in entry.terms.items()},
        **{f"words_{name}": " ".join(words) for name, words in entry.tokens.items()},
        "created": entry.created,
        "updated": entry.updated,
    }


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
