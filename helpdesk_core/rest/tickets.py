"""Tickets: listing, opening, reading, changing."""

from collections.abc import Mapping
from typing import Any, Final

from helpdesk_core.actor import SYSTEM
from helpdesk_core.errors import Invalid
from helpdesk_core.rest.context import current_actor, current_desk, db, generation
from helpdesk_core.rest.etags import still_as_seen
from helpdesk_core.rest.naming import named
from helpdesk_core.rest.routing import SIGNED_IN, Answer, Endpoints
from helpdesk_core.rest.views import Page, ticket_shown, tickets_shown
from helpdesk_core.tickets import schemas
from helpdesk_core.tickets.changing import change, move
from helpdesk_core.tickets.filtering import TicketFilter
from helpdesk_core.tickets.inputs import Change, NewMessage, NewTicket, Requester
from helpdesk_core.tickets.listing import list_tickets as services_list
from helpdesk_core.tickets.opening import open_ticket as open_it
from helpdesk_core.tickets.queries import find_ticket, lock_ticket

endpoints: Final = Endpoints("Tickets", "One matter of one requester, from opening to closing.")

IN_REQUEST: Final = {
    "text": "message.body_text",
    "attachments": "message.attachments",
    "address": "requester.email",
    "requester": "requester",
}
"""How the fields of the service are called in a request."""


@endpoints.get("/tickets", permission=SIGNED_IN, query=schemas.TicketQuery, returns=schemas.TicketPage)
def list_tickets(query: dict[str, Any]) -> Page:
    """List tickets.

    Those that the token's owner may see: their own, those shared with them, and those they work.
    """
    options = {name: query.pop(name) for name in ("sort", "limit", "side")}
    after = query.pop("after", None)
    wanted = TicketFilter.of(query)
    page = services_list(current_desk(), db(), current_actor(), wanted, after=after, generation=generation(), **options)
    return Page(tickets_shown(page.rows), page.next)


@endpoints.post(
    "/tickets", permission=SIGNED_IN, body=schemas.TicketNew, returns=schemas.Ticket, status=201, versioned=True
)
def open_ticket(body: dict[str, Any]) -> Answer:
    """Open a ticket with its first message.

    For oneself, or with `ticket.open` for anybody. Departments that are not open to the person are refused.
    """
    requester = body.get("requester")
    new = NewTicket(
        subject=body["subject"],
        message=new_message(body["message"]),
        department=body["department"],
        requester=Requester(uid=requester.get("id"), email=requester.get("email"), name=requester["name"])
        if requester
        else None,
        priority=body.get("priority"),
        type=body.get("type"),
        status=body.get("status"),
        assignee=body.get("assignee"),
        tags=tuple(body.get("tags", ())),
        cc=tuple(body.get("cc", ())),
        locale=body.get("locale"),
        extra=body.get("x", {}),
    )
    with named(IN_REQUEST):
        posted = open_it(current_desk(), current_actor(), new)
    return made(posted.ticket.number or "")


@endpoints.get("/tickets/<number>", permission=SIGNED_IN, returns=schemas.Ticket, versioned=True)
def read_ticket(number: str) -> Answer:
    """Read a ticket."""
    ticket = find_ticket(db(), current_actor(), number)
    return Answer(ticket_shown(ticket), etag=str(ticket.version))


@endpoints.patch(
    "/tickets/<number>", permission=SIGNED_IN, body=schemas.TicketChange, returns=schemas.Ticket, versioned=True
)
def change_ticket(number: str, body: dict[str, Any]) -> Answer:
    """Change a ticket.

    All of it happens, or nothing. For those who work the ticket; its requester can close and reopen it.
    """
    desk, actor = current_desk(), current_actor()
    department = body.pop("department", None)
    if "tags" in body:
        body["tags"] = tuple(body["tags"])
    wanted = Change(**body)
    with still_as_seen(lambda session: str(lock_ticket(session, actor, number, "desk").version)):
        if department is None:
            change(desk, actor, number, wanted)
        elif not body:
            move(desk, actor, number, department)
        else:
            with desk.begin(actor):
                change(desk, actor, number, wanted)
                move(desk, actor, number, department)
    return as_it_is(number)


def new_message(body: Mapping[str, Any], *, status: str | None = None) -> NewMessage:
    """Return the message that a request describes."""
    html = body.get("body_html")
    if html is not None and body["body_text"]:
        raise Invalid({"body_html": ["Give body_text or body_html, not both: the text is made from the HTML."]})
    return NewMessage(
        text=body["body_text"],
        html=html,
        markdown=body["markdown"],
        attachments=tuple(body.get("attachments", ())),
        status=status,
    )


def as_it_is(number: str) -> Answer:
    """Answer with a ticket as it is after the actor has changed it, also if it went out of their sight by that."""
    ticket = find_ticket(db(), SYSTEM, number)
    return Answer(ticket_shown(ticket), etag=str(ticket.version))


def made(number: str) -> Answer:
    """Answer with a ticket that was made."""
    answer = as_it_is(number)
    return Answer(answer.body, etag=answer.etag, location=f"/tickets/{number}")
