"""Lists of the desk without JavaScript: workspaces, columns, changes of many, and what open pages ask for."""

import json
from typing import Any

import pytest
from flask import Flask

from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.browser import Browser
from helpdesk_core.testing.queries import count_queries
from helpdesk_core.testing.site import TestClock, World
from helpdesk_core.tickets import changing, conversation
from helpdesk_core.tickets.filtering import TicketFilter
from helpdesk_core.tickets.inputs import Change, NewMessage, Requester
from helpdesk_core.tickets.searches import save_search
from tests.web.people import sign_in


def live(browser: Browser, since: str, **query: str) -> Any:
    response = browser.client.get("/desk/live", query_string={"since": since, **query})
    assert response.status_code == 200, response.text
    return response.json


def test_a_workspace_is_kept_changed_and_forgotten(browser: Browser, world: World) -> None:
    world.ticket(world.agent(), requester=Requester(email="c@example.com"), subject="Burning", priority="urgent")
    world.ticket(subject="Smoking")
    sign_in(browser, world, "agent")
    browser.get("/desk/tickets", view="open", priority="urgent")
    page = browser.submit("name", name="Fires")
    assert "Burning" in page.words
    assert "Smoking" not in page.words
    browser.click("Change this workspace")
    page = browser.submit(browser.page.path, {"name": "All fires", "column": ["status", "tags"], "sort": "created"})
    assert "All fires" in page.title
    assert "Tags" in page.words
    assert "Requester" not in page.words
    browser.get("/desk/workspaces")
    page = browser.submit("/delete")
    assert "All fires" not in page.words.replace("The workspace is gone", "")


def test_columns_are_put_in_order_without_a_script(browser: Browser, world: World) -> None:
    world.ticket()
    sign_in(browser, world, "agent")
    browser.get("/desk/workspaces/open")
    browser.submit("/desk/workspaces/open", press="move=status:up")
    page = browser.submit("/desk/workspaces/open", press="Save")
    heads = [page.text.index(f">{name}</th>") for name in ("Status", "Assignee")]
    assert heads == sorted(heads)
    assert browser.get("/desk/tickets", view="mine").status == 200


def test_a_manager_shares_with_a_department(app: Flask, browser: Browser, world: World) -> None:
    world.department("support", name="Support")
    world.department("billing")
    sign_in(browser, world, "manager")
    browser.get("/desk/tickets", view="open", priority="urgent")
    browser.submit("name", name="Fires")
    browser.click("Change this workspace")
    browser.submit(browser.page.path, audience="department:support")
    for department, has in (("support", True), ("billing", False)):
        other = Browser(app)
        sign_in(other, world, "agent", department)
        assert ("Fires" in other.get("/desk/workspaces").words) is has
        assert not other.page.has_form("/delete")


def test_the_order_of_the_rail_is_each_persons_own(browser: Browser, world: World) -> None:
    sign_in(browser, world, "agent")
    browser.get("/desk/workspaces")
    browser.submit(press="Assigned to me: one up")
    rail = browser.get("/desk/tickets").text
    assert rail.index('data-view="mine"') < rail.index('data-view="turn"')
    browser.get("/desk/workspaces")
    browser.submit(press="Hide from the rail: Followed")
    assert 'data-view="following"' not in browser.get("/desk/tickets", view="open").text
    assert 'data-view="following"' in browser.get("/desk/tickets", view="following").text


def test_many_are_changed_and_put_back(browser: Browser, world: World) -> None:
    mine = [world.ticket().ticket.number or "" for _ in range(2)]
    other = world.ticket(department="billing").ticket.number
    sign_in(browser, world, "agent", "support")
    browser.get("/desk/tickets", view="open")
    page = browser.submit("/desk/tickets/bulk", {"ticket": [*mine, other], "status": "closed"})
    assert "2 tickets changed." in page.words
    assert "1 was refused" in page.words
    assert f"#{other}" in page.words
    assert mine[0] not in page.words
    page = browser.submit("/undo")
    assert "Undone." in page.words
    assert mine[0] in page.words


def test_a_change_of_many_that_changes_nothing_says_so(browser: Browser, world: World) -> None:
    number = world.ticket().ticket.number or ""
    sign_in(browser, world, "agent")
    for fields, said in (
        ({"ticket": [number]}, "Nothing was changed. Choose a status, assignee, priority, type or department first."),
        ({"priority": "high"}, "Nothing was changed, because no ticket was chosen."),
        ({"ticket": [number], "priority": "normal"}, "Nothing was changed. 1 was so already."),
    ):
        browser.get("/desk/tickets", view="open")
        assert said in browser.submit("/desk/tickets/bulk", fields).words


def test_a_row_is_changed_unless_it_is_something_else_by_now(browser: Browser, world: World, desk: Helpdesk) -> None:
    number = world.ticket().ticket.number or ""
    sign_in(browser, world, "agent")
    browser.get("/desk/tickets", view="open")
    form = {"ticket": number, "priority": "high", "was_priority": "normal", "csrf_token": browser.token()}
    headers = {"Accept": "application/json"}
    said = browser.client.post("/desk/tickets/bulk", data=form | {"back": "/desk/tickets?view=open"}, headers=headers)
    assert 'data-now="high"' in json.loads(said.text)["rows"][number]
    assert "Undo" in json.loads(said.text)["result"]
    changing.change(desk, world.agent("Other"), number, Change(priority="urgent"))
    said = browser.client.post(
        "/desk/tickets/bulk", data=form | {"priority": "low", "was_priority": "high"}, headers=headers
    )
    assert "Somebody else changed" in json.loads(said.text)["refused"][number]
    assert (
        browser.client.post("/desk/tickets/bulk", data={"csrf_token": browser.token()}, headers=headers).status_code
        == 422
    )


