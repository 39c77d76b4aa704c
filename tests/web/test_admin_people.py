import io
import zipfile

import pytest

from helpdesk_core.errors import NotFound
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.browser import Browser
from helpdesk_core.testing.queries import count_queries
from helpdesk_core.testing.site import World
from helpdesk_core.users.accounts import find_user
from helpdesk_core.users.models import User
from helpdesk_core.users.roles import find_role, roles_of
from tests.web.people import sign_in


def read(desk: Helpdesk, user: User) -> User:
    with desk.read() as session:
        return find_user(session, user.uid)


def grants(desk: Helpdesk, user: User) -> list[tuple[str, int | None]]:
    with desk.read() as session:
        return [(grant.role.key, grant.department_id) for grant in roles_of(session, user.id)]


def test_people_are_found_by_words_kind_and_state(browser: Browser, world: World) -> None:
    world.user("Mara Lind", address="mara@example.org")
    world.agent("Ivo Agent")
    sign_in(browser, world, "admin")
    page = browser.get("/admin/people")
    assert "Mara Lind" in page.words
    page = browser.submit("/admin/people", q="example.org mara")
    assert "Mara Lind" in page.words
    assert "Ivo Agent" not in page.words
    page = browser.get("/admin/people", kind="staff")
    assert "Ivo Agent" in page.words
    assert "Mara Lind" not in page.words
    assert "Nobody found" in browser.get("/admin/people", q="nobody at all").words


def test_a_long_list_goes_on_at_the_next_page(browser: Browser, world: World) -> None:
    for number in range(60):
        world.user(f"Person {number:03}")
    sign_in(browser, world, "admin")
    page = browser.get("/admin/people")
    assert "Person 010" in page.words
    page = browser.click("Next")
    assert "Person 059" in page.words
    assert "Person 010" not in page.words
    assert "Person 010" in browser.click("Back to the beginning").words


def test_the_list_of_people_costs_the_same_for_one_and_for_fifty(
    browser: Browser, world: World, desk: Helpdesk
) -> None:
    sign_in(browser, world, "admin")
    browser.get("/admin/people")
    with count_queries(desk) as few:
        browser.get("/admin/people")
    for number in range(50):
        world.grant(world.user(f"Person {number:03}"), "agent")
    browser.get("/admin/people")
    with count_queries(desk) as many:
        browser.get("/admin/people")
    assert len(few) == len(many) <= 8, str(many)


def test_an_account_is_made_and_changed(browser: Browser, world: World, desk: Helpdesk) -> None:
    sign_in(browser, world, "admin")
    browser.get("/admin/people/new")
    page = browser.submit("person", name="Lea", address="not an address")
    assert page.status == 422
    assert page.form("person").value("name") == "Lea"
    page = browser.submit("person", name="Lea Brandt", address="lea@example.com")
    assert "Lea Brandt has an account now." in page.words
    page = browser.submit("person", name="Lea B.", timezone="Mars/Base")
    assert page.status == 422
    assert page.form("person").value("name") == "Lea B."
    page = browser.submit("person", timezone="Europe/Zagreb", locale="hr")
    assert page.status == 200
    page = browser.submit("add-address", address="lea@example.org", press="Add address")
    assert "lea@example.org" in page.words
    page = browser.submit("address", press="Send mail here")
    assert "Mail goes to lea@example.org from now on." in page.words
    page = browser.submit("address", press="Remove")
    assert "lea@example.com is taken away." in page.words


def test_roles_are_given_in_a_department_and_taken_away(browser: Browser, world: World, desk: Helpdesk) -> None:
    support, mara = world.department("support"), world.user("Mara Lind")
    world.agent("Somebody")
    sign_in(browser, world, "admin")
    browser.get(f"/admin/people/{mara.uid}")
    page = browser.submit("grant", role="agent", department="support")
    assert "The role is given." in page.words
    assert grants(desk, mara) == [("agent", support.id)]
    page = browser.submit("/roles/revoke", press="Take away")
    assert "The role is taken away." in page.words
    assert grants(desk, mara) == []


