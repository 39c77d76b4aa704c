"""What plugins give to whoever keeps an index."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from helpdesk_core.actor import Actor
from helpdesk_core.events.base import Event
from helpdesk_core.search.query import SearchQuery


@dataclass(frozen=True, slots=True)
class SearchDocument:
    """One thing that can be found. `labels` say who may find it, in words that only its source understands."""

    key: str
    title: str
    text: str
    labels: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketWords:
    """Texts by which a ticket is found besides what was said on it.

    `public` is found by everybody who may see the ticket, `internal` by those who work it, as internal notes are.
    """

    ticket_id: int
    public: Sequence[str] = ()
    internal: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedWords:
    """What all plugins add to the words of some tickets, by the ticket's row id.

    `missing` are the ids of plugins that failed or are in quarantine: an index without their words is to be mended.
    """

    by_ticket: Mapping[int, Sequence[TicketWords]]
    missing: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPage:
    """A page that a search finds; `text` is a line about it, `body` its plain words if they are at hand.

    Of `body` the page of results shows the place that fits.
    """

    title: str
    href: str
    text: str = ""
    body: str = ""
    icon: str = "book-open"


@dataclass(frozen=True, slots=True)
class SearchSource:
    """A kind of thing that can be found.

    `load(session, keys)` returns the documents of these keys, leaving out those that are gone; `keys(session)` all keys
    there are, for building an index anew; `changed(event)` the keys that an event of the helpdesk makes stale.

    `find(query, actor, limit)` puts them on the search page of the desk: it returns what fits and the actor may read,
    best first, by `search_documents` or in its own way. It is asked for searches that have words.
    """

    id: str
    load: Callable[[Session, Sequence[str]], Sequence[SearchDocument]]
    keys: Callable[[Session], Iterator[str]]
    changed: Callable[[Event], Sequence[str]]
    find: Callable[[SearchQuery, Actor, int], Sequence[FoundPage]] | None = None
