import pytest
from sqlalchemy import select

from helpdesk_core.actor import ANONYMOUS, SYSTEM
from helpdesk_core.administration.service import save_settings
from helpdesk_core.errors import Conflict, Forbidden, Invalid, NotFound, RateLimited
from helpdesk_core.events.models import EventRow
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.site import TestClock, World
from helpdesk_core.tickets.queries import find_ticket
from helpdesk_core.users.accounts import deactivate_user, find_by_address, find_user, sign_up
from helpdesk_core.users.actors import load_actor_by_session
from helpdesk_core.users.inputs import Credentials
from helpdesk_core.users.links import (
    address_token,
    guest_token,
    load_guest,
    password_token,
    request_of_address_token,
    user_of_password_token,
)
from helpdesk_core.users.models import User
from helpdesk_core.users.organisations import OrganisationDraft, create_organisation
from helpdesk_core.users.recovery import (
    add_address,
    choose_password,
    confirm_address,
    remove_address,
    request_password_link,
    set_password,
    set_primary_address,
)
from helpdesk_core.users.signin import sign_in

OLD, NEW = "correct horse battery", "another good password"


def signs_in(desk: Helpdesk, address: str, password: str) -> bool:
    try:
        sign_in(desk, Credentials(address=address, password=password))
    except Invalid:
        return False
    return True


def test_a_link_sets_a_password_once_and_ends_every_session(desk: Helpdesk, world: World) -> None:
    user = world.user("Anna", address="anna@example.com", password=OLD)
    session_token = sign_in(desk, Credentials(address="anna@example.com", password=OLD)).token
    token = password_token(desk, user)

    choose_password(desk, token, NEW)

    assert signs_in(desk, "anna@example.com", NEW)
    assert not signs_in(desk, "anna@example.com", OLD)
    with desk.read() as session:
        assert load_actor_by_session(desk, session, session_token) is None
    with pytest.raises(Invalid, match="used already"):
        choose_password(desk, token, "yet another password")


def test_a_poor_password_leaves_the_link_good(desk: Helpdesk, world: World) -> None:
    user = world.user("Anna", address="anna@example.com")
    token = password_token(desk, user)
    with pytest.raises(Invalid, match="10 or more"):
        choose_password(desk, token, "short")
    choose_password(desk, token, NEW)


def test_a_link_dies_of_age_and_with_the_account(desk: Helpdesk, world: World, clock: TestClock) -> None:
    user = world.user("Anna")
    token, invitation = password_token(desk, user), password_token(desk, user, "invite")
    clock.advance(hours=3)
    with desk.read() as session:
        assert user_of_password_token(desk, session, token) is None
        assert user_of_password_token(desk, session, invitation) is not None
    deactivate_user(desk, SYSTEM, user.uid)
    with desk.read() as session:
        assert user_of_password_token(desk, session, invitation) is None


@pytest.mark.parametrize("token", ["", "x", "WzFd.abc", "é"])
def test_a_made_up_token_is_worth_nothing(desk: Helpdesk, token: str) -> None:
    with desk.read() as session:
        assert user_of_password_token(desk, session, token) is None
        assert request_of_address_token(desk, session, token) is None
        assert load_guest(desk, session, token) is None


def test_a_token_for_one_purpose_does_not_serve_another(desk: Helpdesk, world: World) -> None:
    posted = world.ticket()
    token = guest_token(desk, posted.ticket.id, posted.ticket.requester_id)
    with desk.read() as session:
        assert user_of_password_token(desk, session, token) is None


def test_who_registers_gets_in_after_following_the_link(desk: Helpdesk) -> None:
    organisation = create_organisation(desk, SYSTEM, OrganisationDraft(name="Acme", domain="example.com"))
    sign_up(desk, ANONYMOUS, "Anna", "anna@example.com", ip=None)
    with desk.read() as session:
        user = find_by_address(session, "anna@example.com")
    assert user is not None
    assert user.organisation_id is None

    user = choose_password(desk, password_token(desk, user, "sign_up"), NEW)

    assert user.organisation_id == organisation.id
    assert signs_in(desk, "anna@example.com", NEW)