def test_nobody_hands_out_more_than_they_hold(browser: Browser, world: World, desk: Helpdesk) -> None:
    world.department("support")
    world.department("sales")
    mara = world.user("Mara Lind")
    sign_in(browser, world, "admin", "sales")
    browser.get(f"/admin/people/{mara.uid}")
    page = browser.post(f"/admin/people/{mara.uid}/roles", {"role": "admin", "department": "support"})
    assert "role.manage" in page.words
    assert grants(desk, mara) == []
    page = browser.submit("grant", role="admin", department="sales")
    assert "The role is given." in page.words


def test_an_account_is_shut_and_opened_again_but_not_ones_own(browser: Browser, world: World, desk: Helpdesk) -> None:
    mara = world.user("Mara Lind")
    me = sign_in(browser, world, "admin")
    browser.get(f"/admin/people/{mara.uid}")
    assert "all its sessions have ended" in browser.submit("/active").words
    assert not read(desk, mara).is_active
    assert "can be used again" in browser.submit("/active").words
    page = browser.get(f"/admin/people/{me.uid}")
    assert not page.has_form("/active")
    assert not page.has_form("/erase")
    assert "cannot deactivate yourself" in browser.post(f"/admin/people/{me.uid}/active", {"active": "0"}).words


def test_only_owners_make_owners(browser: Browser, world: World, desk: Helpdesk) -> None:
    mara = world.user("Mara Lind")
    sign_in(browser, world, "admin")
    page = browser.get(f"/admin/people/{mara.uid}")
    assert not page.has_form("/owner")
    assert "Only an owner" in browser.post(f"/admin/people/{mara.uid}/owner", {"owner": "1"}).words
    browser.logout()
    sign_in(browser, world, owner=True)
    browser.get(f"/admin/people/{mara.uid}")
    assert "is an owner now" in browser.submit("/owner").words
    assert read(desk, mara).is_owner


def test_a_copy_of_all_data_is_downloaded(browser: Browser, world: World) -> None:
    mara = world.user("Mara Lind")
    sign_in(browser, world, "admin")
    browser.get(f"/admin/people/{mara.uid}")
    browser.submit("/export")
    assert browser.response is not None
    assert browser.response.mimetype == "application/zip"
    with zipfile.ZipFile(io.BytesIO(browser.response.data)) as archive:
        assert "person.json" in archive.namelist()


def test_data_is_erased_only_when_the_name_was_typed(browser: Browser, world: World, desk: Helpdesk) -> None:
    mara = world.user("Mara Lind")
    sign_in(browser, world, "admin")
    browser.get(f"/admin/people/{mara.uid}/erase")
    page = browser.submit("erase", confirm="Mara")
    assert page.status == 422
    assert read(desk, mara).erased_at is None
    page = browser.submit("erase", confirm="Mara Lind")
    assert "The data is erased." in page.words
    assert read(desk, mara).name == "Erased person"
    assert "Erased" in browser.get(f"/admin/people/{mara.uid}").words


def test_a_manager_sees_people_and_no_roles_or_privacy(browser: Browser, world: World) -> None:
    mara = world.user("Mara Lind")
    sign_in(browser, world, "manager")
    page = browser.get(f"/admin/people/{mara.uid}")
    assert page.has_form("person")
    assert not page.has_form("grant")
    assert not page.has_form("/export")
    links = {href for _words, href in page.links}
    assert "/admin/organisations" in links
    assert not links & {"/admin/roles", "/admin/settings", "/admin/plugins", "/admin/audit", "/admin/departments"}
    for path in ("/admin/roles", "/admin/rights", f"/admin/people/{mara.uid}/erase"):
        assert browser.get(path).status == 403


def test_an_agent_looks_people_up_and_changes_nothing(browser: Browser, world: World, desk: Helpdesk) -> None:
    mara = world.user("Mara Lind")
    sign_in(browser, world, "agent")
    page = browser.get(f"/admin/people/{mara.uid}")
    assert page.status == 200
    assert not page.has_form("person")
    assert not page.has_form("/active")
    assert browser.get("/admin/people/new").status == 403
    browser.get("/")
    assert browser.post(f"/admin/people/{mara.uid}", {"name": "Taken over"}).status == 422
    assert read(desk, mara).name == "Mara Lind"


