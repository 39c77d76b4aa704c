import threading
from collections.abc import Sequence

import pytest
from sqlalchemy import func, select

from helpdesk_core.actor import ANONYMOUS, SYSTEM, Actor
from helpdesk_core.errors import Forbidden, Invalid, NotFound, RateLimited, Refused, SignInRequired
from helpdesk_core.events.models import EventRow
from helpdesk_core.hooks import hookimpl
from helpdesk_core.runtime import Helpdesk, Transaction
from helpdesk_core.testing.site import World
from helpdesk_core.users import hooks
from helpdesk_core.users.accounts import (
    change_user,
    create_user,
    deactivate_user,
    find_by_address,
    find_or_create_by_address,
    find_user,
    reactivate_user,
    sign_up,
)
from helpdesk_core.users.actors import load_actor_by_api_token, load_actor_by_user
from helpdesk_core.users.inputs import UserDraft
from helpdesk_core.users.models import User
from helpdesk_core.users.organisations import OrganisationDraft, create_organisation
from helpdesk_core.users.tokens import create_token


def events(desk: Helpdesk, type_: str) -> Sequence[EventRow]:
    with desk.read() as session:
        return session.scalars(select(EventRow).where(EventRow.type == type_).order_by(EventRow.id)).all()


def test_staff_make_an_account_with_a_proved_address(desk: Helpdesk, world: World) -> None:
    manager = world.agent("Mia Manager", role="manager")

    user = create_user(desk, manager, UserDraft(name=" Anna  Petrova "), "Anna@Example.com")

    with desk.read() as session:
        found = find_user(session, user.uid)
    assert (found.name, found.primary_email) == ("Anna Petrova", "anna@example.com")
    assert found.emails[0].verified_at is not None
    assert events(desk, "user.created")[-1].data == {"reason": "created", "user_id": user.id}


def test_an_invited_person_is_to_be_sent_a_link(desk: Helpdesk) -> None:
    user = create_user(desk, SYSTEM, UserDraft(name="Anna"), "anna@example.com", invite=True)

    assert [row.data for row in events(desk, "user.password_link_requested")] == [
        {"reason": "invite", "user_id": user.id}
    ]


def test_an_address_belongs_to_one_person_only(desk: Helpdesk) -> None:
    create_user(desk, SYSTEM, UserDraft(name="Anna"), "anna@example.com")
    with pytest.raises(Invalid, match="belongs to another account"):
        create_user(desk, SYSTEM, UserDraft(name="Other Anna"), "ANNA@example.com")


def test_a_draft_that_does_not_fit_is_refused_with_every_reason(desk: Helpdesk) -> None:
    with pytest.raises(Invalid) as caught:
        create_user(
            desk,
            SYSTEM,
            UserDraft(name=" ", timezone="Mars/Olympus", locale="klingon", theme_mode="pink"),
            "anna@example.com",
        )
    assert set(caught.value.problems) == {"name", "timezone", "locale", "theme_mode"}


def test_agents_and_strangers_cannot_make_accounts(desk: Helpdesk, world: World) -> None:
    with pytest.raises(Forbidden, match=r"user\.manage"):
        create_user(desk, world.agent(), UserDraft(name="Anna"), "anna@example.com")
    with pytest.raises(SignInRequired):
        create_user(desk, ANONYMOUS, UserDraft(name="Anna"), "anna@example.com")


def test_only_an_owner_makes_an_owner(desk: Helpdesk, world: World) -> None:
    admin = world.agent("Ada Admin", role="admin")
    with pytest.raises(Forbidden, match="Only an owner"):
        create_user(desk, admin, UserDraft(name="Anna"), "anna@example.com", is_owner=True)
    owner = world.actor(world.user("Olga Owner", is_owner=True))
    assert create_user(desk, owner, UserDraft(name="Anna"), "anna@example.com", is_owner=True).is_owner


def test_somebody_who_writes_gets_an_account_once(desk: Helpdesk) -> None:
    first = find_or_create_by_address(desk, SYSTEM, "Anna@example.com", "Anna Petrova")
    second = find_or_create_by_address(desk, SYSTEM, "anna@EXAMPLE.com", "Somebody")

    assert first.id == second.id
    assert second.name == "Anna Petrova"
    assert second.emails[0].verified_at is None
    assert len(events(desk, "user.created")) == 1


