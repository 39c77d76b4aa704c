"""A helpdesk with services, and a program elsewhere that knows what customers have."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import update

from helpdesk_core.api import SYSTEM, Actor
from helpdesk_core.api.users import EmailAddress
from helpdesk_core.testing.plugins import PluginSite, plugin_site
from helpdesk_core.testing.prepared import Databases
from helpdesk_services import sources
from helpdesk_services.models import Source
from helpdesk_services.sources import SourceDraft

RECORDED = Path(__file__).parent / "recorded"


@dataclass
class Asked:
    """One request that arrived; `fields` are those of the query, the form or the JSON."""

    path: str
    fields: dict[str, Any]
    headers: dict[str, str]


@dataclass
class Elsewhere:
    """A billing system: `answer` says what to answer with: a recorded answer by name, a status, or JSON."""

    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    answer: Callable[[Asked], Any] = lambda _asked: []
    gate: Event = field(default_factory=Event)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    """Serve a billing system on a free port."""
    kept = Elsewhere()
    kept.gate.set()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            place, sent = urlsplit(self.path), self.rfile.read(int(self.headers.get("Content-Length") or 0))
            fields: dict[str, Any] = {name: values[0] for name, values in parse_qs(place.query).items()}
            if self.headers.get("Content-Type") == "application/json":
                fields |= json.loads(sent)
            else:
                fields |= {name: values[0] for name, values in parse_qs(sent.decode()).items()}
            asked = Asked(place.path, fields, {name.lower(): value for name, value in self.headers.items()})
            kept.asked.append(asked)
            kept.gate.wait(20)
            answer = kept.answer(asked)
            self.send_response(answer if isinstance(answer, int) else 200)
            self.end_headers()
            if isinstance(answer, str):
                self.wfile.write((RECORDED / f"{answer}.json").read_bytes())
            elif not isinstance(answer, int):
                self.wfile.write(json.dumps(answer).encode())

        do_POST = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.port = server.server_port
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield kept
    kept.gate.set()
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class Services:
    """A helpdesk with services, who sees to it, and a customer with a confirmed address."""

    site: PluginSite
    owner: Actor
    carla: Actor

    def source(self, kind: str, **settings: str) -> Source:
        """Make a source."""
        return sources.make(self.site.desk, self.owner, SourceDraft(name="Panel", kind=kind, settings=settings))

    def file(self, content: str, name: str = "services.csv") -> Source:
        """Write a file into the instance, and make the source that reads it."""
        (self.site.desk.config.instance / name).write_text(content)
        return self.source("file", path=name)

    def confirm(self, actor: Actor, *, confirmed: bool = True) -> None:
        """Say whether somebody's addresses are confirmed."""
        with self.site.desk.begin(SYSTEM) as tx:
            moment = tx.now if confirmed else None
            query = update(EmailAddress).where(EmailAddress.user_id == actor.user_id)
            tx.session.execute(query.values(verified_at=moment))


@pytest.fixture
def services(tmp_path: Path, databases: Databases) -> Iterator[Services]:
    """A helpdesk; sources on this machine are allowed."""
    settings = {"services": {"allowed": ["127.0.0.0/8"], "timeout": "5s"}}
    with plugin_site("services", folder=tmp_path, settings=settings, databases=databases) as site:
        site.world.department("support")
        owner = site.world.actor(site.world.user("Olga Owner", is_owner=True))
        kept = Services(site, owner, site.world.customer("Carla Klein", address="carla@example.com"))
        kept.confirm(kept.carla)
        yield kept
