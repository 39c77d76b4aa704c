"""A helpdesk with webhooks, and a program elsewhere that gets them."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from helpdesk_core.api import Actor
from helpdesk_core.testing.plugins import PluginSite, plugin_site
from helpdesk_core.testing.prepared import Databases
from helpdesk_webhooks import endpoints
from helpdesk_webhooks.endpoints import EndpointDraft
from helpdesk_webhooks.models import Endpoint

LOOPBACK = "127.0.0.0/8"


@dataclass
class Got:
    """One request that arrived; `names` are the headers in small letters."""

    path: str
    names: dict[str, str]
    body: bytes

    @property
    def told(self) -> dict[str, Any]:
        """What it says."""
        told: dict[str, Any] = json.loads(self.body)
        return told

    def is_signed_with(self, secret: str) -> bool:
        """Check a signature the way receivers do."""
        key = base64.b64decode(secret.removeprefix("whsec_"))
        signed = f"{self.names['webhook-id']}.{self.names['webhook-timestamp']}.".encode() + self.body
        mark = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        return f"v1,{mark}" in self.names["webhook-signature"].split()


@dataclass
class Receiver:
    """A program that is told; `answers` are the statuses of the next requests, after them it answers 200."""

    port: int = 0
    got: list[Got] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}/hooks"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Serve a receiver on a free port."""
    kept = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.got.append(Got(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            status = kept.answers.pop(0) if kept.answers else 200
            self.send_response(status)
            for name, value in kept.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"thanks" if status == 200 else b"<h1>no</h1>")

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
class Hooks:
    """A helpdesk with webhooks and who sees to them."""

    site: PluginSite
    owner: Actor

    def endpoint(self, url: str, **fields: Any) -> Endpoint:
        """Make an endpoint."""
        return endpoints.make(self.site.desk, self.owner, EndpointDraft(**{"name": "Billing", "url": url, **fields}))

    def reload(self, row: Endpoint) -> Endpoint:
        """Return the endpoint as it is now."""
        with self.site.desk.read() as session:
            return endpoints.find_endpoint(session, row.uid)

    def secret(self, row: Endpoint) -> str:
        """Return its secret."""
        return endpoints.secret_of(self.site.desk, self.owner, row.uid)

    def later(self, **time: float) -> None:
        """Move time on, and do what is due then."""
        self.site.clock.advance(**time)
        self.site.work()


@pytest.fixture
def open_hooks(tmp_path: Path, databases: Databases) -> Iterator[Callable[..., Hooks]]:
    """Return what opens a helpdesk with settings of the plugin; receivers on this machine are allowed."""
    with ExitStack() as stack:

        def make(**settings: Any) -> Hooks:
            given = {"webhooks": {"allowed": [LOOPBACK], **settings}}
            site = stack.enter_context(plugin_site("webhooks", folder=tmp_path, settings=given, databases=databases))
            site.world.department("support")
            return Hooks(site, site.world.actor(site.world.user("Olga Owner", is_owner=True)))

        yield make


@pytest.fixture
def hooks(open_hooks: Callable[..., Hooks]) -> Hooks:
    """A helpdesk with webhooks."""
    return open_hooks()
