"""Who is calling: how the database layer knows that a hook runs on this thread, and whether it still may.

The dispatcher binds a `CallScope` to the thread while an implementation runs on it; `current_call()` returns it. The
database layer is expected to

- keep `opened_in = current_call()` with every unit of work and refuse `commit` and `rollback` unless
  `current_call() is opened_in`: a hook cannot end a transaction it was lent, but may end one it began itself (an
  `after` hook that calls a service does);
- call `enter_database()` before and `leave_database()` after whatever must not be cut in two: a statement, a flush.
  Entering raises `CallRevoked` on the thread of a call that was given up. While a call is inside, the dispatcher does
  not go on with its connection: the caller gets `HookHoldsDatabase`;
- give `on_revoke` a function that ends a transaction begun inside the call (close or interrupt its connection), so that
  an abandoned `after` hook does not hold locks for ever, and `forget` it when the transaction ends.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter

from helpdesk_core.hooks.errors import CallRevoked

log = logging.getLogger(__name__)
_thread = threading.local()


class Lease:
    """What a supervised thread may still do; shared by the thread, its supervisor and the database layer."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.revoked = False
        self.in_database = False
        self.in_savepoint = False
        self.scopes: list[CallScope] = []
        self.cleanups: list[Callable[[], object]] = []

    def check(self) -> None:
        """Raise CallRevoked when the call was given up."""
        if self.revoked:
            raise CallRevoked("this call of a hook took too long and was given up; nobody waits for its result")

    @property
    def holds_database(self) -> bool:
        """Whether the thread is inside a database call, a hook's or the dispatcher's own around a savepoint."""
        return self.in_database or self.in_savepoint

    def enter_database(self) -> None:
        """Note that a database call begins; CallRevoked when the call was given up."""
        with self.lock:
            self.check()
            self.in_database = True

    def leave_database(self) -> None:
        """Note that it has ended, well or not."""
        self.in_database = False

    @contextmanager
    def managing_savepoint(self) -> Iterator[None]:
        """Note that the dispatcher begins or ends a savepoint; CallRevoked when the call was given up."""
        with self.lock:
            self.check()
            self.in_savepoint = True
        try:
            yield
        finally:
            self.in_savepoint = False

    def clean_up(self) -> None:
        """Run what was registered with `on_revoke`; called once, by the supervisor, after revoking."""
        for cleanup in self.cleanups:
            try:
                cleanup()
            except Exception:
                log.exception("ending a transaction of an abandoned hook failed")


class CallScope:
    """One call of one plugin's hook, as the thread that makes it sees it.

    A hook that calls a service that calls hooks has scopes inside its scope: they share the thread and its deadline, so
    they are revoked together.
    """

    __slots__ = ("_lease", "hook", "outer", "plugin_id", "started")

    def __init__(self, plugin_id: str, hook: str, lease: Lease, outer: "CallScope | None" = None) -> None:
        self.plugin_id = plugin_id
        self.hook = hook
        self.outer = outer
        self.started = perf_counter()
        self._lease = lease

    def __repr__(self) -> str:
        return f"<call of {self.hook} of plugin {self.plugin_id}{' (revoked)' if self.revoked else ''}>"

    @property
    def lease(self) -> Lease:
        """What the thread shares with its supervisor; for the dispatcher."""
        return self._lease

    @property
    def revoked(self) -> bool:
        """Whether the call was given up: nothing it does counts any more."""
        return self._lease.revoked

    @property
    def in_database(self) -> bool:
        """Whether the thread is inside a database call."""
        return self._lease.holds_database

    def check(self) -> None:
        """Raise CallRevoked when the call was given up."""
        self._lease.check()

    def enter_database(self) -> None:
        """Note that a database call begins; CallRevoked when the call was given up."""
        self._lease.enter_database()

    def leave_database(self) -> None:
        """Note that the database call has ended, well or not."""
        self._lease.leave_database()

    def on_revoke(self, cleanup: Callable[[], object]) -> None:
        """Have `cleanup` called, on the supervisor's thread, if this call is given up."""
        self._lease.cleanups.append(cleanup)

    def forget(self, cleanup: Callable[[], object]) -> None:
        """Take back what was given to `on_revoke`."""
        if cleanup in self._lease.cleanups:
            self._lease.cleanups.remove(cleanup)


def current_call() -> CallScope | None:
    """Return the call of a hook that this thread is making; `None` in core's own code."""
    scope: CallScope | None = getattr(_thread, "scope", None)
    return scope


@contextmanager
def calling(plugin_id: str, hook: str, lease: Lease) -> Iterator[None]:
    """Bind a scope to the current thread; for the dispatcher."""
    outer = current_call()
    scope = CallScope(plugin_id, hook, lease, outer)
    lease.scopes.append(scope)
    _thread.scope = scope
    try:
        yield
    finally:
        _thread.scope = outer
        lease.scopes.pop()
