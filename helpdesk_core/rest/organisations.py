"""Organisations."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk_core.actor import SYSTEM
from helpdesk_core.rest.context import current_actor, current_desk, db
from helpdesk_core.rest.cursors import cursor, read_cursor
from helpdesk_core.rest.etags import etag_of, still_as_seen
from helpdesk_core.rest.routing import SIGNED_IN, Answer, Endpoints
from helpdesk_core.rest.views import Page
from helpdesk_core.users import organisations, schemas
from helpdesk_core.users.models import Organisation
from helpdesk_core.users.organisations import OrganisationDraft

endpoints: Final = Endpoints("Organisations", "Companies whose members may share their tickets.")


@dataclass(frozen=True, slots=True)
class _View:
    uid: str
    name: str
    domain: str | None
    shares_tickets: bool
    note: str | None
    created_at: datetime


@endpoints.get(
    "/organisations", permission="user.read", query=schemas.OrganisationQuery, returns=schemas.OrganisationPage
)
def list_organisations(query: dict[str, Any]) -> Page:
    """List organisations by name, or search them."""
    limit = query["limit"]
    after = read_cursor(query["after"], str, int) if "after" in query else None
    rows = organisations.organisations(db(), current_actor(), query=query["query"], limit=limit + 1, after=after)
    following = cursor(rows[limit - 1].name, rows[limit - 1].id) if len(rows) > limit else None
    return Page(rows[:limit], following)


@endpoints.get("/organisations/<id>", permission=SIGNED_IN, returns=schemas.Organisation, versioned=True)
def read_organisation(id: str) -> Answer:
    """Read an organisation.

    With `user.read`, or as a member of one that shares its tickets; the note is for staff.
    """
    return _shown(organisations.find_organisation(db(), current_actor(), id))


@endpoints.post(
    "/organisations",
    permission="organisation.manage",
    body=schemas.OrganisationNew,
    returns=schemas.Organisation,
    status=201,
    versioned=True,
)
def create_organisation(body: dict[str, Any]) -> Answer:
    """Make an organisation."""
    made = organisations.create_organisation(current_desk(), current_actor(), OrganisationDraft(**body))
    shown = _shown(made)
    return Answer(shown.body, etag=shown.etag, location=f"/organisations/{made.uid}")


@endpoints.patch(
    "/organisations/<id>",
    permission="organisation.manage",
    body=schemas.OrganisationChange,
    returns=schemas.Organisation,
    versioned=True,
)
def change_organisation(id: str, body: dict[str, Any]) -> Answer:
    """Change an organisation."""
    with still_as_seen(lambda session: _version(session, id)):
        changed = organisations.change_organisation(current_desk(), current_actor(), id, **body)
    return _shown(changed)


@endpoints.delete("/organisations/<id>", permission="organisation.manage")
def delete_organisation(id: str) -> None:
    """Delete an organisation; its people and tickets stay."""
    organisations.delete_organisation(current_desk(), current_actor(), id)


def _shown(organisation: Organisation) -> Answer:
    actor = current_actor()
    view = _View(
        organisation.uid,
        organisation.name,
        organisation.domain,
        organisation.shares_tickets,
        organisation.note if actor.may("user.read") or actor.may("organisation.manage") else None,
        organisation.created_at,
    )
    return Answer(view, etag=etag_of(schemas.Organisation, organisation))


def _version(session: Session, uid: str) -> str:
    session.execute(select(Organisation.id).where(Organisation.uid == uid).with_for_update())
    return etag_of(schemas.Organisation, organisations.find_organisation(session, SYSTEM, uid))
