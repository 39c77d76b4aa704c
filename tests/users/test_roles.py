from collections.abc import Sequence

import pytest

from helpdesk_core.actor import EVERYWHERE, SYSTEM
from helpdesk_core.errors import Forbidden, Invalid, NotFound, Refused
from helpdesk_core.hooks import hookimpl
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.site import World
from helpdesk_core.users import hooks
from helpdesk_core.users.accounts import deactivate_user
from helpdesk_core.users.actors import all_permissions
from helpdesk_core.users.permissions import CORE_PERMISSIONS, DEFAULT_ROLES, Permission
from helpdesk_core.users.roles import (
    add_default_roles,
    all_roles,
    change_role,
    create_role,
    delete_role,
    find_role,
    grant_role,
    revoke_role,
    roles_of,
    set_owner,
)
from helpdesk_core.users.staff import may_work, people_who_may


@pytest.fixture(autouse=True)
def default_roles(desk: Helpdesk) -> None:
    with desk.begin(SYSTEM) as tx:
        add_default_roles(tx.session)
        tx.reference_changed()


def test_a_new_desk_has_three_roles_of_known_permissions(desk: Helpdesk) -> None:
    with desk.begin(SYSTEM) as tx:
        add_default_roles(tx.session)
        assert [role.key for role in all_roles(tx.session)] == ["admin", "agent", "manager"]
    known = {each.name for each in CORE_PERMISSIONS}
    agent, manager, admin = (set(role.permissions) for role in DEFAULT_ROLES)
    assert agent < manager < admin == known


def test_a_role_in_one_department_counts_there_only(desk: Helpdesk, world: World) -> None:
    user, support = world.user("Adam"), world.department("support")
    grant_role(desk, SYSTEM, user.uid, "agent", "support")
    grant_role(desk, SYSTEM, user.uid, "agent", "support")

    assert world.actor(user).departments("ticket.reply") == frozenset({support.id})
    with desk.read() as session:
        assert [(grant.role.key, grant.department_id) for grant in roles_of(session, user.id)] == [
            ("agent", support.id)
        ]
        assert may_work(session, user, support.id)
        assert not may_work(session, user, world.department("sales").id)

    revoke_role(desk, SYSTEM, user.uid, "agent")  # everywhere: that was never given
    assert world.actor(user).is_staff
    revoke_role(desk, SYSTEM, user.uid, "agent", "support")
    assert not world.actor(user).is_staff


def test_nobody_gives_what_they_do_not_hold(desk: Helpdesk, world: World) -> None:
    create_role(desk, SYSTEM, "lead", "Lead", ["ticket.read", "role.manage"])
    lead, user = world.user("Lea"), world.user("Adam")
    grant_role(desk, SYSTEM, lead.uid, "lead", world.department("sales").key)
    world.department("support")
    create_role(desk, SYSTEM, "reader", "Reader", ["ticket.read"])
    actor = world.actor(lead)

    grant_role(desk, actor, user.uid, "reader", "sales")
    with pytest.raises(Forbidden, match=r"role\.manage"):
        grant_role(desk, actor, user.uid, "reader", "support")
    with pytest.raises(Forbidden, match=r"role\.manage"):
        grant_role(desk, actor, user.uid, "reader")
    with pytest.raises(Forbidden, match=r"ticket\.reply"):
        grant_role(desk, actor, lead.uid, "agent", "sales")
    with pytest.raises(Forbidden):
        create_role(desk, actor, "mine", "Mine", ["ticket.read"])


def test_a_role_cannot_be_made_stronger_by_who_is_weaker(desk: Helpdesk, world: World) -> None:
    create_role(desk, SYSTEM, "keeper", "Keeper of roles", ["role.manage", "ticket.read"])
    keeper = world.user("Kim")
    grant_role(desk, SYSTEM, keeper.uid, "keeper")
    actor = world.actor(keeper)
    with pytest.raises(Forbidden, match=r"plugin\.manage"):
        change_role(desk, actor, "keeper", permissions=["role.manage", "ticket.read", "plugin.manage"])
    with pytest.raises(Forbidden, match="do not hold"):
        change_role(desk, actor, "admin", permissions=["ticket.read"])
    with pytest.raises(Forbidden):
        delete_role(desk, actor, "admin")
    assert change_role(desk, actor, "keeper", name="Janitor").name == "Janitor"


