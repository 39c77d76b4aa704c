"""A server of this machine that hands out tokens in the documented form, and tells Dovecot whose a token is."""

import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs


@dataclass
class IdentityProvider:
    """What the server knows: codes and refresh tokens by user, access tokens that are good, and what it was asked."""

    port: int = 0
    codes: dict[str, str] = field(default_factory=dict)
    refresh: dict[str, str] = field(default_factory=dict)
    access: dict[str, str] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    rotates: bool = False
    """Whether a refresh token is good once, as Microsoft's may be."""

    @property
    def token_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/token"

    def answer(self, form: dict[str, str]) -> tuple[int, dict[str, object]]:
        """Answer as RFC 6749, 5 and the guides of Google and Microsoft say."""
        self.asked.append(form)
        if (form.get("client_id"), form.get("client_secret")) != ("this site", "its secret"):
            return 401, {"error": "invalid_client", "error_description": "The OAuth client was not found."}
        if form.get("grant_type") == "authorization_code":
            user = self.codes.pop(form["code"], None)
        else:
            known = self.refresh.pop if self.rotates else self.refresh.get
            user = known(form["refresh_token"], None)
        if user is None:
            text = "AADSTS70008: The refresh token has expired.\r\nTrace ID: 0000"
            return 400, {"error": "invalid_grant", "error_description": text, "error_codes": [70008]}
        token = secrets.token_urlsafe(16)
        self.access[token] = user
        said: dict[str, object] = {"access_token": token, "expires_in": 3599, "token_type": "Bearer", "scope": "mail"}
        if self.rotates or form["grant_type"] == "authorization_code":
            said["refresh_token"] = secrets.token_urlsafe(16)
            self.refresh[str(said["refresh_token"])] = user
        return 200, said


@contextmanager
def identity_provider() -> Iterator[IdentityProvider]:
    """Run the server."""
    provider = IdentityProvider()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            form = {name: values[0] for name, values in parse_qs(self.rfile.read(length).decode()).items()}
            if self.path == "/token":
                self._say(*provider.answer(form))
            else:
                user = provider.access.get(form.get("token", ""))
                self._say(200, {"active": user is not None, "username": user or ""})

        def _say(self, status: int, said: dict[str, object]) -> None:
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Be quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join(30)
