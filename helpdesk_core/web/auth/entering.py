"""Letting a browser in and out: the cookies that say who it is."""

from typing import Final

from flask import make_response, redirect, request
from werkzeug.wrappers import Response

from helpdesk_core.users.inputs import Credentials
from helpdesk_core.users.models import User
from helpdesk_core.users.sessions import LONGEST, SESSION_COOKIE, NewSession
from helpdesk_core.web.context import GUEST_COOKIE
from helpdesk_core.web.security import FIELD, local_path, set_cookie

THEME_COOKIE: Final = "hd_theme"
OWN_FIELDS: Final = frozenset({"address", "password", "next", FIELD})


def credentials() -> Credentials:
    """Return what the form gave to sign in; fields that are not core's own go to the plugins that added them."""
    return Credentials(
        address=request.form.get("address", ""),
        password=request.form.get("password", ""),
        ip=request.remote_addr,
        device=request.user_agent.string,
        fields={name: value for name, value in request.form.items() if name not in OWN_FIELDS},
    )


def of_this_browser(address: str) -> Credentials:
    """Return from where somebody comes who has proved by a link that the address is theirs."""
    return Credentials(address=address, ip=request.remote_addr, device=request.user_agent.string)


def entered(session: NewSession, onward: str | None) -> Response:
    """Return the answer to somebody who has just signed in: a new session, and where they wanted to go."""
    home = "/desk/" if session.signed_in.actor.is_staff else "/"
    response = redirect(local_path(onward, request.script_root + home))
    # The session itself says when it is over; it lives on with every visit.
    set_cookie(response, SESSION_COOKIE, session.token, max_age=round(LONGEST.total_seconds()))
    response.delete_cookie(GUEST_COOKIE, path="/")
    remember_theme(response, session.signed_in.user)
    return response


def remember_theme(response: Response, user: User) -> None:
    """Let this browser show light or dark pages as the person has chosen; scripts of the page read the cookie too."""
    if user.theme_mode:
        response.set_cookie(THEME_COOKIE, user.theme_mode, max_age=365 * 86400, samesite="Lax", path="/")
    else:
        response.delete_cookie(THEME_COOKIE, path="/")


def left(onward: str, page: str | None = None) -> Response:
    """Return the answer to somebody who goes: neither a session nor a guest's link stays in the browser.

    It leads on, or shows a page.
    """
    response = redirect(onward) if page is None else make_response(page)
    response.delete_cookie(SESSION_COOKIE, path="/")
    response.delete_cookie(GUEST_COOKIE, path="/")
    return response
