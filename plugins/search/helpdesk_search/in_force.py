"""The index that is in force: which one it is says the database, and this process has it open."""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Final

from sqlalchemy.orm import Session

from helpdesk_core.api import SYSTEM, Helpdesk

from .engine import Engine, IndexBroken
from .state import State
from .stores import Store

log = logging.getLogger(__name__)
CURRENT, BROKEN, CHANGED = "current", "broken", "changed"
"""Names of values: the generation in force, what was wrong with the last that broke, when one took another's place."""
GRACE: Final = timedelta(minutes=1)
"""Other processes notice within a second which generation is in force; until then they search in the one before."""


class InForce:
    """The generation of one plugin's index that is in force."""

    def __init__(self, desk: Helpdesk, state: State, store: Callable[[], Store]) -> None:
        self._desk, self._state, self._store = desk, state, store
        self._opened: tuple[str, Engine] | None = None
        self._lock = Lock()
        self._read_at = 0.0
        self.failure = ""

    def name(self) -> str | None:
        """Return which generation is in force."""
        with self._desk.read() as session:
            found: str | None = self._state.get(session, CURRENT)
        return found

    def opened(self) -> tuple[str, Engine] | None:
        """Return the generation in force, and its engine; None if there is none, or it cannot be opened."""
        with self._lock:
            if self._opened is None or time.monotonic() - self._read_at > 1:
                self._reopen()
            return self._opened

    def put(self, session: Session, generation: str) -> None:
        """Put a generation in the place of the one before."""
        self._state.set(session, CURRENT, generation)
        self._state.set(session, CHANGED, self._desk.now().isoformat())
        self._state.set(session, BROKEN, None)

    def broken(self, error: IndexBroken, engine: Engine) -> None:
        """Note that an index cannot be used, if it still is the one in force: the worker builds it anew."""
        with self._lock:
            mine = self._opened
        if mine and mine[1] is engine:
            self.give_up(error, mine[0])

    def give_up(self, error: IndexBroken, generation: str) -> None:
        """Note that a generation cannot be used; one that has taken its place stays in force."""
        self.close()
        with suppress(Exception), self._desk.begin(SYSTEM) as tx:
            if self._state.get(tx.session, CURRENT, lock=True) != generation:
                return
            log.error("The search index cannot be used and is built anew: %s", error)
            self._state.set(tx.session, BROKEN, str(error)[:500])
            self._state.set(tx.session, CURRENT, None)
            self._state.set(tx.session, CHANGED, tx.now.isoformat())

    def is_new(self, session: Session) -> bool:
        """Tell whether somebody may still search in the generation that was in force before."""
        changed: Any = self._state.get(session, CHANGED)
        return bool(changed) and self._desk.now() - datetime.fromisoformat(changed) < GRACE

    def close(self) -> None:
        """Let go of the index; it is opened again when it is asked for."""
        with self._lock:
            self._drop()

    def _reopen(self) -> None:
        generation = self.name()
        self._read_at = time.monotonic()
        if self._opened and self._opened[0] == generation:
            return
        self._drop()
        if generation is None:
            return
        try:
            self._opened = generation, self._store().open(generation)
            self.failure = ""
        except IndexBroken as error:
            if str(error) != self.failure:
                log.error("The search index cannot be opened: %s", error)
            self.failure = str(error)

    def _drop(self) -> None:
        if self._opened:
            with suppress(Exception):
                self._opened[1].close()
        self._opened = None
