from sqlalchemy import select

from helpdesk_core.actor import SYSTEM
from helpdesk_core.events import parked
from helpdesk_core.events.delivery import QUARANTINE_WAIT, Deliverer
from helpdesk_core.events.models import Delivery
from tests.events.bare import Bell, Open, Watch, drain, ring, states


def test_a_plugin_hears_by_its_typed_hook_and_by_the_hook_for_everything(opened: Open) -> None:
    bell = Bell()
    desk = opened(plugins={"bell": bell})
    ring(desk, "front")
    drain(Deliverer(desk, "w"))
    assert (bell.typed, bell.any) == (["front"], ["test.rang"])


def test_a_failing_plugin_is_retried_and_the_error_is_kept(opened: Open, watch: Watch) -> None:
    bell = Bell()
    bell.broken = True
    desk = opened(plugins={"bell": bell})
    ring(desk, "front")
    drain(Deliverer(desk, "w"))
    with desk.read() as session:
        row = session.scalars(select(Delivery)).one()
    assert (row.state, row.attempts, "no wire" in (row.error or "")) == ("pending", 1, True)
    bell.broken = False
    watch.move(seconds=1)
    drain(Deliverer(desk, "w"))
    assert bell.any == ["test.rang"]


def test_deliveries_of_a_plugin_that_is_switched_off_wait_until_it_is_back(opened: Open) -> None:
    desk = opened(plugins={"bell": Bell()})
    ring(desk, "front")
    without = opened()
    drain(Deliverer(without, "w"))
    assert states(without) == {"pending": 1}
    bell = Bell()
    drain(Deliverer(opened(plugins={"bell": bell}), "w"))
    assert bell.typed == ["front"]


def test_a_quarantined_hook_keeps_its_deliveries_without_counting_tries(opened: Open, watch: Watch) -> None:
    bell = Bell()
    desk = opened(plugins={"bell": bell})
    desk.hooks._breakers.open(("bell", "anything"), "broke too often")  # as the monitor does it
    ring(desk, "front")
    drain(Deliverer(desk, "w"))
    with desk.read() as session:
        row = session.scalars(select(Delivery)).one()
    assert (row.state, row.attempts, row.due_at) == ("pending", 0, watch() + QUARANTINE_WAIT)
    desk.hooks.close_breaker("bell", "anything")
    assert parked.hurry(desk, SYSTEM, "bell") == 1
    drain(Deliverer(desk, "w"))
    assert bell.any == ["test.rang"]
