"""Who follows the feed misses nothing, however long a transaction takes."""

import threading
import time
from collections.abc import Callable

import pytest

from helpdesk_core.actor import SYSTEM
from helpdesk_core.events.feed import feed, give_places
from helpdesk_core.jobs.worker import Worker
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.site import World
from helpdesk_core.tickets.events import WorkflowChanged

HELD = 3.2
"""Seconds that a unit of work is kept open after it has taken an id."""


def record(desk: Helpdesk, key: str, meanwhile: Callable[[], object] = lambda: None) -> None:
    with desk.begin(SYSTEM) as tx:
        tx.record(WorkflowChanged(subject="status", key=key, what="changed"))
        tx.session.flush()
        meanwhile()


class Follower:
    """Somebody who reads the feed and remembers where they were."""

    def __init__(self, desk: Helpdesk) -> None:
        self._desk = desk
        self.after = 0
        self.seen: list[str] = []
        self.look()
        self.seen.clear()

    def look(self) -> list[str]:
        with self._desk.read() as session:
            while rows := feed(session, after=self.after, limit=3):
                self.after = rows[-1].id
                self.seen += [row.data["key"] for row in rows if row.type == WorkflowChanged.type]
        return self.seen


def test_a_unit_that_stays_open_for_seconds_is_not_passed(desk: Helpdesk, world: World) -> None:
    give_places(desk)
    reader = Follower(desk)
    has_id, may_end = threading.Event(), threading.Event()

    def hold() -> None:
        has_id.set()
        assert may_end.wait(60)

    slow = threading.Thread(target=record, args=(desk, "slow", hold))
    slow.start()
    assert has_id.wait(60)
    if desk.engine.dialect.name != "sqlite":  # which has one writer at a time
        record(desk, "quick")
        give_places(desk)
        assert reader.look() == ["quick"]
    time.sleep(HELD)
    if desk.engine.dialect.name != "sqlite":
        record(desk, "late")
        give_places(desk)
        assert reader.look() == ["quick", "late"]
    may_end.set()
    slow.join()
    give_places(desk)
    assert reader.look()[-1] == "slow"


def test_events_of_many_writers_come_once_each_while_several_workers_place_them(desk: Helpdesk) -> None:
    give_places(desk)
    reader, done = Follower(desk), threading.Event()

    def write(who: int) -> None:
        for turn in range(10):
            record(desk, f"{who}.{turn}", lambda: time.sleep(0.01 * (who % 3)))

    def place() -> None:
        while not done.is_set():
            give_places(desk)

    writers = [threading.Thread(target=write, args=(who,)) for who in range(4)]
    placers = [threading.Thread(target=place) for _each in range(2)]
    for thread in (*writers, *placers):
        thread.start()
    while any(thread.is_alive() for thread in writers):
        reader.look()
    done.set()
    for thread in placers:
        thread.join()
    while give_places(desk):
        pass
    reader.look()
    assert sorted(reader.seen) == sorted(f"{who}.{turn}" for who in range(4) for turn in range(10))


@pytest.mark.parametrize("ahead", [0, 1000])
def test_an_id_that_nobody_has_seen_leads_to_what_comes_behind_it(desk: Helpdesk, ahead: int) -> None:
    record(desk, "one")
    Worker(desk, jobs=()).run_once()
    with desk.read() as session:
        last = feed(session, limit=200)[-1].id
        assert feed(session, after=last + ahead) == []
        assert [row.id for row in feed(session, after=last - 1)] == [last]
