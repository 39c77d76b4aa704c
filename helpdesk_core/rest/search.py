"""Searching."""

from typing import Any, Final

from helpdesk_core.rest.context import current_actor, current_desk, db, generation
from helpdesk_core.rest.cursors import cursor, read_cursor
from helpdesk_core.rest.routing import SIGNED_IN, Endpoints
from helpdesk_core.rest.views import tickets_shown
from helpdesk_core.tickets import search_schemas as schemas
from helpdesk_core.tickets.results import search_tickets

endpoints: Final = Endpoints("Search", "Finding tickets by what is said in them.")


@endpoints.get("/search", permission=SIGNED_IN, query=schemas.SearchQuery, returns=schemas.SearchResult)
def search(query: dict[str, Any]) -> dict[str, Any]:
    """Search tickets.

    Among those that the token's owner may see. What cannot be understood is told in `problems`, and the rest is
    searched for.
    """
    offset = max(0, read_cursor(query["after"], int)[0]) if "after" in query else 0
    page = search_tickets(
        current_desk(),
        db(),
        current_actor(),
        query["q"],
        side=query["side"],
        sort=query["sort"],
        limit=query["limit"],
        offset=offset,
        generation=generation(),
    )
    shown = tickets_shown([hit.row for hit in page.hits])
    return {
        "items": [
            {"ticket": ticket, "snippet": "".join(text for text, _ in hit.snippet), "is_note": hit.is_note}
            for ticket, hit in zip(shown, page.hits, strict=True)
        ],
        "next": cursor(page.next_offset) if page.next_offset else None,
        "total": page.total,
        "capped": page.capped,
        "facets": page.facets,
        "problems": [str(each) for each in page.problems],
        "correction": page.correction,
    }
