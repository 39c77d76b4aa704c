"""Searching: the language, what finds tickets, and what plugins bring to be found."""

from helpdesk_core.search.query import FIELDS, KEYS, SearchQuery, SearchTerm, parse_query
from helpdesk_core.search.service import find_pages, search_documents, sources, words_of_tickets
from helpdesk_core.search.sources import AddedWords, FoundPage, SearchDocument, SearchSource, TicketWords
from helpdesk_core.tickets.facets import Facet
from helpdesk_core.tickets.results import Hit, SearchPage, search_tickets
from helpdesk_core.tickets.searching import MAX_FOUND, read_search

__all__ = [
    "FIELDS",
    "KEYS",
    "MAX_FOUND",
    "AddedWords",
    "Facet",
    "FoundPage",
    "Hit",
    "SearchDocument",
    "SearchPage",
    "SearchQuery",
    "SearchSource",
    "SearchTerm",
    "TicketWords",
    "find_pages",
    "parse_query",
    "read_search",
    "search_documents",
    "search_tickets",
    "sources",
    "words_of_tickets",
]
