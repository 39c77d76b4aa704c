"""One's own account: name, language, time zone, look, and addresses."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from helpdesk_core.actor import Actor
from helpdesk_core.errors import HelpdeskError
from helpdesk_core.users.accounts import change_user, find_user
from helpdesk_core.users.addresses import readable
from helpdesk_core.users.models import AddressRequest
from helpdesk_core.users.recovery import add_address, remove_address, set_primary_address
from helpdesk_core.web.auth.entering import remember_theme
from helpdesk_core.web.context import close_session, current_actor, current_desk, db
from helpdesk_core.web.localisation import gettext as _
from helpdesk_core.web.localisation import languages, said
from helpdesk_core.web.routing import SIGNED_IN, Routes
from helpdesk_core.web.submitted import EXPECTED, problems_of
from helpdesk_core.web.zones import zones

routes = Routes("portal")


@routes.form("/account", permission=SIGNED_IN)
def account() -> Any:
    """Show and change what is written about oneself."""
    actor = current_actor()
    if request.method == "GET":
        return _page(actor)
    close_session()
    try:
        user = change_user(
            current_desk(),
            actor,
            actor.uid or "",
            name=request.form.get("name", ""),
            locale=request.form.get("locale") or None,
            timezone=request.form.get("timezone") or None,
            theme_mode=request.form.get("theme_mode") or None,
        )
    except EXPECTED as error:
        return _page(actor, error), error.status
    flash(_("Saved."), "success")
    response = redirect(url_for("portal.account"))
    remember_theme(response, user)
    return response


@routes.post("/account/addresses", permission=SIGNED_IN)
def add_an_address() -> Any:
    """Add an address: a link is sent there, and following it proves that it is one's own."""
    actor = current_actor()
    close_session()
    try:
        waiting = add_address(current_desk(), actor, actor.uid or "", request.form.get("address", ""))
    except EXPECTED as error:
        return _page(actor, error), error.status
    if waiting is not None:
        flash(
            _("We sent a link to %(address)s. Follow it to add the address.", address=readable(waiting.address)), "info"
        )
    else:
        flash(_("Saved."), "success")
    return redirect(url_for("portal.account", _anchor="addresses"))


@routes.post("/account/addresses/primary", permission=SIGNED_IN)
def choose_address() -> Response:
    """Choose where mail goes to."""
    return _with_address(set_primary_address)


@routes.post("/account/addresses/remove", permission=SIGNED_IN)
def drop_address() -> Response:
    """Take an address off, or take back the wish to add one."""
    return _with_address(remove_address)


def _with_address(service: Any) -> Response:
    actor = current_actor()
    close_session()
    try:
        service(current_desk(), actor, actor.uid or "", request.form.get("address", ""))
    except EXPECTED as error:
        flash(said(error), "error")
    else:
        flash(_("Saved."), "success")
    return redirect(url_for("portal.account", _anchor="addresses"))


def _page(actor: Actor, error: HelpdeskError | None = None) -> str:
    user = find_user(db(), actor.uid or "")
    waiting = db().scalars(select(AddressRequest.address).where(AddressRequest.user_id == user.id)).all()
    mine = {"name": user.name, "locale": user.locale, "timezone": user.timezone, "theme_mode": user.theme_mode}
    return render_template(
        "portal/account.html",
        values={key: request.form.get(key, value or "") for key, value in mine.items()},
        languages=languages(),
        zones=zones(user.timezone or ""),
        site_zone=current_desk().settings.site().timezone,
        addresses=[
            {"address": each.address, "shown": readable(each.address), "primary": each.address == user.primary_email}
            | {"verified": each.verified_at is not None}
            for each in user.emails
        ],
        waiting=[{"address": each, "shown": readable(each)} for each in waiting],
        new_address=request.form.get("address", ""),
        errors=problems_of(error) if error else {},
    )
