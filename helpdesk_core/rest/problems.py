"""Errors as RFC 9457 problem details, for everything below /api."""

import logging
import secrets
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

from flask import Flask, json, request
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from helpdesk_core.db.failing import meaning
from helpdesk_core.errors import Forbidden, HelpdeskError, Invalid, RateLimited, SignInRequired, Unavailable
from helpdesk_core.hooks import HookHoldsDatabase
from helpdesk_core.rest.context import close_session, current_desk

log = logging.getLogger(__name__)

AREA: Final = "/api/"
MEDIA_TYPE: Final = "application/problem+json"
TITLES: Final[Mapping[str, str]] = {
    "malformed": "The request cannot be read",
    "sign-in-required": "An API token is needed",
    "forbidden": "This token may not do this",
    "not-found": "There is no such thing, or this token may not see it",
    "method-not-allowed": "This address does not take this method",
    "not-acceptable": "The answer cannot be given in this form",
    "conflict": "Something else happened in between",
    "request-in-progress": "The same request is being worked on",
    "precondition-failed": "The thing is no longer what you saw",
    "too-large": "This is too large",
    "unsupported-media-type": "The body has the wrong content type",
    "invalid": "Something in the request does not fit",
    "refused": "A plugin or a policy refused this",
    "key-reused": "The Idempotency-Key belongs to another request",
    "rate-limited": "Too many tries",
    "error": "Something went wrong on our side",
    "unavailable": "Try again in a moment",
}
"""The codes an answer can have, each with its title; the page of the API lists them."""

_OF_HTTP: Final[Mapping[int, tuple[str, str]]] = {
    400: ("malformed", "The request could not be read. Check it and send it again."),
    404: ("not-found", "There is no such address in the API. /api/docs lists those there are."),
    405: ("method-not-allowed", "This address does not take {method}. The header Allow lists what it takes."),
    413: ("too-large", "What you sent is larger than this helpdesk accepts. Send less at once."),
    415: ("unsupported-media-type", "Send the body with the content type that /api/docs gives for this address."),
}


class Malformed(HelpdeskError):
    """The request is no proper HTTP or JSON; the message says where it breaks."""

    status = 400
    code = "malformed"


class WrongMediaType(HelpdeskError):
    """The body came with a content type that the operation does not take; the message names the right one."""

    status = 415
    code = "unsupported-media-type"


def register_problems(app: Flask) -> None:
    """Answer every error below /api with a problem; what pages answer elsewhere stays as it was registered before."""
    handlers: dict[type[Exception], Callable[[Any], Response]] = {
        HelpdeskError: of_error,
        HTTPException: of_http,
        DBAPIError: of_database,
        Exception: of_anything,
    }
    for kind, handler in handlers.items():
        otherwise = app.error_handler_spec[None][None].get(kind)
        app.register_error_handler(kind, _divided(handler, otherwise))


def of_error(error: HelpdeskError) -> Response:
    """Answer an error that was raised on purpose."""
    if isinstance(error, HookHoldsDatabase):
        close_session(error)
    if error.status >= 500 and not isinstance(error, Unavailable):
        return of_anything(error)
    headers: dict[str, str] = {}
    more: dict[str, Any] = {}
    if isinstance(error, SignInRequired):
        given = ', error="invalid_token"' if "Authorization" in request.headers else ""
        headers["WWW-Authenticate"] = f'Bearer realm="helpdesk"{given}'
    if isinstance(error, RateLimited):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, Unavailable):
        headers["Retry-After"] = "5"
    detail = str(error)
    if isinstance(error, Invalid):
        more["errors"] = error.problems
        lines = {f"{field}: {text}" if field else text for field, texts in error.problems.items() for text in texts}
        detail = " ".join(sorted(lines))
    if isinstance(error, Forbidden) and error.permission:
        more["permission"] = error.permission
    return problem(error.status, error.code, detail, headers=headers, **more)


def of_http(error: HTTPException) -> Response:
    """Answer an error of the web framework: an unknown address, a wrong method, too large a body."""
    status = error.code or 500
    if status < 400:
        return error.get_response()
    kept = {key: value for key, value in error.get_headers() if key.lower() != "content-type"}
    code, text = _OF_HTTP.get(status, ("error" if status >= 500 else "malformed", error.description or ""))
    return problem(status, code, text.format(method=request.method), headers=kept)


def of_database(error: DBAPIError) -> Response:
    """Answer what the database refused: bad input, a conflict, or that it is away; log the cause and keep going."""
    meant = meaning(error)
    if meant is None:
        return of_anything(error)
    if isinstance(meant, Unavailable):
        log.error("database: %s", error)
    return of_error(meant)


def of_anything(error: Exception) -> Response:
    """Answer what nobody expected: a reference for the client, the traceback for the log."""
    reference = secrets.token_hex(4)
    log.error("error %s at %s %s", reference, request.method, request.path, exc_info=error)
    text = "It was noted; try again, and tell the people who run this helpdesk the reference if it stays."
    return problem(500, "error", text, reference=reference)


def problem(
    status: int, code: str, detail: str, *, headers: Mapping[str, str] | None = None, **members: Any
) -> Response:
    """Return a problem; `members` are those besides type, title, status, detail and code."""
    site = current_desk().settings.site().url.rstrip("/")
    body = {
        "type": f"{site}/api/docs#problem-{code}",
        "title": TITLES.get(code) or HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        **members,
    }
    response = Response(json.dumps(body), status=status, content_type=MEDIA_TYPE)
    response.headers.extend(headers or {})
    return response


def _divided(handler: Callable[[Any], Response], otherwise: Callable[[Any], Any] | None) -> Callable[[Exception], Any]:
    def divided(error: Exception) -> Any:
        if request.path.startswith(AREA):
            return handler(error)
        if otherwise is None:
            raise error
        return otherwise(error)

    return divided
