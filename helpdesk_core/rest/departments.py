"""Departments."""

from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk_core.departments import schemas, service
from helpdesk_core.departments.inputs import DepartmentDraft
from helpdesk_core.departments.models import Department
from helpdesk_core.departments.queries import find_department, visible_departments
from helpdesk_core.errors import NotFound
from helpdesk_core.rest.context import current_actor, current_desk, db, words
from helpdesk_core.rest.etags import etag_of, still_as_seen
from helpdesk_core.rest.routing import SIGNED_IN, Answer, Endpoints
from helpdesk_core.rest.views import Page

endpoints: Final = Endpoints("Departments", "Where tickets go, and who answers from which address.")


@endpoints.get("/departments", permission=SIGNED_IN, returns=schemas.DepartmentPage)
def list_departments() -> Page:
    """List departments, in the order the site has given them.

    Customers see those they can open a ticket in; staff see all, those out of use too.
    """
    actor = current_actor()
    if actor.is_staff or actor.may("department.manage"):
        return Page(list(words().departments.values()))
    return Page(visible_departments(current_desk(), db(), actor))


@endpoints.get("/departments/<key>", permission=SIGNED_IN, returns=schemas.Department, versioned=True)
def read_department(key: str) -> Answer:
    """Read a department."""
    for department in list_departments().items:
        if department.key == key:
            return _shown(department)
    raise NotFound(f"There is no department “{key}”, or you may not see it.")


@endpoints.post(
    "/departments",
    permission="department.manage",
    body=schemas.DepartmentNew,
    returns=schemas.Department,
    status=201,
    versioned=True,
)
def create_department(body: dict[str, Any]) -> Answer:
    """Make a department, last in the order."""
    made = service.create_department(current_desk(), current_actor(), DepartmentDraft(**body))
    shown = _shown(made)
    return Answer(shown.body, etag=shown.etag, location=f"/departments/{made.key}")


@endpoints.patch(
    "/departments/<key>",
    permission="department.manage",
    body=schemas.DepartmentChange,
    returns=schemas.Department,
    versioned=True,
)
def change_department(key: str, body: dict[str, Any]) -> Answer:
    """Change a department, or take it out of use and into use again."""
    desk, actor = current_desk(), current_actor()
    is_active = body.pop("is_active", None)
    with still_as_seen(lambda session: _version(session, key)), desk.begin(actor):
        service.change_department(desk, actor, key, **body)
        if is_active is not None:
            turn = service.reactivate_department if is_active else service.deactivate_department
            turn(desk, actor, key)
    return _shown(find_department(db(), key))


def _version(session: Session, key: str) -> str:
    session.execute(select(Department.id).where(Department.key == key).with_for_update())
    return etag_of(schemas.Department, find_department(session, key))


def _shown(department: Department) -> Answer:
    return Answer(department, etag=etag_of(schemas.Department, department))
