"""Types of tickets, and priorities."""

from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk_core.rest.context import current_actor, current_desk, db, words
from helpdesk_core.rest.etags import etag_of, still_as_seen
from helpdesk_core.rest.routing import SIGNED_IN, Answer, Endpoints
from helpdesk_core.rest.views import Page
from helpdesk_core.tickets import kinds
from helpdesk_core.tickets import word_schemas as schemas
from helpdesk_core.tickets.models import Priority, TicketType
from helpdesk_core.tickets.naming import find_word

endpoints: Final = Endpoints("Types and priorities", "What kind of thing a ticket can be, and how urgent.")

MANAGE: Final = "settings.manage"


@endpoints.get("/types", permission=SIGNED_IN, returns=schemas.TicketTypePage)
def list_types() -> Page:
    """List types of tickets in the order people see, those out of use too."""
    return Page(list(words().types.values()))


@endpoints.get("/types/<key>", permission=SIGNED_IN, returns=schemas.TicketType, versioned=True)
def read_type(key: str) -> Answer:
    """Read a type."""
    return _type(find_word(db(), TicketType, key))


@endpoints.post(
    "/types", permission=MANAGE, body=schemas.TicketTypeNew, returns=schemas.TicketType, status=201, versioned=True
)
def create_type(body: dict[str, Any]) -> Answer:
    """Make a type, last in the order."""
    shown = _type(kinds.create_type(current_desk(), current_actor(), body["name"], body["key"]))
    return Answer(shown.body, etag=shown.etag, location=f"/types/{shown.body.key}")


@endpoints.patch(
    "/types/<key>", permission=MANAGE, body=schemas.TicketTypeChange, returns=schemas.TicketType, versioned=True
)
def change_type(key: str, body: dict[str, Any]) -> Answer:
    """Change a type, or take it out of use and into use again."""
    desk, actor = current_desk(), current_actor()
    with still_as_seen(lambda session: _type_version(session, key)), desk.begin(actor):
        if "name" in body:
            kinds.rename_type(desk, actor, key, body["name"])
        if "is_active" in body:
            turn = kinds.reactivate_type if body["is_active"] else kinds.deactivate_type
            turn(desk, actor, key)
    return _type(find_word(db(), TicketType, key))


@endpoints.delete("/types/<key>", permission=MANAGE)
def delete_type(key: str) -> None:
    """Delete a type that no ticket has."""
    kinds.delete_type(current_desk(), current_actor(), key)


@endpoints.put("/types", permission=MANAGE, body=schemas.Order, returns=schemas.TicketTypePage)
def order_types(body: dict[str, Any]) -> Page:
    """Put the types in an order."""
    kinds.reorder_types(current_desk(), current_actor(), body["keys"])
    return Page(db().scalars(select(TicketType).order_by(TicketType.position, TicketType.id)).all())


@endpoints.get("/priorities", permission=SIGNED_IN, returns=schemas.PriorityPage)
def list_priorities() -> Page:
    """List priorities, the lowest first."""
    return Page(list(words().priorities.values()))


@endpoints.get("/priorities/<key>", permission=SIGNED_IN, returns=schemas.Priority, versioned=True)
def read_priority(key: str) -> Answer:
    """Read a priority."""
    return _priority(find_word(db(), Priority, key))


@endpoints.post(
    "/priorities", permission=MANAGE, body=schemas.PriorityNew, returns=schemas.Priority, status=201, versioned=True
)
def create_priority(body: dict[str, Any]) -> Answer:
    """Make a priority, more urgent than all others."""
    shown = _priority(kinds.create_priority(current_desk(), current_actor(), body["name"], body["key"]))
    return Answer(shown.body, etag=shown.etag, location=f"/priorities/{shown.body.key}")


@endpoints.patch(
    "/priorities/<key>", permission=MANAGE, body=schemas.PriorityChange, returns=schemas.Priority, versioned=True
)
def change_priority(key: str, body: dict[str, Any]) -> Answer:
    """Rename a priority, or give it to new tickets."""
    desk, actor = current_desk(), current_actor()
    with still_as_seen(lambda session: _priority_version(session, key)), desk.begin(actor):
        if "name" in body:
            kinds.rename_priority(desk, actor, key, body["name"])
        if body.get("is_default"):
            kinds.set_default_priority(desk, actor, key)
    return _priority(find_word(db(), Priority, key))


@endpoints.delete("/priorities/<key>", permission=MANAGE)
def delete_priority(key: str) -> None:
    """Delete a priority that no ticket has, and that is not the default one."""
    kinds.delete_priority(current_desk(), current_actor(), key)


@endpoints.put("/priorities", permission=MANAGE, body=schemas.Order, returns=schemas.PriorityPage)
def order_priorities(body: dict[str, Any]) -> Page:
    """Put the priorities in an order, the least urgent first."""
    kinds.reorder_priorities(current_desk(), current_actor(), body["keys"])
    return Page(db().scalars(select(Priority).order_by(Priority.level)).all())


def _type(found: TicketType) -> Answer:
    return Answer(found, etag=etag_of(schemas.TicketType, found))


def _type_version(session: Session, key: str) -> str:
    session.execute(select(TicketType.id).where(TicketType.key == key).with_for_update())
    return etag_of(schemas.TicketType, find_word(session, TicketType, key))


def _priority(found: Priority) -> Answer:
    return Answer(found, etag=etag_of(schemas.Priority, found))


def _priority_version(session: Session, key: str) -> str:
    session.execute(select(Priority.id).where(Priority.key == key).with_for_update())
    return etag_of(schemas.Priority, find_word(session, Priority, key))
