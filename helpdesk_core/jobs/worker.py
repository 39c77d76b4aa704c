"""The worker: hands events to their subscribers, sends mail, runs jobs."""

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.exc import DBAPIError

from helpdesk_core.errors import Unavailable
from helpdesk_core.events.delivery import LEASE, Deliverer
from helpdesk_core.events.feed import give_places
from helpdesk_core.jobs.core import CORE_JOBS
from helpdesk_core.jobs.hooks import scheduled_jobs
from helpdesk_core.jobs.schedule import CORE, Job, Key, Schedule
from helpdesk_core.mail.outlet import Outlet
from helpdesk_core.mail.send import Sender
from helpdesk_core.mail.transport import Transport
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.tickets.holding import post_due

log = logging.getLogger(__name__)

LONGEST_WAIT = 30.0
"""Seconds between two tries when the database stays away."""
BREAKERS_EVERY = 5.0
"""Seconds after which the breakers of hooks are read again."""


class Worker:
    """What is done behind the scenes, on some threads of this process.

    Any number of workers may run, in the same and in other processes: leases in the database see to it that each thing
    is done by one of them, and is taken over when that one is gone. `name` shows on the admin page; it is made unique.
    """

    def __init__(
        self,
        desk: Helpdesk,
        name: str | None = None,
        *,
        transport: Transport | None = None,
        jobs: Sequence[Job] = CORE_JOBS,
        lease: timedelta = LEASE,
    ) -> None:
        self._desk = desk
        self.name = f"{name or f'{socket.gethostname()[:24]}-{os.getpid()}'}-{secrets.token_hex(4)}"
        self._lease = lease
        self._outlet = Outlet(desk, transport)
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._jobs: dict[Key, threading.Thread] = {}
        self._jobs_lock = threading.Lock()
        self._look_again = 0.0
        self._starting = threading.Lock()
        all_jobs = {CORE: jobs, **dict(desk.gather(scheduled_jobs))}
        self._schedule = Schedule(desk, all_jobs, self.name, lease=lease, stopping=self._stop.is_set)
        self._hand = self._new_hand(0)

    def run_once(self) -> int:
        """Do everything that is due, also what comes of it, on the caller's thread; return how many things it was.

        Errors of handlers, servers and jobs are noted where they belong; only the database's own are raised.
        """
        done = 0
        while True:
            turn = self._hand.turn() + sum(self._schedule.run(key) for key in self._schedule.due())
            if not turn:
                return done
            done += turn

    def start(self) -> None:
        """Begin to work on threads of its own, as many as [worker] threads says."""
        count = self._desk.settings.worker().threads
        for number in range(1, count + 1):
            thread = threading.Thread(
                target=self._work, args=(self._new_hand(number),), name=f"worker-{number}", daemon=True
            )
            self._threads.append(thread)
            thread.start()

    def stop(self, timeout: float = 10.0) -> None:
        """Finish what is being done and give back the rest, in `timeout` seconds.

        What goes on longer (a job, say) is left to end by itself; if the process ends first, its lease runs out.
        """
        self._stop.set()
        self._desk.wake.set()
        until = time.monotonic() + timeout
        for thread in self._running():
            thread.join(max(0.0, until - time.monotonic()))
        left = ", ".join(thread.name for thread in self._running())
        if left:
            log.warning("Still running after %g seconds: %s", timeout, left)

    @property
    def is_running(self) -> bool:
        """Whether any thread of it is still at work."""
        return bool(self._running())

    def _running(self) -> list[threading.Thread]:
        with self._jobs_lock:
            return [thread for thread in (*self._threads, *self._jobs.values()) if thread.is_alive()]

    def _new_hand(self, number: int) -> "_Hand":
        return _Hand(
            self._desk,
            Deliverer(self._desk, f"{self.name}-{number}", lease=self._lease, stopping=self._stop.is_set),
            Sender(self._desk, self._outlet, lease=self._lease, stopping=self._stop.is_set),
        )

    def _work(self, hand: "_Hand") -> None:
        poll = self._desk.settings.worker().poll_seconds
        failures = 0
        while not self._stop.is_set():
            # Cleared before looking, so that what comes meanwhile wakes a thread again.
            self._desk.wake.clear()
            try:
                self._look_around()
                busy = hand.turn() + self._start_jobs()
            except (DBAPIError, Unavailable) as error:
                failures += 1
                if failures == 1:
                    log.warning("The worker waits until the database answers again: %s", error)
                self._stop.wait(min(poll * 2**failures, LONGEST_WAIT))
                continue
            except Exception:
                log.exception("The worker goes on after an error of its own")
                self._stop.wait(poll)
                continue
            if failures:
                log.warning("The database answers again")
                failures = 0
            if not busy:
                self._desk.wake.wait(poll)

    def _look_around(self) -> None:
        """Take over, now and then, the breakers that other processes opened and closed."""
        if time.monotonic() >= self._look_again:
            self._look_again = time.monotonic() + BREAKERS_EVERY
            self._desk.hooks.refresh_breakers()

    def _start_jobs(self) -> int:
        """Start each job that is due on a thread of its own, so that a long or stuck one holds up nothing else.

        They are taken here, one after the other: taken all at once on their own threads, they would queue for SQLite's
        only writer, and a stop would have to wait for jobs that have not even begun.
        """
        if not self._starting.acquire(blocking=False):
            return 0  # another thread is at it
        try:
            return sum(self._start_job(key) for key in self._due_jobs())
        finally:
            self._starting.release()

    def _due_jobs(self) -> list[Key]:
        with self._jobs_lock:
            self._jobs = {key: thread for key, thread in self._jobs.items() if thread.is_alive()}
            running = set(self._jobs)
        return [key for key in self._schedule.due() if key not in running]

    def _start_job(self, key: Key) -> bool:
        if self._stop.is_set() or not self._schedule.take(key):
            return False
        with self._jobs_lock:
            if not self._stop.is_set():
                self._jobs[key] = threading.Thread(target=self._run_job, args=(key,), name=f"job-{key[1]}", daemon=True)
                self._jobs[key].start()
                return True
        self._schedule.give_back(key)
        return False

    def _run_job(self, key: Key) -> None:
        try:
            self._schedule.run_taken(key)
        except (DBAPIError, Unavailable) as error:
            log.warning("The job %s of %s could not be noted as done: %s", key[1], key[0], error)


class _Hand:
    """What one thread works with."""

    def __init__(self, desk: Helpdesk, deliverer: Deliverer, sender: Sender) -> None:
        self._desk = desk
        self._deliverer = deliverer
        self._sender = sender

    def turn(self) -> int:
        """Post held replies, place events in the feed, deliver and send a batch; return how many things were done."""
        return post_due(self._desk) + give_places(self._desk) + self._deliverer.run() + self._sender.run()
