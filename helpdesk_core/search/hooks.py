"""Where plugins answer searches, and where they bring what is to be found."""

from collections.abc import Sequence

from helpdesk_core.hooks import hookspec
from helpdesk_core.search.query import SearchQuery
from helpdesk_core.search.sources import SearchSource


@hookspec.pick(since="0.1")
def search_marks(query: SearchQuery, texts: Sequence[str]) -> Sequence[Sequence[tuple[int, int]]] | None:
    """Return for each text the places (first, behind the last character) that made it be found, in order.

    `texts` are subjects and messages, plain. Word forms count: whoever finds “invoices” for “invoice” marks it too.
    None leaves it to the next plugin, and in the end to core, which marks the words as they stand.
    """


@hookspec.pick(since="0.1")
def search_correction(query: SearchQuery, internal: bool) -> str | None:
    """Return another way to write a search that finds nothing (“did you mean”), or None.

    Without `internal` the proposal must not be taken from internal notes.
    """


@hookspec.collect(since="0.1")
def search_sources() -> Sequence[SearchSource]:
    """Return what else than tickets is to be found: articles, contracts, assets. Asked once, when the app is built."""


@hookspec.pick(since="0.1")
def document_search(source: str, query: SearchQuery, labels: frozenset[str], limit: int) -> Sequence[str] | None:
    """Return the keys of a source's documents that bear one of `labels` and fit the query, best first, at most `limit`.

    None means that nobody keeps an index of it; the source then looks for itself.
    """
