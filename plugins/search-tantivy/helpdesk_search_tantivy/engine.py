"""An index in a folder, kept by tantivy."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Final

import tantivy
from tantivy import Index, Occur, Query, Schema, SchemaBuilder, Searcher, TextAnalyzerBuilder, Tokenizer

from helpdesk_search.engine import Clause, Engine, Entry, IndexBroken, Phrase, Term, Wanted
from helpdesk_search.intact import Intact

BETWEEN: Final = "\x1f"
HEAP: Final = 64_000_000
MAX_LIMIT: Final = 10_000
META: Final = "meta.json"
"""Which segments there are; each commit puts another file in its place."""
COMMITS: Final = 3
"""So many of them may come between looking at that file and at those of the segments."""
PANIC: Final = "PanicException"
"""How errors of Rust come that nobody expected; the class has no address, and is no `Exception`."""
TERMS: Final = ("labels", "title", "public", "internal", "facts", "internal_facts")
WORDS: Final = ("words_public", "words_internal")


def _schema() -> Schema:
    builder = SchemaBuilder()
    builder.add_text_field("id", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("key", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("source", tokenizer_name="raw", index_option="basic")
    for name in TERMS:
        builder.add_text_field(name, tokenizer_name="spaces", index_option="basic")
    for name in WORDS:
        builder.add_text_field(name, tokenizer_name="spaces", index_option="position")
    builder.add_integer_field("created", indexed=True, fast=True)
    builder.add_integer_field("updated", indexed=True, fast=True)
    builder.add_integer_field("number", fast=True)
    return builder.build()


def is_there(folder: Path) -> bool:
    """Tell whether there is an index in a folder."""
    return (folder / META).is_file()


class TantivyEngine(Engine):
    """An index in `folder`, made if it is not there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = Lock()
        self._schema = _schema()
        with _broken():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._index = Index(self._schema, path=str(folder), reuse=True)
            self._index.register_tokenizer("spaces", TextAnalyzerBuilder(Tokenizer.whitespace()).build())
            self._index.config_reader("manual")
            self._intact = Intact(folder)
            self._read_at: tuple[int, int] | None = None
            self._fresh()

    def put(self, entries: Sequence[Entry], gone: Sequence[tuple[str, str]] = ()) -> None:
        """Write in one batch."""
        with self._lock, _broken():
            writer = self._index.writer(HEAP, 1)
            try:
                for source, key in gone:
                    writer.delete_documents_by_term("id", source + BETWEEN + key)
                for entry in entries:
                    writer.delete_documents_by_term("id", entry.source + BETWEEN + entry.key)
                    writer.add_document(_document(entry))
                writer.commit()
                writer.wait_merging_threads()
            finally:
                del writer
            self._fresh()

    def expunge(self) -> bool:
        """Say that it cannot: tantivy merges segments as it thinks right."""
        return False

    def search(self, wanted: Wanted) -> list[str]:
        """Search in what was committed last."""
        with _broken():
            searcher = self._fresh()
            order = "updated" if wanted.newest else None
            query, limit = self._query(wanted), min(wanted.limit, MAX_LIMIT)
            found = searcher.search(query, limit, count=False, order_by_field=order)
            places = [place for _score, place in found.hits]
            if not places:
                return []
            numbers = searcher.fast_field_values("number", places)
            return [
                str(number) if number is not None and number >= 0 else str(searcher.doc(place)["key"][0])
                for number, place in zip(numbers, places, strict=True)
            ]

    def known(self, words: Collection[str], *, internal: bool) -> Mapping[str, int]:
        """Look the terms up."""
        with _broken():
            searcher = self._fresh()
            names = ("public", "title", "internal") if internal else ("public", "title")
            counts = {word: max(searcher.doc_freq(name, word) for name in names) for word in words}
        return {word: count for word, count in counts.items() if count}

    def count(self) -> int:
        """Count what is not deleted."""
        with _broken():
            return int(self._fresh().num_docs)

    def size(self) -> int:
        """Add up the files."""
        with _broken():
            return sum(path.stat().st_size for path in self._folder.iterdir() if path.is_file())

    def close(self) -> None:
        """Files are closed with the object."""

    def _fresh(self) -> Searcher:
        """Return what reads that which was committed last; `IndexBroken` when files of it were changed or deleted."""
        for _ in range(COMMITS):
            written = (self._folder / META).stat()
            at = written.st_ino, written.st_mtime_ns
            if at != self._read_at:
                segments = json.loads((self._folder / META).read_bytes())["segments"]
                names = tuple(each["segment_id"].replace("-", "") for each in segments)
                self._index.reload()
                self._intact.watch(lambda name, names=names: name.startswith(names))  # type: ignore[misc]  # bound here
                self._read_at = at
            try:
                self._intact.check()
            except IndexBroken:
                if (self._folder / META).stat().st_mtime_ns == written.st_mtime_ns:
                    raise
                continue  # not damage: a commit has just replaced these files by others
            break
        return self._index.searcher()

    def _query(self, wanted: Wanted) -> Query:
        parts: list[tuple[Occur, Query]] = [
            (Occur.Must, Query.const_score_query(self._is("source", wanted.source), 0.0))
        ]
        if wanted.labels is not None:
            labels = [(Occur.Should, self._is("labels", each)) for each in sorted(wanted.labels)]
            parts.append((Occur.Must, Query.const_score_query(_any(labels), 0.0)))
        parts += [(Occur.MustNot if each.negated else Occur.Must, self._clause(each)) for each in wanted.clauses]
        if wanted.after is not None or wanted.before is not None:
            first = wanted.after if wanted.after is not None else -(2**62)
            last = wanted.before - 1 if wanted.before is not None else 2**62
            within = Query.range_query(self._schema, "created", tantivy.FieldType.Integer, first, last)
            parts.append((Occur.Must, Query.const_score_query(within, 0.0)))
        return Query.boolean_query(parts)

    def _clause(self, clause: Clause) -> Query:
        ways = []
        for way in clause.ways:
            parts = [(Occur.Must, self._part(part)) for part in way]
            if parts:
                ways.append((Occur.Should, parts[0][1] if len(parts) == 1 else Query.boolean_query(parts)))
        return _any(ways)

    def _part(self, part: Term | Phrase) -> Query:
        if isinstance(part, Term):
            found = self._is(part.field, part.term)
            return found if part.weight == 1.0 else Query.boost_query(found, part.weight)
        name = f"words_{part.field}"
        if len(part.words) == 1:
            return self._is(name, part.words[0])
        return Query.phrase_query(self._schema, name, list(part.words))

    def _is(self, field: str, term: str) -> Query:
        return Query.term_query(self._schema, field, term, "basic")


