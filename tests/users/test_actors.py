from sqlalchemy import event, select, update
from sqlalchemy.engine import Engine

from helpdesk_core.actor import EVERYWHERE, SYSTEM
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.site import World
from helpdesk_core.users.actors import load_actor_by_session, load_actor_by_user, merge_grants
from helpdesk_core.users.inputs import Credentials
from helpdesk_core.users.models import User
from helpdesk_core.users.organisations import OrganisationDraft, change_organisation, create_organisation
from helpdesk_core.users.permissions import CORE_PERMISSIONS, covers
from helpdesk_core.users.roles import change_role
from helpdesk_core.users.signin import open_session


class Statements:
    def __init__(self, engine: Engine) -> None:
        self.seen: list[str] = []
        event.listen(engine, "before_cursor_execute", self._note)

    def _note(self, _connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith("BEGIN"):
            self.seen.append(statement)


def test_a_session_becomes_an_actor_with_one_query(desk: Helpdesk, world: World) -> None:
    user = world.user("Adam")
    world.grant(user, "agent", "support", "sales")
    world.grant(user, "manager", "billing")
    token = open_session(desk, user.uid, Credentials(address=""), method="link").token
    with desk.read() as session:
        load_actor_by_session(desk, session, token)
    statements = Statements(desk.engine)

    with desk.read() as session:
        signed_in = load_actor_by_session(desk, session, token)
        assert signed_in is not None
        assert signed_in.session is not None
        assert (signed_in.user.name, signed_in.session.user_id) == ("Adam", user.id)

    assert len(statements.seen) == 1
    departments = {key: world.department(key).id for key in ("support", "sales", "billing")}
    assert signed_in.actor.departments("ticket.read") == frozenset(departments.values())
    assert signed_in.actor.departments("ticket.redact") == frozenset({departments["billing"]})
    assert not signed_in.actor.may("plugin.manage")


def test_a_changed_role_counts_from_the_next_request_on(desk: Helpdesk, world: World) -> None:
    user = world.user("Adam")
    world.grant(user, "agent")
    assert world.actor(user).may("ticket.merge")
    change_role(desk, SYSTEM, "agent", permissions=["ticket.read"])
    assert not world.actor(user).may("ticket.merge")
    assert world.actor(user).departments("ticket.read") is EVERYWHERE


def test_an_owner_holds_every_permission_everywhere(desk: Helpdesk, world: World) -> None:
    actor = world.actor(world.user("Olga", is_owner=True))
    assert all(actor.departments(each.name) is EVERYWHERE for each in CORE_PERMISSIONS)


def test_an_organisation_counts_only_if_it_shares_its_tickets(desk: Helpdesk, world: World) -> None:
    organisation = create_organisation(desk, SYSTEM, OrganisationDraft(name="Acme"))
    user = world.user("Anna", organisation=organisation.uid)
    assert world.actor(user).organisation_id is None
    change_organisation(desk, SYSTEM, organisation.uid, shares_tickets=True)
    assert world.actor(user).organisation_id == organisation.id


def test_a_roll_back_leaves_no_memory_of_roles_that_never_were(desk: Helpdesk, world: World) -> None:
    user = world.user("Adam")
    world.grant(user, "agent")
    try:
        with desk.begin(SYSTEM) as tx:
            change_role(desk, SYSTEM, "agent", permissions=[])
            load_actor_by_user(desk, tx.session, user.id)
            raise RuntimeError("given up")
    except RuntimeError:
        pass
    assert world.actor(user).may("ticket.read")
    change_role(desk, SYSTEM, "agent", name="Helper")
    assert world.actor(user).may("ticket.read")


def test_nobody_is_loaded_for_a_deactivated_account(desk: Helpdesk, world: World) -> None:
    user = world.user("Anna")
    with desk.begin(SYSTEM) as tx:
        tx.session.execute(update(User).where(User.id == user.id).values(is_active=False))
    with desk.read() as session:
        assert load_actor_by_user(desk, session, user.id) is None
        assert load_actor_by_user(desk, session, 999_999) is None
        assert session.scalar(select(User.name).where(User.id == user.id)) == "Anna"


def test_grants_of_several_roles_add_up() -> None:
    merged = merge_grants([("a", 1), ("a", 2), ("b", 1), ("b", None), ("c", None), ("c", 3)])
    assert merged == {"a": frozenset({1, 2}), "b": EVERYWHERE, "c": EVERYWHERE}


def test_everywhere_covers_a_department_but_not_the_other_way_round() -> None:
    here, everywhere = frozenset({1}), EVERYWHERE
    assert covers({"a": everywhere}, {"a": here})
    assert covers({"a": frozenset({1, 2})}, {"a": here})
    assert not covers({"a": here}, {"a": everywhere})
    assert not covers({"a": here}, {"a": frozenset({2})})
    assert not covers({}, {"a": here})
    assert covers({}, {})
