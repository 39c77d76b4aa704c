"""Departments: where tickets go, who answers from which address, who sees them."""

from typing import Any

from flask import flash, redirect, request, url_for
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from helpdesk_core.departments import service
from helpdesk_core.departments.inputs import DepartmentDraft
from helpdesk_core.departments.models import Department
from helpdesk_core.departments.queries import find_department
from helpdesk_core.tickets.models import Ticket
from helpdesk_core.users.permissions import require, require_everywhere
from helpdesk_core.web.admin.common import act, attempt, departments_for, everywhere, moved, new_routes, show, typed
from helpdesk_core.web.context import current_actor, current_desk, db, words
from helpdesk_core.web.localisation import gettext as _

routes = new_routes()


def visibilities() -> list[tuple[str, str, str]]:
    """Return who may see a department: value, words, and what it means."""
    return [
        ("public", _("Everybody"), _("Anybody may write to it, also without an account.")),
        ("known", _("People with an account"), _("Signed-in customers may choose it; others do not see it.")),
        ("hidden", _("Colleagues only"), _("Tickets come here by being moved, or by mail to its address.")),
    ]


def reopen_policies() -> list[tuple[str, str, str]]:
    """Return what an answer to a closed ticket does: value, words, and what it means."""
    return [
        ("reopen", _("Opens the ticket again"), _("Within the days below; after that a follow-up is opened.")),
        ("follow_up", _("Opens a new ticket"), _("A follow-up that is linked to the closed one.")),
    ]


@routes.get("/departments", permission="department.manage")
def departments() -> Any:
    """List the departments that one may manage."""
    counted = select(Ticket.department_id, func.count()).where(Ticket.is_open).group_by(Ticket.department_id)
    return show(
        "departments",
        departments=departments_for("department.manage"),
        open_tickets={row[0]: row[1] for row in db().execute(counted)},
        visibility={value: label for value, label, _hint in visibilities()},
        may_create=everywhere("department.manage"),
    )


@routes.form("/departments/_new", permission="department.manage")
def new_department() -> Any:
    """Make a department."""
    require_everywhere(current_actor(), "department.manage")
    errors = {}
    if request.method == "POST":
        draft = _typed(None)
        if not (errors := attempt(lambda: service.create_department(current_desk(), current_actor(), draft))):
            flash(_("The department “%(name)s” takes tickets from now on.", name=draft.name.strip()), "success")
            return redirect(url_for("admin.departments"))
    return _form(_typed(None), None, errors)


@routes.form("/departments/<key>", permission="department.manage")
def department(key: str) -> Any:
    """Change a department."""
    there = find_department(db(), key)
    require(current_actor(), "department.manage", there.id)
    errors = {}
    if request.method == "POST":
        draft = _typed(there)
        errors = attempt(
            lambda: service.change_department(
                current_desk(),
                current_actor(),
                key,
                name=draft.name,
                description=draft.description,
                address=draft.address,
                signature=draft.signature,
                visibility=draft.visibility,
                reopen_policy=draft.reopen_policy,
                reopen_days=draft.reopen_days,
            )
        )
        if not errors:
            flash(_("The department “%(name)s” is saved.", name=draft.name.strip()), "success")
            return redirect(url_for("admin.departments"))
    return _form(_typed(there), there, errors)


@routes.post("/departments/<key>/move", permission="department.manage")
def move_department(key: str) -> Response:
    """Put a department a place further up or down."""
    keys = moved(list(words().departments), key, request.form.get("to", ""))
    return act(
        lambda: service.reorder_departments(current_desk(), current_actor(), keys),
        _("The order is saved."),
        url_for("admin.departments"),
    )


@routes.post("/departments/<key>/active", permission="department.manage")
def switch_department(key: str) -> Response:
    """Take a department into use or out of it."""
    on = request.form.get("active") == "1"
    change = service.reactivate_department if on else service.deactivate_department
    done = _("The department takes tickets again.") if on else _("The department takes no new tickets from now on.")
    return act(lambda: change(current_desk(), current_actor(), key), done, url_for("admin.department", key=key))


def _typed(there: Department | None) -> DepartmentDraft:
    now = service.draft_of(there) if there is not None else DepartmentDraft(name="")
    days = typed("reopen_days", str(now.reopen_days)).strip()
    return DepartmentDraft(
        name=typed("name", now.name),
        key=now.key or typed("key").strip(),
        description=typed("description", now.description),
        address=typed("address", now.address),
        signature=typed("signature", now.signature),
        visibility=typed("visibility", now.visibility),
        reopen_policy=typed("reopen_policy", now.reopen_policy),
        reopen_days=int(days) if days.isdecimal() and len(days) < 9 else -1,
    )


def _form(draft: DepartmentDraft, there: Department | None, errors: dict[str, list[str]]) -> Any:
    return show(
        "department",
        errors,
        draft=draft,
        days=typed("reopen_days", str(draft.reopen_days)),
        department=there,
        visibilities=visibilities(),
        policies=reopen_policies(),
        may_switch=everywhere("department.manage"),
    )