def _any(ways: Sequence[tuple[Occur, Query]]) -> Query:
    return Query.boolean_query(list(ways)) if ways else Query.empty_query()


def _document(entry: Entry) -> tantivy.Document:
    found = tantivy.Document()
    found.add_text("id", entry.source + BETWEEN + entry.key)
    found.add_text("key", entry.key)
    found.add_text("source", entry.source)
    found.add_text("labels", " ".join(entry.labels))
    for field, terms in entry.terms.items():
        found.add_text(field, " ".join(terms))
    for kind, words in entry.tokens.items():
        found.add_text(f"words_{kind}", " ".join(words))
    found.add_integer("created", entry.created)
    found.add_integer("updated", entry.updated)
    # Keys that are numbers are read from memory; others have to be unpacked from the disk.
    is_number = entry.key.isdecimal() and str(int(entry.key)) == entry.key and int(entry.key) < 2**62
    found.add_integer("number", int(entry.key) if is_number else -1)
    return found


@contextmanager
def _broken() -> Iterator[None]:
    """Turn whatever tantivy raises over damaged files into `IndexBroken`."""
    try:
        yield
    except (ValueError, OSError, RuntimeError, KeyError) as error:
        raise IndexBroken(f"{type(error).__name__}: {error}") from error
    except BaseException as error:
        if type(error).__name__ != PANIC:
            raise
        raise IndexBroken(f"tantivy gave up: {error}") from error
