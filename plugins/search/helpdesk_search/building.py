"""Filling a new index beside the one in force: one build at a time, however many processes there are."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from threading import Event as Flag
from threading import Thread
from typing import Any, Final

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from helpdesk_core.api import SYSTEM, Helpdesk, Transaction
from helpdesk_core.api.errors import Conflict, HelpdeskError
from helpdesk_core.api.jobs import stopping

from .again import Again
from .documents import Documents
from .engine import Engine, Entry
from .state import State

log = logging.getLogger(__name__)
BUILDING: Final = "building"
"""The name under which the state says that a build runs, since when, and how far it is."""
ABANDONED: Final = timedelta(minutes=5)
"""A build that gave no sign of life for so long is another's to begin again."""
SIGNS_EVERY: Final = timedelta(minutes=1)
"""How often a build gives one, by a thread of its own: engines are silent for long while they merge."""


class Build:
    """The builds of one plugin's index."""

    def __init__(self, desk: Helpdesk, state: State, documents: Documents, again: Again) -> None:
        self._desk, self._state, self._documents, self._again = desk, state, documents, again

    def is_running(self, session: Session) -> bool:
        """Tell whether a build runs, in whichever process."""
        return self._lives(self._state.get(session, BUILDING))

    def generation(self, session: Session) -> str | None:
        """Return the generation that was begun last and has not ended, whether its build still runs or not."""
        begun = self._state.get(session, BUILDING)
        return begun["generation"] if begun else None

    def forget_abandoned(self) -> None:
        """Forget a build that nobody has ended for a while: nobody needs what is there of it."""
        with self._desk.begin(SYSTEM) as tx:
            begun = self._state.get(tx.session, BUILDING, lock=True)
            if begun and not self._lives(begun):
                self._state.set(tx.session, BUILDING, None)

    @contextmanager
    def begun(self) -> Iterator[str]:
        """Begin a build, and return the name of the new generation; `Conflict` while another build runs.

        Whoever puts the new index in force notes that the build has ended, with `end`; what raises notes it here.
        """
        now = self._desk.now()
        with self._desk.begin(SYSTEM) as tx:
            running = self._state.get(tx.session, BUILDING, lock=True)
            if self._lives(running):
                raise Conflict(
                    f"An index is being built since {running['since']}; {running['done']} documents are done."
                )
            generation = f"g{int(time.time() * 1000):x}"
            stamp = now.isoformat()
            self._state.set(tx.session, BUILDING, {"generation": generation, "since": stamp, "seen": stamp, "done": 0})
        try:
            with self._alive(generation):
                yield generation
        except BaseException:
            with suppress(Exception), self._desk.begin(SYSTEM) as tx:
                self.end(tx, generation)
            raise

    def end(self, tx: Transaction, generation: str) -> None:
        """Note that a build has ended; `Conflict` if another one has taken its place."""
        self._mine(tx, generation)
        self._state.set(tx.session, BUILDING, None)

    def fill(
        self,
        engine: Engine,
        generation: str,
        progress: Callable[[int, int | None], None],
        meanwhile: Callable[[], object],
    ) -> int:
        """Put all documents into an engine, and return how many; `meanwhile` is called after each portion."""
        done = 0

        def portions() -> Iterator[Sequence[Entry]]:
            nonlocal done
            for wanted in self._documents.everything():
                if stopping():
                    raise Conflict("The worker is being stopped; the next one begins the new index again.")
                with self._desk.read() as session:
                    loaded = self._documents.load(session, wanted)
                yield loaded.entries
                done += len(loaded.entries)
                with self._desk.begin(SYSTEM) as tx:
                    loaded.texts.keep(tx.session)
                    self._again.note(tx, loaded.lacking, loaded.whole)
                    self._give_sign(tx, generation, done=done)
                progress(done, None)
                meanwhile()

        engine.fill(portions())
        return done

    def _lives(self, begun: Any) -> bool:
        return bool(begun) and self._desk.now() - datetime.fromisoformat(begun["seen"]) < ABANDONED

    def _mine(self, tx: Transaction, generation: str) -> dict[str, Any]:
        """Return what the state says of a build; `Conflict` if it speaks of another one."""
        begun: Any = self._state.get(tx.session, BUILDING, lock=True)
        if not begun or begun["generation"] != generation:
            raise Conflict("Another build has taken over; this one ends.")
        return dict(begun)

    def _give_sign(self, tx: Transaction, generation: str, **more: int) -> None:
        begun = self._mine(tx, generation)
        self._state.set(tx.session, BUILDING, begun | {"seen": tx.now.isoformat()} | more)

    @contextmanager
    def _alive(self, generation: str) -> Iterator[None]:
        """Give signs of life from another thread."""
        done = Flag()
        thread = Thread(target=self._give_signs, args=(generation, done), name=f"building {generation}", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _give_signs(self, generation: str, done: Flag) -> None:
        while not done.wait(SIGNS_EVERY.total_seconds()):
            try:
                with self._desk.begin(SYSTEM) as tx:
                    self._give_sign(tx, generation)
            except Conflict:
                return  # it has ended, or another one has taken over, which it finds out itself
            except (HelpdeskError, SQLAlchemyError) as error:
                log.warning("The build of the search index could not say that it goes on: %s", error)
