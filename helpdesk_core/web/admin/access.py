"""What a person may do, and what they are entitled to: roles, ownership, a copy of their data, being forgotten."""

import tempfile
from datetime import UTC
from typing import Any

from flask import flash, redirect, request, send_file, url_for
from werkzeug.wrappers import Response

from helpdesk_core.users.directory import read_user
from helpdesk_core.users.privacy import erase_user, export_personal_data
from helpdesk_core.users.roles import grant_role, revoke_role, set_owner
from helpdesk_core.web.admin.common import act, attempt, new_routes, show, ticked
from helpdesk_core.web.context import close_session, current_actor, current_desk, db
from helpdesk_core.web.localisation import gettext as _

routes = new_routes()

IN_MEMORY = 4_000_000
"""Bytes of an export that are kept in memory; a larger one goes through a file."""


@routes.post("/people/<uid>/roles", permission="role.manage")
def grant(uid: str) -> Response:
    """Give somebody a role, in one department or everywhere."""
    role, department = request.form.get("role", ""), request.form.get("department") or None
    return act(
        lambda: grant_role(current_desk(), current_actor(), uid, role, department),
        _("The role is given."),
        url_for("admin.person", uid=uid, _anchor="roles"),
    )


@routes.post("/people/<uid>/roles/revoke", permission="role.manage")
def revoke(uid: str) -> Response:
    """Take a role from somebody, where it was given."""
    role, department = request.form.get("role", ""), request.form.get("department") or None
    return act(
        lambda: revoke_role(current_desk(), current_actor(), uid, role, department),
        _("The role is taken away."),
        url_for("admin.person", uid=uid, _anchor="roles"),
    )


@routes.post("/people/<uid>/owner", permission="role.manage")
def own(uid: str) -> Response:
    """Make somebody an owner, or no owner any more."""
    owner = request.form.get("owner") == "1"
    return act(
        lambda: set_owner(current_desk(), current_actor(), uid, owner),
        _("This person is an owner now.") if owner else _("This person is no owner any more."),
        url_for("admin.person", uid=uid, _anchor="roles"),
    )


@routes.post("/people/<uid>/export", permission="privacy.manage")
def export(uid: str) -> Any:
    """Hand out all that is kept about a person, as a ZIP."""
    read_user(db(), current_actor(), uid)
    close_session()
    target = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - it is read after this function returns
    export_personal_data(current_desk(), current_actor(), uid, target)  # type: ignore[arg-type]  # a BinaryIO by deed
    target.seek(0)
    day = current_desk().now().astimezone(UTC).strftime("%Y-%m-%d")
    return send_file(
        target,
        mimetype="application/zip",
        as_attachment=True,
        download_name=f"personal-data-{day}.zip",
    )


@routes.form("/people/<uid>/erase", permission="privacy.manage")
def erase(uid: str) -> Any:
    """Forget somebody for good, once their name was typed."""
    person = read_user(db(), current_actor(), uid)
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        if " ".join(request.form.get("confirm", "").split()) != person.name:
            errors = {"confirm": [_("Type “%(name)s” to erase this person’s data.", name=person.name)]}
        else:
            with_messages = ticked("with_messages")
            errors = attempt(lambda: erase_user(current_desk(), current_actor(), uid, with_messages=with_messages))
        if not errors:
            flash(_("The data is erased. Tickets and messages stay, of an “Erased person”."), "success")
            return redirect(url_for("admin.people"))
    return show(
        "erase",
        errors,
        person=person,
        confirm=request.form.get("confirm", ""),
        with_messages=ticked("with_messages"),
    )
