"""The one WSGI callable of a process, which changes to a new application while requests go on.

A thread looks twice a second whether the configuration file, stored settings or tables of plugins have changed. Then it
builds the new application beside the old one, puts it in its place, and closes the old one after its last request.
"""

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Protocol

from flask import Flask
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from werkzeug.wsgi import ClosingIterator

from helpdesk_core.clock import utc_now
from helpdesk_core.errors import HelpdeskError, Unavailable
from helpdesk_core.plugins.watching import Upgrades, file_state, state_of
from helpdesk_core.runtime import Helpdesk

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_log = logging.getLogger(__name__)

POLL_SECONDS = 0.5
SLOW_ROUND = 6
"""Every so many looks, breakers are read again and packages compared with the disk."""
TRY_AGAIN_SECONDS = 10.0
CLOSE_SECONDS = 15.0
EXTENSION = "helpdesk_switch"
"""Where an application finds the switch that it stands behind: `app.extensions`."""


class Background(Protocol):
    """What works beside the requests of one application: the worker threads."""

    def start(self) -> None:
        """Begin, on threads of its own."""

    def stop(self) -> object:
        """End, and return when what was begun is done."""


@dataclass(frozen=True)
class Problem:
    """Why the last change was not taken up; the application from before it goes on."""

    text: str
    at: datetime


class _Running:
    """An application, its requests in flight, and what works beside it."""

    def __init__(self, app: Flask, background: Callable[[Helpdesk], Background | None]) -> None:
        self.app = app
        self.desk: Helpdesk = app.extensions["helpdesk"]
        self.requests = 0
        self._stopping: threading.Thread | None = None
        try:
            self._background = background(self.desk)
            if self._background is not None:
                self._background.start()
        except BaseException:
            self.desk.close()
            raise

    def retire(self) -> None:
        """Have the background stop; on a thread of its own, since a long job may take its time."""
        if self._background is not None:
            self._stopping = threading.Thread(target=self._background.stop, name="helpdesk-retire", daemon=True)
            self._stopping.start()
        self._background = None

    @property
    def is_done(self) -> bool:
        """Whether nothing is going on any more."""
        return not self.requests and not (self._stopping and self._stopping.is_alive())

    def end(self, until: float) -> None:
        """Wait for what is going on, up to that moment, and let go of everything."""
        self.retire()
        while not self.is_done and monotonic() < until:
            sleep(0.02)
        self.desk.close()


class Switch:
    """Serves an instance, and follows its configuration.

    `build` makes the application (`create_app`); `background` makes what works beside it, or returns None. Errors of
    the first build are raised; later ones are kept in `problem`.
    """

    def __init__(
        self,
        instance: Path,
        build: Callable[[Path], Flask],
        background: Callable[[Helpdesk], Background | None] = lambda desk: None,
        *,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._instance = instance
        self._build = build
        self._background = background
        self._poll_seconds = poll_seconds
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._hurry = threading.Event()
        self._retired: list[_Running] = []
        self._retry_at: float | None = None
        self.problem: Problem | None = None
        file = file_state(instance)  # before the build, so that a change during it is noticed
        self._current = self._start()
        self._state = state_of(instance, self._current.desk)._replace(file=file)
        self._upgrades = Upgrades()
        self._upgrades.note(self._current.desk.plugins)
        self._thread = threading.Thread(target=self._watch, name="helpdesk-switch", daemon=True)
        self._thread.start()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer a request with the application of this moment, to its end."""
        with self._lock:
            running = self._current
            running.requests += 1
        try:
            return ClosingIterator(running.app(environ, start_response), lambda: self._release(running))
        except BaseException:
            self._release(running)
            raise

    @property
    def app(self) -> Flask:
        """The application that answers now."""
        return self._current.app

    @property
    def restart_needed(self) -> tuple[str, ...]:
        """Return a sentence for each package that was changed on disk since it was loaded."""
        return self._upgrades.notices

    def hurry(self) -> None:
        """Have the next look at once, because this process itself has changed something."""
        self._hurry.set()

    def close(self) -> None:
        """Stop following, wait for what is going on (not for ever), and let go of everything."""
        self._stopped.set()
        self._hurry.set()
        if self._thread is not threading.current_thread():
            self._thread.join()
        until = monotonic() + CLOSE_SECONDS
        for running in [*self._retired, self._current]:
            running.end(until)
        self._retired = []

    def look(self) -> None:
        """Take up what has changed; the watching thread calls it again and again."""
        try:
            state = state_of(self._instance, self._current.desk)
        except SQLAlchemyError:
            state = self._state._replace(file=file_state(self._instance))  # perhaps the file names a better database
        again = self._retry_at is not None and monotonic() >= self._retry_at
        if state != self._state or again:
            self._state = state
            self._change()
        self._close_retired()

    def look_at_packages(self) -> None:
        """Compare what was loaded with what is installed now."""
        self._upgrades.look()

    def _watch(self) -> None:
        rounds, away = 0, False
        while not self._stopped.is_set():
            self._hurry.wait(self._poll_seconds)
            self._hurry.clear()
            try:
                self.look()
                rounds += 1
                if rounds % SLOW_ROUND == 0:
                    self._current.desk.hooks.refresh_breakers()
                    away = False
                    self.look_at_packages()
            except (DBAPIError, Unavailable) as error:
                if not away:
                    _log.warning("Changes of the configuration wait until the database answers again: %s", error)
                away = True
            except Exception:  # noqa: BLE001 - the thread has to live as long as the process
                _log.exception("following the configuration failed; trying again")

    def _change(self) -> None:
        self._retry_at = None
        try:
            new = self._start()
        except Exception as error:  # noqa: BLE001 - whatever is wrong with the new one, the old one goes on
            if not isinstance(error, HelpdeskError):
                _log.exception("the changed configuration cannot be loaded")
            self.problem = Problem(str(error) or type(error).__name__, utc_now())
            self._retry_at = monotonic() + TRY_AGAIN_SECONDS
            _log.error("the changed configuration is not used, the helpdesk goes on with the one before: %s", error)
            return
        with self._lock:
            old, self._current = self._current, new
        self.problem = None
        self._retired.append(old)
        self._upgrades.note(new.desk.plugins)
        _log.info("changed to the new configuration; active plugins: %s", [each.id for each in new.desk.plugins.active])
        old.retire()

    def _start(self) -> _Running:
        app = self._build(self._instance)
        app.extensions[EXTENSION] = self
        return _Running(app, self._background)

    def _release(self, running: _Running) -> None:
        with self._lock:
            running.requests -= 1

    def _close_retired(self) -> None:
        for running in [each for each in self._retired if each.is_done]:
            self._retired.remove(running)
            running.desk.close()
