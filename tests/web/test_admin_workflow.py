import pytest

from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.browser import Browser
from helpdesk_core.testing.queries import count_queries
from helpdesk_core.testing.site import World
from helpdesk_core.tickets.vocabulary import Vocabulary, vocabulary
from tests.web.people import sign_in


def words(desk: Helpdesk) -> Vocabulary:
    with desk.read() as session:
        return vocabulary(desk, session)


@pytest.fixture(autouse=True)
def admin(browser: Browser, world: World) -> None:
    sign_in(browser, world, "admin")


def test_a_status_is_made_renamed_moved_and_deleted(browser: Browser, desk: Helpdesk) -> None:
    browser.get("/admin/statuses")
    browser.click("New status")
    page = browser.submit("status", name=" ", state="waiting")
    assert page.status == 422
    assert page.form("status").value("state") == "waiting"
    page = browser.submit("status", name="Parts ordered", turn="nobody")
    assert "can be given to tickets now" in page.words
    browser.click("Parts ordered")
    page = browser.submit("status", name="Waiting for parts")
    assert "Waiting for parts" in page.words
    browser.submit("/statuses/parts-ordered/move", press="to=up")
    assert list(words(desk).statuses)[-2:] == ["parts-ordered", "closed"]
    browser.get("/admin/statuses/parts-ordered")
    assert "is deleted" in browser.submit("/delete").words
    assert "parts-ordered" not in words(desk).statuses


def test_the_last_status_of_a_state_stays(browser: Browser, desk: Helpdesk) -> None:
    browser.get("/admin/statuses/new")
    assert "last active status" in browser.submit("/active").words
    browser.get("/admin/statuses/on-hold")
    assert "out of use" in browser.submit("/active").words
    assert not words(desk).status("on-hold").is_active


def test_a_status_in_use_keeps_its_meaning_and_what_was_typed(browser: Browser, world: World) -> None:
    world.ticket()
    page = browser.get("/admin/statuses/new")
    assert "1 ticket has this status" in page.words
    page = browser.submit("status", name="Fresh", turn="nobody")
    assert page.status == 422
    assert page.form("status").value("name") == "Fresh"
    assert not page.has_form("/delete")


def test_steps_are_limited_by_taking_boxes_away(browser: Browser, desk: Helpdesk) -> None:
    browser.get("/admin/statuses")
    page = browser.submit("steps-form", {"to.new": ["open", "waiting"]})
    assert "The steps are saved." in page.words
    known = words(desk)
    assert known.transitions == {
        known.status("new").id: frozenset({known.status("open").id, known.status("waiting").id})
    }
    assert [value for name, value in page.form("steps-form").values() if name == "to.new"] == ["open", "waiting"]
    browser.submit("steps-form", {"to.new": []})
    assert words(desk).transitions == {}


def test_types_are_kept_in_one_list(browser: Browser, world: World, desk: Helpdesk) -> None:
    world.ticket(type="fault")
    browser.get("/admin/types")
    assert browser.submit("new-type", name=" ").status == 422
    assert "The type “Order” is there." in browser.submit("new-type", name="Order").words
    assert "The name is saved." in browser.submit("/types/order", name="Purchase").words
    browser.submit("/types/order/move", press="to=up")
    assert list(words(desk).types) == ["question", "request", "order", "fault"]
    assert "out of use" in browser.submit("/types/fault/active").words
    assert not browser.page.has_form("/types/fault/delete")
    assert "is deleted" in browser.submit("/types/order/delete").words


def test_priorities_are_shown_most_urgent_first(browser: Browser, desk: Helpdesk) -> None:
    page = browser.get("/admin/priorities")
    assert [form.value("name") for form in page.forms if "Rename" in [each.label for each in form.buttons]] == [
        "Urgent",
        "High",
        "Normal",
        "Low",
    ]
    assert browser.submit("new-priority", name="").status == 422
    browser.submit("new-priority", name="On fire")
    browser.submit("/priorities/on-fire/move", press="to=down")
    assert list(words(desk).priorities) == ["low", "normal", "high", "on-fire", "urgent"]
    browser.submit("/priorities/low/default")
    assert words(desk).priority(None).key == "low"
    assert "The name is saved." in browser.submit("/priorities/high", name="Soon").words
    assert "is deleted" in browser.submit("/priorities/urgent/delete").words


@pytest.mark.parametrize("path", ["/admin/statuses", "/admin/statuses/open", "/admin/types", "/admin/priorities"])
def test_the_lists_cost_few_queries(browser: Browser, world: World, desk: Helpdesk, path: str) -> None:
    world.ticket()
    browser.get(path)
    with count_queries(desk) as queries:
        browser.get(path)
    assert len(queries) <= 8, str(queries)


def test_others_do_not_change_how_tickets_work(browser: Browser, world: World, desk: Helpdesk) -> None:
    browser.logout()
    sign_in(browser, world, "manager")
    for path in ("/admin/statuses", "/admin/statuses/_new", "/admin/types", "/admin/priorities"):
        assert browser.get(path).status == 403
    browser.get("/")
    assert browser.post("/admin/types", {"name": "X"}).status == 403
    assert browser.post("/admin/statuses/_steps", {"to.new": "open"}).status == 403
    assert len(words(desk).types) == 3
