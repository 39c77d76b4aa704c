"""Open breakers of hooks, kept in the database so that all processes share them."""

from collections.abc import Iterable

from sqlalchemy import Engine, delete, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from helpdesk_core.clock import Clock, utc_now
from helpdesk_core.plugins.models import HookBreaker


class DatabaseBreakers:
    """The `BreakerStore` of a site: one row for each open breaker. Every call is a transaction of its own."""

    def __init__(self, engine: Engine, now: Clock = utc_now) -> None:
        self._reading = engine
        self._writing = engine.execution_options(helpdesk_write=True)
        self._now = now

    def load(self) -> Iterable[tuple[str, str, str]]:
        """Return plugin id, hook and reason of every open breaker."""
        with Session(self._reading) as session:
            rows = session.execute(select(HookBreaker.plugin, HookBreaker.hook, HookBreaker.reason))
            return [(plugin, hook, reason) for plugin, hook, reason in rows]

    def opened(self, plugin_id: str, hook: str, reason: str) -> None:
        """Keep that a breaker has opened; one that is stored already stays as it is."""
        try:
            with Session(self._writing) as session, session.begin():
                if session.get(HookBreaker, (plugin_id, hook)) is None:
                    session.add(HookBreaker(plugin=plugin_id, hook=hook, reason=reason, opened_at=self._now()))
        except DBAPIError:
            # Another process may have stored it between the look and the write.
            with Session(self._reading) as session:
                if session.get(HookBreaker, (plugin_id, hook)) is None:
                    raise

    def closed(self, plugin_id: str, hook: str) -> None:
        """Forget a breaker."""
        with Session(self._writing) as session, session.begin():
            session.execute(delete(HookBreaker).where(HookBreaker.plugin == plugin_id, HookBreaker.hook == hook))
