"""Replies that are held for some seconds, so that who wrote them may take them back."""

from typing import Any, Final

from helpdesk_core.rest.context import current_actor, current_desk, db
from helpdesk_core.rest.naming import named
from helpdesk_core.rest.routing import SIGNED_IN, Answer, Endpoints
from helpdesk_core.rest.tickets import new_message
from helpdesk_core.rest.views import Page, PersonView
from helpdesk_core.tickets import schemas
from helpdesk_core.tickets.holding import draft_of, held_replies, hold_reply, undo_send
from helpdesk_core.tickets.models import HeldReply
from helpdesk_core.tickets.queries import find_ticket

endpoints: Final = Endpoints(
    "Held replies", "Replies that go out after some seconds, and may be taken back until then."
)


@endpoints.get("/tickets/<number>/held-replies", permission=SIGNED_IN, returns=schemas.HeldReplyPage)
def list_held_replies(number: str) -> Page:
    """List the replies to a ticket that are not out yet, in the order of sending; for those who work it."""
    ticket = find_ticket(db(), current_actor(), number, "desk")
    return Page([_shown(held, PersonView(held.author.uid, held.author.name)) for held in held_replies(db(), ticket)])


@endpoints.post(
    "/tickets/<number>/held-replies",
    permission=SIGNED_IN,
    body=schemas.HeldReplyNew,
    returns=schemas.HeldReply,
    status=201,
)
def post_held_reply(number: str, body: dict[str, Any]) -> Any:
    """Send a reply after `[site] undo_send_seconds`; for those who work the ticket.

    Until then it is no message: nobody is told of it, and customers do not see it.
    """
    actor = current_actor()
    with named({"text": "body_text"}):
        held = hold_reply(current_desk(), actor, number, new_message(body, status=body.get("status")))
    return Answer(_shown(held, PersonView(actor.uid, actor.name)))


@endpoints.post("/held-replies/<id>/undo", permission=SIGNED_IN, returns=schemas.HeldReply)
def undo_held_reply(id: str) -> Any:
    """Take a reply of one's own back, and answer with what it said.

    409 if it has gone out. Its files wait as uploads again.
    """
    actor = current_actor()
    held = undo_send(current_desk(), actor, id)
    return _shown(held, PersonView(actor.uid, actor.name))


def _shown(held: HeldReply, author: PersonView) -> dict[str, Any]:
    draft = draft_of(held)
    return {
        "id": held.uid,
        "author": author,
        "body_text": draft.text,
        "status": draft.status,
        "attachments": list(draft.attachments),
        "due_at": held.due_at,
        "error": held.error,
        "created_at": held.created_at,
    }
