"""The implementations of one dispatch, called one after the other on one thread."""

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from helpdesk_core.hooks.errors import CallRevoked, HookOverrun
from helpdesk_core.hooks.guard import Lease, calling
from helpdesk_core.hooks.implementations import Implementation
from helpdesk_core.hooks.monitor import Monitor


@dataclass
class Dispatch:
    """One call of a hook by core: whom to ask, with which arguments, and what the style does with the answers.

    `settle` and `failed` return true to stop asking. `invoke` makes one call and returns its result. With
    `shares_database`, a call that hangs inside the database ends the dispatch, since the caller's connection is lost.
    """

    calls: Sequence[Implementation]
    values: dict[str, Any]
    deadline: float
    settle: Callable[[Implementation, Any], bool | None]
    failed: Callable[[Implementation, BaseException, str], bool]
    invoke: Callable[[Implementation, dict[str, Any]], Any]
    savepoint: Callable[[], AbstractContextManager[Any]] | None = None
    shares_database: bool = True


@dataclass
class Turn:
    """The implementation whose turn it is, and the savepoint that is open for it while it runs."""

    position: int
    started: float
    savepoint: AbstractContextManager[Any] | None = None


@dataclass
class Overrun:
    """A turn that was given up: how long it took, whom to blame, and whether it holds the database connection."""

    turn: Turn
    seconds: float
    culprit: tuple[str, str] | None
    in_database: bool
    stack: str


class Attempt:
    """Asks the implementations from `position` on: a job for a supervised thread, or run inline when nested."""

    def __init__(self, dispatch: Dispatch, monitor: Monitor, lease: Lease, position: int = 0) -> None:
        self.dispatch = dispatch
        self.lease = lease
        self.fatal: BaseException | None = None
        self._monitor = monitor
        self._position = position
        self._turn: Turn | None = None
        self._finished = threading.Lock()
        self._finished.acquire()

    def run(self) -> bool:
        """Ask one after the other; return false when the attempt was given up meanwhile."""
        try:
            for position in range(self._position, len(self.dispatch.calls)):
                if self._take_turn(position):
                    break
        except CallRevoked:
            return False
        except BaseException as error:  # noqa: BLE001 - core's own failure: raised again where the caller waits
            self.fatal = error
        with self.lease.lock:  # from here on there is no turn to give up, so the thread may be used again
            self._turn = None
            return not self.lease.revoked

    def done(self) -> None:
        """Wake the caller."""
        self._finished.release()

    def wait(self, interrupt: Callable[[], None], stack: Callable[[], str]) -> Overrun | None:
        """Wait until all have answered, or give up on one that is over its deadline and return it."""
        deadline = timeout = self.dispatch.deadline
        while not self._finished.acquire(timeout=timeout):
            with self.lease.lock:
                turn = self._turn
                if turn is None:  # between two turns, or the thread has not been given the processor yet
                    timeout = deadline
                    continue
                seconds = perf_counter() - turn.started
                timeout = deadline - seconds
                if timeout > 0:
                    continue
                where = stack()
                self.lease.revoked = True
                # Under the lock the stray cannot end, so that the interrupt cannot hit another thread with its number.
                interrupt()
                return Overrun(turn, seconds, self._culprit(seconds), self.lease.holds_database, where)
        return None

    def give_up(self, interrupt: Callable[[], None]) -> None:
        """Abandon the attempt because the caller itself was interrupted."""
        with self.lease.lock:
            self.lease.revoked = True
            if self._turn is not None:
                interrupt()

    def roll_back(self, turn: Turn) -> None:
        """Roll back the savepoint of an abandoned turn, on the caller's thread."""
        if turn.savepoint is not None:
            error = HookOverrun("the hook did not return in time")
            turn.savepoint.__exit__(HookOverrun, error, None)

    def _take_turn(self, position: int) -> bool:
        call = self.dispatch.calls[position]
        turn = Turn(position, perf_counter())
        with self.lease.lock:
            self.lease.check()
            self._turn = turn
        if self.dispatch.savepoint is not None:
            self._open_savepoint(turn, self.dispatch.savepoint)
        value: Any = None
        error: BaseException | None = None
        try:
            with calling(call.plugin_id, call.spec.name, self.lease):
                value = self.dispatch.invoke(call, self.dispatch.values)
        except BaseException as caught:  # noqa: BLE001 - nothing a plugin raises may end the site, SystemExit included
            error = caught
        if turn.savepoint is not None:
            error = self._close_savepoint(turn, turn.savepoint, error)
        seconds = perf_counter() - turn.started
        with self.lease.lock:
            self.lease.check()
            self._turn = None
        if error is not None:
            return self.dispatch.failed(call, error, self._monitor.failed(call, error, seconds))
        self._monitor.succeeded(call, seconds)
        return bool(self.dispatch.settle(call, value))

    def _open_savepoint(self, turn: Turn, begin: Callable[[], AbstractContextManager[Any]]) -> None:
        with self.lease.managing_savepoint():
            savepoint = begin()
            savepoint.__enter__()
            turn.savepoint = savepoint

    def _close_savepoint(
        self, turn: Turn, savepoint: AbstractContextManager[Any], error: BaseException | None
    ) -> BaseException | None:
        """Release or roll back; return the plugin's error, which may be one that only the database found."""
        with self.lease.managing_savepoint():
            turn.savepoint = None
            if error is not None:
                savepoint.__exit__(type(error), error, error.__traceback__)
                return error
            try:
                savepoint.__exit__(None, None, None)
            except Exception as found:  # noqa: BLE001 - what the plugin left to be written cannot be written
                return found
            return None

    def _culprit(self, seconds: float) -> tuple[str, str] | None:
        """Return whose breaker opens: the innermost call that took at least half of the time.

        A hook may call services that call other hooks; a quick one that merely happens to run is not to blame. `None`
        while core manages the savepoint: then the database is slow, not the plugin.
        """
        now = perf_counter()
        for scope in reversed(self.lease.scopes):
            if now - scope.started >= seconds / 2:
                return scope.plugin_id, scope.hook
        return None
