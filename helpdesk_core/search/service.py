"""Searching in what plugins bring, and listing it for those who keep an index."""

from collections.abc import Mapping, Sequence

from helpdesk_core.runtime import Helpdesk
from helpdesk_core.search import hooks
from helpdesk_core.search.query import SearchQuery, parse_query
from helpdesk_core.search.sources import SearchSource

MAX_DOCUMENTS = 200


def sources(desk: Helpdesk) -> Mapping[str, SearchSource]:
    """Return what else than tickets is to be found, by id; of two with the same id, the first."""
    found: dict[str, SearchSource] = {}
    for source in desk.hooks.collect(hooks.search_sources):
        found.setdefault(source.id, source)
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