def test_an_unknown_permission_is_refused_but_one_of_a_plugin_that_is_off_stays(desk: Helpdesk) -> None:
    with pytest.raises(Invalid, match=r"kb\.publish"):
        create_role(desk, SYSTEM, "writer", "Writer", ["kb.publish"])
    desk.hooks.register(KnowledgeBase(), "kb")
    create_role(desk, SYSTEM, "writer", "Writer", ["kb.publish"])
    desk.hooks.unregister("kb")
    role = change_role(desk, SYSTEM, "writer", permissions=["kb.publish", "ticket.read"])
    assert [each.permission for each in role.permissions] == ["kb.publish", "ticket.read"]


class KnowledgeBase:
    @hookimpl(hooks.permissions)
    def permissions(self) -> Sequence[Permission]:
        return [
            Permission("kb.publish", "publish articles", owner="kb"),
            Permission("ticket.steal", "take what is not its own", owner="kb"),
        ]


def test_a_plugin_adds_permissions_under_its_own_name_and_owners_have_them(desk: Helpdesk, world: World) -> None:
    desk.hooks.register(KnowledgeBase(), "kb")
    assert "kb.publish" in all_permissions(desk)
    assert "ticket.steal" not in all_permissions(desk)
    assert world.actor(world.user("Olga", is_owner=True)).departments("kb.publish") is EVERYWHERE


def test_a_deleted_role_is_taken_from_everybody(desk: Helpdesk, world: World) -> None:
    user = world.user("Adam")
    grant_role(desk, SYSTEM, user.uid, "agent")
    delete_role(desk, SYSTEM, "agent")
    assert not world.actor(user).is_staff
    with desk.read() as session, pytest.raises(NotFound):
        find_role(session, "agent")


def test_what_does_not_fit_a_role_is_told(desk: Helpdesk, world: World) -> None:
    user = world.user("Adam")
    with pytest.raises(Invalid, match="already"):
        create_role(desk, SYSTEM, "agent", "Agent again", [])
    with pytest.raises(Invalid, match="small letters"):
        create_role(desk, SYSTEM, "Second Line", "Second line", [])
    with pytest.raises(Invalid, match="name"):
        create_role(desk, SYSTEM, "second", " ", [])
    with pytest.raises(Invalid, match="no department"):
        grant_role(desk, SYSTEM, user.uid, "agent", "nowhere")
    deactivate_user(desk, SYSTEM, user.uid)
    with pytest.raises(Invalid, match="deactivated"):
        grant_role(desk, SYSTEM, user.uid, "agent")


def test_one_owner_always_remains(desk: Helpdesk, world: World) -> None:
    olga, otto = world.user("Olga", is_owner=True), world.user("Otto")
    with pytest.raises(Refused, match="last owner"):
        set_owner(desk, SYSTEM, olga.uid, False)
    set_owner(desk, world.actor(olga), otto.uid, True)
    set_owner(desk, world.actor(otto), olga.uid, False)
    assert not world.actor(olga).may("settings.manage")
    with pytest.raises(Refused):
        set_owner(desk, world.actor(otto), otto.uid, False)


def test_only_owners_make_owners(desk: Helpdesk, world: World) -> None:
    admin = world.agent("Ada", role="admin")
    with pytest.raises(Forbidden, match="Only an owner"):
        set_owner(desk, admin, admin.uid or "", True)


def test_who_may_work_where_is_found_by_permission(desk: Helpdesk, world: World) -> None:
    support, sales = world.department("support"), world.department("sales")
    adam, bert, olga = world.user("Adam"), world.user("Bert"), world.user("Olga", is_owner=True)
    world.user("Carla")
    grant_role(desk, SYSTEM, adam.uid, "agent", "support")
    grant_role(desk, SYSTEM, bert.uid, "manager")
    with desk.read() as session:
        assert [user.name for user in people_who_may(session, "ticket.read", support.id)] == ["Adam", "Bert", "Olga"]
        assert [user.name for user in people_who_may(session, "ticket.read", sales.id)] == ["Bert", "Olga"]
        assert [user.name for user in people_who_may(session, "ticket.redact")] == ["Bert", "Olga"]
    deactivate_user(desk, SYSTEM, bert.uid)
    with desk.read() as session:
        assert [user.name for user in people_who_may(session, "ticket.read", sales.id)] == [olga.name]
