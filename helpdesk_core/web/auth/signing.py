"""Signing in and out, and following a guest's link to one ticket."""

from typing import Any, Final
from urllib.parse import quote, urlsplit

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from helpdesk_core.actor import ANONYMOUS, Actor
from helpdesk_core.errors import HelpdeskError, Invalid, RateLimited, Refused
from helpdesk_core.tickets.models import Ticket
from helpdesk_core.tickets.rights import visible
from helpdesk_core.users import hooks as user_hooks
from helpdesk_core.users.links import GUEST_LINK_LASTS, load_guest
from helpdesk_core.users.sessions import SESSION_COOKIE, sign_out
from helpdesk_core.users.signin import sign_in
from helpdesk_core.web.auth.entering import credentials, entered, left
from helpdesk_core.web.context import GUEST_COOKIE, act_as, close_session, current_actor, current_desk, db, signed_in
from helpdesk_core.web.localisation import gettext as _
from helpdesk_core.web.routing import PUBLIC, Routes
from helpdesk_core.web.security import local_path, set_cookie
from helpdesk_core.web.slots import shows_slots
from helpdesk_core.web.submitted import problems_of

routes = Routes("auth")

SAFE: Final = ":/?#[]@!$&'()*+,=%~"
"""What stands in the header `Refresh` as it is; a semicolon would end the address."""


@routes.form("/login", permission=PUBLIC)
def login() -> Any:
    """Sign in by address and password, or show the form for it."""
    onward = request.values.get("next")
    if request.method == "GET" and current_actor().is_signed_in and not shows_slots():
        return redirect(local_path(onward, url_for("portal.home")))
    if request.method == "GET":
        return _form(onward)
    try:
        return entered(sign_in(current_desk(), credentials()), onward)
    except (Invalid, Refused, RateLimited) as error:
        return _form(onward, error)


@routes.post("/logout", permission=PUBLIC)
def logout() -> Response:
    """Sign out this browser."""
    desk, signed, onward = current_desk(), signed_in(), None
    if token := request.cookies.get(SESSION_COOKIE):
        close_session()
        sign_out(desk, token)
    if signed is not None and signed.session is not None:
        onward = desk.hooks.pick(user_hooks.signing_out, user=signed.user, session_uid=signed.session.uid)
    if onward is not None and urlsplit(onward).scheme in ("https", "http"):
        return _leaving(onward)
    flash(_("You are signed out."), "success")
    return left(url_for("portal.home"))


@routes.get("/t/<token>", permission=PUBLIC)
def guest(token: str) -> Any:
    """Let the holder of a link from a mail see its ticket, and no other."""
    signed = load_guest(current_desk(), db(), token)
    number = _number(signed.actor) if signed else None
    if signed is None or number is None:
        return render_template("auth/dead_link.html", kind="ticket"), 410
    actor = current_actor()
    there = url_for("portal.ticket", number=number)
    if actor.is_signed_in:
        if _number(actor, number) is None:
            return render_template("auth/other_account.html", name=actor.name, address=signed.actor.email), 409
        return redirect(there)
    response = redirect(there)
    set_cookie(response, GUEST_COOKIE, token, max_age=round(GUEST_LINK_LASTS.total_seconds()))
    return response


def _leaving(onward: str) -> Response:
    """Return a page that goes on elsewhere: as a redirect, browsers would hold it against the page's `form-action`."""
    act_as(ANONYMOUS)
    page = render_template("auth/leaving.html", onward=onward, host=urlsplit(onward).netloc)
    response = left(url_for("portal.home"), page)
    response.headers["Refresh"] = f"0; url={quote(onward, safe=SAFE)}"
    return response


def _number(actor: Actor, number: str | None = None) -> str | None:
    query = select(Ticket.number).where(visible(actor, "portal"))
    found: str | None = db().scalar(query.where(Ticket.number == number) if number else query)
    return found


def _form(onward: str | None, error: HelpdeskError | None = None) -> Any:
    site = current_desk().settings.site()
    page = render_template(
        "auth/login.html",
        next=local_path(onward, ""),
        address=request.form.get("address", ""),
        errors=problems_of(error) if error else {},
        signup=site.signup == "open",
    )
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, RateLimited) else {}
    return page, error.status if error else 200, headers