def test_somebody_without_a_name_is_called_by_the_address(desk: Helpdesk) -> None:
    assert find_or_create_by_address(desk, SYSTEM, "anna.p@example.com", " ").name == "anna.p"


def test_mails_from_one_new_address_at_the_same_moment_make_one_account(desk: Helpdesk) -> None:
    found: list[int] = []
    start = threading.Barrier(4)

    def write() -> None:
        start.wait()
        found.append(find_or_create_by_address(desk, SYSTEM, "anna@example.com").id)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 4
    assert len(set(found)) == 1


def test_only_a_proved_address_joins_an_organisation(desk: Helpdesk) -> None:
    organisation = create_organisation(desk, SYSTEM, OrganisationDraft(name="Acme", domain="example.com"))

    user = find_or_create_by_address(desk, SYSTEM, "anna@example.com")
    assert user.organisation_id is None

    user = find_or_create_by_address(desk, SYSTEM, "anna@example.com", verified=True)
    assert user.organisation_id == organisation.id
    assert find_or_create_by_address(desk, SYSTEM, "new@example.com", verified=True).organisation_id == organisation.id


def test_people_change_themselves_but_not_their_organisation(desk: Helpdesk, world: World) -> None:
    customer = world.customer("Anna")
    organisation = create_organisation(desk, SYSTEM, OrganisationDraft(name="Acme"))

    changed = change_user(desk, customer, customer.uid or "", name="Anna Petrova", timezone="Europe/Zagreb")

    assert (changed.name, changed.timezone) == ("Anna Petrova", "Europe/Zagreb")
    assert events(desk, "user.changed")[-1].data["changed"] == ["name", "timezone"]
    with pytest.raises(Forbidden):
        change_user(desk, customer, customer.uid or "", organisation=organisation.uid)
    manager = world.agent("Mia", role="manager")
    assert (
        change_user(desk, manager, customer.uid or "", organisation=organisation.uid).organisation_id == organisation.id
    )


def test_preferences_are_nobodys_event(desk: Helpdesk, world: World) -> None:
    customer = world.customer()
    assert change_user(desk, customer, customer.uid or "", preferences={"columns": ["number"]}).preferences == {
        "columns": ["number"]
    }
    assert events(desk, "user.changed") == []


def test_customers_cannot_change_others(desk: Helpdesk, world: World) -> None:
    victim = world.user("Victim")
    with pytest.raises(Forbidden):
        change_user(desk, world.customer(), victim.uid, name="Hacked")


def test_a_guest_with_a_signed_link_cannot_change_the_account(desk: Helpdesk, world: World) -> None:
    user = world.user("Anna")
    guest = Actor(kind="guest", user_id=user.id, uid=user.uid, ticket_ids=frozenset({1}))
    with pytest.raises(Forbidden):
        change_user(desk, guest, user.uid, name="Hacked")


def test_a_manager_cannot_touch_the_account_of_somebody_who_may_more(desk: Helpdesk, world: World) -> None:
    manager = world.agent("Mia", role="manager")
    admin, owner = world.agent("Ada", role="admin"), world.user("Olga", is_owner=True)
    for uid in (admin.uid or "", owner.uid):
        with pytest.raises(Forbidden, match="that you may not"):
            change_user(desk, manager, uid, name="Hacked")
        with pytest.raises(Forbidden):
            deactivate_user(desk, manager, uid)


def test_a_manager_of_one_department_shuts_nobody_out_and_one_of_all_shuts_out_agents(
    desk: Helpdesk, world: World
) -> None:
    manager, agent = world.agent("Mia", "sales", role="manager"), world.agent("Bert", "sales")
    with pytest.raises(Forbidden, match="needs it everywhere"):
        deactivate_user(desk, manager, agent.uid or "")
    assert not deactivate_user(desk, world.agent("Max", role="manager"), agent.uid or "").is_active


