"""Who manages people for one department cannot reach the tickets of another through somebody's account."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from helpdesk_core.actor import EVERYWHERE, SYSTEM, Actor
from helpdesk_core.departments.inputs import DepartmentDraft
from helpdesk_core.departments.service import create_department, set_signature
from helpdesk_core.errors import Forbidden
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.site import World
from helpdesk_core.users import accounts, organisations, recovery, sessions
from helpdesk_core.users.inputs import Credentials, UserDraft
from helpdesk_core.users.models import User
from helpdesk_core.users.organisations import OrganisationDraft
from helpdesk_core.users.permissions import CORE_PERMISSIONS, Permission, require
from helpdesk_core.users.signin import sign_in

OLD, NEW = "correct horse battery", "another good password"


def organisation(desk: Helpdesk) -> str:
    return organisations.create_organisation(desk, SYSTEM, OrganisationDraft(name="Acme", shares_tickets=True)).uid


def browser_of(desk: Helpdesk, user: User) -> str:
    session = sign_in(desk, Credentials(address=user.primary_email or "", password=OLD)).signed_in.session
    assert session is not None
    return session.uid


WAYS: dict[str, Callable[[Helpdesk, Actor, User], object]] = {
    "set a password": lambda desk, actor, user: recovery.set_password(desk, actor, user.uid, NEW),
    "add an address": lambda desk, actor, user: recovery.add_address(desk, actor, user.uid, "mine@example.org"),
    "choose the address": lambda desk, actor, user: recovery.set_primary_address(
        desk, actor, user.uid, user.primary_email or ""
    ),
    "take an address off": lambda desk, actor, user: recovery.remove_address(desk, actor, user.uid, "x@example.org"),
    "end sessions": lambda desk, actor, user: sessions.revoke_sessions(desk, actor, user.uid),
    "end a session": lambda desk, actor, user: sessions.revoke_session(desk, actor, browser_of(desk, user)),
    "sign for them": lambda desk, actor, user: set_signature(desk, actor, user.uid, "support", "Yours"),
    "shut them out": lambda desk, actor, user: accounts.deactivate_user(desk, actor, user.uid),
    "put into an organisation": lambda desk, actor, user: accounts.change_user(
        desk, actor, user.uid, organisation=organisation(desk)
    ),
    "make a member": lambda desk, actor, user: accounts.create_user(
        desk, actor, UserDraft(name="Me", organisation=organisation(desk)), "me@example.org", password=NEW
    ),
    "share an organisation's tickets": lambda desk, actor, user: organisations.change_organisation(
        desk, actor, organisation(desk), domain="example.org"
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_managing_people_takes_the_permission_everywhere(desk: Helpdesk, world: World, way: str) -> None:
    world.department("sales")
    here, everywhere = world.agent("Mia", "support", role="manager"), world.agent("Max", role="manager")
    user = world.user("Carla", password=OLD)
    with pytest.raises(Forbidden, match="needs it everywhere"):
        WAYS[way](desk, here, user)
    WAYS[way](desk, everywhere, user)


def test_a_manager_of_one_department_proves_an_own_address_like_anybody(desk: Helpdesk, world: World) -> None:
    here = world.agent("Mia", "support", role="manager")
    assert recovery.add_address(desk, here, here.uid or "", "customer@example.org") is not None
    with desk.read() as session:
        assert accounts.find_by_address(session, "customer@example.org") is None


def test_a_limited_token_does_not_change_how_its_owner_signs(desk: Helpdesk, world: World) -> None:
    agent = world.agent("Adam", "support")
    with pytest.raises(Forbidden, match="limited"):
        set_signature(desk, replace(agent, limited=True), agent.uid or "", "support", "Buy now")
    set_signature(desk, agent, agent.uid or "", "support", "Adam")


@pytest.mark.parametrize("permission", [each for each in CORE_PERMISSIONS if not each.per_department])
def test_what_concerns_the_whole_helpdesk_is_not_had_through_one_department(
    desk: Helpdesk, world: World, permission: Permission
) -> None:
    here = world.agent("Ann", "support", role="admin")
    everywhere = world.agent("Ben", role="admin")
    assert everywhere.departments(permission.name) is EVERYWHERE
    if permission.wherever:
        assert here.may(permission.name)
        return
    assert not here.may(permission.name)
    assert here.departments(permission.name) == frozenset()
    with pytest.raises(Forbidden):
        require(here, permission.name)


def test_what_depends_on_the_department_stays_there(desk: Helpdesk, world: World) -> None:
    here = world.agent("Ann", "support", role="admin")
    support, billing = world.department("support"), world.department("billing")
    assert here.may("department.manage", support.id)
    assert not here.may("department.manage", billing.id)
    with pytest.raises(Forbidden, match="for some departments"):
        create_department(desk, here, DepartmentDraft(name="New"))
