"""Jobs that are run again and again, once per period however many workers there are."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from threading import Event as Flag
from threading import Thread
from typing import Final

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from helpdesk_core.actor import SYSTEM
from helpdesk_core.db.rows import affect
from helpdesk_core.errors import HelpdeskError
from helpdesk_core.jobs.models import ScheduledJob
from helpdesk_core.runtime import Helpdesk

log = logging.getLogger(__name__)

CORE: Final = "core"
LEASE = timedelta(seconds=120)
"""A worker that is gone holds a job so long at most; a running job's lease is renewed."""
WAITS = tuple(timedelta(seconds=seconds) for seconds in (30, 120, 600, 3600))
"""How soon a failed job is tried again, if that is sooner than its next turn."""


@dataclass(frozen=True, slots=True)
class Job:
    """Something to be done every so often.

    `name` is unique within core or the plugin, at most 64 characters. `run` gets the helpdesk and opens its own units
    of work; it must bear to be interrupted and begun again. Its first turn is soon after the helpdesk starts.
    """

    name: str
    every: timedelta
    run: Callable[[Helpdesk], None]


@dataclass
class _Turn:
    """One run of a job; `cut_short` is set once the job has been told that it is to end."""

    stopping: Callable[[], bool]
    cut_short: bool = False


_turn: ContextVar[_Turn | None] = ContextVar("helpdesk_job", default=None)


def stopping() -> bool:
    """Tell a job whether the worker that runs it is being stopped; always false elsewhere.

    A job that may take longer than some seconds asks between its portions, and returns when it is so: the stop need not
    wait for the rest, and the job has its next turn as soon as a worker is there.
    """
    turn = _turn.get()
    if turn is None or not turn.stopping():
        return False
    turn.cut_short = True
    return True


Key = tuple[str, str]
"""Owner (`core` or a plugin's id) and name of a job."""


class Schedule:
    """The jobs of core and of the active plugins, run on behalf of one worker; `worker` names it and must be unique."""

    def __init__(
        self,
        desk: Helpdesk,
        jobs: Mapping[str, Sequence[Job]],
        worker: str,
        *,
        lease: timedelta = LEASE,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._desk = desk
        self._stopping = stopping
        self._jobs: dict[Key, Job] = {(owner, job.name): job for owner, each in jobs.items() for job in each}
        self._worker = worker
        self._lease = lease
        self._known = False

    def due(self) -> list[Key]:
        """Return the jobs that are due and that no worker holds."""
        if not self._jobs:
            return []
        if not self._known:
            self._add_missing()
        with self._desk.read() as session:
            query = select(ScheduledJob.owner, ScheduledJob.name).where(self._free())
            found = {(owner, name) for owner, name in session.execute(query)}
        return [key for key in self._jobs if key in found]

    def run(self, key: Key) -> bool:
        """Run the job unless another worker is faster; tell whether it was run. What it raises is noted in its row."""
        if not self.take(key):
            return False
        self.run_taken(key)
        return True

    def take(self, key: Key) -> bool:
        """Lease the job for this worker; false if another one was faster."""
        with self._desk.begin(SYSTEM) as tx:
            take = update(ScheduledJob).where(_is(key), self._free())
            held = take.values(worker=self._worker, lease_until=self._desk.now() + self._lease)
            return affect(tx.session, held) == 1

    def give_back(self, key: Key) -> None:
        """End the lease of a job that was not begun."""
        with self._desk.begin(SYSTEM) as tx:
            mine = update(ScheduledJob).where(_is(key), ScheduledJob.worker == self._worker)
            affect(tx.session, mine.values(worker=None, lease_until=None))

    def run_taken(self, key: Key) -> None:
        """Run a job that is leased, and end the lease. What it raises is noted in its row."""
        job = self._jobs[key]
        error: BaseException | None = None
        turn = _Turn(self._stopping)
        token = _turn.set(turn)
        try:
            with self._kept(key):
                try:
                    job.run(self._desk)
                except (Exception, SystemExit) as raised:  # nothing that a job does may end the worker
                    log.exception("The job %s of %s failed", job.name, key[0])
                    error = raised
        finally:
            _turn.reset(token)
        if turn.cut_short and error is None:
            self.give_back(key)
        else:
            self._finish(key, job, error)

    def _add_missing(self) -> None:
        with self._desk.read() as session:
            rows = session.execute(select(ScheduledJob.owner, ScheduledJob.name))
            there = {(owner, name) for owner, name in rows}
        for owner, name in self._jobs.keys() - there:
            try:
                with self._desk.begin(SYSTEM) as tx:
                    tx.session.add(ScheduledJob(owner=owner, name=name, next_run_at=tx.now))
            except IntegrityError:
                log.debug("Another worker added the job %s of %s in the same moment", name, owner)
        self._known = True

    def _free(self) -> ColumnElement[bool]:
        now = self._desk.now()
        unheld = or_(ScheduledJob.lease_until.is_(None), ScheduledJob.lease_until < now)
        return (ScheduledJob.next_run_at <= now) & unheld

    @contextmanager
    def _kept(self, key: Key) -> Iterator[None]:
        """Renew the lease from another thread for as long as the job runs."""
        done = Flag()
        keeper = Thread(target=self._renew_until, args=(key, done), name=f"{self._worker} lease", daemon=True)
        keeper.start()
        try:
            yield
        finally:
            done.set()
            keeper.join()

    def _renew_until(self, key: Key, done: Flag) -> None:
        while not done.wait(self._lease.total_seconds() / 3):
            try:
                with self._desk.begin(SYSTEM) as tx:
                    mine = update(ScheduledJob).where(_is(key), ScheduledJob.worker == self._worker)
                    affect(tx.session, mine.values(lease_until=self._desk.now() + self._lease))
            except (HelpdeskError, SQLAlchemyError) as error:
                log.warning("The lease of the job %s of %s could not be renewed: %s", key[1], key[0], error)

    def _finish(self, key: Key, job: Job, error: BaseException | None) -> None:
        with self._desk.begin(SYSTEM) as tx:
            row = tx.session.scalar(
                select(ScheduledJob).where(_is(key), ScheduledJob.worker == self._worker).with_for_update()
            )
            if row is None:
                return
            row.worker = row.lease_until = None
            row.last_run_at = tx.now
            row.failures = row.failures + 1 if error else 0
            row.last_error = f"{type(error).__name__}: {error}" if error else None
            wait = min(job.every, WAITS[min(row.failures, len(WAITS)) - 1]) if error else job.every
            row.next_run_at = tx.now + wait


def _is(key: Key) -> ColumnElement[bool]:
    return (ScheduledJob.owner == key[0]) & (ScheduledJob.name == key[1])
