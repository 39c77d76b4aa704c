"""Errors of what shells ask, as RFC 9457 problem details; and the log of what was refused."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from http import HTTPStatus
from typing import Any, Final

from flask import json, request
from sqlalchemy import func, select
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from helpdesk_core.api import SYSTEM, Helpdesk, HelpdeskError
from helpdesk_core.api.errors import Invalid, RateLimited
from helpdesk_core.api.web import close_session, said

from .models import Refusal, Site
from .tokens import TokenRefused

MEDIA_TYPE: Final = "application/problem+json"
NOTED_A_MINUTE: Final = 60
"""So many refusals of a site are noted within a minute; whoever guesses must not fill the database."""


def with_problems(desk: Helpdesk, view: Callable[..., Any]) -> Callable[..., Any]:
    """Return the view, answering what it raises on purpose with a problem."""

    @wraps(view)
    def answered(*args: Any, **kwargs: Any) -> Any:
        try:
            return view(*args, **kwargs)
        except HelpdeskError as error:
            if error.status >= 500 and error.code != "unavailable":
                raise
            if isinstance(error, TokenRefused):
                note_refusal(desk, error)
            return problem(error)
        except HTTPException as error:
            if error.code is None or error.code < 400:
                raise
            return _problem(error.code, "malformed", error.description or "The request cannot be read.")

    return answered


def problem(error: HelpdeskError) -> Response:
    """Return the answer for an error."""
    more: dict[str, Any] = {}
    if isinstance(error, Invalid):
        more["errors"] = {name: [str(text) for text in texts] for name, texts in error.problems.items()}
    answer = _problem(error.status, error.code, said(error), **more)
    if isinstance(error, RateLimited):
        answer.headers["Retry-After"] = str(error.retry_after)
    if error.status == HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="helpdesk"'
    return answer


def note_refusal(desk: Helpdesk, error: TokenRefused) -> None:
    """Note a refused token on its site's page: why and whence, and nothing of the token."""
    if error.site is None:
        return
    close_session()
    with desk.begin(SYSTEM) as tx:
        lately = select(func.count(Refusal.id)).where(
            Refusal.site_id == error.site.id, Refusal.at > tx.now - timedelta(minutes=1)
        )
        there = tx.session.scalar(select(Site.id).where(Site.id == error.site.id))
        if there is None or (tx.session.scalar(lately) or 0) >= NOTED_A_MINUTE:
            return
        place = request.path.removeprefix("/x/cms/")[:64]
        row = Refusal(site_id=there, code=error.code, detail=str(error)[:500], place=place, at=tx.now)
        row.ip = (request.remote_addr or "")[:45]
        tx.session.add(row)


def _problem(status: int, code: str, detail: str, **more: Any) -> Response:
    title = HTTPStatus(status).phrase
    body = {"type": "about:blank", "title": title, "status": status, "code": code, "detail": detail, **more}
    return Response(json.dumps(body), status, mimetype=MEDIA_TYPE)
