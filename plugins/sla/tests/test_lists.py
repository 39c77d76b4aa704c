"""Clocks in lists: sorted by, filtered by, searched for, in workspaces and in the API."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from helpdesk_core.api.tickets import Change, NewMessage, TicketFilter, change, count_tickets, list_tickets, reply
from helpdesk_core.testing.plugins import PluginSite
from helpdesk_core.testing.queries import count_queries

from .sla_scenes import later, policy


@pytest.fixture
def agent(site: PluginSite) -> Any:
    """Return an agent with four tickets: one is due in an hour, one tomorrow, one waits, one has no target."""
    policy(site, "Urgent", position=0, targets={"resolution": 60}, conditions={"priority": ["urgent"]})
    policy(site, "Standard", position=1, targets={"resolution": 1440}, conditions={"priority": ["normal"]})
    agent = site.world.agent("Adam", "support")
    for subject, priority in (("Tomorrow", "normal"), ("Soon", "urgent"), ("Waits", "urgent"), ("Free", "low")):
        ticket = site.world.ticket(subject=subject, department="support").ticket
        change(site.desk, agent, ticket.number or "", Change(priority=priority))
        if subject == "Waits":
            reply(site.desk, agent, ticket.number or "", NewMessage(text="Which one?", status="waiting"))
    site.work()
    return agent


def found(site: PluginSite, agent: Any, **options: Any) -> list[str]:
    wanted = TicketFilter(text=options.pop("text", ""), x=tuple(options.pop("x", ())))
    with site.desk.read() as session:
        return [row.subject for row in list_tickets(site.desk, session, agent, wanted, **options).rows]


def test_lists_are_sorted_by_the_target_that_comes_next(site: PluginSite, agent: Any) -> None:
    assert found(site, agent, sort="sla.next")[:2] == ["Soon", "Tomorrow"]
    assert found(site, agent, sort="-sla.next")[:2] == ["Tomorrow", "Soon"]
    assert set(found(site, agent, sort="sla.next")[2:]) == {"Waits", "Free"}


@pytest.mark.parametrize(
    ("value", "before", "after"),
    [
        ("breached", set(), {"Soon"}),
        ("<2h", {"Soon"}, {"Soon"}),
        ("<2d", {"Soon", "Tomorrow"}, {"Soon", "Tomorrow"}),
        ("paused", {"Waits"}, {"Waits"}),
        ("none", {"Free"}, {"Free"}),
    ],
)
def test_what_one_asks_for_is_so_at_the_moment_of_asking(
    site: PluginSite, agent: Any, value: str, before: set[str], after: set[str]
) -> None:
    wanted = {"one": TicketFilter(x=(f"sla.target:{value}",))}
    for expected in (before, after):
        assert set(found(site, agent, text=f"sla:{value}")) == expected
        assert set(found(site, agent, x=[f"sla.target:{value}"])) == expected
        with site.desk.read() as session:  # the statement that counts is kept from the first time
            assert count_tickets(site.desk, session, agent, wanted, generation=7) == {"one": len(expected)}
        site.clock.advance(hours=1, minutes=30)


def test_a_missed_target_is_found_while_the_ticket_waits(site: PluginSite, agent: Any) -> None:
    later(site, hours=2)
    with site.desk.read() as session:
        late = list_tickets(site.desk, session, agent, TicketFilter(text="sla:breached")).rows[0].number
    reply(site.desk, agent, late, NewMessage(text="Late, but here.", status="waiting"))
    site.work()
    assert found(site, agent, text="sla:breached") == ["Soon"]
    assert set(found(site, agent, text="sla:paused")) == {"Soon", "Waits"}


def test_the_list_on_the_desk_sorts_filters_and_is_kept_as_a_workspace(site: PluginSite, agent: Any) -> None:
    browser = site.browser(agent)
    page = browser.get("/desk/tickets?view=open")
    assert "sort=sla.next" in page.text
    page = browser.get("/desk/tickets?view=open&sort=sla.next")
    assert 'aria-sort="ascending"' in page.text
    assert page.words.index("Soon") < page.words.index("Tomorrow") < page.words.index("Free")
    page = browser.get("/desk/tickets?x=sla.target:%3C4h")
    assert "Soon" in page.words
    assert "Tomorrow" not in page.words
    browser.submit("/desk/workspaces", {"name": "Burning"})
    assert "Burning" in browser.page.words
    assert "Tomorrow" not in browser.page.words
    browser.get("/desk/tickets?q=sla:soon")
    assert "“sla:soon” is nothing one can ask for" in browser.get("/desk/search?q=sla:soon").words


def test_the_page_takes_as_many_queries_however_long_the_list_is(site: PluginSite, agent: Any) -> None:
    browser = site.browser(agent)
    counts = []
    for _round in range(2):
        browser.get("/desk/tickets?view=open&sort=sla.next")
        with count_queries(site.desk) as queries:
            browser.get("/desk/tickets?view=open&sort=sla.next")
        counts.append(len(queries))
        for _each in range(4):
            site.world.ticket(department="support")
        site.work()
    assert counts[0] == counts[1]
    assert counts[0] <= 8, queries


def api(site: PluginSite, actor: Any) -> Callable[[str], tuple[int, Any]]:
    """Return what lists tickets by the API as somebody; it answers with status and JSON."""
    client = site.browser(actor).client
    proof = client.get("/api/docs/session").get_json()["proof"]

    def ask(query: str) -> tuple[int, Any]:
        answer = client.get(f"/api/v1/tickets?{query}", headers={"X-CSRFToken": proof})
        return answer.status_code, answer.get_json()

    return ask


def test_the_api_has_clocks_and_lists_by_them(site: PluginSite, agent: Any) -> None:
    ask = api(site, agent)

    def listed(query: str) -> list[Any]:
        status, answer = ask(query)
        assert status == 200, answer
        return list(answer["items"])

    assert [each["subject"] for each in listed("sort=sla.next")][:2] == ["Soon", "Tomorrow"]
    (soon,) = listed("x=sla.target:%3C2h")
    (clock,) = soon["x"]["sla"]
    assert (clock["target"], clock["state"], clock["minutes"], clock["breached_at"]) == (
        "resolution",
        "running",
        60,
        None,
    )
    assert 3590 <= (datetime.fromisoformat(clock["due_at"]) - site.clock()).total_seconds() <= 3600
    assert [each["subject"] for each in listed("text=sla:paused")] == ["Waits"]
    assert ask("x=sla.target:odd")[0] == 422
    assert ask("sort=sla.gone")[0] == 422


def test_customers_are_told_of_clocks_only_where_that_is_promised(site: PluginSite) -> None:
    policy(site, "Told", position=0, is_promised=True, targets={"resolution": 60}, conditions={"priority": ["urgent"]})
    policy(site, "Ours", position=1, targets={"resolution": 60})
    customer, agent = site.world.customer(), site.world.agent()
    told, ours = (site.world.ticket(customer, subject=subject).ticket.number or "" for subject in ("Told", "Ours"))
    change(site.desk, agent, told, Change(priority="urgent"))
    site.work()
    ask = api(site, customer)
    items = {each["subject"]: each for each in ask("")[1]["items"]}
    assert [clock["target"] for clock in items["Told"]["x"]["sla"]] == ["resolution"]
    assert not items["Ours"]["x"].get("sla"), ours
    assert ask("sort=sla.next")[1]["items"] == []
    assert ask("text=-sla:breached")[1]["items"] == []


def test_the_list_counts_working_hours_as_the_ticket_does(site: PluginSite) -> None:
    policy(site, "Office", office=True, targets={"resolution": 540})
    agent = site.world.agent("Adam", "support")
    number = site.world.ticket(department="support").ticket.number or ""
    site.work()  # Monday at nine: seven hours today, two tomorrow until eleven
    browser = site.browser(agent)
    assert "8h 59m left Resolution" in browser.get("/desk/tickets?view=open").words
    assert "8h 59m left" in browser.get(f"/desk/tickets/{number}").words
    russian = site.browser(site.world.agent("Rita", "support", locale="ru"))
    assert "Осталось 8 ч 59 мин" in russian.get("/desk/tickets?view=open").words
