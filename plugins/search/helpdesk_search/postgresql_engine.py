"""An index in the helpdesk's own PostgreSQL: a table with a GIN index, shared by all machines of a site."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any, Final

from sqlalchemy import ColumnElement, Index, Table, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import InternalError, ProgrammingError

from helpdesk_core.api import SYSTEM, Helpdesk
from helpdesk_core.api.errors import Refused

from .engine import Clause, Engine, Entry, IndexBroken, Phrase, Term, Wanted
from .postgresql_files import expunge, index_name

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
NO_SCANS: Final = "SELECT set_config('enable_seqscan', 'off', true); "
MINE: Final = "generation = %(generation)s AND source = %(source)s"
MINE_BY_TERMS: Final = "generation || '' = %(generation)s AND source || '' = %(source)s"
"""Written so that no index but that of terms fits.

That of generations holds the documents in order, and PostgreSQL would read them all from the latest on.
"""
NEWEST: Final = """
    SELECT key FROM (SELECT key, updated FROM {table} WHERE {fitting} ORDER BY updated DESC LIMIT %(latest)s) AS latest
    ORDER BY updated DESC LIMIT %(limit)s
"""
BEST: Final = """
    WITH latest AS MATERIALIZED
        (SELECT id, key, updated FROM {table} WHERE {fitting} ORDER BY updated DESC LIMIT %(latest)s),
    titled AS MATERIALIZED
        (SELECT id FROM {table} WHERE generation || '' = %(generation)s AND {titled})
    SELECT key FROM latest ORDER BY id IN (SELECT id FROM titled) DESC, updated DESC LIMIT %(limit)s
"""
"""Which have the words in the subject is looked up, too: looking into a thousand large documents would take longer."""
KNOWN: Final = """
    WITH few AS MATERIALIZED
        (SELECT terms FROM {table} WHERE generation || '' = %(generation)s AND terms @@ %(asked)s::tsquery LIMIT 100)
    SELECT found.term FROM few, unnest(tsvector_to_array(terms)) AS found(term) WHERE found.term = ANY(%(terms)s)
"""
"""One look for all words together: for each of them alone a thousand would take a quarter of a second."""
FITS: Final = """
    terms @@ (SELECT %(asked)s::tsquery) AND
    CASE WHEN updated >= 0 THEN true
         ELSE (SELECT count(*) FROM generate_series(1, 1000) AS number WHERE number > updated) > 0 END
"""
"""What keeps PostgreSQL from looking into all documents instead of reading from the index.

What is asked for stands in a subquery, so that it is not reckoned with: one plan does for all questions, common words
and rare ones, and the server can keep it. The second condition always holds and never comes to its second half, but
PostgreSQL reckons with that, so that looking into a document is as dear to it as it is in truth.
"""
ANY: Final = "SELECT key FROM {table} WHERE generation || '' = %(generation)s AND terms @@ %(asked)s::tsquery LIMIT 1"
DATES: Final = {"after": "created >= %(after)s", "before": "created < %(before)s"}


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
        """Delete its rows, and leave nothing of them."""
        with self._desk.begin(SYSTEM) as tx:
            tx.session.execute(delete(self._table).where(self._table.c.generation == generation))
        expunge(self._desk, self._table)

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
        index = Index(index_name(self._rows), terms, postgresql_using="gin")
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

    def expunge(self) -> bool:
        """Vacuum the table, and have its index built anew beside the one in use."""
        return expunge(self._desk, self._rows)

    def search(self, wanted: Wanted) -> list[str]:
        """Ask the database; of the latest that fit, those with the words in the subject come first."""
        asked = _tsquery(wanted)
        narrows = wanted.labels is not None or any(not clause.negated for clause in wanted.clauses)
        values: dict[str, Any] = {
            "generation": self._generation, "source": wanted.source, "asked": asked, "after": wanted.after,
            "before": wanted.before, "latest": max(wanted.limit, RANKED), "limit": wanted.limit,
        }  # fmt: skip
        dates = [condition for name, condition in DATES.items() if values[name] is not None]
        if not narrows:
            fitting = " AND ".join([MINE, *(["terms @@ %(asked)s::tsquery"] if asked else []), *dates])
            return self._ask_without_scans(NEWEST, values, fitting)
        fitting = " AND ".join([MINE_BY_TERMS, FITS, *dates])
        if not wanted.newest and (subject := _in_subject(wanted)):
            values["titled"] = f"({asked}) & ({subject})"
            return self._ask(BEST, values, fitting)
        return self._ask(NEWEST, values, fitting)

    def known(self, words: Collection[str], *, internal: bool) -> Mapping[str, int]:
        """Look into some documents that have any of the words: which are there, and which more often."""
        terms = _written(words, internal=internal)
        if not terms:
            return {}
        values = {"generation": self._generation, "terms": terms, "asked": " | ".join(map(_quoted, terms))}
        return Counter(term[1:] for term in self._ask_without_scans(KNOWN, values))

    def has_any(self, words: Collection[str], *, internal: bool) -> bool:
        """Look for one document; what else is in it need not be read."""
        terms = _written(words, internal=internal)
        values = {"generation": self._generation, "asked": " | ".join(map(_quoted, terms))}
        return bool(terms and self._ask_without_scans(ANY, values))

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

    def _ask(self, statement: str, values: dict[str, Any], fitting: str) -> list[str]:
        """Return the first column of what a statement finds; `fitting` are conditions on documents."""
        asked = statement.format(table=self._rows.name, fitting=fitting, titled=FITS.replace("asked", "titled"))
        with _broken(), self._desk.read(with_page=True) as session:
            return [row[0] for row in session.connection().exec_driver_sql(asked, values)]

    def _ask_without_scans(self, statement: str, values: Mapping[str, Any], fitting: str = "") -> list[str]:
        """Return the same of a statement for which PostgreSQL would rather read the whole table.

        It is told not to, for this transaction, in one message with the statement. Where there is no transaction the
        message is one.
        """
        with _broken(), self._desk.read(with_page=True) as session:
            connection = session.connection()
            psycopg: Any = connection.dialect.dbapi
            asked = NO_SCANS + statement.format(table=self._rows.name, fitting=fitting)
            with psycopg.ClientCursor(connection.connection.dbapi_connection) as cursor:
                message: str = cursor.mogrify(asked, values)
            # By the session's connection, whose calls core knows of when a hook takes too long.
            with closing(connection.exec_driver_sql(message, execution_options={"no_parameters": True})) as result:
                found: Any = result.cursor
                found.nextset()
                return [row[0] for row in found.fetchall()]

    def _is_mine(self, source: str) -> ColumnElement[bool]:
        """Return the condition on rows of this generation."""
        return (self._rows.c.generation == self._generation) & (self._rows.c.source == source)

    def _row(self, entry: Entry) -> dict[str, Any]:
        return {
            "generation": self._generation,
            "source": entry.source,
            "key": entry.key,
            "created": entry.created,
            "updated": entry.updated,
            "terms": _vector(entry),
        }


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


def _written(words: Collection[str], *, internal: bool) -> list[str]:
    """Return words as they are in what is said: in messages and subjects, and with `internal` in notes."""
    return [letter + word for letter in ("pti" if internal else "pt") for word in words]


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
