"""The pages below /x/oidc/: going to a provider, coming back, and hearing of sessions it ended."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from flask import redirect, render_template, request, session
from werkzeug.wrappers import Response

from helpdesk_core.api import PUBLIC, Helpdesk, HelpdeskError, Route
from helpdesk_core.api.errors import NotFound
from helpdesk_core.api.users import Credentials
from helpdesk_core.api.web import close_session, db, entered, said

from . import flow, tokens
from .discovery import Directory
from .failing import SignInFailed
from .models import Provider
from .providers import find_provider
from .texts import lazy as _l

COOKIE_PART: Final = "oidc"
"""Under this name the browser's own signed cookie keeps the sign-in under way."""


class SignInPages:
    """Views over one helpdesk."""

    def __init__(self, desk: Helpdesk, directory: Directory) -> None:
        self.desk, self.directory = desk, directory

    def routes(self) -> Sequence[Route]:
        """Return the pages."""
        return [
            Route("/go/<key>", self.go, PUBLIC, name="go"),
            Route("/back/<key>", self.back, PUBLIC, name="back"),
            Route("/ended/<key>", self.ended, PUBLIC, methods=("POST",), name="ended", cookieless=True),
        ]

    def go(self, key: str) -> Any:
        """Send a browser to the provider."""
        provider = self._provider(key)
        try:
            begun, address = flow.begin(self.desk, self.directory, provider, request.args.get("next", "")[:1000])
        except HelpdeskError as error:
            return self._failed(provider, error)
        session[COOKIE_PART] = asdict(begun)
        return redirect(address)

    def back(self, key: str) -> Any:
        """Sign in who comes back from the provider; one answer is taken for one question."""
        provider = self._provider(key)
        kept = session.pop(COOKIE_PART, None)
        try:
            if not isinstance(kept, dict):
                raise SignInFailed(_l("This sign-in was begun elsewhere, or too long ago. Begin again."), status=400)
            begun = flow.Begin(**kept)
            here = Credentials(address="", ip=request.remote_addr, device=request.user_agent.string)
            new = flow.finish(self.desk, self.directory, provider, begun, request.args, here)
        except HelpdeskError as error:
            return self._failed(provider, error)
        return entered(new, begun.onward or None)

    def ended(self, key: str) -> Any:
        """End sessions that the provider has ended (OpenID Connect Back-Channel Logout 1.0)."""
        provider = self._provider(key)
        try:
            sub, sid = tokens.logout_claims(self.desk, self.directory, provider, request.form.get("logout_token", ""))
        except HelpdeskError as error:
            problem = {"error": "invalid_request", "error_description": str(error)}
            return problem, 400, {"Cache-Control": "no-store"}
        flow.end(self.desk, provider, sub, sid)
        return Response(status=200, headers={"Cache-Control": "no-store"})

    def _provider(self, key: str) -> Provider:
        row = find_provider(db(), key)
        close_session()
        if not row.is_active:
            raise NotFound(_l("There is no such provider."))
        return row

    def _failed(self, provider: Provider, error: HelpdeskError) -> Any:
        page = render_template("oidc/failed.html", provider=provider, problem=said(error))
        return page, error.status
