"""Whose address tickets can be given to."""

import pytest

from helpdesk_core.actor import SYSTEM
from helpdesk_core.api.users import colleague_problem
from helpdesk_core.errors import Invalid
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.site import World
from helpdesk_core.users.accounts import deactivate_user


def problem(desk: Helpdesk, address: str) -> str | None:
    with desk.read() as session:
        return colleague_problem(desk, session, address)


def test_a_colleague_is_known_by_any_writing_of_the_address_until_they_leave(desk: Helpdesk, world: World) -> None:
    ann = world.agent("Ann", "support", address="ann@example.com")
    assert problem(desk, "ann@example.com") is None
    assert problem(desk, " Ann@Example.COM") is None
    deactivate_user(desk, SYSTEM, ann.uid or "")
    assert problem(desk, "ann@example.com") == "Nobody who works tickets has the address “ann@example.com”."


def test_customers_and_strangers_are_no_colleagues(desk: Helpdesk, world: World) -> None:
    carla = world.customer("Carla")
    assert "Nobody who works tickets" in (problem(desk, carla.email or "") or "")
    assert "Nobody who works tickets" in (problem(desk, "stranger@example.org") or "")
    with pytest.raises(Invalid):
        problem(desk, "nobody")
