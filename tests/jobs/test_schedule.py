import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from helpdesk_core.clock import utc_now
from helpdesk_core.hooks import hookimpl
from helpdesk_core.jobs.hooks import scheduled_jobs
from helpdesk_core.jobs.models import ScheduledJob
from helpdesk_core.jobs.schedule import Job, Schedule
from helpdesk_core.jobs.worker import Worker
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.site import TestClock

HOUR = timedelta(hours=1)


def job(run: Callable[[], object], name: str = "sweep", every: timedelta = HOUR) -> Job:
    def run_it(_desk: Helpdesk) -> None:
        run()

    return Job(name, every, run_it)


def run_due(schedule: Schedule) -> int:
    return sum(schedule.run(key) for key in schedule.due())


def row_of(desk: Helpdesk, name: str = "sweep") -> ScheduledJob:
    with desk.read() as session:
        return session.scalars(select(ScheduledJob).where(ScheduledJob.name == name)).one()


def test_a_job_runs_soon_after_the_start_and_then_once_per_period(desk: Helpdesk, clock: TestClock) -> None:
    runs: list[int] = []
    schedule = Schedule(desk, {"core": [job(lambda: runs.append(1))]}, "w")
    assert run_due(schedule) == 1
    assert run_due(schedule) == 0
    clock.advance(minutes=59)
    assert run_due(schedule) == 0
    clock.advance(minutes=2)
    assert run_due(schedule) == 1
    assert row_of(desk).last_run_at is not None


def test_several_workers_run_a_job_once_between_them(desk: Helpdesk, clock: TestClock) -> None:
    runs: list[str] = []
    workers = [Schedule(desk, {"core": [job(lambda: runs.append("x"))]}, f"w{number}") for number in range(4)]
    for period in range(1, 4):
        with ThreadPoolExecutor(4) as pool:
            assert sum(pool.map(run_due, workers)) == 1
        assert len(runs) == period
        clock.advance(hours=1.1)


def test_a_failing_job_is_noted_tried_again_sooner_and_forgiven_after_success(desk: Helpdesk, clock: TestClock) -> None:
    broken = True

    def run() -> None:
        if broken:
            raise ValueError("no disk")

    schedule = Schedule(desk, {"sla": [job(run)]}, "w")
    run_due(schedule)
    row = row_of(desk)
    assert (row.owner, row.failures, row.last_error, row.worker) == ("sla", 1, "ValueError: no disk", None)
    clock.advance(seconds=31)
    assert run_due(schedule) == 1
    assert row_of(desk).failures == 2
    broken = False
    clock.advance(minutes=3)
    run_due(schedule)
    assert (row_of(desk).failures, row_of(desk).last_error) == (0, None)
    clock.advance(minutes=30)
    assert run_due(schedule) == 0


def test_a_job_whose_worker_vanished_runs_again_after_its_lease(desk: Helpdesk, clock: TestClock) -> None:
    runs: list[str] = []

    def die() -> None:
        runs.append("x")
        raise KeyboardInterrupt

    schedule = Schedule(desk, {"core": [job(die)]}, "w")
    with pytest.raises(KeyboardInterrupt):
        run_due(schedule)
    heir = Schedule(desk, {"core": [job(lambda: runs.append("y"))]}, "heir")
    assert run_due(heir) == 0
    clock.advance(minutes=2.1)
    assert run_due(heir) == 1
    assert runs == ["x", "y"]


def test_a_job_that_calls_exit_ends_no_worker(desk: Helpdesk) -> None:
    def leave() -> None:
        raise SystemExit(1)

    assert run_due(Schedule(desk, {"core": [job(leave)]}, "w")) == 1
    assert (row_of(desk).failures, row_of(desk).last_error) == (1, "SystemExit: 1")


def test_the_lease_of_a_long_job_is_renewed_while_it_runs(desk: Helpdesk) -> None:
    desk.clock = utc_now
    begun, end = threading.Event(), threading.Event()

    def long() -> None:
        begun.set()
        end.wait(10)

    lease = timedelta(seconds=0.6)
    schedule = Schedule(desk, {"core": [job(long)]}, "w", lease=lease)
    thief = Schedule(desk, {"core": [job(long)]}, "thief", lease=lease)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run_due, schedule)
        assert begun.wait(5)
        time.sleep(1.2)
        assert run_due(thief) == 0
        end.set()
        assert running.result() == 1


class Sweeper:
    def __init__(self) -> None:
        self.runs = 0

    @hookimpl(scheduled_jobs)
    def jobs(self) -> list[Job]:
        return [Job("sweep", HOUR, self.sweep)]

    def sweep(self, desk: Helpdesk) -> None:
        self.runs += 1


class Careless:
    @hookimpl(scheduled_jobs)
    def jobs(self) -> list[Job]:
        raise KeyError("oops")


def test_plugins_bring_jobs_and_one_that_fails_to_keeps_no_other_from_it(desk: Helpdesk) -> None:
    sweeper = Sweeper()
    desk.hooks.register(Careless(), "careless")
    desk.hooks.register(sweeper, "sweeper")
    Worker(desk, jobs=[job(lambda: None, "own")]).run_once()
    assert sweeper.runs == 1
    assert row_of(desk).owner == "sweeper"
    assert row_of(desk, "own").owner == "core"
