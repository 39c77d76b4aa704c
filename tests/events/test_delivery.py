import contextlib
from datetime import timedelta
from threading import Event as Flag

import pytest
from sqlalchemy import select, update

from helpdesk_core.actor import SYSTEM
from helpdesk_core.db.base import Base
from helpdesk_core.errors import NotFound
from helpdesk_core.events import parked
from helpdesk_core.events.base import CoreSubscriber, Event
from helpdesk_core.events.delivery import LEASE, WAITS, Deliverer
from helpdesk_core.events.models import Delivery, EventRow
from helpdesk_core.runtime import Helpdesk
from tests.events.bare import (
    Diary,
    Faulty,
    Open,
    Rang,
    Watch,
    drain,
    ring,
    states,
    subscriber,
)


def test_every_subscriber_hears_of_an_event_once_and_in_order(opened: Open) -> None:
    first, second = Diary(), Diary()
    desk = opened(core=[subscriber("first", first.note), subscriber("second", second.note)])
    ring(desk, "front", "back", "front")
    drain(Deliverer(desk, "w"))
    assert sorted(first) == sorted(second) == [("back", 1), ("front", 0), ("front", 2)]
    assert [count for door, count in first if door == "front"] == [0, 2]
    assert states(desk) == {}


def test_an_event_arrives_with_its_id_its_time_and_who_did_it(opened: Open, watch: Watch) -> None:
    heard: list[Rang] = []
    desk = opened(core=[subscriber("ear", heard.append)])
    ring(desk, "front")
    drain(Deliverer(desk, "w"))
    with desk.read() as session:
        row = session.scalars(select(EventRow)).one()
    assert (heard[0].id, heard[0].at, heard[0].channel) == (row.id, watch(), "system")


def test_a_change_that_is_rolled_back_is_told_to_nobody(opened: Open) -> None:
    heard = Diary()
    desk = opened(core=[subscriber("ear", heard.note)])
    with contextlib.suppress(RuntimeError), desk.begin(SYSTEM) as tx:
        tx.record(Rang(door="front"))
        tx.session.flush()
        raise RuntimeError("changed our mind")
    drain(Deliverer(desk, "w"))
    assert heard == []


def test_a_failure_holds_back_its_own_stream_and_nothing_else(opened: Open, watch: Watch) -> None:
    faulty, other = Faulty("front", times=2), Diary()
    desk = opened(core=[subscriber("faulty", faulty.note), subscriber("other", other.note)])
    ring(desk, "front", "back", "front", "back")
    deliverer = Deliverer(desk, "w")
    drain(deliverer)
    assert faulty == [("back", 1), ("back", 3)]
    assert len(other) == 4
    watch.move(seconds=1)
    drain(deliverer)
    assert len(faulty) == 2, "it failed again, and the next try is five seconds away"
    watch.move(seconds=5)
    drain(deliverer)
    assert faulty[2:] == [("front", 0), ("front", 2)]
    assert states(desk) == {}


def test_what_keeps_failing_is_parked_and_lets_the_ones_behind_it_go_on(opened: Open, watch: Watch) -> None:
    calls: list[int] = []

    def handle(event: Rang) -> None:
        calls.append(event.count)
        if event.count == 0:
            raise ValueError("no such door")

    desk = opened(core=[subscriber("ear", handle)])
    ring(desk, "front", "front")
    deliverer = Deliverer(desk, "w")
    for wait in WAITS:
        drain(deliverer)
        watch.move(seconds=wait.total_seconds())
    drain(deliverer)
    assert calls == [0] * 8 + [1]
    assert states(desk) == {"parked": 1}
    (row,) = parked.parked(desk)
    assert (row.subscriber, row.attempts, row.error, row.event.type) == (
        "core.ear",
        8,
        "ValueError: no such door",
        "test.rang",
    )


def test_a_parked_delivery_can_be_retried_or_dropped_but_only_once(opened: Open) -> None:
    heard = Diary()
    desk = opened(core=[subscriber("ear", heard.note)])
    ring(desk, "front", "back")
    with desk.begin(SYSTEM) as tx:
        tx.session.execute(update(Delivery).values(state="parked", attempts=8))
    second, first = parked.parked(desk)
    assert [row.id for row in parked.parked(desk, after=second.id)] == [first.id]
    assert parked.backlog(desk) == {"core.ear": {"parked": 2}}
    parked.retry(desk, SYSTEM, first.id)
    parked.drop(desk, SYSTEM, second.id)
    for action in (parked.retry, parked.drop):
        for row in (first, second):
            with pytest.raises(NotFound, match="Reload"):
                action(desk, SYSTEM, row.id)
    drain(Deliverer(desk, "w"))
    assert heard == [("front", 0)]
    assert states(desk) == {}


