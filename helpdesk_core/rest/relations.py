"""Who and what belongs to a ticket: participants, links, the timeline."""

from typing import Any, Final

from helpdesk_core.events.feed import ticket_feed
from helpdesk_core.events.schemas import EventPage, EventQuery
from helpdesk_core.rest.context import current_actor, current_desk, db
from helpdesk_core.rest.messages import find_with_side
from helpdesk_core.rest.naming import named
from helpdesk_core.rest.routing import SIGNED_IN, Endpoints
from helpdesk_core.rest.views import Page, PersonView
from helpdesk_core.tickets import people, schemas
from helpdesk_core.tickets.linking import link, unlink
from helpdesk_core.tickets.queries import find_ticket, linked, participants
from helpdesk_core.tickets.telling import told

endpoints: Final = Endpoints("Around a ticket", "Its participants, the tickets it is linked to, and its timeline.")


@endpoints.get("/tickets/<number>/participants", permission=SIGNED_IN, returns=schemas.ParticipantPage)
def list_participants(number: str) -> Page:
    """List who else is on a ticket.

    Followers and specialists are colleagues: only those who work the ticket see them.
    """
    ticket, mine = find_with_side(number)
    asks = current_actor().user_id == ticket.requester_id
    return Page(
        [
            {
                "role": each.role,
                "user": PersonView(each.user.uid, each.user.name, each.user.primary_email if mine or asks else None),
                "created_at": each.created_at,
            }
            for each in participants(db(), ticket)
            if mine or each.role == "cc"
        ]
    )


@endpoints.post(
    "/tickets/<number>/participants",
    permission=SIGNED_IN,
    body=schemas.ParticipantNew,
    returns=schemas.ParticipantPage,
)
def add_participant(number: str, body: dict[str, Any]) -> Page:
    """Put somebody on a ticket, and answer with all who are; being there already is no error.

    A requester may add a `cc`.
    """
    with named({"address": "email"}):
        people.add_participant(
            current_desk(), current_actor(), number, body["role"], uid=body.get("user"), email=body.get("email")
        )
    return list_participants(number)


@endpoints.delete("/tickets/<number>/participants/<any(cc,follower,specialist):role>/<user>", permission=SIGNED_IN)
def remove_participant(number: str, role: str, user: str) -> None:
    """Take somebody off a ticket; not being there is no error. Anybody may take themselves off."""
    people.remove_participant(current_desk(), current_actor(), number, role, user)


@endpoints.get("/tickets/<number>/links", permission=SIGNED_IN, returns=schemas.LinkPage)
def list_links(number: str) -> Page:
    """List the linked tickets that one may see."""
    actor = current_actor()
    ticket = find_ticket(db(), actor, number)
    return Page(linked(db(), actor, ticket, "any"))


@endpoints.post("/tickets/<number>/links", permission="ticket.merge", body=schemas.LinkNew, returns=schemas.LinkPage)
def add_link(number: str, body: dict[str, Any]) -> Page:
    """Link two tickets, and answer with all links; being linked already is no error."""
    with named({"other": "number"}):
        link(current_desk(), current_actor(), number, body["number"], body["kind"])
    return list_links(number)


@endpoints.delete("/tickets/<number>/links/<other>", permission="ticket.merge")
def remove_links(number: str, other: str) -> None:
    """Take away all links between two tickets."""
    unlink(current_desk(), current_actor(), number, other)


@endpoints.get("/tickets/<number>/events", permission=SIGNED_IN, query=EventQuery, returns=EventPage)
def read_timeline(number: str, query: dict[str, Any]) -> Page:
    """Read what happened to a ticket, oldest first."""
    ticket = find_ticket(db(), current_actor(), number, "desk")
    return event_page(ticket_feed(db(), ticket.id, after=query["after"], limit=query["limit"] + 1), query["limit"])


def event_page(rows: Any, limit: int) -> Page:
    """Return a page of the rows, of which there is one more than the limit if the list goes on."""
    return Page(told(db(), rows[:limit]), str(rows[limit - 1].id) if len(rows) > limit else None)
