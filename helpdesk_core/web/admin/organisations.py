"""Organisations: companies whose members may share their tickets."""

from typing import Any

from flask import flash, redirect, request, url_for
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from helpdesk_core.users import organisations as service
from helpdesk_core.users.models import Organisation, User
from helpdesk_core.users.organisations import OrganisationDraft
from helpdesk_core.users.permissions import require
from helpdesk_core.web.admin.common import act, attempt, everywhere, new_routes, show, ticked, typed
from helpdesk_core.web.context import current_actor, current_desk, db
from helpdesk_core.web.localisation import gettext as _

routes = new_routes()

SHOWN = 200


@routes.get("/organisations", permission="user.read")
def organisations() -> Any:
    """Find organisations by name or domain."""
    q = request.args.get("q", "")
    found = service.organisations(db(), current_actor(), query=q, limit=SHOWN)
    ids = [each.id for each in found]
    counted = select(User.organisation_id, func.count()).where(User.organisation_id.in_(ids))
    members = {row[0]: row[1] for row in db().execute(counted.group_by(User.organisation_id))}
    return show(
        "organisations",
        organisations=found,
        members=members,
        q=q,
        limited=len(found) == SHOWN,
        may_create=everywhere("organisation.manage"),
    )


@routes.form("/organisations/new", permission="organisation.manage")
def new_organisation() -> Any:
    """Make an organisation."""
    errors: dict[str, list[str]] = {}
    draft = _typed(None)
    if request.method == "POST":
        errors = attempt(lambda: service.create_organisation(current_desk(), current_actor(), draft))
        if not errors:
            flash(_("The organisation “%(name)s” is there.", name=draft.name.strip()), "success")
            return redirect(url_for("admin.organisations"))
    return show("organisation", errors, draft=draft, organisation=None, members=[], may_change=True)


@routes.form("/organisations/<uid>", permission="user.read")
def organisation(uid: str) -> Any:
    """Show an organisation with its people, and change it."""
    there = service.find_organisation(db(), current_actor(), uid)
    errors: dict[str, list[str]] = {}
    draft = _typed(there)
    if request.method == "POST":
        require(current_actor(), "organisation.manage")
        errors = attempt(
            lambda: service.change_organisation(
                current_desk(),
                current_actor(),
                uid,
                name=draft.name,
                domain=draft.domain,
                shares_tickets=draft.shares_tickets,
                note=draft.note,
            )
        )
        if not errors:
            flash(_("The organisation “%(name)s” is saved.", name=draft.name.strip()), "success")
            return redirect(url_for("admin.organisation", uid=uid))
    return show(
        "organisation",
        errors,
        draft=draft,
        organisation=there,
        members=service.members(db(), there)[:SHOWN],
        may_change=everywhere("organisation.manage"),
    )


@routes.post("/organisations/<uid>/delete", permission="organisation.manage")
def delete_organisation(uid: str) -> Response:
    """Delete an organisation; its people and tickets stay."""
    return act(
        lambda: service.delete_organisation(current_desk(), current_actor(), uid),
        _("The organisation is deleted. Its people and tickets stay."),
        url_for("admin.organisations"),
    )


def _typed(there: Organisation | None) -> OrganisationDraft:
    return OrganisationDraft(
        name=typed("name", there.name if there else ""),
        domain=typed("domain", there.domain if there else "") or None,
        shares_tickets=ticked("shares_tickets", there.shares_tickets if there else False),
        note=typed("note", there.note if there else ""),
    )
