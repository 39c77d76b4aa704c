"""Roles that a site gives: what is noted as given is what people have, whatever happens at the same time."""

from threading import Thread
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk_cms import people, tokens
from helpdesk_cms.models import Person
from helpdesk_core.api.users import grant_role, roles_of

from .worlds import MEMBER, Sites

ROLES = [["editor", "agent", "support"]]


def noted_and_held(world: Sites) -> tuple[list[list[str]], list[str]]:
    """Return what is noted as given to whoever came, and what they have."""
    with world.site.desk.read() as session:
        person = session.scalars(select(Person)).one()
        return person.roles, [each.role.key for each in roles_of(session, person.user_id)]


def claims_of(world: Sites, *roles: str) -> tokens.Claims:
    """Return what a good token says of somebody who has these roles at the site."""
    return tokens.check(world.site.desk, world.token("sign-in", **MEMBER, roles=list(roles)), "sign-in")


@pytest.mark.parametrize("meanwhile", ["sign-in", "change"])
def test_what_is_noted_as_given_is_what_is_given(world: Sites, monkeypatch: pytest.MonkeyPatch, meanwhile: str) -> None:
    desk = world.site.desk
    world.site.world.agent("Adam Agent", "support")
    world.change(staff=True, roles=ROLES)
    given = people._roles_given

    def then(*arguments: Any) -> Any:
        said = given(*arguments)
        monkeypatch.undo()
        if meanwhile == "sign-in":
            people.recognise(desk, claims_of(world))
        else:
            world.change(staff=True)
        return said

    monkeypatch.setattr(people, "_roles_given", then)
    people.recognise(desk, claims_of(world, "editor"))
    assert noted_and_held(world) == ([], [])


def test_a_change_waits_for_a_sign_in_under_way(world: Sites, monkeypatch: pytest.MonkeyPatch) -> None:
    world.site.world.agent("Adam Agent", "support")
    world.change(staff=True, roles=ROLES)
    changing = Thread(target=world.change, kwargs={"staff": True})

    def beside_a_change(*arguments: Any) -> None:
        changing.start()
        changing.join(2)
        grant_role(*arguments)

    monkeypatch.setattr("helpdesk_core.users.lending.grant_role", beside_a_change)
    people.recognise(world.site.desk, claims_of(world, "editor"))
    changing.join()
    assert noted_and_held(world) == ([], [])


@pytest.mark.parametrize("changes", [{"is_active": False}, {"staff": False}, {"roles": []}, {"name": "Main 2"}])
def test_a_site_gives_what_it_gives_by_then(world: Sites, changes: dict[str, Any]) -> None:
    world.site.world.agent("Adam Agent", "support")
    world.change(staff=True, roles=ROLES)
    claims = claims_of(world, "editor")
    world.change(**{"staff": True, "roles": ROLES, **changes})
    people.recognise_customer(world.site.desk, claims)
    assert noted_and_held(world) == (([["agent", "support"]], ["agent"]) if "name" in changes else ([], []))
