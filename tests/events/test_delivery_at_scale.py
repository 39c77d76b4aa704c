import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import insert, text

from helpdesk_core.actor import SYSTEM
from helpdesk_core.events.delivery import Deliverer
from helpdesk_core.events.models import Delivery
from tests.events.bare import (
    Bell,
    Diary,
    Faulty,
    Open,
    Watch,
    drain,
    ring,
    subscriber,
)


def test_many_workers_at_once_deliver_everything_once_and_in_order(opened: Open, watch: Watch) -> None:
    heard = Diary()
    desk = opened(core=[subscriber("ear", heard.note), subscriber("other", lambda _event: None)])
    doors = [f"door {number % 7}" for number in range(120)]
    ring(desk, *doors)
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(drain, Deliverer(desk, f"w{number}")) for number in range(4)]:
            done.result()
    drain(Deliverer(desk, "last"))
    assert sorted(count for _, count in heard) == list(range(120))
    for door in set(doors):
        counts = [count for at, count in heard if at == door]
        assert counts == sorted(counts)


def test_looking_for_work_stays_fast_with_a_hundred_thousand_waiting(opened: Open, watch: Watch) -> None:
    slow = Faulty("slow")
    desk = opened(core=[subscriber("slow", slow.note)], plugins={"bell": Bell()})
    ring(desk, "slow")
    with desk.begin(SYSTEM) as tx:
        rows = [
            {"event_id": 1, "subscriber": name, "stream": stream, "due_at": watch(), "state": "pending"}
            for name, stream, count in (("off", "test.rang", 50_000), ("core.slow", "door:slow", 50_000))
            for _ in range(count)
        ]
        tx.session.execute(insert(Delivery), rows)
    deliverer = Deliverer(desk, "w")
    deliverer.run()  # the head fails, and those behind it wait with it
    began = time.perf_counter()
    for _ in range(20):
        assert deliverer.run() == 0
    assert (time.perf_counter() - began) / 20 < 0.25


def test_claims_are_answered_from_an_index(opened: Open) -> None:
    desk = opened(core=[subscriber("ear", lambda _event: None)])
    if desk.engine.dialect.name != "sqlite":
        pytest.skip("plans are read on SQLite")
    with desk.engine.connect() as connection:
        plan = connection.execute(
            text(
                "EXPLAIN QUERY PLAN SELECT id FROM deliveries WHERE state = 'pending' AND due_at <= '2026' "
                "AND subscriber = 'x' AND NOT EXISTS (SELECT * FROM deliveries AS e WHERE e.subscriber = "
                "deliveries.subscriber AND e.stream = deliveries.stream AND e.id < deliveries.id AND e.state IN "
                "('pending', 'running')) ORDER BY due_at, id LIMIT 40"
            )
        ).all()
    steps = " / ".join(row[3] for row in plan)
    assert "ix_deliveries_due" in steps
    assert "ix_deliveries_order" in steps
    assert "TEMP B-TREE" not in steps
