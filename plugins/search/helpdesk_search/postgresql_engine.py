"""An index in the helpdesk's own PostgreSQL: a table with a GIN index, shared by all machines of a site."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Index,
    Table,
    Text,
    cast,
    column,
    delete,
    exists,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY, TSVECTOR, insert
from sqlalchemy.exc import InternalError, ProgrammingError

from helpdesk_core.api import SYSTEM, Helpdesk
from helpdesk_core.api.errors import Refused

from .engine import Clause, Engine, Entry, IndexBroken, Phrase, Term, Wanted

LETTERS: Final = {"title": "t", "public": "p", "internal": "i", "facts": "f", "internal_facts": "g"}
"""Each field's terms begin with its letter; labels with `l`, words of phrases with `wp` and `wi`."""
MAX_BYTES: Final = 900_000
"""A tsvector holds a megabyte."""
RANKED: Final = 1000
"""Of what fits, so many of the latest are put into order by how well they fit."""
PLACES: Final = 16_382
"""A tsvector counts places of words no further."""
MAX_TERM: Final = 500
BREAK: Final = "\x1f"
NO_SCANS: Final = "SET LOCAL enable_seqscan = off"


class Generations:
    """Generations as values of a column."""

    def __init__(self, desk: Helpdesk, table: Table) -> None:
        if desk.engine.dialect.name != "postgresql":
            raise Refused(
                "The search engine “postgresql” needs the helpdesk's database to be PostgreSQL. "
                "Set [plugins.search] engine to whoosh."
            )
        self._desk, self._table = desk, table

    def open(self, generation: str) -> Engine:
        """Return the engine for that generation; the table's index is made if it is not there."""
        return self.make(generation)

    def make(self, generation: str) -> Engine:
        """Return the engine for a new one."""
        engine = PostgreSQLEngine(self._desk, self._table, generation)
        engine.prepare()
        return engine

    def remove(self, generation: str) -> None:
        """Delete its rows."""
        with self._desk.begin(SYSTEM) as tx:
            tx.session.execute(delete(self._table).where(self._table.c.generation == generation))

    def others(self, generation: str | None) -> Iterable[str]:
        """Return the generations that have rows."""
        with self._desk.read() as session:
            names = session.scalars(select(self._table.c.generation).distinct()).all()
        return [name for name in names if name != generation]


class PostgreSQLEngine(Engine):
    """One generation."""

    def __init__(self, desk: Helpdesk, table: Table, generation: str) -> None:
        self._desk, self._rows, self._generation = desk, table, generation

    def prepare(self) -> None:
        """Make the index over the terms, which only PostgreSQL can have, unless it is there."""
        terms = self._rows.to_metadata(self._rows.metadata.__class__()).c.terms  # a copy, so that only we know of it
        index = Index(f"ix_{self._rows.name}_terms", terms, postgresql_using="gin")
        with _broken(), self._desk.begin(SYSTEM) as tx:
            index.create(tx.session.connection(), checkfirst=True)

    def put(self, entries: Sequence[Entry], gone: Sequence[tuple[str, str]] = ()) -> None:
        """Write in one transaction."""
        rows = self._rows.c
        with _broken(), self._desk.begin(SYSTEM) as tx:
            for source, key in gone:
                tx.session.execute(delete(self._rows).where(self._is_mine(source), rows.key == key))
            if entries:
                new = insert(self._rows)
                changed = {name: new.excluded[name] for name in ("created", "updated", "terms")}
                place = [rows.generation, rows.source, rows.key]
                tx.session.execute(
                    new.on_conflict_do_update(index_elements=place, set_=changed), [self._row(each) for each in entries]
                )

    def search(self, wanted: Wanted) -> list[str]:
        """Ask the database; of the latest that fit, those with the words in the subject come first."""
        rows = self._rows.c
        asked = _tsquery(wanted)
        narrows = wanted.labels is not None or any(not clause.negated for clause in wanted.clauses)
        fitting = select(rows.key, rows.updated, rows.terms).where(self._is_mine(wanted.source, by_terms=narrows))
        if asked:
            fitting = fitting.where(_matches(rows.terms, asked))
        if wanted.after is not None:
            fitting = fitting.where(rows.created >= wanted.after)
        if wanted.before is not None:
            fitting = fitting.where(rows.created < wanted.before)
        latest = fitting.order_by(rows.updated.desc()).limit(max(wanted.limit, RANKED)).subquery()
        found = select(latest.c.key)
        if not wanted.newest and (subject := _in_subject(wanted)):
            found = found.order_by(_matches(latest.c.terms, subject).desc())
        with self._asking() as connection:
            return list(connection.scalars(found.order_by(latest.c.updated.desc()).limit(wanted.limit)))

    def known(self, words: Collection[str], *, internal: bool) -> Mapping[str, int]:
        """Look each word up; only whether it is there, since counting takes long."""
        letters = "pti" if internal else "pt"
        asked = {word: " | ".join(_quoted(letter + word) for letter in letters) for word in words}
        if not asked:
            return {}
        texts = func.unnest(cast(list(asked), ARRAY(Text)), cast(list(asked.values()), ARRAY(Text)))
        each = texts.table_valued(column("word", Text), column("asked", Text)).render_derived()
        mine = self._rows.c.generation.concat("") == self._generation
        there = exists().where(mine, _matches(self._rows.c.terms, each.c.asked))
        with self._asking() as connection:
            return dict.fromkeys(connection.scalars(select(each.c.word).where(there)), 1)

    def count(self) -> int:
        """Count the rows."""
        query = select(func.count()).select_from(self._rows).where(self._rows.c.generation == self._generation)
        with _broken(), self._desk.read() as session:
            return session.scalar(query) or 0

    def size(self) -> int:
        """Return what the table takes with its indexes."""
        with _broken(), self._desk.read() as session:
            return session.scalar(select(func.pg_total_relation_size(self._rows.name))) or 0

    def close(self) -> None:
        """Nothing is held."""

    @contextmanager
    def _asking(self) -> Iterator[Connection]:
        """Open a connection for asking the index.

        PostgreSQL does not reckon how long it takes to look into a large tsvector, and would rather look into them all
        than read from the index; it is told not to, for this transaction. One is begun by hand, in one message with
        that, where there is none: a unit of work would take three ways more to the server.
        """
        with _broken(), self._desk.read() as session:
            connection = session.connection()
            driver: Any = connection.connection.dbapi_connection
            alone = driver.autocommit  # else a unit of work is under way, and ends by itself
            driver.execute(f"BEGIN; {NO_SCANS}" if alone else NO_SCANS, prepare=False)
            try:
                yield connection
            finally:
                if alone:
                    driver.execute("COMMIT", prepare=False)

    def _is_mine(self, source: str, *, by_terms: bool = False) -> ColumnElement[bool]:
        """Return the condition on rows of this generation; written `by_terms` so that no index but theirs fits.

        That of generations holds the documents in order, and PostgreSQL would read them all from the latest on.
        """
        rows = self._rows.c
        if by_terms:
            return (rows.generation.concat("") == self._generation) & (rows.source.concat("") == source)
        return (rows.generation == self._generation) & (rows.source == source)

    def _row(self, entry: Entry) -> dict[str, Any]:
        return {
            "generation": self._generation,
            "source": entry.source,
            "key": entry.key,
            "created": entry.created,
            "updated": entry.updated,
            "terms": _vector(entry),
        }


