"""What browsers open: signing in by a site's token, frames, files, and the files that pages of sites load."""

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from flask import redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from helpdesk_core.api import PUBLIC, Helpdesk, HelpdeskError, Route
from helpdesk_core.api.attachments import find_attachment
from helpdesk_core.api.errors import NotFound
from helpdesk_core.api.users import load_actor_by_user
from helpdesk_core.api.web import act_as, attachment_response, close_session, db, entered, said

from . import sessions
from .fragments import Fragment, render
from .models import Site
from .people import Who
from .places import Place, read_file_token
from .problems import note_refusal
from .texts import _
from .texts import lazy as _l
from .tokens import TokenRefused

FOR_PAGES: Final = Path(__file__).parent / "for_pages"
KINDS: Final = {".css": "text/css", ".js": "text/javascript"}


class Visits:
    """Views over one helpdesk."""

    def __init__(self, desk: Helpdesk) -> None:
        self.desk = desk

    def routes(self) -> Sequence[Route]:
        """Return the pages; cookies prove nothing at any of them."""
        both = ("GET", "POST")
        rows = (
            ("/sign-in", self.sign_in, both, "sign_in", False),
            ("/frame/<site>", self.frame, both, "frame", True),
            ("/file/<token>", self.file, ("GET",), "file", False),
            ("/style.css", self.style, ("GET",), "style", False),
            ("/embed.js", self.embed, ("GET",), "embed", False),
            ("/frame.js", self.frame_script, ("GET",), "frame_script", False),
        )
        return [
            Route(rule, view, PUBLIC, methods, name, shows_again=again, cookieless=True)
            for rule, view, methods, name, again in rows
        ]

    def sign_in(self) -> Any:
        """Sign in whom the token names, and lead to where they wanted to go."""
        close_session()
        token, onward = request.values.get("token", ""), request.values.get("next")
        try:
            session = sessions.sign_in(self.desk, token, ip=request.remote_addr, device=request.user_agent.string)
        except HelpdeskError as error:
            if error.status >= 500:
                raise
            if isinstance(error, TokenRefused):
                note_refusal(self.desk, error)
            # Forms in the page lead back to where it stands; this address has the token in it, so it stands nowhere.
            page = render_template("cms/refused.html", reason=said(error), next=onward or "", here="/login")
            return _private(Response(page, error.status if error.status >= 400 else 403, mimetype="text/html"))
        act_as(session.signed_in.actor, session.signed_in)
        response = entered(session, onward)
        response.status_code = 303
        return _private(response)

    def frame(self, site: str) -> Any:
        """Show a part of the helpdesk for a frame in one of the site's pages."""
        close_session()
        path = request.args.get("path", "new")
        if token := request.values.get("token"):
            try:
                key = sessions.open_frame(self.desk, site, token)
            except TokenRefused as error:
                note_refusal(self.desk, error)
                return self._refused(site, said(error), error.status)
            return _private(redirect(url_for("portal_cms_frame", site=site, c=key, path=path), 303))
        opened = sessions.find_frame(self.desk, site, request.args.get("c", ""), request.remote_addr)
        if opened is None:
            return self._refused(site, _("This has been open for too long. Reload the page."), 410)
        address = url_for("portal_cms_frame", site=site, c=opened.key)
        form = MultiDict(request.form) if request.method == "POST" else None
        shown = render(self.desk, opened.site, opened.who, Place(frame=address), path, form)
        if shown.go is not None:
            return _private(redirect(Place(frame=address).link(shown.go), 303))
        return _framed(opened.site, shown)

    def file(self, token: str) -> Response:
        """Hand out a file of a ticket to who has a link to it from a fragment."""
        found = read_file_token(self.desk, token)
        signed = load_actor_by_user(self.desk, db(), found[0], channel="web") if found else None
        if found is None or signed is None:
            raise NotFound(_l("This link to a file works no more. Go back, reload the page and follow it again."))
        who = Who(signed)
        response = attachment_response(find_attachment(db(), who.customer, found[1]))
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response

    def style(self) -> Response:
        """Hand out the style of fragments and frames."""
        return _file("style.css")

    def embed(self) -> Response:
        """Hand out the custom elements for pages of sites."""
        return _file("embed.js")

    def frame_script(self) -> Response:
        """Hand out the script of frames."""
        return _file("frame.js")

    def _refused(self, site: str, reason: str, status: int) -> Response:
        opened = sessions.find_frame(self.desk, site, "", None)
        shown = Fragment(html=render_template("cms/over.html", reason=reason), status=status)
        return _framed(opened.site, shown) if opened else _private(Response(reason, status))


def _framed(site: Site, shown: Fragment) -> Response:
    page = render_template("cms/frame.html", shown=shown, origins=site.origins)
    response = Response(page, shown.status, mimetype="text/html")
    ancestors = " ".join(site.origins) or "'none'"
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; "
        f"base-uri 'none'; frame-ancestors {ancestors}"
    )
    return _private(response)


def _private(response: Any) -> Response:
    """Keep addresses that hold a token or a key from going anywhere."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "private, no-store"
    made: Response = response
    return made


def _file(name: str) -> Response:
    content, tag = _content(name)
    response = Response(content, mimetype=KINDS[Path(name).suffix])
    response.set_etag(tag)
    response.headers["Cache-Control"] = "public, max-age=3600"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response.make_conditional(request.environ)


@cache
def _content(name: str) -> tuple[bytes, str]:
    content = (FOR_PAGES / name).read_bytes()
    return content, hashlib.sha256(content).hexdigest()[:32]
