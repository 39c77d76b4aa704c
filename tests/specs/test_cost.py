"""Plugins that ask the database nothing cost no query, and are asked once for a whole page."""

from collections.abc import Callable
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from helpdesk_core.cli.demo.build import fitting_plugins
from helpdesk_core.testing.browser import Browser
from helpdesk_core.testing.distributions import Distributions
from helpdesk_core.testing.plugins import PluginSite, plugin_site
from helpdesk_core.testing.queries import Queries, count_queries
from tests.specs import walking
from tests.specs.spying import Notes, install

TWELVE = tuple(f"spy{number:02}" for number in range(12))
Visit = Callable[[], TestResponse | None]


def visits(site: PluginSite) -> dict[str, Visit]:
    """Return the pages whose cost matters, each to be opened again and again."""
    who = walking.cast(site)
    customer, agent = site.world.actor(who.customer), site.world.actor(who.agent)
    numbers = [site.world.ticket(customer, subject=f"Ticket {each}").ticket.number for each in range(5)]
    portal, desk = walking.signed_in(site.app, who.customer), walking.signed_in(site.app, who.agent)
    token = walking.token_of(site, who.agent)

    def opening(browser: Browser, path: str) -> Visit:
        def visit() -> TestResponse | None:
            assert browser.get(path).status == 200
            return browser.response

        return visit

    assert agent.is_staff
    return {
        "portal list": opening(portal, "/tickets"),
        "portal ticket": opening(portal, f"/tickets/{numbers[0]}"),
        "desk list": opening(desk, "/desk/tickets?view=open"),
        "desk ticket": opening(desk, f"/desk/tickets/{numbers[0]}"),
        "api list": lambda: walking.call(site, token, "GET", "/tickets"),
    }


def queries_of(site: PluginSite) -> dict[str, Queries]:
    found = {}
    for name, visit in visits(site).items():
        visit()  # what is remembered between requests is remembered now
        visit()
        with count_queries(site.desk) as queries:
            visit()
        found[name] = queries
    return found


def test_twelve_plugins_cost_no_query(installed: Distributions, notes: Notes, tmp_path: Path) -> None:
    install(installed, *TWELVE)
    with plugin_site(folder=tmp_path / "without") as site:
        without = queries_of(site)
    with plugin_site(*TWELVE, folder=tmp_path / "with") as site:
        among_twelve = queries_of(site)
    for name, queries in without.items():
        assert len(among_twelve[name]) == len(queries), f"{name}:\n{among_twelve[name]}\nwithout plugins:\n{queries}"


def test_pages_of_the_desk_ask_eight_times_at_most_with_all_plugins_that_are_installed(tmp_path: Path) -> None:
    """What plugins keep about tickets is read together, so that one more of them costs no query."""
    with plugin_site(*fitting_plugins(), folder=tmp_path / "site") as site:
        for name, queries in queries_of(site).items():
            if name.startswith("desk"):
                assert len(queries) <= 8, f"{name}:\n{queries}"


@pytest.mark.parametrize(
    ("page", "hook", "rows"),
    [
        ("desk list", "ticket_column_values", "ticket_ids"),
        ("api list", "ticket_extras", "ticket_ids"),
        ("desk ticket", "message_parts", "messages"),
        ("portal ticket", "message_parts", "messages"),
    ],
)
def test_a_row_hook_is_asked_once_for_all_rows(
    page: str, hook: str, rows: str, installed: Distributions, notes: Notes, tmp_path: Path
) -> None:
    install(installed, "spy")
    with plugin_site("spy", folder=tmp_path / "site") as site:
        visit = visits(site)[page]
        with notes.new() as made:
            visit()
        (asked,) = made.of(hook)
        assert len(asked[rows]) == (5 if rows == "ticket_ids" else 1)


def test_a_page_asks_no_hook_twice(installed: Distributions, notes: Notes, tmp_path: Path) -> None:
    install(installed, "spy")
    with plugin_site("spy", folder=tmp_path / "site") as site:
        for name, visit in visits(site).items():
            visit()
            with notes.new() as made:
                visit()
            asked = [hook for _, hook, _ in made.calls]
            assert sorted(asked) == sorted(set(asked)), name
