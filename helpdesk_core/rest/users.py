"""People and what roles they have."""

from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk_core.actor import SYSTEM
from helpdesk_core.rest.context import current_actor, current_desk, db, words
from helpdesk_core.rest.etags import etag_of, still_as_seen
from helpdesk_core.rest.naming import named
from helpdesk_core.rest.routing import SIGNED_IN, Answer, Endpoints
from helpdesk_core.rest.views import Page
from helpdesk_core.users import accounts, directory, roles, schemas
from helpdesk_core.users.inputs import UserDraft
from helpdesk_core.users.models import User

endpoints: Final = Endpoints("People", "Customers and colleagues, and the roles they have.")


@endpoints.get("/users", permission="user.read", query=schemas.UserQuery, returns=schemas.UserPage)
def list_users(query: dict[str, Any]) -> Page:
    """List people by name, or search them."""
    page = directory.list_users(db(), current_actor(), **query)
    return Page(page.items, page.next)


@endpoints.get("/users/<id>", permission=SIGNED_IN, returns=schemas.User, versioned=True)
def read_user(id: str) -> Answer:
    """Read a person: oneself, or with `user.read` anybody."""
    return _shown(directory.read_user(db(), current_actor(), id))


@endpoints.post(
    "/users", permission="user.manage", body=schemas.UserNew, returns=schemas.User, status=201, versioned=True
)
def create_user(body: dict[str, Any]) -> Answer:
    """Make an account."""
    address = body.pop("email")
    options = {name: body.pop(name) for name in ("password", "is_owner", "invite") if name in body}
    with named({"address": "email"}):
        user = accounts.create_user(current_desk(), current_actor(), UserDraft(**body), address, **options)
    shown = _as_it_is(user.uid)
    return Answer(shown.body, etag=shown.etag, location=f"/users/{user.uid}")


@endpoints.patch("/users/<id>", permission=SIGNED_IN, body=schemas.UserChange, returns=schemas.User, versioned=True)
def change_user(id: str, body: dict[str, Any]) -> Answer:
    """Change what is written about a person: oneself, or with `user.manage` somebody else."""
    desk, actor = current_desk(), current_actor()
    with desk.read() as session:
        directory.read_user(session, actor, id)
    with still_as_seen(lambda session: _version(session, id)):
        accounts.change_user(desk, actor, id, **body)
    return _as_it_is(id)


@endpoints.post("/users/<id>/deactivate", permission="user.manage", returns=schemas.User, versioned=True)
def deactivate_user(id: str) -> Answer:
    """Shut somebody out: sessions and tokens end at once, everything they did stays."""
    accounts.deactivate_user(current_desk(), current_actor(), id)
    return _as_it_is(id)


@endpoints.post("/users/<id>/reactivate", permission="user.manage", returns=schemas.User, versioned=True)
def reactivate_user(id: str) -> Answer:
    """Let somebody in again, with the roles they had."""
    accounts.reactivate_user(current_desk(), current_actor(), id)
    return _as_it_is(id)


@endpoints.get("/users/<id>/grants", permission=SIGNED_IN, returns=schemas.GrantPage)
def list_grants(id: str) -> Page:
    """List the roles that somebody has, and where."""
    user = directory.read_user(db(), current_actor(), id)
    return _grants(user.id)


@endpoints.post("/users/<id>/grants", permission="role.manage", body=schemas.GrantNew, returns=schemas.GrantPage)
def grant_role(id: str, body: dict[str, Any]) -> Page:
    """Give somebody a role, and answer with all they have; having it already is no error."""
    roles.grant_role(current_desk(), current_actor(), id, body["role"], body.get("department"))
    return _grants(accounts.find_user(db(), id).id)


@endpoints.delete("/users/<id>/grants/<role>", permission="role.manage", query=schemas.GrantQuery)
def revoke_role(id: str, role: str, query: dict[str, Any]) -> None:
    """Take a role from somebody, where it was given; not having it is no error."""
    roles.revoke_role(current_desk(), current_actor(), id, role, query.get("department"))


def _grants(user_id: int) -> Page:
    keys = {each.id: each.key for each in words().departments.values()}
    found = roles.roles_of(db(), user_id)
    return Page(
        [
            {"role": each.role.key, "department": None if each.department_id is None else keys[each.department_id]}
            for each in found
            if each.department_id is None or each.department_id in keys
        ]
    )


def _as_it_is(uid: str) -> Answer:
    return _shown(directory.read_user(db(), SYSTEM, uid))


def _shown(user: User) -> Answer:
    return Answer(user, etag=_etag(user))


def _version(session: Session, uid: str) -> str:
    session.execute(select(User.id).where(User.uid == uid).with_for_update())
    return _etag(directory.read_user(session, SYSTEM, uid))


def _etag(user: User) -> str:
    return etag_of(schemas.User, user, without=("last_seen_at",))
