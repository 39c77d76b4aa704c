"""Writing Whoosh's segments by whole lists instead of by single postings.

A posting is one document under one term. Whoosh's own writer makes a tuple of each, sorts them all, and looks up how
long the document's field is for each; merging segments does all of that again, and nearly all the time goes there. Here
the documents of a term are a list from the beginning, and segments are merged term by term. What lies on the disk is
Whoosh's own format, read by Whoosh's own readers.
"""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import merge
from itertools import groupby
from math import log
from operator import attrgetter
from typing import Any, Final, NamedTuple

from whoosh.codec.whoosh3 import LENGTHS_COLUMN
from whoosh.reading import SegmentReader
from whoosh.util.numeric import byte_to_length
from whoosh.writing import SegmentWriter

FACTOR: Final = 8
"""So many segments of like size become one."""
SMALL: Final = 50
"""Segments with fewer documents are of like size."""


class Postings(NamedTuple):
    """A term and the documents that have it; `values` are as many, or none where the field has none."""

    term: bytes
    documents: Sequence[int]
    values: Sequence[bytes]


class BulkWriter(SegmentWriter):  # type: ignore[misc]  # Whoosh has no types
    """Adds documents to an index, and takes others out; as a writer of Whoosh, it ends with `commit` or `cancel`."""

    def __init__(self, index: Any) -> None:
        super().__init__(index)
        self._new: dict[str, _Gathered] = defaultdict(_Gathered)
        self._readers = [SegmentReader(self.storage, self.schema, each) for each in self.segments]
        self._going: list[_Merged] = []
        self._is_expunging = False
        self.postings = 0

    def drop(self, name: str) -> None:
        """Take out the documents with that id, of those that were committed before."""
        term = name.encode()
        for segment, reader in zip(self.segments, self._readers, strict=True):
            if ("id", term) in reader:
                for document in _read(reader, "id", reader.term_info("id", term)).documents:
                    segment.delete_document(document)

    def add(
        self,
        stored: Mapping[str, str],
        terms: Iterable[tuple[str, Iterable[str]]],
        words: Mapping[str, Sequence[str]],
        numbers: Mapping[str, int],
    ) -> None:
        """Add a document; each of the four gives fields of one kind."""
        document, writer = self.docnum, self.perdocwriter
        writer.start_doc(document)
        for name, value in stored.items():
            writer.add_field(name, self.schema[name], value, 0)
        for name, each in terms:
            count = self._new[name].add_terms(document, (term.encode() for term in each if term))
            self.postings += count
            writer.add_field(name, self.schema[name], None, count if self.schema[name].scorable else 0)
        for name, text in words.items():
            self._new[name].add_words(document, text)
            self.postings += len(text)
            writer.add_field(name, self.schema[name], None, len(text))
        for name, number in numbers.items():
            field = self.schema[name]
            if field.indexed:
                self._new[name].add_terms(document, (term for term, *_rest in field.index(number)))
            if field.column_type:
                writer.add_column_value(name, field.column_type, number)
        writer.finish_doc()
        self.docnum += 1
        self._added = True

    def expunge(self) -> None:
        """Commit so that no file has anything left of documents that were taken out."""
        self._is_expunging = True
        self.commit()

    def _merge_segments(self, mergetype: Any, optimize: Any, merge: Any) -> list[Any]:
        """Return the segments that stay; the others are written into the new one."""
        stay = []
        wanted = _with_traces(self.segments) if self._is_expunging else _alike(self.segments)
        for segment, reader in zip(self.segments, self._readers, strict=True):
            if segment.segment_id() not in wanted:
                stay.append(segment)
                continue
            first = self.docnum
            fields = {*self.schema.names(), *reader.indexed_field_names()}
            known = self.write_per_doc(fields, reader)
            numbers = range(first, self.docnum) if known is None else known
            self._going.append(_Merged(reader, numbers))
        self._added = self.docnum > 0
        return stay

    def _flush_segment(self) -> None:
        self.perdocwriter.close()
        perdoc = self.per_document_reader()
        for name in sorted(self.schema.names()):
            sources: list[Iterator[Postings]] = [each.in_order(name) for each in self._going]
            if name in self._new:
                sources.insert(0, self._new.pop(name).in_order())
            field = self.schema[name]
            if sources and field.indexed and field.format:
                column = perdoc._cached_reader(f"_{name}_len", LENGTHS_COLUMN) if field.scorable else None
                lengths = bytes(column.load()) if column else b""
                self.fieldwriter.start_field(name, field)
                for _term, same in groupby(merge(*sources, key=attrgetter("term")), attrgetter("term")):
                    _write(self.fieldwriter, _joined([*same]), lengths)
                self.fieldwriter.finish_field()
        self.fieldwriter.close()
        perdoc.close()

    def _finish(self) -> None:
        for each in self._readers:
            each.close()
        super()._finish()


