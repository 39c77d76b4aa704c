"""Messages of a ticket: reading, replying, noting, redacting."""

from typing import Any, Final

from helpdesk_core.errors import Invalid
from helpdesk_core.rest.context import current_actor, current_desk, db
from helpdesk_core.rest.cursors import cursor, read_cursor
from helpdesk_core.rest.naming import named
from helpdesk_core.rest.routing import SIGNED_IN, Answer, Endpoints
from helpdesk_core.rest.tickets import new_message
from helpdesk_core.rest.views import Page, messages_shown
from helpdesk_core.schemas import PageQuery
from helpdesk_core.tickets import schemas
from helpdesk_core.tickets.conversation import is_specialist, note, reply
from helpdesk_core.tickets.models import Ticket
from helpdesk_core.tickets.queries import conversation, find_message, find_ticket
from helpdesk_core.tickets.redacting import redact
from helpdesk_core.tickets.rights import works

endpoints: Final = Endpoints("Messages", "The correspondence of a ticket, and the internal notes of those who work it.")


@endpoints.get("/tickets/<number>/messages", permission=SIGNED_IN, query=PageQuery, returns=schemas.MessagePage)
def list_messages(number: str, query: dict[str, Any]) -> Page:
    """List the messages of a ticket, oldest first.

    Internal notes are among them only for those who work the ticket.
    """
    ticket, mine = find_with_side(number)
    limit, after = query["limit"], 0
    if "after" in query:
        (after,) = read_cursor(query["after"], int)
    rows = conversation(db(), ticket, internal=mine, after=after, limit=limit + 1)
    following = cursor(rows[limit - 1].id) if len(rows) > limit else None
    return Page(messages_shown(rows[:limit], works=mine), following)


@endpoints.post(
    "/tickets/<number>/messages",
    permission=SIGNED_IN,
    body=schemas.MessageNew,
    returns=schemas.Message,
    status=201,
)
def post_message(number: str, body: dict[str, Any]) -> Answer:
    """Reply, or write an internal note.

    The status follows whose turn it is. An answer to a ticket that was closed for long opens a new one: `Location`
    tells where the message stands.
    """
    desk, actor = current_desk(), current_actor()
    draft = new_message(body, status=body.get("status"))
    if body["kind"] == "internal" and draft.status is not None:
        raise Invalid({"status": ["A note sets no status. Change the ticket instead."]})
    with named({"text": "body_text"}):
        posted = (note if body["kind"] == "internal" else reply)(desk, actor, number, draft)
    _, mine = find_with_side(posted.ticket.number or "")
    (shown,) = messages_shown([posted.message], works=mine)
    return Answer(shown, location=f"/tickets/{posted.ticket.number}/messages/{posted.message.uid}")


@endpoints.get("/tickets/<number>/messages/<id>", permission=SIGNED_IN, returns=schemas.Message)
def read_message(number: str, id: str) -> Any:
    """Read one message."""
    ticket, mine = find_with_side(number)
    (shown,) = messages_shown([find_message(db(), ticket, id, internal=mine)], works=mine)
    return shown


@endpoints.post(
    "/tickets/<number>/messages/<id>/redact",
    permission="ticket.redact",
    body=schemas.Redaction,
    returns=schemas.Message,
)
def redact_message(number: str, id: str, body: dict[str, Any]) -> Any:
    """Remove the content of a message for good.

    A mark with the reason stays, and the event in the timeline.
    """
    redact(current_desk(), current_actor(), number, id, body["reason"])
    return read_message(number, id)


def find_with_side(number: str) -> tuple[Ticket, bool]:
    """Return the ticket, and whether the actor sees it from the desk, internal notes included."""
    actor = current_actor()
    ticket = find_ticket(db(), actor, number)
    return ticket, works(actor, ticket) or is_specialist(db(), actor, ticket)
