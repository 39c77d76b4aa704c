"""What one does to a ticket as a whole: move, close, reopen, split, merge, follow, and take back."""

from typing import Any, Final

from sqlalchemy import select

from helpdesk_core.rest.context import current_actor, current_desk, db
from helpdesk_core.rest.routing import SIGNED_IN, Answer, Endpoints
from helpdesk_core.rest.tickets import as_it_is, made
from helpdesk_core.rest.views import Page
from helpdesk_core.tickets import changing, people, rearranging, schemas
from helpdesk_core.tickets.models import Ticket
from helpdesk_core.tickets.queries import find_ticket, operations

endpoints: Final = Endpoints("Acts", "What one does to a ticket as a whole. Splits and merges can be undone.")


@endpoints.post(
    "/tickets/<number>/move", permission=SIGNED_IN, body=schemas.Move, returns=schemas.Ticket, versioned=True
)
def move_ticket(number: str, body: dict[str, Any]) -> Answer:
    """Move a ticket to another department.

    Also to one that the token's owner cannot read. An assignee who may not work there is taken off.
    """
    changing.move(current_desk(), current_actor(), number, body["department"], body["note"])
    return as_it_is(number)


@endpoints.post("/tickets/<number>/close", permission=SIGNED_IN, returns=schemas.Ticket, versioned=True)
def close_ticket(number: str) -> Answer:
    """Close a ticket; its requester may do so too."""
    changing.close(current_desk(), current_actor(), number)
    return as_it_is(number)


@endpoints.post("/tickets/<number>/reopen", permission=SIGNED_IN, returns=schemas.Ticket, versioned=True)
def reopen_ticket(number: str) -> Answer:
    """Open a closed ticket again, without a message."""
    changing.reopen(current_desk(), current_actor(), number)
    return as_it_is(number)


@endpoints.post(
    "/tickets/<number>/split",
    permission="ticket.merge",
    body=schemas.Split,
    returns=schemas.Ticket,
    status=201,
    versioned=True,
)
def split_ticket(number: str, body: dict[str, Any]) -> Answer:
    """Split messages off into a new ticket, and answer with that."""
    new = rearranging.split(
        current_desk(), current_actor(), number, body["messages"], body["subject"], body.get("department")
    )
    return made(new.number or "")


@endpoints.post(
    "/tickets/<number>/merge", permission="ticket.merge", body=schemas.Merge, returns=schemas.Ticket, versioned=True
)
def merge_ticket(number: str, body: dict[str, Any]) -> Answer:
    """Merge a ticket into another, and answer with the other.

    This one is closed, and its requester takes part in the other.
    """
    target = rearranging.merge(current_desk(), current_actor(), number, body["into"])
    return as_it_is(target.number or "")


@endpoints.post("/tickets/<number>/follow", permission=SIGNED_IN, status=204)
def follow_ticket(number: str) -> None:
    """Get notices about a ticket."""
    people.follow(current_desk(), current_actor(), number)


@endpoints.post("/tickets/<number>/unfollow", permission=SIGNED_IN, status=204)
def unfollow_ticket(number: str) -> None:
    """Get no more notices about a ticket."""
    people.unfollow(current_desk(), current_actor(), number)


@endpoints.get("/tickets/<number>/operations", permission=SIGNED_IN, returns=schemas.OperationPage)
def list_operations(number: str) -> Page:
    """List the splits and merges of a ticket that can be undone, newest first."""
    ticket = find_ticket(db(), current_actor(), number, "desk")
    rows = operations(db(), ticket)
    ids = {row.source_id for row in rows} | {row.target_id for row in rows}
    numbers = dict(db().execute(select(Ticket.id, Ticket.number).where(Ticket.id.in_(sorted(ids)))).all())
    return Page(
        [
            {
                "id": row.uid,
                "kind": row.kind,
                "source": numbers[row.source_id],
                "target": numbers[row.target_id],
                "created_at": row.created_at,
            }
            for row in rows
        ]
    )


@endpoints.post("/operations/<id>/undo", permission="ticket.merge", returns=schemas.Ticket, versioned=True)
def undo_operation(id: str) -> Answer:
    """Undo a split or merge, and answer with the ticket it was done to."""
    source = rearranging.undo(current_desk(), current_actor(), id)
    return as_it_is(source.number or "")