def test_what_a_vanished_worker_held_goes_on_after_its_lease_and_counts_as_a_try(opened: Open, watch: Watch) -> None:
    heard = Diary()
    desk = opened(core=[subscriber("ear", heard.note)])
    ring(desk, "front")
    with desk.begin(SYSTEM) as tx:
        lost = {"state": "running", "worker": "gone", "lease_until": watch() + LEASE}
        tx.session.execute(update(Delivery).values(**lost))
    deliverer = Deliverer(desk, "w")
    drain(deliverer)
    assert heard == []
    watch.move(seconds=LEASE.total_seconds() + 1)
    drain(deliverer)
    with desk.read() as session:
        row = session.scalars(select(Delivery)).one()
        assert (row.state, row.attempts) == ("pending", 1)
        assert "gone" in (row.error or "")
    watch.move(seconds=1)
    drain(deliverer)
    assert heard == [("front", 0)]


def test_a_handler_that_kills_its_worker_every_time_is_parked_in_the_end(opened: Open, watch: Watch) -> None:
    def kill(_event: Rang) -> None:
        raise SystemExit

    desk = opened(core=[subscriber("killer", kill)])
    ring(desk, "front")
    for life in range(8):
        with pytest.raises(SystemExit):
            Deliverer(desk, f"worker {life}").run()
        watch.move(hours=7)
        assert Deliverer(desk, "heir")._return_expired() == 1
        watch.move(hours=7)
    assert Deliverer(desk, "heir").run() == 0
    assert states(desk) == {"parked": 1}


def test_a_lease_is_renewed_before_a_long_batch_runs_out_of_it(opened: Open, watch: Watch) -> None:
    seen: list[int] = []

    def slow(event: Rang) -> None:
        seen.append(event.count)
        watch.move(seconds=100)
        Deliverer(desk, "thief").run()

    desk = opened(core=[subscriber("slow", slow)])
    ring(desk, *(f"door {number}" for number in range(5)))
    drain(Deliverer(desk, "w"))
    assert sorted(seen) == [0, 1, 2, 3, 4]


def test_who_lost_the_lease_neither_finishes_nor_fails_what_another_has(opened: Open, watch: Watch) -> None:
    turns: list[str] = []

    def overrun(_event: Rang) -> None:
        turns.append("handled")
        if len(turns) == 1:
            watch.move(hours=1)
            Deliverer(desk, "second").run()
            raise ValueError("too late to matter")

    desk = opened(core=[subscriber("ear", overrun)])
    ring(desk, "front")
    Deliverer(desk, "first").run()
    with desk.read() as session:
        row = session.scalars(select(Delivery)).one()
    assert (row.attempts, "second" in (row.error or ""), "stopped or hung" in (row.error or "")) == (1, False, True)


def test_a_worker_that_is_asked_to_stop_gives_back_what_it_has_not_begun(opened: Open) -> None:
    stop = Flag()
    desk = opened(core=[subscriber("ear", lambda _event: stop.set())])
    ring(desk, "a", "b", "c", "c")
    assert Deliverer(desk, "w", stopping=stop.is_set).run() == 1
    assert states(desk) == {"pending": 3}
    with desk.read() as session:
        assert session.scalars(select(Delivery.attempts)).all() == [0, 0, 0]


def test_an_event_that_nothing_active_knows_is_parked_at_once_and_holds_nobody_up(opened: Open) -> None:
    heard = Diary()
    desk = opened(core=[subscriber("ear", heard.note)])
    ring(desk, "front", "front")
    with desk.begin(SYSTEM) as tx:
        tx.session.execute(update(EventRow).where(EventRow.id == 1).values(type="sla.broken"))
    drain(Deliverer(desk, "w"))
    assert heard == [("front", 1)]
    (row,) = parked.parked(desk)
    assert "Enable the one it belongs to" in (row.error or "")


def test_the_tables_have_what_the_subscriber_needs_to_be_idempotent(opened: Open) -> None:
    """The same event may come twice; its id is the same each time."""
    ids: list[int] = []

    def once_more(_desk: Helpdesk, event: Event) -> None:
        ids.append(event.id)
        if len(ids) == 1:
            raise OSError("the connection broke after the work was done")

    watch = Watch()
    desk = opened(core=[CoreSubscriber("core.twice", (Rang,), once_more)])
    ring(desk, "front")
    deliverer = Deliverer(desk, "w")
    drain(deliverer)
    desk.clock = lambda: watch() + timedelta(minutes=1)
    drain(deliverer)
    assert len(ids) == 2
    assert ids[0] == ids[1]
    assert Base.metadata.tables["deliveries"].c.event_id.foreign_keys
