import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

from helpdesk_core.actor import SYSTEM
from helpdesk_core.clock import utc_now
from helpdesk_core.events.base import CoreSubscriber, Event
from helpdesk_core.jobs.models import ScheduledJob
from helpdesk_core.jobs.schedule import Job, Key, Schedule, stopping
from helpdesk_core.jobs.worker import Worker
from helpdesk_core.mail.notify import NOTIFIER
from helpdesk_core.mail.transport import MemoryTransport
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.site import World
from helpdesk_core.tickets.events import TicketOpened
from helpdesk_core.tickets.seen import mark_seen


def wait_for(condition: Callable[[], object], seconds: float = 10.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.01)


@pytest.fixture
def memory() -> MemoryTransport:
    return MemoryTransport()


@pytest.fixture
def heard(desk: Helpdesk) -> list[Event]:
    """What a subscriber beside the one that composes mails has heard."""
    found: list[Event] = []
    ear = CoreSubscriber("core.ear", (TicketOpened,), lambda _desk, event: found.append(event))
    desk.core_subscribers = {NOTIFIER.name: NOTIFIER, ear.name: ear}
    return found


@pytest.fixture
def started(desk: Helpdesk, heard: list[Event], memory: MemoryTransport) -> Iterator[Callable[..., Worker]]:
    workers: list[Worker] = []
    desk.clock = utc_now

    def start(**options: object) -> Worker:
        worker = Worker(desk, transport=memory, **options)  # type: ignore[arg-type]  # passed on as they are
        worker.start()
        workers.append(worker)
        return worker

    yield start
    for worker in workers:
        worker.stop()


def test_one_run_does_everything_that_is_due_and_what_comes_of_it(
    desk: Helpdesk, world: World, heard: list[Event], memory: MemoryTransport
) -> None:
    world.ticket()
    worker = Worker(desk, transport=memory, jobs=())
    assert worker.run_once() > 0
    assert len(heard) == 1
    assert len(memory.sent) == 1
    assert worker.run_once() == 0


def test_started_workers_are_woken_by_a_change_and_do_not_wait_for_the_next_look(
    desk: Helpdesk, world: World, started: Callable[..., Worker], memory: MemoryTransport
) -> None:
    started()
    time.sleep(0.2)
    began = time.monotonic()
    world.ticket()
    wait_for(lambda: memory.sent)
    assert time.monotonic() - began < 5


def test_stopping_ends_the_threads_and_leaves_nothing_held(
    desk: Helpdesk, world: World, started: Callable[..., Worker]
) -> None:
    worker = started()
    for _ in range(5):
        world.ticket()
    worker.stop()
    assert not worker.is_running
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("worker-")]
    with desk.engine.connect() as connection:
        held = connection.exec_driver_sql("SELECT count(*) FROM deliveries WHERE state = 'running'").scalar()
    assert held == 0


def test_a_stuck_job_holds_up_neither_events_nor_mail_nor_other_jobs(
    desk: Helpdesk, world: World, started: Callable[..., Worker], memory: MemoryTransport
) -> None:
    end, other = threading.Event(), threading.Event()

    def stick(_desk: Helpdesk) -> None:
        end.wait(30)

    worker = started(
        jobs=[
            Job("stuck", timedelta(hours=1), stick),
            Job("other", timedelta(hours=1), lambda _desk: other.set()),
        ]
    )
    assert other.wait(10)
    world.ticket()
    wait_for(lambda: memory.sent)
    worker.stop(0.2)
    assert worker.is_running
    end.set()
    worker.stop()
    assert not worker.is_running


def test_a_stop_waits_for_no_job_that_has_not_begun(
    desk: Helpdesk, started: Callable[..., Worker], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Jobs that are due at the start wait for somebody who writes; told to stop meanwhile, the worker begins none."""
    ran: list[str] = []
    taking = threading.Event()
    take = Schedule.take

    def noted(schedule: Schedule, key: Key) -> bool:
        taking.set()
        return take(schedule, key)

    monkeypatch.setattr(Schedule, "take", noted)
    jobs = [Job(name, timedelta(hours=1), lambda _desk: ran.append("x")) for name in ("one", "two", "three")]
    Schedule(desk, {"core": jobs}, "first").due()  # so that there are rows to hold
    with desk.begin(SYSTEM) as tx:
        tx.session.scalars(select(ScheduledJob).with_for_update()).all()
        worker = started(jobs=jobs)
        assert taking.wait(10)
        worker.stop(0.1)
        assert worker.is_running
    wait_for(lambda: not worker.is_running)
    assert ran == []
    with desk.read() as session:
        rows = session.scalars(select(ScheduledJob)).all()
    assert [row.worker for row in rows] == [None, None, None]


def test_a_long_job_that_asks_ends_with_its_worker_and_has_its_turn_soon(
    desk: Helpdesk, started: Callable[..., Worker]
) -> None:
    begun = threading.Event()

    def long(_desk: Helpdesk) -> None:
        while not stopping():
            begun.set()
            time.sleep(0.01)

    jobs = [Job("long", timedelta(days=1), long)]
    worker = started(jobs=jobs)
    assert begun.wait(10)
    worker.stop()
    assert not worker.is_running
    assert not stopping()
    assert Schedule(desk, {"core": jobs}, "next").due() == [("core", "long")]


def test_the_worker_outlives_a_database_that_is_away(
    desk: Helpdesk, world: World, started: Callable[..., Worker], memory: MemoryTransport
) -> None:
    away = threading.Event()
    failed = threading.Event()

    @event.listens_for(desk.engine, "before_cursor_execute")
    def refuse(*_args: object) -> None:
        if away.is_set() and threading.current_thread().name.startswith("worker-"):
            failed.set()
            raise OperationalError("SELECT", None, Exception("the server closed the connection"))

    started()
    away.set()
    assert failed.wait(10)
    away.clear()
    world.ticket()
    wait_for(lambda: memory.sent)


def test_the_worker_outlives_an_error_of_its_own(
    desk: Helpdesk,
    world: World,
    started: Callable[..., Worker],
    memory: MemoryTransport,
    caplog: pytest.LogCaptureFixture,
) -> None:
    failed = threading.Event()
    real = desk.hooks.refresh_breakers

    def fail_once() -> None:
        if not failed.is_set():
            failed.set()
            raise RuntimeError("a mistake of ours")
        real()

    desk.hooks.refresh_breakers = fail_once  # type: ignore[method-assign]  # nothing else in a turn can be made to fail
    started()
    assert failed.wait(10)
    world.ticket()
    wait_for(lambda: memory.sent)
    assert "error of its own" in caplog.text


def test_workers_are_woken_by_what_brings_them_work_and_not_by_every_look_at_a_page(
    desk: Helpdesk, world: World
) -> None:
    opened = world.ticket().ticket
    reader = world.agent()
    desk.wake.clear()
    mark_seen(desk, reader, opened)
    assert not desk.wake.is_set()
    world.ticket()
    assert desk.wake.is_set()
