"""Many tickets are changed at once, each for itself, and put back together."""

from typing import Any

import pytest

from helpdesk_core.errors import Conflict, Invalid, NotFound
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.site import TestClock, World
from helpdesk_core.tickets import changing
from helpdesk_core.tickets.bulk import MAX_BULK, bulk_result, change_many, undo_many
from helpdesk_core.tickets.inputs import Change
from helpdesk_core.tickets.queries import find_ticket


def numbers(world: World, count: int, **fields: Any) -> list[str]:
    return [world.ticket(**fields).ticket.number or "" for _ in range(count)]


def test_each_is_changed_and_what_is_refused_says_why(desk: Helpdesk, world: World) -> None:
    world.department("support")
    agent = world.agent("Only Support", "support")
    mine, other = numbers(world, 2), numbers(world, 1, department="billing")
    result = change_many(desk, agent, [*mine, *other], Change(priority="high"))
    assert list(result.done) == mine
    assert [each.number for each in result.refused] == other
    assert other[0] in result.refused[0].reason
    with desk.read() as session:
        assert {find_ticket(session, agent, number).priority.key for number in mine} == {"high"}
        kept = bulk_result(session, agent, result.uid)
    assert kept is not None
    assert kept.done == mine


def test_what_was_so_already_is_told_apart(desk: Helpdesk, world: World) -> None:
    agent = world.agent()
    first, second = numbers(world, 2)
    changing.change(desk, agent, first, Change(priority="high"))
    result = change_many(desk, agent, [first, second], Change(priority="high"))
    assert (list(result.done), list(result.unchanged)) == ([second], [first])


def test_all_is_put_back_but_what_was_changed_again(desk: Helpdesk, world: World) -> None:
    agent = world.agent()
    world.department("billing")
    tickets = numbers(world, 3)
    result = change_many(desk, agent, tickets, Change(priority="high", assignee=agent.uid), "billing")
    changing.change(desk, agent, tickets[2], Change(priority="urgent"))
    undone = undo_many(desk, agent, result.uid)
    assert list(undone.done) == tickets[:2]
    assert [each.number for each in undone.refused] == tickets[2:]
    with desk.read() as session:
        for number in tickets[:2]:
            ticket = find_ticket(session, agent, number)
            assert (ticket.priority.key, ticket.assignee_id, ticket.department.key) == ("normal", None, "support")
        assert find_ticket(session, agent, tickets[2]).priority.key == "urgent"
    with pytest.raises(Conflict):
        undo_many(desk, agent, result.uid)


def test_nobody_undoes_the_change_of_somebody_else(desk: Helpdesk, world: World) -> None:
    agent, other = world.agent(), world.agent("Bert Agent")
    result = change_many(desk, agent, numbers(world, 1), Change(status="open"))
    with pytest.raises(NotFound):
        undo_many(desk, other, result.uid)
    with desk.read() as session:
        assert bulk_result(session, other, result.uid) is None


def test_what_can_be_undone_is_forgotten_after_a_day(desk: Helpdesk, world: World, clock: TestClock) -> None:
    agent = world.agent()
    old = change_many(desk, agent, numbers(world, 1), Change(status="open"))
    clock.advance(days=2)
    change_many(desk, agent, numbers(world, 1), Change(status="open"))
    with pytest.raises(NotFound):
        undo_many(desk, agent, old.uid)


@pytest.mark.parametrize(
    ("chosen", "change"),
    [([], Change(status="open")), (["1"], Change()), (["1"], Change(subject="No"))],
)
def test_nothing_to_do_is_told(desk: Helpdesk, world: World, chosen: list[str], change: Change) -> None:
    with pytest.raises(Invalid):
        change_many(desk, world.agent(), chosen, change)


def test_there_is_a_limit(desk: Helpdesk, world: World) -> None:
    with pytest.raises(Invalid, match=str(MAX_BULK)):
        change_many(desk, world.agent(), [str(each) for each in range(MAX_BULK + 1)], Change(status="open"))
