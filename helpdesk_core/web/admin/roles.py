"""Roles: which permissions go together, and who has them."""

from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, request, url_for
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from helpdesk_core.users import roles as service
from helpdesk_core.users.actors import all_permissions
from helpdesk_core.users.models import Grant, Role
from helpdesk_core.users.permissions import Permission
from helpdesk_core.web.admin.common import act, attempt, everywhere, new_routes, show, typed
from helpdesk_core.web.context import current_actor, current_desk, db
from helpdesk_core.web.localisation import gettext as _

routes = new_routes()


@dataclass(frozen=True)
class Section:
    """The permissions of one subject of core, or of one plugin."""

    title: str
    permissions: list[Permission]


def sections(roles: "list[Role] | tuple[Role, ...]" = ()) -> list[Section]:
    """Return all permissions in groups, with those that a role still holds of plugins that are off."""
    desk = current_desk()
    subjects = {
        "ticket": _("Tickets"),
        "user": _("People"),
        "organisation": _("People"),
        "privacy": _("People"),
        "role": _("Administration"),
        "department": _("Administration"),
        "settings": _("Administration"),
        "workspace": _("Workspaces"),
        "plugin": _("Administration"),
        "event": _("Administration"),
        "audit": _("Administration"),
        "report": _("Reports"),
    }
    known = dict(all_permissions(desk))
    for role in roles:
        for each in role.permissions:
            if each.permission not in known:
                owner = each.permission.split(".")[0]
                known[each.permission] = Permission(each.permission, _("of a plugin that is off"), owner=owner)
    titles = {state.id: state.title or state.id for state in desk.plugins}
    found: dict[str, list[Permission]] = {}
    for permission in known.values():
        subject = permission.name.split(".")[0]
        title = subjects.get(subject, subject) if permission.owner == "core" else titles.get(permission.owner, subject)
        found.setdefault(title, []).append(permission)
    return [Section(title, permissions) for title, permissions in found.items()]


@routes.get("/roles", permission="role.manage")
def roles() -> Any:
    """Show which role holds which permission."""
    found = service.all_roles(db())
    people = select(Grant.role_id, func.count(Grant.user_id.distinct())).group_by(Grant.role_id)
    return show(
        "roles",
        roles=found,
        holds={role.key: {each.permission for each in role.permissions} for role in found},
        people={row[0]: row[1] for row in db().execute(people)},
        sections=sections(list(found)),
        may_change=everywhere("role.manage"),
    )


@routes.form("/roles/_new", permission="role.manage")
def new_role() -> Any:
    """Make a role."""
    errors: dict[str, list[str]] = {}
    chosen = request.form.getlist("permissions")
    if request.method == "POST":
        key, name = typed("key").strip(), typed("name")
        errors = attempt(lambda: service.create_role(current_desk(), current_actor(), key, name, chosen))
        if not errors:
            flash(_("The role “%(name)s” can be given to people now.", name=name.strip()), "success")
            return redirect(url_for("admin.roles"))
    return show(
        "role", errors, role=None, name=typed("name"), key=typed("key"), chosen=chosen, sections=sections(), people=0
    )


@routes.form("/roles/<key>", permission="role.manage")
def role(key: str) -> Any:
    """Change a role."""
    there = service.find_role(db(), key)
    people = db().scalar(select(func.count(Grant.user_id.distinct())).where(Grant.role_id == there.id))
    chosen = [each.permission for each in there.permissions]
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        chosen, name = request.form.getlist("permissions"), typed("name")
        errors = attempt(
            lambda: service.change_role(current_desk(), current_actor(), key, name=name, permissions=chosen)
        )
        if not errors:
            flash(_("The role “%(name)s” is saved, and holds for everybody who has it.", name=name.strip()), "success")
            return redirect(url_for("admin.roles"))
    return show(
        "role",
        errors,
        role=there,
        name=typed("name", str(there.name)),
        key=there.key,
        chosen=chosen,
        sections=sections([there]),
        people=people or 0,
    )


@routes.post("/roles/<key>/delete", permission="role.manage")
def delete_role(key: str) -> Response:
    """Delete a role, which takes it from everybody who has it."""
    return act(
        lambda: service.delete_role(current_desk(), current_actor(), key),
        _("The role is deleted, and nobody has it any more."),
        url_for("admin.roles"),
    )
