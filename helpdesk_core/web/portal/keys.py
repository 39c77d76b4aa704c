"""What lets one in: the password, browsers that are signed in, and tokens for programs."""

from datetime import timedelta
from typing import Any, Final

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from helpdesk_core.actor import Actor
from helpdesk_core.errors import HelpdeskError, NotFound
from helpdesk_core.users.permissions import READ_SCOPE
from helpdesk_core.users.recovery import set_password
from helpdesk_core.users.sessions import revoke_session, revoke_sessions, sessions_of
from helpdesk_core.users.tokens import NewToken, create_token, revoke_token, tokens_of
from helpdesk_core.web.context import close_session, current_actor, current_desk, db, signed_in
from helpdesk_core.web.localisation import gettext as _
from helpdesk_core.web.localisation import said
from helpdesk_core.web.portal.devices import device_name
from helpdesk_core.web.routing import SIGNED_IN, Routes
from helpdesk_core.web.submitted import EXPECTED, problems_of

routes = Routes("portal")

DAYS: Final = {"30": 30, "365": 365}
"""How long a token may last, as the form says it; else it never ends."""


@routes.get("/account/security", permission=SIGNED_IN)
def security() -> str:
    """Show the password form and the browsers that are signed in."""
    return _security(current_actor())


@routes.post("/account/password", permission=SIGNED_IN)
def change_password() -> Any:
    """Set the password; every other browser is signed out."""
    actor, signed = current_actor(), signed_in()
    close_session()
    try:
        set_password(
            current_desk(),
            actor,
            actor.uid or "",
            request.form.get("password", ""),
            current=request.form.get("current"),
            keep=signed.session if signed else None,
        )
    except EXPECTED as error:
        return _security(actor, error), error.status
    flash(_("Your password is changed. Every other browser is signed out."), "success")
    return redirect(url_for("portal.security"))


@routes.post("/account/devices/revoke", permission=SIGNED_IN)
def revoke_device() -> Response:
    """Sign out one browser, or with no `uid` all but this one."""
    actor, signed, uid = current_actor(), signed_in(), request.form.get("uid", "")
    close_session()
    try:
        if uid:
            revoke_session(current_desk(), actor, uid)
        else:
            revoke_sessions(current_desk(), actor, actor.uid or "", keep=signed.session if signed else None)
    except NotFound as error:
        flash(said(error), "info")
    else:
        flash(_("Signed out there."), "success")
    return redirect(url_for("portal.security"))


@routes.form("/account/tokens", permission=SIGNED_IN)
def tokens() -> Any:
    """Show one's API tokens, and make one; it is shown in this answer and never again."""
    actor, desk = current_actor(), current_desk()
    if request.method == "GET":
        return _tokens(actor)
    close_session()
    days = DAYS.get(request.form.get("lasts", ""))
    scopes = (READ_SCOPE,) if request.form.get("scope") == READ_SCOPE else ()
    expires_at = desk.now() + timedelta(days=days) if days else None
    try:
        made = create_token(
            desk, actor, actor.uid or "", request.form.get("name", ""), scopes=scopes, expires_at=expires_at
        )
    except EXPECTED as error:
        return _tokens(actor, error=error), error.status
    # Not a redirect: the token would have to be kept somewhere on the way.
    return _tokens(actor, made)


@routes.post("/account/tokens/revoke", permission=SIGNED_IN)
def revoke_a_token() -> Response:
    """Make a token worthless."""
    actor = current_actor()
    close_session()
    try:
        revoke_token(current_desk(), actor, request.form.get("uid", ""))
    except NotFound as error:
        flash(said(error), "info")
    else:
        flash(_("The token is revoked."), "success")
    return redirect(url_for("portal.tokens"))


def _security(actor: Actor, error: HelpdeskError | None = None) -> str:
    signed, desk = signed_in(), current_desk()
    here = signed.session.uid if signed and signed.session else ""
    return render_template(
        "portal/security.html",
        has_password=signed is not None and signed.user.password_hash is not None,
        devices=[
            {"uid": each.uid, "name": device_name(each.device), "used": each.last_used_at, "here": each.uid == here}
            for each in sessions_of(desk, db(), actor, actor.uid or "")
        ],
        errors=problems_of(error) if error else {},
    )


def _tokens(actor: Actor, made: NewToken | None = None, error: HelpdeskError | None = None) -> str:
    return render_template(
        "portal/tokens.html",
        tokens=[
            {"uid": each.uid, "name": each.name, "reads": each.scopes == [READ_SCOPE], "limited": bool(each.scopes)}
            | {"created": each.created_at, "used": each.last_used_at, "ends": each.expires_at}
            for each in tokens_of(db(), actor, actor.uid or "")
        ],
        made=made.token if made else "",
        made_name=made.row.name if made else "",
        now=current_desk().now(),
        form=request.form if error else {},
        errors=problems_of(error) if error else {},
    )