def test_asking_for_a_link_does_not_tell_who_has_an_account(desk: Helpdesk, world: World) -> None:
    user = world.user("Anna", address="anna@example.com")
    request_password_link(desk, "anna@example.com", ip="192.0.2.1")
    request_password_link(desk, "nobody@example.com", ip="192.0.2.1")
    with desk.read() as session:
        rows = session.scalars(select(EventRow).where(EventRow.type == "user.password_link_requested")).all()
    assert [row.data for row in rows] == [{"reason": "reset", "user_id": user.id}]


def test_one_address_is_not_flooded_with_links(desk: Helpdesk, clock: TestClock) -> None:
    for number in range(5):
        request_password_link(desk, "anna@example.com", ip=f"192.0.2.{number}")
    with pytest.raises(RateLimited) as caught:
        request_password_link(desk, "anna@example.com", ip="192.0.2.99")
    clock.advance(seconds=caught.value.retry_after + 1)
    request_password_link(desk, "anna@example.com", ip="192.0.2.99")


def test_changing_ones_password_wants_the_present_one(desk: Helpdesk, world: World) -> None:
    user = world.user("Anna", address="anna@example.com", password=OLD)
    actor = world.actor(user)
    with pytest.raises(Invalid, match="not your present password"):
        set_password(desk, actor, user.uid, NEW, current="wrong")
    with pytest.raises(Invalid):
        set_password(desk, actor, user.uid, NEW)
    set_password(desk, actor, user.uid, NEW, current=OLD)
    assert signs_in(desk, "anna@example.com", NEW)


def test_changing_the_password_ends_other_sessions_but_not_this_one(desk: Helpdesk, world: World) -> None:
    user = world.user("Anna", address="anna@example.com", password=OLD)
    here, there = (sign_in(desk, Credentials(address="anna@example.com", password=OLD)) for _ in range(2))
    set_password(desk, world.actor(user), user.uid, NEW, current=OLD, keep=here.signed_in.session)
    with desk.read() as session:
        assert load_actor_by_session(desk, session, here.token) is not None
        assert load_actor_by_session(desk, session, there.token) is None


def test_a_manager_sets_a_customers_password_but_not_an_owners(desk: Helpdesk, world: World) -> None:
    manager = world.agent("Mia", role="manager")
    user = world.user("Anna", address="anna@example.com")
    set_password(desk, manager, user.uid, NEW)
    assert signs_in(desk, "anna@example.com", NEW)
    with pytest.raises(Forbidden):
        set_password(desk, manager, world.user("Olga", is_owner=True).uid, NEW)
    with pytest.raises(Forbidden):
        set_password(desk, world.customer(), user.uid, NEW)


def test_an_address_of_ones_own_counts_after_following_the_link(desk: Helpdesk, world: World) -> None:
    user = world.user("Anna", address="anna@example.com")
    request = add_address(desk, world.actor(user), user.uid, "Anna@Work.example")
    assert request is not None
    with desk.read() as session:
        assert find_by_address(session, "anna@work.example") is None
    again = add_address(desk, world.actor(user), user.uid, "anna@work.example")
    assert again is not None
    assert again.id == request.id

    token = address_token(desk, request)
    confirm_address(desk, token)

    with desk.read() as session:
        found = find_by_address(session, "anna@work.example")
    assert found is not None
    assert found.id == user.id
    assert found.primary_email == "anna@example.com"
    with pytest.raises(Invalid, match="used already"):
        confirm_address(desk, token)


def test_an_account_sends_few_links_to_strangers(desk: Helpdesk, world: World, clock: TestClock) -> None:
    eve = world.customer("Eve")
    for number in range(5):
        add_address(desk, eve, eve.uid or "", f"stranger{number}@example.org")
    with pytest.raises(RateLimited) as caught:
        add_address(desk, eve, eve.uid or "", "another@example.org")
    clock.advance(seconds=caught.value.retry_after + 1)
    add_address(desk, eve, eve.uid or "", "another@example.org")


def test_one_stranger_gets_few_links_from_many_accounts(desk: Helpdesk, world: World) -> None:
    for _ in range(5):
        eve = world.customer("Eve")
        add_address(desk, eve, eve.uid or "", "stranger@example.org")
    eve = world.customer("Eve")
    with pytest.raises(RateLimited):
        add_address(desk, eve, eve.uid or "", "stranger@example.org")


