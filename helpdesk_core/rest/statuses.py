"""Statuses, and the steps that tickets may take between them."""

from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk_core.rest.context import current_actor, current_desk, db, words
from helpdesk_core.rest.etags import etag_of, still_as_seen
from helpdesk_core.rest.routing import SIGNED_IN, Answer, Endpoints
from helpdesk_core.rest.views import Page
from helpdesk_core.tickets import word_schemas as schemas
from helpdesk_core.tickets import workflow
from helpdesk_core.tickets.models import Status, StatusTransition
from helpdesk_core.tickets.naming import find_word

endpoints: Final = Endpoints("Statuses", "Where tickets can stand on this site, and the steps between that.")

MANAGE: Final = "settings.manage"


@endpoints.get("/statuses", permission=SIGNED_IN, returns=schemas.StatusPage)
def list_statuses() -> Page:
    """List statuses in the order people see, those out of use too."""
    return Page(list(words().statuses.values()))


@endpoints.get("/statuses/<key>", permission=SIGNED_IN, returns=schemas.Status, versioned=True)
def read_status(key: str) -> Answer:
    """Read a status."""
    return _shown(find_word(db(), Status, key))


@endpoints.post(
    "/statuses", permission=MANAGE, body=schemas.StatusNew, returns=schemas.Status, status=201, versioned=True
)
def create_status(body: dict[str, Any]) -> Answer:
    """Make a status, last in the order."""
    made = workflow.create_status(current_desk(), current_actor(), workflow.StatusDraft(**body))
    shown = _shown(made)
    return Answer(shown.body, etag=shown.etag, location=f"/statuses/{made.key}")


@endpoints.patch(
    "/statuses/<key>", permission=MANAGE, body=schemas.StatusChange, returns=schemas.Status, versioned=True
)
def change_status(key: str, body: dict[str, Any]) -> Answer:
    """Change a status, or take it out of use and into use again.

    What it means can change only while no ticket has it. The states `new`, `open`, `waiting` and `closed` keep one
    status that is in use.
    """
    desk, actor = current_desk(), current_actor()
    is_active = body.pop("is_active", None)
    with still_as_seen(lambda session: _version(session, key)), desk.begin(actor) as tx:
        there = find_word(tx.session, Status, key)
        before = {"name": there.name, "state": there.state, "turn": there.turn}
        workflow.change_status(desk, actor, key, workflow.StatusDraft(**{**before, **body}))
        if is_active is not None:
            turn = workflow.reactivate_status if is_active else workflow.deactivate_status
            turn(desk, actor, key)
    return _shown(find_word(db(), Status, key))


@endpoints.delete("/statuses/<key>", permission=MANAGE)
def delete_status(key: str) -> None:
    """Delete a status that no ticket has."""
    workflow.delete_status(current_desk(), current_actor(), key)


@endpoints.put("/statuses", permission=MANAGE, body=schemas.Order, returns=schemas.StatusPage)
def order_statuses(body: dict[str, Any]) -> Page:
    """Put the statuses in an order; of a state, tickets get the first."""
    workflow.reorder_statuses(current_desk(), current_actor(), body["keys"])
    return Page(db().scalars(select(Status).order_by(Status.position, Status.id)).all())


@endpoints.get("/transitions", permission=SIGNED_IN, returns=schemas.Transitions, versioned=True)
def read_transitions() -> Answer:
    """Read which status may follow which."""
    return _steps_shown(db())


@endpoints.put(
    "/transitions", permission=MANAGE, body=schemas.TransitionsNew, returns=schemas.Transitions, versioned=True
)
def set_transitions(body: dict[str, Any]) -> Answer:
    """Set all steps between statuses; those that are not named are taken away."""
    with still_as_seen(_steps_version):
        workflow.set_transitions(current_desk(), current_actor(), body["steps"])
    return _steps_shown(db())


def _shown(status: Status) -> Answer:
    return Answer(status, etag=etag_of(schemas.Status, status))


def _version(session: Session, key: str) -> str:
    session.execute(select(Status.id).where(Status.key == key).with_for_update())
    return etag_of(schemas.Status, find_word(session, Status, key))


def _steps_shown(session: Session) -> Answer:
    found = session.scalars(select(Status).order_by(Status.position, Status.id)).all()
    keys = {each.id: each.key for each in found}
    steps: dict[str, list[str]] = {}
    for before, after in session.execute(select(StatusTransition.from_id, StatusTransition.to_id)):
        steps.setdefault(keys[before], []).append(keys[after])
    order = {key: place for place, key in enumerate(keys.values())}
    shown = {"steps": {key: sorted(steps[key], key=order.__getitem__) for key in keys.values() if key in steps}}
    return Answer(shown, etag=etag_of(schemas.Transitions, shown))


def _steps_version(session: Session) -> str:
    session.execute(select(Status.id).with_for_update())
    return _steps_shown(session).etag or ""
