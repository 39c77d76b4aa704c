"""Where plugins answer searches, and where they bring what is to be found."""

from collections.abc import Sequence

from helpdesk_core.hooks import hookspec
from helpdesk_core.search.query import SearchQuery
from helpdesk_core.search.sources import SearchSource, TicketWords


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


@hookspec.collect(since="0.1", deadline=10.0)
def ticket_words(ticket_ids: Sequence[int]) -> Sequence[TicketWords]:
    """Return what the plugin keeps in words about tickets, so that they are found by it; one query.

    `ticket_ids` are row ids: whoever keeps an index asks in its job, for at most 1,000 tickets at once, and puts the
    words beside what was said on the ticket. It asks anew for a ticket of which an event was recorded: record one there
    when the words change.
    Without an index core looks into subjects and messages only.
    """