def test_staff_who_manage_people_add_addresses_without_end(desk: Helpdesk, world: World) -> None:
    manager, user = world.agent("Mia", role="manager"), world.user("Anna")
    for number in range(8):
        add_address(desk, manager, user.uid, f"anna{number}@example.org")


def test_nobody_takes_an_address_by_typing_it(desk: Helpdesk, world: World) -> None:
    eve = world.user("Eve")
    request = add_address(desk, world.actor(eve), eve.uid, "victim@example.com")
    assert request is not None
    victim = world.user("Victim", address="victim@example.com")
    with pytest.raises(Conflict, match="another account"):
        confirm_address(desk, address_token(desk, request))
    with desk.read() as session:
        found = find_by_address(session, "victim@example.com")
    assert found is not None
    assert found.id == victim.id


def test_staff_add_an_address_at_once(desk: Helpdesk, world: World) -> None:
    user = world.user("Anna")
    manager = world.agent("Mia", role="manager")
    assert add_address(desk, manager, user.uid, "second@example.com") is None
    with desk.read() as session:
        assert len(find_user(session, user.uid).emails) == 2
    with pytest.raises(Invalid, match="belongs to another"):
        add_address(desk, manager, world.user("Bob").uid, "second@example.com")


def test_mail_goes_to_a_proved_address_which_cannot_be_removed(desk: Helpdesk, world: World) -> None:
    user = world.user("Anna", address="one@example.com")
    actor = world.actor(user)
    add_address(desk, SYSTEM, user.uid, "two@example.com")
    with pytest.raises(Forbidden, match="Mail goes to this address"):
        remove_address(desk, actor, user.uid, "one@example.com")
    with pytest.raises(Invalid, match="follow the link"):
        set_primary_address(desk, actor, user.uid, "three@example.com")

    set_primary_address(desk, actor, user.uid, "two@example.com")
    remove_address(desk, actor, user.uid, "one@example.com")

    with desk.read() as session:
        found = find_user(session, user.uid)
        assert [email.address for email in found.emails] == [found.primary_email] == ["two@example.com"]
        assert find_by_address(session, "one@example.com") is None


def test_a_guest_sees_one_ticket_from_the_portal_and_nothing_else(desk: Helpdesk, world: World) -> None:
    first = world.ticket_for("anna@example.com")
    second = world.ticket_for("anna@example.com")
    with desk.read() as session:
        guest = load_guest(desk, session, guest_token(desk, first.ticket.id, first.ticket.requester_id))
        assert guest is not None
        assert guest.actor.kind == "guest"
        assert not guest.actor.grants
        assert find_ticket(session, guest.actor, first.ticket.number or "").id == first.ticket.id
        with pytest.raises(NotFound):
            find_ticket(session, guest.actor, second.ticket.number or "")


def test_a_colleague_who_follows_a_customers_link_is_a_guest_there(desk: Helpdesk, world: World) -> None:
    agent = world.agent()
    posted = world.ticket()
    with desk.read() as session:
        guest = load_guest(desk, session, guest_token(desk, posted.ticket.id, agent.user_id or 0))
        assert guest is not None
        assert not guest.actor.is_staff
        with pytest.raises(NotFound):
            find_ticket(session, guest.actor, posted.ticket.number or "", "desk")


def test_a_guest_link_ends_after_half_a_year_and_with_the_account(
    desk: Helpdesk, world: World, clock: TestClock
) -> None:
    posted = world.ticket_for("anna@example.com")
    token = guest_token(desk, posted.ticket.id, posted.ticket.requester_id)
    with desk.read() as session:
        user = session.get_one(User, posted.ticket.requester_id)
    clock.advance(days=181)
    with desk.read() as session:
        assert load_guest(desk, session, token) is None
    fresh = guest_token(desk, posted.ticket.id, posted.ticket.requester_id)
    deactivate_user(desk, SYSTEM, user.uid)
    with desk.read() as session:
        assert load_guest(desk, session, fresh) is None


def test_a_closed_desk_registers_nobody(desk: Helpdesk) -> None:
    save_settings(desk, SYSTEM, "core.site", {"signup": "closed"})
    with pytest.raises(Forbidden, match="makes no accounts"):
        sign_up(desk, ANONYMOUS, "Bob", "bob@example.com", ip=None)
