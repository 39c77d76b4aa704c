import pytest

from helpdesk_core.actor import ANONYMOUS, SYSTEM
from helpdesk_core.errors import Forbidden, Invalid, NotFound, SignInRequired
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.site import World
from helpdesk_core.users.accounts import deactivate_user
from helpdesk_core.users.directory import list_users, read_user
from helpdesk_core.users.organisations import (
    OrganisationDraft,
    change_organisation,
    create_organisation,
    delete_organisation,
    find_organisation,
    members,
    organisations,
)
from helpdesk_core.users.recovery import add_address


def test_pages_follow_each_other_without_gap_or_repetition(desk: Helpdesk, world: World) -> None:
    for name in ("Anna", "Bob", "Bob", "Bob", "Cleo", "Ärni", "яна"):
        world.user(name)
    seen: list[str] = []
    after = None
    with desk.read() as session:
        while True:
            page = list_users(session, SYSTEM, after=after, limit=2)
            seen += [user.uid for user in page.items]
            after = page.next
            if after is None:
                break
        everybody = [user.uid for user in list_users(session, SYSTEM).items]
    assert seen == everybody
    assert len(set(seen)) == 7


def test_people_are_found_by_every_word_in_name_or_any_address(desk: Helpdesk, world: World) -> None:
    anna = world.user("Анна Петрова", address="anna@example.com")
    add_address(desk, SYSTEM, anna.uid, "petrova@work.example")
    world.user("Anna Other", address="other@example.com")

    def names(query: str) -> list[str]:
        with desk.read() as session:
            return [user.name for user in list_users(session, SYSTEM, query=query).items]

    assert names("ПЕТРОВА") == ["Анна Петрова"]
    assert names("анна work") == ["Анна Петрова"]
    assert names("anna") == ["Anna Other", "Анна Петрова"]
    assert names("100%") == []
    assert names("_") == []


def test_lists_can_be_narrowed(desk: Helpdesk, world: World) -> None:
    organisation = create_organisation(desk, SYSTEM, OrganisationDraft(name="Acme"))
    world.user("Member", organisation=organisation.uid)
    world.agent("Agent", "support")
    world.user("Owner", is_owner=True)
    deactivate_user(desk, SYSTEM, world.user("Gone").uid)

    with desk.read() as session:

        def names(**narrow: bool | str) -> list[str]:
            return [user.name for user in list_users(session, SYSTEM, **narrow).items]  # type: ignore[arg-type]  # keywords of three types

        assert names(organisation=organisation.uid) == ["Member"]
        assert names(staff=True) == ["Agent", "Owner"]
        assert names(staff=False) == ["Gone", "Member"]
        assert names(active=False) == ["Gone"]


def test_customers_find_themselves_and_nobody_else(desk: Helpdesk, world: World) -> None:
    customer, other = world.customer("Anna"), world.user("Other")
    with desk.read() as session:
        assert read_user(session, customer, customer.uid or "").name == "Anna"
        with pytest.raises(NotFound):
            read_user(session, customer, other.uid)
        with pytest.raises(Forbidden):
            list_users(session, customer)
        with pytest.raises(SignInRequired):
            list_users(session, ANONYMOUS)
        assert read_user(session, world.agent(), other.uid).name == "Other"


@pytest.mark.parametrize("cursor", ["x", "e30", "WzFd", "WyJhIiwgIjEiXQ"])
def test_a_made_up_cursor_is_refused(desk: Helpdesk, cursor: str) -> None:
    with desk.read() as session, pytest.raises(Invalid, match="cursor"):
        list_users(session, SYSTEM, after=cursor)


def test_organisations_are_made_changed_and_found(desk: Helpdesk, world: World) -> None:
    manager = world.agent("Mia", role="manager")
    acme = create_organisation(desk, manager, OrganisationDraft(name=" Acme ", domain="@Example.com"))
    assert (acme.name, acme.domain, acme.shares_tickets) == ("Acme", "example.com", False)
    changed = change_organisation(desk, manager, acme.uid, shares_tickets=True, note="Pays late")
    assert (changed.name, changed.shares_tickets, changed.note) == ("Acme", True, "Pays late")
    with desk.read() as session:
        assert [each.name for each in organisations(session, manager, query="EXAMPLE acm")] == ["Acme"]
        assert organisations(session, manager, query="other") == []
        with pytest.raises(Forbidden):
            organisations(session, world.customer())


def test_one_domain_leads_to_one_organisation(desk: Helpdesk) -> None:
    create_organisation(desk, SYSTEM, OrganisationDraft(name="Acme", domain="example.com"))
    with pytest.raises(Invalid, match="join “Acme” already"):
        create_organisation(desk, SYSTEM, OrganisationDraft(name="Other", domain="EXAMPLE.com"))


def test_members_see_their_organisation_only_if_it_shares(desk: Helpdesk, world: World) -> None:
    acme = create_organisation(desk, SYSTEM, OrganisationDraft(name="Acme"))
    user = world.user("Anna", organisation=acme.uid)
    with desk.read() as session, pytest.raises(NotFound):
        find_organisation(session, world.actor(user), acme.uid)
    change_organisation(desk, SYSTEM, acme.uid, shares_tickets=True)
    with desk.read() as session:
        assert find_organisation(session, world.actor(user), acme.uid).name == "Acme"
        assert [each.name for each in members(session, acme)] == ["Anna"]


def test_deleting_an_organisation_keeps_its_people(desk: Helpdesk, world: World) -> None:
    acme = create_organisation(desk, SYSTEM, OrganisationDraft(name="Acme"))
    user = world.user("Anna", organisation=acme.uid)
    delete_organisation(desk, SYSTEM, acme.uid)
    with desk.read() as session:
        assert read_user(session, SYSTEM, user.uid).organisation_id is None
    with pytest.raises(NotFound):
        change_organisation(desk, SYSTEM, acme.uid, name="New")


def test_agents_do_not_manage_organisations(desk: Helpdesk, world: World) -> None:
    with pytest.raises(Forbidden, match=r"organisation\.manage"):
        create_organisation(desk, world.agent(), OrganisationDraft(name="Acme"))