def test_open_lists_hear_what_is_new_what_changed_and_what_left(
    browser: Browser, world: World, desk: Helpdesk, clock: TestClock
) -> None:
    stays, leaves = (world.ticket().ticket.number or "" for _ in range(2))
    agent = world.agent("Other")
    sign_in(browser, world, "agent")
    clock.advance(minutes=10)
    since = clock().isoformat()
    clock.advance(seconds=20)
    assert live(browser, since, view="open", list="1")["order"] == []
    changing.change(desk, agent, stays, Change(priority="high"))
    changing.close(desk, agent, leaves)
    new = world.ticket().ticket.number
    said = live(browser, since, view="open", list="1")
    assert set(said["order"]) == {stays, new}
    assert said["gone"] == [leaves]
    assert 'data-now="high"' in said["rows"][stays]
    assert (said["counts"]["open"], said["waiting"]) == ("2", 0)
    assert live(browser, said["since"], view="open")["rows"] == {}


def test_nothing_new_is_told_with_two_queries(browser: Browser, world: World, desk: Helpdesk) -> None:
    world.ticket()
    sign_in(browser, world, "agent")
    query = {"since": desk.now().isoformat(), "view": "open", "list": "1"}
    tag = browser.client.get("/desk/live", query_string=query).headers["ETag"]
    with count_queries(desk) as queries:
        again = browser.client.get("/desk/live", query_string=query, headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    assert len(queries) <= 2, str(queries)
    world.ticket()
    assert browser.client.get("/desk/live", query_string=query, headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize("since", ["", "yesterday", "2026-03-01T00:00:00"])
def test_a_moment_that_is_none_is_told(browser: Browser, world: World, since: str) -> None:
    sign_in(browser, world, "agent")
    assert browser.get("/desk/live", since=since).status == 422


def test_only_watched_workspaces_are_heard_of(browser: Browser, world: World, desk: Helpdesk, clock: TestClock) -> None:
    customer = world.customer("Carla Customer")
    number = world.ticket(customer, subject="Mail").ticket.number or ""
    sign_in(browser, world, "agent")
    clock.advance(minutes=10)
    since = clock().isoformat()
    clock.advance(seconds=30)
    conversation.reply(desk, customer, number, NewMessage(text="Are you there?"))
    assert live(browser, since)["news"] == []
    browser.get("/desk/tickets", view="unassigned")
    browser.submit("/watch", sound=True)
    (news,) = live(browser, since)["news"]
    assert (news["sound"], news["notify"]) == (True, False)
    assert number in news["text"]
    changing.change(desk, world.agent("Other"), number, Change(priority="high"))
    assert len(live(browser, since)["news"]) == 1
    assert live(browser, clock().isoformat())["news"] != []
    clock.advance(minutes=1)
    assert live(browser, clock().isoformat())["news"] == []


def test_lists_need_as_many_queries_whatever_there_is(browser: Browser, world: World, desk: Helpdesk) -> None:
    user = sign_in(browser, world, "agent")
    actor = world.actor(user)
    browser.get("/desk/workspaces/open")
    browser.submit("/desk/workspaces/open", {"column": ["tags", "status", "organisation"]}, press="Save")
    counts = []
    for round_ in range(3):
        for _ in range(3):
            world.ticket(actor, requester=Requester(email="c@example.com"), tags=("a", "b"))
        for number in range(5):
            wanted = TicketFilter(priority=("urgent",), tag=(f"t{round_}{number}",))
            save_search(desk, actor, f"W{round_}{number}", wanted)
        browser.get("/desk/tickets?view=open")
        found = []
        for path in (
            "/desk/tickets?view=open",
            "/desk/workspaces",
            f"/desk/live?since={desk.now().date()}T00:00:00Z&view=open&list=1",
        ):
            with count_queries(desk) as queries:
                assert browser.get(path).status == 200
            assert len(queries) <= 8, f"{path}: {queries}"
            found.append(len(queries))
        counts.append(found)
    assert counts[0] == counts[1] == counts[2]


def test_suggestions_are_those_of_ones_departments(browser: Browser, world: World) -> None:
    mine = world.ticket(subject="Mail is late").ticket.number or ""
    other = world.ticket(subject="Mail is lost", department="billing").ticket.number or ""
    sign_in(browser, world, "agent", "support")
    page = browser.get("/desk/tickets/suggestions", q="mail")
    assert mine in page.words
    assert other not in page.words
    assert mine in browser.get("/desk/tickets/suggestions", q=f"#{mine}").words
    assert other not in browser.get("/desk/tickets/suggestions", q=other).text.replace(f"q={other}", "").replace(
        f"“{other}”", ""
    )
    assert mine in browser.get("/desk/tickets/suggestions", q="carla").words
    assert browser.get("/desk/tickets/suggestions", q="m").text.strip() == ""
