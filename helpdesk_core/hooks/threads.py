"""The threads on which hooks are called, kept for reuse while they are idle."""

import ctypes
import os
import sys
import threading
import traceback
from collections.abc import Callable
from contextvars import Context
from queue import Empty, SimpleQueue
from typing import Protocol

from helpdesk_core.errors import Unavailable

KEEP_IDLE = 32
IDLE_SECONDS = 60.0


class Job(Protocol):
    """What a thread is given to do."""

    def run(self) -> bool:
        """Do it; return whether the thread may be used again."""

    def done(self) -> None:
        """Called last, also when `run` raised."""


class Worker:
    """One thread, doing one job at a time."""

    def __init__(self, pool: "ThreadPool") -> None:
        self._pool = pool
        self._jobs: SimpleQueue[tuple[Context, Job]] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="helpdesk-hook", daemon=True)
        try:
            self._thread.start()
        except RuntimeError as error:
            raise Unavailable("no thread could be started to call plugins; try again in a moment") from error

    def give(self, context: Context, job: Job) -> None:
        """Hand over a job, to be run in a context."""
        self._jobs.put((context, job))

    def interrupt(self) -> None:
        """Raise SystemExit in the thread: ends Python code at once, a call into C when it returns."""
        if self._thread.ident is not None:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._thread.ident), ctypes.py_object(SystemExit))

    def stack(self) -> str:
        """Return what the thread is doing, as the lines of a traceback."""
        frame = sys._current_frames().get(self._thread.ident or 0)
        return "".join(traceback.format_stack(frame)) if frame else ""

    def _work(self) -> None:
        while True:
            try:
                context, job = self._jobs.get(timeout=IDLE_SECONDS)
            except Empty:
                if self._pool.retire(self):
                    return
                continue
            reusable = False
            try:
                reusable = context.run(job.run) and self._pool.keep(self)
            finally:
                # Idle first, done second: the caller's next dispatch then finds this thread.
                job.done()
            del context, job  # an idle thread must not keep a request alive
            if not reusable:
                return


class ThreadPool:
    """Idle threads first, new ones when there are none; threads end after a minute without work."""

    def __init__(self) -> None:
        self._reset()

    def start(self, context: Context, job: Job) -> Worker:
        """Run a job on another thread; Unavailable when the system gives no thread."""
        if self._process != os.getpid():  # a fork leaves the threads behind
            self._reset()
        with self._lock:
            worker = self._idle.pop() if self._idle else None
        worker = worker or Worker(self)
        worker.give(context, job)
        return worker

    def keep(self, worker: Worker) -> bool:
        """Take a thread back; false when there are enough."""
        with self._lock:
            if len(self._idle) >= KEEP_IDLE:
                return False
            self._idle.append(worker)
            return True

    def retire(self, worker: Worker) -> bool:
        """Let an idle thread end; false when it has just been given a job."""
        with self._lock:
            if worker not in self._idle:
                return False
            self._idle.remove(worker)
            return True

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[Worker] = []
        self._process = os.getpid()


class Errand:
    """A job that nobody waits for."""

    def __init__(self, action: Callable[[], None]) -> None:
        self._action = action

    def run(self) -> bool:
        """Do it."""
        self._action()
        return True

    def done(self) -> None:
        """Nobody waits."""
