"""Errors of what shells ask, as RFC 9457 problem details; and the log of what was refused."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from http import HTTPStatus
from typing import Any, Final

from flask import json, request
from sqlalchemy import delete, func, select
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from helpdesk_core.api import SYSTEM, Helpdesk, HelpdeskError
from helpdesk_core.api.errors import Invalid, RateLimited
from helpdesk_core.api.web import close_session, said

from .models import Refusal, Site
from .tokens import TokenRefused

MEDIA_TYPE: Final = "application/problem+json"
UNPROVED: Final = frozenset({"token-key", "token-signature", "token-site"})
"""What anybody can bring about who knows a site's key; the other refusals need its secret."""
A_MINUTE: Final = {True: 10, False: 60}
"""So many refusals of a site are noted within a minute, of those that anybody can bring about and of the others."""
KEPT: Final = {True: 200, False: 500}
"""So many stay of each: whoever guesses must not fill the database, nor push out what the site itself did wrong."""


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
    site_id, anybody = error.site.id, error.code in UNPROVED
    same = (Refusal.site_id == site_id, Refusal.code.in_(UNPROVED) if anybody else Refusal.code.not_in(UNPROVED))
    lately = select(func.count(Refusal.id)).where(*same, Refusal.at > desk.now() - timedelta(minutes=1))
    with desk.read() as session:
        if (session.scalar(lately) or 0) >= A_MINUTE[anybody]:
            return
    with desk.begin(SYSTEM) as tx:
        if tx.session.scalar(select(Site.id).where(Site.id == site_id)) is None:
            return
        place = request.path.removeprefix("/x/cms/")[:64]
        row = Refusal(site_id=site_id, code=error.code, detail=str(error)[:500], place=place, at=tx.now)
        row.ip = (request.remote_addr or "")[:45]
        tx.session.add(row)
        tx.session.flush()
        too_old = select(Refusal.id).where(*same).order_by(Refusal.id.desc()).offset(KEPT[anybody]).limit(1)
        last = tx.session.scalar(too_old)
        if last is not None:
            gone = delete(Refusal).where(*same, Refusal.id <= last)
            tx.session.execute(gone.execution_options(synchronize_session=False))


def _problem(status: int, code: str, detail: str, **more: Any) -> Response:
    title = HTTPStatus(status).phrase
    body = {"type": "about:blank", "title": title, "status": status, "code": code, "detail": detail, **more}
    return Response(json.dumps(body), status, mimetype=MEDIA_TYPE)
