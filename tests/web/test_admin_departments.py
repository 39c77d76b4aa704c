import pytest

from helpdesk_core.departments.queries import all_departments, find_department
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.browser import Browser
from helpdesk_core.testing.queries import count_queries
from helpdesk_core.testing.site import World
from tests.web.people import sign_in


def keys(desk: Helpdesk) -> list[str]:
    with desk.read() as session:
        return [each.key for each in all_departments(session)]


def test_an_admin_makes_the_first_department_and_changes_it(browser: Browser, world: World, desk: Helpdesk) -> None:
    sign_in(browser, world, "admin")
    page = browser.get("/admin/departments")
    assert "No department yet" in page.words
    browser.click("Make the first one")
    page = browser.submit("department", name="Support", address="help@example.com", visibility="known")
    assert "takes tickets from now on" in page.words
    assert "help@example.com" in page.words
    browser.click("Support")
    page = browser.submit("department", name="Help", reopen_policy="follow_up", reopen_days="7")
    assert page.path == "/admin/departments"
    with desk.read() as session:
        found = find_department(session, "support")
        assert (found.name, found.visibility, found.reopen_policy, found.reopen_days) == (
            "Help",
            "known",
            "follow_up",
            7,
        )


def test_what_was_typed_is_kept_when_it_does_not_fit(browser: Browser, world: World) -> None:
    sign_in(browser, world, "admin")
    browser.get("/admin/departments/_new")
    page = browser.submit("department", name=" ", address="nowhere", signature="Kind regards", reopen_days="many")
    assert page.status == 422
    assert "There is something to mend" in page.words
    form = page.form("department")
    assert (form.value("address"), form.value("signature"), form.value("reopen_days")) == (
        "nowhere",
        "Kind regards",
        "many",
    )
    assert "Write a name." in page.words
    assert "Give a number of days" in page.words


def test_the_order_is_changed_without_any_script(browser: Browser, world: World, desk: Helpdesk) -> None:
    for key in ("a", "b", "c"):
        world.department(key)
    sign_in(browser, world, "admin")
    page = browser.get("/admin/departments")
    order = keys(desk)
    browser.submit(f"/admin/departments/{order[2]}/move", press="to=up")
    assert keys(desk) == [order[0], order[2], order[1]]
    page = browser.submit(f"/admin/departments/{order[0]}/move", press="to=down")
    assert keys(desk) == [order[2], order[0], order[1]]
    assert "The order is saved." in page.words


def test_a_department_goes_out_of_use_and_back_but_never_the_last_one(
    browser: Browser, world: World, desk: Helpdesk
) -> None:
    world.department("support")
    world.department("sales")
    sign_in(browser, world, "admin")
    browser.get("/admin/departments/sales")
    assert "Not in use" in browser.submit("/active").words
    browser.get("/admin/departments/support")
    assert "last active department" in browser.submit("/active").words
    browser.get("/admin/departments/sales")
    assert "takes tickets again" in browser.submit("/active").words


def test_who_manages_one_department_sees_and_changes_only_that_one(
    browser: Browser, world: World, desk: Helpdesk
) -> None:
    for key in ("support", "sales"):
        world.department(key)
    sign_in(browser, world, "admin", "sales")
    page = browser.get("/admin/departments")
    assert "Sales" in page.words
    assert "Support" not in page.words
    assert not page.has_form("/move")
    assert browser.get("/admin/departments/support").status == 403
    assert browser.get("/admin/departments/_new").status == 403
    browser.get("/admin/departments/sales")
    assert browser.submit("department", description="We sell.").status == 200
    with desk.read() as session:
        assert find_department(session, "sales").description == "We sell."


@pytest.mark.parametrize("role", ["agent", "manager"])
def test_others_do_not_manage_departments(browser: Browser, world: World, role: str) -> None:
    world.department("support")
    sign_in(browser, world, role)
    for path in ("/admin/departments", "/admin/departments/_new", "/admin/departments/support"):
        assert browser.get(path).status == 403
    browser.get("/")
    assert browser.post("/admin/departments/support/active", {"active": "0"}).status == 403


def test_the_list_costs_the_same_with_many_departments(browser: Browser, world: World, desk: Helpdesk) -> None:
    world.department("first")
    sign_in(browser, world, "admin")
    browser.get("/admin/departments")
    with count_queries(desk) as few:
        browser.get("/admin/departments")
    for number in range(12):
        world.department(f"d{number}")
    browser.get("/admin/departments")
    with count_queries(desk) as many:
        browser.get("/admin/departments")
    assert len(few) == len(many) <= 8, str(many)
