"""Roles, and the permissions they are made of."""

from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk_core.rest.context import current_actor, current_desk, db
from helpdesk_core.rest.etags import etag_of, still_as_seen
from helpdesk_core.rest.routing import Answer, Endpoints
from helpdesk_core.rest.views import Page
from helpdesk_core.users import roles, schemas
from helpdesk_core.users.actors import all_permissions
from helpdesk_core.users.models import Role

endpoints: Final = Endpoints("Roles", "Sets of permissions, given to people in one department or everywhere.")

READERS: Final = ("role.manage", "user.read")


@endpoints.get("/roles", permission=READERS, returns=schemas.RolePage)
def list_roles() -> Page:
    """List all roles by name."""
    return Page(roles.all_roles(db()))


@endpoints.get("/roles/<key>", permission=READERS, returns=schemas.Role, versioned=True)
def read_role(key: str) -> Answer:
    """Read a role."""
    return _shown(roles.find_role(db(), key))


@endpoints.post(
    "/roles", permission="role.manage", body=schemas.RoleNew, returns=schemas.Role, status=201, versioned=True
)
def create_role(body: dict[str, Any]) -> Answer:
    """Make a role; nobody puts into it what they do not hold."""
    made = roles.create_role(current_desk(), current_actor(), body["key"], body["name"], body.get("permissions", ()))
    shown = _shown(roles.find_role(db(), made.key))
    return Answer(shown.body, etag=shown.etag, location=f"/roles/{made.key}")


@endpoints.patch(
    "/roles/<key>", permission="role.manage", body=schemas.RoleChange, returns=schemas.Role, versioned=True
)
def change_role(key: str, body: dict[str, Any]) -> Answer:
    """Change a role, at once for everybody who has it."""
    with still_as_seen(lambda session: _version(session, key)):
        roles.change_role(current_desk(), current_actor(), key, **body)
    return _shown(roles.find_role(db(), key))


@endpoints.delete("/roles/<key>", permission="role.manage")
def delete_role(key: str) -> None:
    """Delete a role, which takes it from everybody who has it."""
    roles.delete_role(current_desk(), current_actor(), key)


@endpoints.get("/permissions", permission=READERS, returns=schemas.PermissionPage)
def list_permissions() -> Page:
    """List everything that a role can allow: the core's permissions, then those of active plugins."""
    return Page(list(all_permissions(current_desk()).values()))


def _shown(role: Role) -> Answer:
    return Answer(role, etag=etag_of(schemas.Role, role))


def _version(session: Session, key: str) -> str:
    session.execute(select(Role.id).where(Role.key == key).with_for_update())
    return etag_of(schemas.Role, roles.find_role(session, key))
