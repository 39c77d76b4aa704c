"""Everything that happens, for those who follow from outside; and the proof that nobody altered it."""

from typing import Any, Final

from sqlalchemy import select

from helpdesk_core.events.feed import feed
from helpdesk_core.events.schemas import EventPage, FeedQuery, Verification, VerificationQuery
from helpdesk_core.rest.context import current_desk, db
from helpdesk_core.rest.cursors import cursor, read_cursor
from helpdesk_core.rest.relations import event_page
from helpdesk_core.rest.routing import Endpoints
from helpdesk_core.rest.views import Page
from helpdesk_core.tickets.audit import verify
from helpdesk_core.tickets.models import Ticket

endpoints: Final = Endpoints("Events", "Everything that happens, in order.")


@endpoints.get("/events", permission=("audit.read", "event.manage"), query=FeedQuery, returns=EventPage)
def list_events(query: dict[str, Any]) -> Page:
    """Follow all events, oldest first.

    Ask again with the `id` of the last event you have as `after`: none is left out and none comes twice. The order is
    that in which events became certain, so ids may go back. An event appears when the worker has placed it, which takes
    less than a second.
    """
    limit = query["limit"]
    rows = feed(db(), after=query["after"], types=query.get("type", ()), limit=limit + 1)
    return event_page(rows, limit)


@endpoints.get("/audit/verification", permission="audit.read", query=VerificationQuery, returns=Verification)
def verify_history(query: dict[str, Any]) -> dict[str, Any]:
    """Prove that the histories of tickets are what was recorded, some tickets at a time.

    Every event is sealed with the one before, and the last one with the site's secret key. `broken` is empty if all is
    well.
    """
    after = read_cursor(query["after"], int)[0] if "after" in query else 0
    wanted = select(Ticket.id).where(Ticket.id > after).order_by(Ticket.id).limit(query["limit"] + 1)
    found = db().scalars(wanted).all()
    ids = found[: query["limit"]]
    broken = list(verify(current_desk(), db(), after=after, up_to=ids[-1])) if ids else []
    return {
        "checked": len(ids),
        "broken": [{"ticket": each.number, "what": each.what} for each in broken],
        "next": cursor(ids[-1]) if len(found) > len(ids) else None,
    }
