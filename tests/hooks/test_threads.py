"""Hooks and the process around them: forks, signals, threads that are no longer needed."""

import os
import signal
import threading
import time
from contextvars import Context

import pytest

from helpdesk_core.hooks import CallScope, current_call, threads
from helpdesk_core.hooks.threads import Errand, ThreadPool
from tests.hooks import examples as spec
from tests.hooks.examples import hooks_of
from tests.hooks.test_failures import Does, Works


class Alarm(BaseException):
    pass


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_starts_threads_of_its_own() -> None:
    hooks = hooks_of(Works())
    assert hooks.pick(spec.route, subject="x") == 3
    child = os.fork()
    if child == 0:
        os._exit(0 if hooks.pick(spec.route, subject="x") == 3 and not hooks.breakers() else 1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


def test_a_hook_is_given_up_when_its_caller_is_interrupted() -> None:
    calls: list[CallScope | None] = []

    def hang() -> None:
        calls.append(current_call())
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGALRM)
        time.sleep(5)

    def ring(_signal: int, _frame: object) -> None:
        raise Alarm

    before = signal.signal(signal.SIGALRM, ring)
    try:
        with pytest.raises(Alarm):
            hooks_of(Does(hang)).pick(spec.route, subject="x")
    finally:
        signal.signal(signal.SIGALRM, before)
    (call,) = calls
    assert call is not None
    assert call.revoked


def test_idle_threads_end_and_new_ones_take_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "IDLE_SECONDS", 0.05)
    pool = ThreadPool()
    seen: list[threading.Thread] = []
    ran = threading.Event()

    def note() -> None:
        seen.append(threading.current_thread())
        ran.set()

    for _ in range(2):
        ran.clear()
        pool.start(Context(), Errand(note))
        assert ran.wait(5)
        seen[-1].join(5)
        assert not seen[-1].is_alive()
    assert len(seen) == 2
