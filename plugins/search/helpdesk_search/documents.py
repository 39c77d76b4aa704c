"""What is indexed: the documents of tickets and of other plugins' sources, as entries of an index."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, NamedTuple, Protocol

from sqlalchemy.orm import Session

from helpdesk_core.api import Helpdesk
from helpdesk_core.api.search import SearchDocument, sources, words_of_tickets
from helpdesk_core.api.tickets import vocabulary

from .asking import TICKETS
from .engine import Entry
from .texts import Reading, Texts
from .tickets import all_tickets, in_order, load_tickets
from .words import terms

BUILD_BATCH: Final = 1000


class Wanted(Protocol):
    """Names a document."""

    @property
    def source(self) -> str:
        """Where it comes from, such as `ticket`."""

    @property
    def key(self) -> str:
        """Which one of there."""


class Key(NamedTuple):
    """The name of a document."""

    source: str
    key: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """Documents, and the texts of files, some of which were read for them.

    `lacking` are the tickets that have no words of a plugin that failed or is in quarantine, `whole` the others.
    """

    entries: Sequence[Entry]
    texts: Reading
    lacking: Sequence[str]
    whole: Sequence[str]


class Documents:
    """All that is to be found in one helpdesk."""

    def __init__(self, desk: Helpdesk, texts: Texts) -> None:
        self._desk, self._texts = desk, texts

    def load(self, session: Session, wanted: Sequence[Wanted]) -> Loaded:
        """Return the documents with these names, leaving out those that are gone."""
        by_source: dict[str, list[str]] = {}
        for each in wanted:
            by_source.setdefault(each.source, []).append(each.key)
        texts = self._texts.reading()
        entries: list[Entry] = []
        lacking = False
        if tickets := by_source.pop(TICKETS, []):
            added = words_of_tickets(self._desk, [int(key) for key in tickets])
            lacking = bool(added.missing)
            words = vocabulary(self._desk, session)
            entries += load_tickets(session, words, texts, tickets, added.by_ticket)
        if by_source:
            known = sources(self._desk)
            for name, keys in by_source.items():
                if name in known:
                    entries += [_entry(name, document) for document in known[name].load(session, keys)]
        return Loaded(entries, texts, tickets if lacking else (), () if lacking else tickets)

    def everything(self) -> Iterator[Sequence[Key]]:
        """Return the names of all documents, in portions of one source each."""
        with self._desk.read() as session:
            keys = list(all_tickets(session))
        for source in [TICKETS, *(found := sources(self._desk))]:
            if source != TICKETS:
                with self._desk.read() as session:
                    keys = list(found[source].keys(session))
            rest = iter(keys)
            while portion := list(islice(rest, BUILD_BATCH)):
                yield [Key(source, key) for key in portion]


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
