"""What people see when something goes wrong: what happened, what was kept, what to do."""

import logging
import secrets
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from flask import Flask, redirect, render_template, request, url_for
from flask.globals import request_ctx
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.wrappers import Response

from helpdesk_core.db.failing import meaning
from helpdesk_core.errors import Forbidden, HelpdeskError, NotFound, RateLimited, SignInRequired, Unavailable
from helpdesk_core.hooks import HookHoldsDatabase
from helpdesk_core.web.context import close_session, current_desk
from helpdesk_core.web.localisation import gettext as _
from helpdesk_core.web.localisation import said
from helpdesk_core.web.security import StaleForm

log = logging.getLogger(__name__)


def register_failures(app: Flask) -> None:
    """Answer every error of a page with a page, never with a traceback."""
    app.register_error_handler(HelpdeskError, expected)
    app.register_error_handler(HTTPException, of_http)
    app.register_error_handler(DBAPIError, of_database)
    app.register_error_handler(OverflowError, too_large_a_number)
    app.register_error_handler(Exception, unexpected)


def expected(error: HelpdeskError) -> Response | tuple[str, int] | tuple[str, int, dict[str, str]]:
    """Answer an error that was raised on purpose."""
    if isinstance(error, HookHoldsDatabase):
        close_session(error)
    if isinstance(error, SignInRequired) and request.method == "GET":
        return redirect(url_for("auth.login", next=request.full_path.rstrip("?")))
    if error.status >= 500 and not isinstance(error, Unavailable):
        return unexpected(error)
    headings = {
        NotFound: _("Not found"),
        Forbidden: _("Not allowed"),
        SignInRequired: _("Sign in first"),
        Unavailable: _("Try again in a moment"),
        RateLimited: _("Too many tries"),
    }
    heading = next((text for kind, text in headings.items() if isinstance(error, kind)), _("That did not work"))
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, RateLimited) else {}
    if isinstance(error, Unavailable):
        headers["Retry-After"] = "5"
    text, ways = said(error), []
    if isinstance(error, SignInRequired):
        text = _(
            "You are signed out, so nothing was changed. Sign in and send it again; a message that you wrote is "
            "usually still there."
        )
        ways = [{"label": _("Sign in"), "href": url_for("auth.login", next=_form_page())}]
    elif isinstance(error, StaleForm) and (form_page := _form_page()):
        ways = [{"label": _("Open the page again"), "href": form_page}]
    return page(error.status, heading, text, ways=ways), error.status, headers


def of_http(error: HTTPException) -> Response | tuple[str, int]:
    """Answer an error of the web framework: an unknown address, a wrong method, too large a request."""
    code = error.code or 500
    if code < 400:
        return error.get_response()
    if isinstance(error, RequestEntityTooLarge):
        return page(
            413,
            _("Too large"),
            _(
                "What you sent is larger than this helpdesk accepts, so nothing of it was taken in. Go back, where "
                "what you typed usually still stands, and send less at once."
            ),
        ), 413
    texts = {
        404: (_("Not found"), _("There is no such page. Check the address, or start from the home page.")),
        405: (_("Not possible here"), _("This address does not take such a request. Go back and try again.")),
    }
    heading, text = texts.get(code, (_("That did not work"), error.description or ""))
    return page(code, heading, text), code


def of_database(error: DBAPIError) -> Response | tuple[str, int] | tuple[str, int, dict[str, str]]:
    """Answer what the database refused: bad input, a conflict, or that it is away; log the cause and keep going."""
    meant = meaning(error)
    if meant is None:
        return unexpected(error)
    if isinstance(meant, Unavailable):
        log.error("database: %s", error)
    return expected(meant)


def too_large_a_number(_error: OverflowError) -> tuple[str, int]:
    """Answer a number that no database can hold, such as a made-up place in a list."""
    return page(422, _("That did not work"), _("A number in the address is too large. Go back and try again.")), 422


def unexpected(error: Exception) -> tuple[str, int]:
    """Answer what nobody expected: an id for the person, the traceback for the log."""
    reference = secrets.token_hex(4)
    log.error("error %s at %s %s", reference, request.method, request.path, exc_info=error)
    if (route := _plugins_route()) is not None:
        current_desk().hooks.failed_later(*route, error, reference)
    text = _("Something went wrong on our side. It was noted; try again, and tell us the reference if it stays.")
    return page(500, _("Something went wrong"), text, reference), 500


def _plugins_route() -> tuple[str, str] | None:
    """Return whose page was asked for, and the hook that brought it; None if it is core's."""
    rule = request.url_rule.rule if request.url_rule is not None else ""
    owner = next((state.id for state in current_desk().plugins if rule in state.adds.get("routes", ())), None)
    area = next((area for area in ("desk", "admin") if rule.startswith(f"/{area}/")), "portal")
    return (owner, f"{area}_routes") if owner is not None else None


def _form_page() -> str | None:
    """Return the path of the page that the form at hand stood on, if a browser can open it again."""
    stood = urlsplit(request.referrer or "")
    inside = stood.path.removeprefix(request.script_root)
    adapter = request_ctx.url_adapter
    if stood.netloc != request.host or adapter is None or not adapter.test(inside, "GET"):
        return None
    return f"{stood.path}?{stood.query}" if stood.query else stood.path


def page(code: int, heading: str, text: str, reference: str = "", *, ways: Sequence[Mapping[str, str]] = ()) -> str:
    """Return the error page; it needs neither a signed-in person nor the database. `ways` stand before the way home."""
    actions = [*ways, {"label": _("Home"), "href": "/"}]
    return render_template(
        "base/error.html", code=code, heading=heading, text=text, actions=actions, reference=reference
    )
