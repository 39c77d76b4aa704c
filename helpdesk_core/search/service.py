"""Searching in what plugins bring, and listing it for those who keep an index."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from helpdesk_core.actor import Actor
from helpdesk_core.hooks import HookFailed
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.search import hooks
from helpdesk_core.search.query import SearchQuery, parse_query
from helpdesk_core.search.sources import AddedWords, FoundPage, SearchSource, TicketWords

MAX_DOCUMENTS = 200


def sources(desk: Helpdesk) -> Mapping[str, SearchSource]:
    """Return what else than tickets is to be found, by id; of two with the same id, the first."""
    found: dict[str, SearchSource] = {}
    for source in desk.hooks.collect(hooks.search_sources):
        found.setdefault(source.id, source)
    return found


def words_of_tickets(desk: Helpdesk, ticket_ids: Sequence[int]) -> AddedWords:
    """Return what plugins add to the words of tickets; of one that fails or is in quarantine there is none."""
    by_ticket: dict[int, list[TicketWords]] = {}
    asked = Counter(desk.hooks.implementers(hooks.ticket_words))
    for plugin_id, found in desk.hooks.collect_by_plugin(hooks.ticket_words, ticket_ids=ticket_ids):
        asked[plugin_id] -= 1
        for words in found:
            by_ticket.setdefault(words.ticket_id, []).append(words)
    return AddedWords(by_ticket=by_ticket, missing=sorted(+asked))


def finders(desk: Helpdesk) -> Sequence[tuple[str, SearchSource]]:
    """Return the sources that put what they find on the desk's search page, each with the id of its plugin."""
    return [(of, each) for of, found in desk.gather(hooks.search_sources) for each in found if each.find is not None]


def find_pages(desk: Helpdesk, actor: Actor, query: SearchQuery, limit: int = 10) -> list[FoundPage]:
    """Return what fits of all sources, at most `limit` of each; nothing of one that fails, nor without any words."""
    return [page for of, each in finders(desk) for page in _found(desk, of, each, actor, query, limit)]


def _found(
    desk: Helpdesk, plugin_id: str, source: SearchSource, actor: Actor, query: SearchQuery, limit: int
) -> Sequence[FoundPage]:
    if source.find is None or not query.words:
        return []
    find = partial(_pages, partial(source.find, query, actor, limit))
    try:
        return desk.hooks.run_for(hooks.search_sources, plugin_id, find)[:limit]
    except HookFailed:
        return []  # it is counted and logged already


def _pages(find: Callable[[], Sequence[FoundPage]]) -> Sequence[FoundPage]:
    """Return what a source finds; a TypeError where that is no sequence of pages."""
    found: Any = find()
    if not isinstance(found, Sequence) or not all(isinstance(each, FoundPage) for each in found):
        raise TypeError(f"what is found has to be a sequence of FoundPage, not {found!r}")
    return found


def search_documents(
    desk: Helpdesk, source: str, text: str | SearchQuery, labels: frozenset[str], limit: int = 20
) -> Sequence[str] | None:
    """Return the keys of the documents that fit and bear one of `labels`, best first; None if nobody keeps an index.

    The index may be a moment behind: whoever asks applies the rights to what comes back.
    """
    query = text if isinstance(text, SearchQuery) else parse_query(text, now=desk.now())
    limit = max(1, min(limit, MAX_DOCUMENTS))
    found = desk.hooks.pick(hooks.document_search, source=source, query=query, labels=labels, limit=limit)
    return found[:limit] if found is not None else None
