"""What the pages of the desk ask the database because of clocks."""

from helpdesk_core.testing.plugins import PluginSite
from helpdesk_core.testing.queries import count_queries

from .sla_scenes import policy


def test_the_list_asks_once_for_all_clocks(site: PluginSite) -> None:
    policy(site, "Gold", targets={"first_reply": 60})
    agent = site.world.agent()
    browser = site.browser(agent)
    counts = []
    for _round in range(2):
        for _each in range(4):
            site.world.ticket()
        site.work()
        browser.get("/desk/tickets?view=open")
        with count_queries(site.desk) as queries:
            browser.get("/desk/tickets?view=open")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_ticket_asks_once_for_its_clocks_and_their_calendar(site: PluginSite) -> None:
    policy(site, "Gold", targets={"first_reply": 60, "resolution": 480})
    browser = site.browser(site.world.agent())
    number = site.world.ticket().ticket.number or ""
    site.work()
    browser.get(f"/desk/tickets/{number}")
    with count_queries(site.desk) as queries:
        browser.get(f"/desk/tickets/{number}")
    assert "Service levels" in browser.page.words
    assert len([each for each in queries if "sla_" in each]) == 1, str(queries)
    assert len(queries) <= 8, str(queries)