def _matches(terms: ColumnElement[Any], asked: Any) -> ColumnElement[bool]:
    """Return the condition that a tsvector fits a tsquery, which comes as text."""
    return cast(terms, TSVECTOR).bool_op("@@")(cast(asked, TSQUERY))


def _vector(entry: Entry) -> str:
    """Return a tsvector as PostgreSQL reads it: terms without places, words of phrases with theirs."""
    parts: list[str] = [_quoted("l" + label) for label in sorted(entry.labels)]
    for field, terms in entry.terms.items():
        parts += [_quoted(LETTERS[field] + term) for term in sorted(terms)]
    size = sum(len(part.encode()) for part in parts)
    while size > MAX_BYTES and parts:
        size -= len(parts.pop().encode())
    for kind, words in entry.tokens.items():
        places: dict[str, list[int]] = {}
        for place, word in enumerate(words[:PLACES], 1):
            if word != BREAK:
                places.setdefault(word, []).append(place)
        for word, at in places.items():
            part = _quoted(f"w{kind[0]}{word}") + ":" + ",".join(map(str, at[:255]))
            size += len(part.encode())
            if size > MAX_BYTES:
                break
            parts.append(part)
    return " ".join(parts)


def _tsquery(wanted: Wanted) -> str:
    parts = [_clause(clause) for clause in wanted.clauses]
    if wanted.labels is not None:
        parts.append("(" + (" | ".join(_quoted("l" + each) for each in sorted(wanted.labels)) or _quoted("l")) + ")")
    return " & ".join(parts)


def _in_subject(wanted: Wanted) -> str:
    words = [
        part.term
        for clause in wanted.clauses
        if not clause.negated
        for way in clause.ways
        for part in way
        if isinstance(part, Term) and part.field == "title"
    ]
    return " | ".join(_quoted("t" + each) for each in dict.fromkeys(words))


def _clause(clause: Clause) -> str:
    ways = [" & ".join(_part(part) for part in way) for way in clause.ways if way]
    either = " | ".join(f"({way})" for way in ways) or _quoted("-")
    return f"!({either})" if clause.negated else f"({either})"


def _part(part: Term | Phrase) -> str:
    if isinstance(part, Term):
        return _quoted(LETTERS[part.field] + part.term)
    return "(" + " <-> ".join(_quoted(f"w{part.field[0]}{word}") for word in part.words) + ")"


def _quoted(term: str) -> str:
    clean = term.replace("\0", "").replace("\\", "\\\\").replace("'", "''")
    return f"'{clean[:MAX_TERM]}'"


@contextmanager
def _broken() -> Iterator[None]:
    """Turn what says that the table is not as it was into `IndexBroken`.

    A connection that is lost, or a question that was given up because it took too long, says nothing of the index.
    """
    try:
        yield
    except (ProgrammingError, InternalError) as error:
        raise IndexBroken(f"{type(error).__name__}: {error}") from error
