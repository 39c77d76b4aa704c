"""The description of the API, for programs (`openapi.json`) and as a page for people."""

import hashlib
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

from flask import Flask, request
from werkzeug.wrappers import Response

from helpdesk_core.rest.building import PREFIX
from helpdesk_core.rest.context import current_desk, db
from helpdesk_core.rest.describing import DescribedApi, description
from helpdesk_core.rest.reference_page import render
from helpdesk_core.users.actors import load_actor_by_session
from helpdesk_core.users.sessions import SESSION_COOKIE, page_proof

DOCS: Final = "/api/docs"
STYLE: Final = Path(__file__).parent / "docs.css"
SCRIPT: Final = Path(__file__).parent / "docs.js"


def register_docs(app: Flask, api: DescribedApi) -> None:
    """Serve the description and its page; both are made when first asked for, and open to everybody."""

    @cache
    def as_json() -> bytes:
        return json.dumps(description(api), ensure_ascii=False, indent=1).encode()

    @cache
    def as_page() -> bytes:
        return render(description(api)).encode()

    _serve(app, f"{PREFIX}/openapi.json", "openapi", "application/json", as_json)
    _serve(app, DOCS, "docs", "text/html; charset=utf-8", as_page)
    _serve(app, f"{DOCS}.css", "docs_css", "text/css; charset=utf-8", STYLE.read_bytes)
    _serve(app, f"{DOCS}.js", "docs_js", "text/javascript; charset=utf-8", SCRIPT.read_bytes)
    app.add_url_rule(f"{DOCS}/session", "api.docs_session", _session)


def _session() -> Response:
    """Answer who is signed in to this browser, with the proof by which the page tries operations in their name."""
    known = {}
    if cookie := request.cookies.get(SESSION_COOKIE):
        signed = load_actor_by_session(current_desk(), db(), cookie)
        if signed is not None:
            known = {"name": signed.user.name, "proof": page_proof(current_desk().secret, cookie)}
    response = Response(json.dumps(known), content_type="application/json")
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _serve(app: Flask, address: str, name: str, content_type: str, content: Callable[[], bytes]) -> None:
    def view() -> Response:
        body = content()
        response = Response(body, content_type=content_type)
        response.set_etag(hashlib.sha256(body).hexdigest()[:20], weak=True)
        response.headers["Cache-Control"] = "public, no-cache"
        return response.make_conditional(request)

    app.add_url_rule(address, f"api.{name}", view)
