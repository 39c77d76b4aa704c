"""What every page needs to be safe: CSRF tokens, cookies, headers."""

import secrets
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import urlsplit

from flask import g, request
from werkzeug.wrappers import Response

from helpdesk_core.errors import HelpdeskError, NotFound
from helpdesk_core.texts import lazy as _l
from helpdesk_core.users.sessions import SESSION_COOKIE, page_proof, proves_page
from helpdesk_core.web.context import GUEST_COOKIE, current_desk, heeds_cookies

FORM_COOKIE = "hd_form"
FIELD = "csrf_token"
HEADER = "X-CSRFToken"
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


class StaleForm(HelpdeskError):
    """The form's token is not of this browser session; open the page again and send it once more."""

    status = 400
    code = "stale-form"


def csrf_token() -> str:
    """Return the token for forms of this browser; it is bound to the sign-in, or to a cookie of its own before that."""
    token: str | None = g.get("csrf_token")  # a page asks for each of its forms
    if token is None:
        bound = _bound_to()
        if bound is None:
            bound = g.new_form_cookie = secrets.token_urlsafe(16)
        token = g.csrf_token = page_proof(current_desk().secret, bound)
    return token


def check_csrf() -> None:
    """Raise `StaleForm` unless an unsafe request carries the token and does not come from another site.

    The API is exempt: it heeds no cookie unless the same token comes with it, whatever the method. So are routes that
    heed no cookie at all.
    """
    if request.method not in UNSAFE or request.path.startswith("/api/") or not heeds_cookies():
        return
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise StaleForm(
            _l("This form was sent from another site, so nothing was changed. Open the page here and try again.")
        )
    bound = _bound_to()
    given = request.headers.get(HEADER) or request.form.get(FIELD, "")
    if bound is None or not proves_page(current_desk().secret, bound, given):
        raise StaleForm(
            _l(
                "The page was open too long, or you signed in or out meanwhile. Nothing was changed: "
                "open the page again and send once more."
            )
        )


def refuse_control_characters() -> None:
    """Raise `NotFound` for an address with NUL in it: nothing has such a name, and databases answer it unlike."""
    if request.path.startswith("/api/"):
        return  # the API has problems of its own for this
    if "\0" in request.path or "%00" in (request.query_string or b"").decode("latin-1"):
        raise NotFound(_l("There is no such page. Check the address, or start from the home page."))


def set_cookie(response: Response, name: str, value: str, *, max_age: int | None = None) -> None:
    """Set a cookie that scripts cannot read and other sites cannot send along."""
    secure = current_desk().settings.site().url.startswith("https:")
    response.set_cookie(name, value, max_age=max_age, httponly=True, samesite="Lax", secure=secure, path="/")


def protect(response: Response, sources: Iterable[tuple[str, str]] = ()) -> Response:
    """Add the headers that keep a page to itself; `sources` are further (directive, source) pairs of plugins."""
    if (cookie := g.pop("new_form_cookie", None)) is not None:
        set_cookie(response, FORM_COOKIE, cookie)
    wanted = {
        "Content-Security-Policy": _policy(tuple(sources)),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }
    if current_desk().settings.site().url.startswith("https:"):
        wanted["Strict-Transport-Security"] = "max-age=31536000"
    if request.endpoint not in ("static", "theme_static", "plugin_static"):
        wanted["Cache-Control"] = "private, no-store" if request.cookies else "no-store"
    headers = response.headers
    given = {name.lower() for name, _value in headers}
    for name, value in wanted.items():
        if name.lower() not in given:
            headers.add(name, value)
    return response


@lru_cache
def _policy(sources: tuple[tuple[str, str], ...]) -> str:
    policy = {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
    for directive, source in sources:
        allowed = policy.setdefault(directive, ["'self'"])
        policy[directive] = [each for each in allowed if each != "'none'"] + [source]
    return "; ".join(f"{key} {' '.join(value)}" for key, value in policy.items())


def local_path(target: str | None, otherwise: str) -> str:
    """Return where to go next: a path of this site as given, or the other one; never another site."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return otherwise
    parts = urlsplit(target)
    return target if not parts.scheme and not parts.netloc and "\\" not in target else otherwise


def _bound_to() -> str | None:
    for name in (SESSION_COOKIE, GUEST_COOKIE, FORM_COOKIE):
        if value := request.cookies.get(name):
            return value
    bound: str | None = g.get("new_form_cookie")
    return bound
