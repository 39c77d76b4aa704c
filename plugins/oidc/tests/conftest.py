"""A helpdesk with the plugin, and a provider of its own making that can be told to lie."""

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from werkzeug.test import TestResponse

from helpdesk_core.api import Actor
from helpdesk_core.testing.plugins import PluginSite, plugin_site
from helpdesk_core.testing.prepared import Databases
from helpdesk_oidc import providers
from helpdesk_oidc.models import Provider
from helpdesk_oidc.providers import ProviderDraft

CLIENT, SECRET = "helpdesk", "a secret & more"


def jwk(key: EllipticCurvePrivateKey, kid: str) -> dict[str, Any]:
    """Return the public half as it is published."""
    return {**jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig"}


@dataclass
class Lying:
    """A provider. `claims` change what ID tokens say; `answers` replaces whole answers by path."""

    port: int = 0
    key: EllipticCurvePrivateKey = field(default_factory=lambda: generate_private_key(SECP256R1()))
    kid: str = "one"
    claims: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, list[str]], dict[str, str]]] = field(default_factory=list)
    token: str = ""

    @property
    def issuer(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def answer(self, path: str, form: dict[str, list[str]]) -> tuple[int, bytes]:
        """Return what is answered at a path."""
        if path in self.answers:
            return self.answers[path]
        told: dict[str, Any] = {
            "/.well-known/openid-configuration": {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
                "end_session_endpoint": f"{self.issuer}/leave",
                **self.metadata,
            },
            "/keys": {"keys": [jwk(self.key, self.kid)]},
            "/token": {"id_token": self.token, "access_token": "pass", "token_type": "Bearer"},
            "/userinfo": self.userinfo,
        }
        return (200, json.dumps(told[path]).encode()) if path in told else (404, b"{}")


@pytest.fixture
def provider() -> Iterator[Lying]:
    """Serve a provider on a free port."""
    kept = Lying()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            form, path = parse_qs(body), urlsplit(self.path).path
            kept.asked.append((path, form, {name.lower(): value for name, value in self.headers.items()}))
            status, content = kept.answer(path, form)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.port = server.server_port
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield kept
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class Oidc:
    """A helpdesk with the plugin, who sees to it, and its provider."""

    site: PluginSite
    owner: Actor
    there: Lying

    def add(self, **fields: Any) -> Provider:
        """Make a provider."""
        given = {"key": "shop", "name": "Shop", "issuer": self.there.issuer, "client_id": CLIENT, "secret": SECRET}
        return providers.make(self.site.desk, self.owner, ProviderDraft(**{**given, **fields}))

    def id_token(self, nonce: str | None = "", **claims: Any) -> str:
        """Return an ID token signed by the provider; None leaves a claim out."""
        now = int(self.site.desk.now().timestamp())
        said = {
            "iss": self.there.issuer,
            "aud": CLIENT,
            "sub": "7",
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            "email": "mia@example.com",
            "email_verified": True,
            "name": "Mia Member",
            **self.there.claims,
            **claims,
        }
        said = {name: value for name, value in said.items() if value is not None}
        return jwt.encode(said, self.there.key, algorithm="ES256", headers={"kid": self.there.kid})

    def go(self, browser: Any, onward: str = "") -> dict[str, str]:
        """Begin at the sign-in page's link; return what the provider is asked."""
        answer: TestResponse = browser.client.get(f"/x/oidc/go/shop?next={onward}")
        assert answer.status_code == 302, answer.text
        return {name: values[0] for name, values in parse_qs(urlsplit(answer.location).query).items()}

    def come_back(self, browser: Any, onward: str = "", **changes: Any) -> TestResponse:
        """Sign in at the provider, who lets everybody in; `changes` are claims, or `state` of the answer."""
        asked = self.go(browser, onward)
        state = changes.pop("state", asked["state"])
        token = changes.pop("token", None)
        self.there.token = token if token is not None else self.id_token(**{"nonce": asked["nonce"], **changes})
        answer: TestResponse = browser.client.get(f"/x/oidc/back/shop?code=abc&state={state}")
        return answer

    def problem(self, **changes: Any) -> str:
        """Return the sentence that somebody reads who is not signed in."""
        browser = self.site.browser()
        answer = self.come_back(browser, **changes)
        assert answer.status_code >= 400, answer.location
        assert "hd_session" not in answer.headers.get("Set-Cookie", "")
        return answer.text.partition('class="hd-notice')[2].partition("</p>")[0]


def basic(headers: dict[str, str]) -> str:
    """Return what a Basic authorization says."""
    return base64.b64decode(headers["authorization"].removeprefix("Basic ")).decode()


@pytest.fixture
def open_oidc(tmp_path: Path, databases: Databases, provider: Lying) -> Iterator[Callable[..., Oidc]]:
    """Return what opens a helpdesk with settings of the plugin; providers on this machine are allowed."""
    with ExitStack() as stack:

        def make(**settings: Any) -> Oidc:
            given = {"oidc": {"allowed": ["127.0.0.0/8"], **settings}}
            site = stack.enter_context(plugin_site("oidc", folder=tmp_path, settings=given, databases=databases))
            site.world.department("support")
            return Oidc(site, site.world.actor(site.world.user("Olga Owner", is_owner=True)), provider)

        yield make


@pytest.fixture
def oidc(open_oidc: Callable[..., Oidc]) -> Oidc:
    """A helpdesk with the plugin."""
    return open_oidc()