def test_a_deactivated_person_is_out_at_once_and_keeps_the_history(desk: Helpdesk, world: World) -> None:
    owner = world.actor(world.user("Olga", is_owner=True))
    agent = world.agent("Adam")
    posted = world.ticket(agent, requester=None)
    token = create_token(desk, agent, agent.uid or "", "script").token

    deactivate_user(desk, owner, agent.uid or "")

    with desk.read() as session:
        assert load_actor_by_user(desk, session, agent.user_id or 0) is None
        assert load_actor_by_api_token(desk, session, token) is None
        user = find_user(session, agent.uid or "")
        ticket = session.get_one(type(posted.ticket), posted.ticket.id)
        assert (user.name, ticket.requester_id) == ("Adam", user.id)
    assert reactivate_user(desk, owner, agent.uid or "").is_active
    with desk.read() as session:
        signed_in = load_actor_by_user(desk, session, agent.user_id or 0)
        assert signed_in is not None
        assert signed_in.actor.may("ticket.reply")
        assert load_actor_by_api_token(desk, session, token) is None


def test_the_last_owner_stays(desk: Helpdesk, world: World) -> None:
    owner = world.user("Olga", is_owner=True)
    with pytest.raises(Refused, match="last owner"):
        deactivate_user(desk, SYSTEM, owner.uid)
    world.user("Otto", is_owner=True)
    assert not deactivate_user(desk, SYSTEM, owner.uid).is_active


def test_nobody_deactivates_themselves(desk: Helpdesk, world: World) -> None:
    manager = world.agent("Mia", role="manager")
    with pytest.raises(Forbidden, match="yourself"):
        deactivate_user(desk, manager, manager.uid or "")


def test_registering_answers_the_same_for_known_and_new_addresses(desk: Helpdesk) -> None:
    known = create_user(desk, SYSTEM, UserDraft(name="Anna"), "anna@example.com")

    sign_up(desk, ANONYMOUS, "Eve", "anna@example.com", ip="192.0.2.1")
    sign_up(desk, ANONYMOUS, "Bob", "bob@example.com", ip="192.0.2.1")

    with desk.read() as session:
        bob = find_by_address(session, "bob@example.com")
        assert bob is not None
        assert bob.emails[0].verified_at is None
        assert find_user(session, known.uid).name == "Anna"
    links = events(desk, "user.password_link_requested")
    assert [row.data["user_id"] for row in links] == [known.id, bob.id]
    assert [row.data["reason"] for row in links] == ["sign_up", "sign_up"]


def test_registering_wants_a_whole_address_and_has_an_end(desk: Helpdesk) -> None:
    with pytest.raises(Invalid, match="not complete"):
        sign_up(desk, ANONYMOUS, "Anna", "anna@example", ip="192.0.2.1")
    for _ in range(5):
        sign_up(desk, ANONYMOUS, "Anna", "anna@example.com", ip=None)
    with pytest.raises(RateLimited):
        sign_up(desk, ANONYMOUS, "Anna", "anna@example.com", ip=None)


def test_an_unknown_uid_is_not_found(desk: Helpdesk) -> None:
    with desk.read() as session, pytest.raises(NotFound):
        find_user(session, "nobody")


class Census:
    """A plugin that takes part in accounts."""

    def __init__(self) -> None:
        self.written: list[str] = []

    @hookimpl(hooks.user_draft)
    def draft(self, draft: UserDraft, user: User | None, actor: Actor) -> UserDraft:
        return UserDraft(name=draft.name.title(), locale="de")

    @hookimpl(hooks.user_check)
    def check(self, draft: UserDraft, address: str | None) -> Sequence[str]:
        return ["We do not take this address."] if address and address.endswith("@spam.example") else []

    @hookimpl(hooks.user_creating)
    def creating(self, tx: Transaction, user: User) -> None:
        self.written.append(user.name)
        raise RuntimeError("disk full")


def test_plugins_refine_refuse_and_write_along_and_a_broken_one_keeps_nobody_out(desk: Helpdesk) -> None:
    census = Census()
    desk.hooks.register(census, "census")

    user = create_user(desk, SYSTEM, UserDraft(name="anna petrova"), "anna@example.com")

    assert (user.name, user.locale) == ("Anna Petrova", "de")
    assert census.written == ["Anna Petrova"]
    with pytest.raises(Refused, match="do not take"):
        create_user(desk, SYSTEM, UserDraft(name="Eve"), "eve@spam.example")
    find_or_create_by_address(desk, SYSTEM, "bob@example.com", "Bob")
    assert census.written == ["Anna Petrova", "Bob"]
    with desk.read() as session:
        assert session.scalar(select(func.count()).select_from(User)) == 2