@pytest.mark.parametrize("path", ["/admin/people", "/admin/organisations", "/admin/roles", "/admin/rights"])
def test_customers_and_strangers_see_none_of_it(browser: Browser, world: World, path: str) -> None:
    assert browser.get(path).path.startswith("/login")
    sign_in(browser, world)
    assert browser.get(path).status == 403


def test_an_organisation_is_made_changed_and_deleted(browser: Browser, world: World) -> None:
    sign_in(browser, world, "admin")
    assert "No organisation yet" in browser.get("/admin/organisations").words
    browser.get("/admin/organisations/new")
    assert (
        browser.submit("organisation", name=" ", domain="example.org").form("organisation").value("domain")
        == "example.org"
    )
    page = browser.submit("organisation", name="Kessler", shares_tickets=True)
    assert "shared among members" in page.words
    browser.click("Kessler")
    page = browser.submit("organisation", name="Kessler & Sons", shares_tickets=False)
    assert "Kessler & Sons" in page.words
    assert "is deleted" in browser.submit("/delete").words
    assert "No organisation yet" in browser.page.words


def test_a_role_is_made_changed_and_deleted(browser: Browser, world: World, desk: Helpdesk) -> None:
    sign_in(browser, world, "admin")
    browser.get("/admin/roles/_new")
    page = browser.submit("role", name="Reader", key="Not A Key", permissions=["ticket.read"])
    assert page.status == 422
    assert ("permissions", "ticket.read") in page.form("role").values()
    page = browser.submit("role", key="reader")
    assert "can be given to people now" in page.words
    browser.click("Reader")
    browser.submit("role", permissions=["ticket.read", "audit.read"])
    with desk.read() as session:
        assert {each.permission for each in find_role(session, "reader").permissions} == {"ticket.read", "audit.read"}
    browser.get("/admin/roles/reader")
    assert "is deleted" in browser.submit("/delete").words
    with desk.read() as session, pytest.raises(NotFound):
        find_role(session, "reader")


def test_a_role_cannot_get_what_its_maker_does_not_hold(browser: Browser, world: World, desk: Helpdesk) -> None:
    user = sign_in(browser, world, "admin")
    world.grant(user, "agent")
    browser.get("/admin/roles/agent")
    browser.submit("role", permissions=["ticket.read"])
    with desk.read() as session:
        assert [each.permission for each in find_role(session, "agent").permissions] == ["ticket.read"]
    browser.get("/admin/roles/admin")
    browser.submit("role", permissions=["role.manage"])
    browser.get("/admin/roles/agent")
    page = browser.submit("role", permissions=["ticket.read", "ticket.reply"])
    assert page.status == 422
    assert "cannot give or take ticket.reply" in page.words


def test_the_matrix_of_roles_says_who_may_do_what(browser: Browser, world: World, desk: Helpdesk) -> None:
    world.agent()
    sign_in(browser, world, "admin")
    page = browser.get("/admin/roles")
    assert "answer customers" in page.words
    assert "1 person" in page.words
    with count_queries(desk) as queries:
        browser.get("/admin/roles")
    assert len(queries) <= 8, str(queries)


def test_rights_are_explained_with_their_reasons(browser: Browser, world: World) -> None:
    world.department("support")
    world.agent("Ivo Agent", "support", address="ivo@example.com")
    number = world.ticket().ticket.number
    sign_in(browser, world, "admin")
    browser.get("/admin/rights")
    page = browser.submit("rights", person="ivo@example.com", ticket=str(number))
    assert "May answer customers" in page.words
    assert "through the role “Agent”, in Support" in page.words
    assert "Sees the ticket on the desk" in page.words
    page = browser.submit("rights", person="nobody@example.com")
    assert "Nobody has this address" in page.words


def test_who_gives_roles_in_one_department_learns_nothing_of_other_tickets(browser: Browser, world: World) -> None:
    world.department("sales")
    world.user("Mara Lind", address="mara@example.com")
    number = world.ticket(department="support").ticket.number
    sign_in(browser, world, "admin", "sales")
    browser.get("/admin/rights")
    page = browser.submit("rights", person="mara@example.com", ticket=str(number))
    assert "There is no such ticket, or you may not see it." in page.words