class _Gathered:
    """The postings of one field of the documents that were added."""

    def __init__(self) -> None:
        self._documents: dict[bytes, Any] = defaultdict(lambda: array("I"))
        self._values: dict[bytes, list[bytes]] = defaultdict(list)

    def add_terms(self, document: int, terms: Iterable[bytes]) -> int:
        count = 0
        for term in terms:
            self._documents[term].append(document)
            count += 1
        return count

    def add_words(self, document: int, words: Sequence[str]) -> None:
        places: dict[str, Any] = defaultdict(lambda: array("H"))
        for place, word in enumerate(words):
            places[word].append(place)
        for word, at in places.items():
            term = word.encode()
            self._documents[term].append(document)
            self._values[term].append(at.tobytes())

    def in_order(self) -> Iterator[Postings]:
        for term in sorted(self._documents):
            yield Postings(term, self._documents[term], self._values.get(term, ()))


class _Merged:
    """A segment on its way into the new one; `numbers` has those of its documents that are still there."""

    def __init__(self, reader: Any, numbers: range | Mapping[int, int]) -> None:
        self._reader, self._numbers = reader, numbers

    def in_order(self, field: str) -> Iterator[Postings]:
        if field not in self._reader.indexed_field_names():
            return
        for (name, term), info in self._reader._terms.items_from(field, b""):
            if name != field:
                return
            found = _read(self._reader, field, info)
            if isinstance(self._numbers, range):
                yield found._replace(term=term, documents=[self._numbers[each] for each in found.documents])
                continue
            there = [place for place, each in enumerate(found.documents) if each in self._numbers]
            if there:
                documents = [self._numbers[found.documents[place]] for place in there]
                yield Postings(term, documents, [found.values[place] for place in there] if found.values else ())


def _alike(segments: Sequence[Any]) -> set[str]:
    """Return the names of segments to be merged: all of one order of size, once there are enough, and those below.

    Those of which less than half is left are, too.
    """
    by_size: dict[int, list[Any]] = defaultdict(list)
    for each in segments:
        left = each.doc_count_all() - each.deleted_count()
        by_size[int(log(max(left, SMALL) / SMALL, FACTOR))].append(each)
    largest = max((size for size, alike in by_size.items() if len(alike) >= FACTOR), default=-1)
    return {
        each.segment_id()
        for size, alike in by_size.items()
        for each in alike
        if size <= largest or each.deleted_count() * 2 > each.doc_count_all()
    }


def _with_traces(segments: Sequence[Any]) -> set[str]:
    return {each.segment_id() for each in segments if each.has_deletions()}


def _joined(same: Sequence[Postings]) -> Postings:
    """Return the postings of one term together; those of the new documents and of each segment follow each other."""
    if len(same) == 1:
        return same[0]
    documents = [document for each in same for document in each.documents]
    return Postings(same[0].term, documents, [value for each in same for value in each.values])


def _read(reader: Any, field: str, info: Any) -> Postings:
    """Return the postings of a term in a segment, block by block."""
    format_ = reader.schema[field].format
    matcher = reader.codec().postings_reader(reader._terms._postfile, info, format_)
    has_values = format_.fixed_value_size() != 0
    documents: list[int] = []
    values: list[bytes] = []
    while matcher.is_active():
        matcher._read_ids()
        documents += matcher._ids
        if has_values:
            matcher._read_values()
            values += matcher._values
        matcher._next_block()
    return Postings(b"", documents, values)


def _write(writer: Any, postings: Postings, lengths: bytes) -> None:
    """Write the postings of a term; `lengths` has those of all documents, as Whoosh encodes them."""
    writer.start_term(postings.term)
    block = writer._postwriter
    size = block._blocklimit
    for first in range(0, len(postings.documents), size):
        if first:
            block._write_block()
        documents = postings.documents[first : first + size]
        block._ids = array("I", documents)
        if postings.values:
            block._values = postings.values[first : first + size]
            block._weights = array("f", [len(each) // 2 for each in block._values])
            block._maxweight = max(block._weights)
        else:
            block._weights = array("f", (1.0,)) * len(documents)
            block._maxweight = 1.0
        if lengths:
            of_these = [lengths[each] for each in documents]
            block._minlength, block._maxlength = byte_to_length(min(of_these)), byte_to_length(max(of_these))
    writer.finish_term()
