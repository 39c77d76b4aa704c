"""A helpdesk with plugins enabled, for tests of what they do: pages, events, mail and all."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask

from helpdesk_core.actor import SYSTEM, Actor
from helpdesk_core.app import create_app
from helpdesk_core.hooks import Limits
from helpdesk_core.jobs.worker import Worker
from helpdesk_core.mail.transport import MemoryTransport
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.browser import Browser
from helpdesk_core.testing.prepared import Databases, migrate
from helpdesk_core.testing.site import TestClock, World, opened
from helpdesk_core.users.models import User
from helpdesk_core.users.sessions import SESSION_COOKIE, begin_session
from helpdesk_core.users.tokens import create_token


@dataclass
class PluginSite:
    """An opened helpdesk with its application. `world` makes people and tickets, `mail.sent` is what has left."""

    desk: Helpdesk
    app: Flask
    world: World
    clock: TestClock
    mail: MemoryTransport

    def token(self, actor: Actor) -> str:
        """Return a token with which a program calls the API in somebody's name."""
        return create_token(self.desk, SYSTEM, actor.uid or "", "test").token

    def work(self) -> int:
        """Do what a worker would do: deliver events, send mail, run jobs that are due; return how many things."""
        return Worker(self.desk, transport=self.mail).run_once()

    def browser(self, actor: Actor | None = None) -> Browser:
        """Return a browser, signed in as the actor if there is one."""
        browser = Browser(self.app)
        if actor is not None:
            with self.desk.begin(actor) as tx:
                user = tx.session.get_one(User, actor.user_id)
                session = begin_session(tx, user, method="test", device="test")
            browser.client.set_cookie(SESSION_COOKIE, session.token)
        return browser


@contextmanager
def plugin_site(
    *plugin_ids: str,
    folder: Path,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    url: str | None = None,
    databases: Databases | None = None,
    limits: Limits | None = None,
) -> Iterator[PluginSite]:
    """Open a helpdesk with these installed plugins, each of which has to work; AssertionError says why one does not.

    `folder` is an empty one for the instance, `settings` are those of plugins by id. The database is a SQLite file in
    the folder; or one that `databases` lends, the fixture of that name; or a new, empty one at `url`, on which all
    migrations run. `limits` say how long hooks may take.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        if url is None:
            address = stack.enter_context((databases or Databases("sqlite")).lend(folder, *plugin_ids))
        else:
            address = url
            migrate(address, *plugin_ids)
        config: dict[str, Mapping[str, Any]] = {f"plugins.{name}": values for name, values in (settings or {}).items()}
        config["plugins"] = {"enabled": list(plugin_ids)}
        clock = TestClock()
        with opened(folder / "instance", address, config, clock=clock, limits=limits) as desk:
            app = create_app(desk)
            for plugin_id in plugin_ids:
                state = desk.plugins.get(plugin_id)
                assert desk.plugins.is_active(plugin_id), f"{plugin_id} is {state.status}: {state.reason}"
            yield PluginSite(desk, app, World(desk), clock, MemoryTransport())
