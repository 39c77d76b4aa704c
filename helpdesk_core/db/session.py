"""Sessions that a plugin's hook cannot commit, roll back, or use after its time is up."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from helpdesk_core.db.engine import reading
from helpdesk_core.errors import HelpdeskError


class Call(Protocol):
    """A hook call in progress, as the database layer needs to know it."""

    plugin_id: str
    hook: str

    @property
    def in_database(self) -> bool:
        """Whether a statement is being executed."""

    def enter_database(self) -> None:
        """Note that a statement begins; raise when the call was given up."""

    def leave_database(self) -> None:
        """Note that it has ended, well or not."""

    def on_revoke(self, cleanup: Callable[[], object]) -> None:
        """Have `cleanup` called if the call is given up."""

    def forget(self, cleanup: Callable[[], object]) -> None:
        """Take that back."""


CurrentCall = Callable[[], Call | None]


class HookMisuse(HelpdeskError):
    """A hook did with the session what only core may do; the plugin's author has to mend it."""

    code = "hook-misuse"


class GuardedSession(Session):
    """A session that only the code that opened it can end.

    A hook that is lent the session of a unit of work cannot commit it or roll it back; one that opens its own (an
    `after` hook that calls a service) can. A session that a given-up call had opened is ended from outside.
    """

    current_call: CurrentCall
    inside: "_Inside"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.opened_in = self.current_call()
        if self.opened_in is not None:
            self.opened_in.on_revoke(self.abandon)

    def commit(self) -> None:
        """Commit, unless a hook was lent this session."""
        self._refuse("commit")
        super().commit()

    def rollback(self) -> None:
        """Roll back, unless a hook was lent this session."""
        self._refuse("rollback")
        super().rollback()

    def close(self) -> None:
        """End, and let go of the connection."""
        super().close()
        if self.opened_in is not None:
            self.opened_in.forget(self.abandon)

    def flush(self, objects: Sequence[Any] | None = None) -> None:
        """Write what is pending; for the guard that is one step, however many statements it takes."""
        call = self.current_call()
        with self.inside.one_step(call):
            super().flush(objects)

    def throw_away(self) -> None:
        """Give the connection up instead of rolling it back: a hook that hangs is still using it."""
        connection = self.connection()
        interrupt(connection)
        connection.invalidate()
        self.close()

    def abandon(self) -> None:
        """End it from outside while the call that opened it, and was given up, may still be using it."""
        call = self.opened_in
        if call is not None and self.in_transaction():
            connection = self.connection()
            # SQLite also works while rows are fetched, of which nobody is told.
            if call.in_database or connection.dialect.name == "sqlite":
                interrupt(connection)
        self.invalidate()

    def _refuse(self, what: str) -> None:
        call = self.current_call()
        if call is not None and call is not self.opened_in:
            raise HookMisuse(
                f"{call.plugin_id}: the hook {call.hook} called {what}() on the session it was given; "
                "core ends the transaction itself: remove the call, or raise an error to give up"
            )


def interrupt(connection: Connection) -> None:
    """Make the database stop what another thread has it do on this connection, and let its locks go.

    Closing alone is not enough: SQLite keeps the transaction while a statement exists, a server until it has finished.
    """
    raw: Any = connection.connection.dbapi_connection
    kind = connection.dialect.name
    if kind == "sqlite":
        raw.interrupt()
        raw.is_shared = True
        with suppress(sqlite3.Error):
            raw.rollback()
    elif kind == "postgresql":
        raw.cancel_safe()
        _wait(lambda: raw.info.transaction_status.name != "ACTIVE")
    else:
        with connection.engine.connect() as another, suppress(DBAPIError):
            another.exec_driver_sql(f"KILL CONNECTION {int(raw.thread_id())}")
        _wait(lambda: not raw.open)


def _wait(until: Callable[[], bool]) -> None:
    """Give the other thread two seconds to notice: the number of a socket closed under it may soon be another's."""
    for _ in range(200):
        if until():
            return
        time.sleep(0.01)


class _Inside:
    """Whether this thread is inside the database; steps within steps count once."""

    def __init__(self) -> None:
        self._thread = threading.local()

    def enter(self, call: Call | None) -> None:
        if call is None:
            return
        if self._depth == 0:
            call.enter_database()
        self._depth += 1

    def leave(self, call: Call | None) -> None:
        if call is None:
            return
        self._depth = max(0, self._depth - 1)
        if self._depth == 0:
            call.leave_database()

    @contextmanager
    def one_step(self, call: Call | None) -> Iterator[None]:
        before = self._depth
        self.enter(call)
        try:
            yield
        finally:
            if call is not None:
                self._depth = before + 1
                self.leave(call)

    @property
    def _depth(self) -> int:
        depth: int = getattr(self._thread, "depth", 0)
        return depth

    @_depth.setter
    def _depth(self, value: int) -> None:
        self._thread.depth = value


def guarded_sessions(
    engine: Engine, current_call: CurrentCall
) -> tuple[sessionmaker[GuardedSession], sessionmaker[GuardedSession]]:
    """Return two factories, for reading and for writing, whose sessions know of the hook call in progress."""
    inside = _Inside()
    guarded: type[GuardedSession] = type(
        "BoundSession", (GuardedSession,), {"current_call": staticmethod(current_call), "inside": inside}
    )

    @event.listens_for(engine, "before_cursor_execute")
    def enter(*_arguments: Any) -> None:
        inside.enter(current_call())

    @event.listens_for(engine, "after_cursor_execute")
    def leave(*_arguments: Any) -> None:
        inside.leave(current_call())

    @event.listens_for(engine, "handle_error")
    def failed(_context: ExceptionContext) -> None:
        inside.leave(current_call())

    def factory(*, write: bool) -> sessionmaker[GuardedSession]:
        if write:
            return sessionmaker(engine.execution_options(helpdesk_write=True), class_=guarded, expire_on_commit=False)
        return sessionmaker(reading(engine), class_=guarded, expire_on_commit=False, autoflush=False)

    return factory(write=False), factory(write=True)
