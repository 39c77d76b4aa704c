"""Words of plugins that fail for a while: tickets are found without them meanwhile, and by them afterwards."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from helpdesk_core.api.hooks import ticket_search
from helpdesk_core.api.search import search_tickets, words_of_tickets
from helpdesk_core.testing.distributions import Distributions
from helpdesk_core.testing.plugins import PluginSite, plugin_site
from helpdesk_core.testing.prepared import Databases
from helpdesk_search import again
from helpdesk_search.keeping import FORMAT, Keeper
from helpdesk_search.plugin import IndexPlugin

HEAD = """
from helpdesk_core.api.hooks import ticket_words
from helpdesk_core.api.search import TicketWords
"""
MOODY = """
fails_at = ()
asked = []

@hookimpl(ticket_words)
def words(self, ticket_ids):
    self.asked.append(list(ticket_ids))
    if self.fails_at == "all" or set(self.fails_at) & set(ticket_ids):
        raise RuntimeError("on purpose")
    return [TicketWords(ticket_id=each, public=["wombat"]) for each in ticket_ids]
"""


@pytest.fixture(params=["search", "search_tantivy"])
def site(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    databases: Databases,
    database_kind: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[PluginSite]:
    """A helpdesk with an index and a plugin that fails as it is told; every ticket is found by its “wombat”."""
    made = Distributions(tmp_path / "packages")
    made.add("moody", MOODY, head=HEAD)
    monkeypatch.syspath_prepend(str(made.folder))
    settings = {"search": {"engine": "postgresql" if database_kind == "postgresql" else "whoosh"}}
    try:
        with plugin_site(
            "moody", request.param, folder=tmp_path / "site", databases=databases, settings=settings
        ) as opened:
            opened.work()  # builds the index
            yield opened
    finally:
        made.forget()


def moody(site: PluginSite) -> Any:
    return site.desk.plugins.plugin("moody")


def keeper(site: PluginSite) -> Keeper:
    (engine,) = site.desk.hooks.implementers(ticket_search)
    plugin = site.desk.plugins.plugin(engine)
    assert isinstance(plugin, IndexPlugin)
    return plugin.keeper


def index(site: PluginSite, **time: float) -> None:
    """Let time pass, deliver events, and index what they name."""
    site.clock.advance(**(time or {"seconds": 5}))
    site.work()


def found(site: PluginSite, words: str) -> int:
    with site.desk.read() as session:
        return search_tickets(site.desk, session, site.world.agent(), words, side="desk").total


def lacking(site: PluginSite) -> int:
    return int(keeper(site).status()["lacking_words"])


def test_a_plugin_that_failed_once_is_asked_again(site: PluginSite) -> None:
    moody(site).fails_at = "all"
    site.world.ticket(subject="Toner")
    index(site)
    assert (found(site, "toner"), found(site, "wombat"), lacking(site)) == (1, 0, 1)
    assert keeper(site).status()["waiting"] == 0, "it is as up to date as it can be"
    moody(site).fails_at = ()
    index(site, minutes=2)
    assert (found(site, "toner"), found(site, "wombat"), lacking(site)) == (1, 1, 0)


def test_while_it_fails_it_is_asked_less_and_less_often(site: PluginSite) -> None:
    moody(site).fails_at = "all"
    site.world.ticket(subject="Toner")
    index(site)
    asked = moody(site).asked
    asked.clear()
    for _each in range(12):
        index(site, seconds=5)
    assert len(asked) <= 1, "not at every turn of the job"
    moody(site).fails_at = ()
    index(site, minutes=15)
    assert found(site, "wombat") == 1


def test_a_plugin_in_quarantine_keeps_nothing_out_and_adds_its_words_once_it_is_let_go(site: PluginSite) -> None:
    moody(site).fails_at = "all"
    for number in range(6):
        site.world.ticket(subject=f"Toner {number}")
        index(site)
    assert site.desk.hooks.breakers(), "it is in quarantine by now"
    assert words_of_tickets(site.desk, [1]).missing == ["moody"]
    assert (found(site, "toner"), lacking(site)) == (6, 6)
    site.desk.hooks.close_breaker("moody", "ticket_words")
    moody(site).fails_at = ()
    index(site, minutes=16)
    assert (found(site, "wombat"), lacking(site)) == (6, 0)


def test_one_ticket_with_which_a_plugin_cannot_cope_keeps_no_other_without_words(
    site: PluginSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(again, "MOST", 4)
    tickets = [site.world.ticket(subject=f"Toner {number}").ticket.id for number in range(4)]
    moody(site).fails_at = (tickets[1],)
    for _each in range(8):
        index(site, minutes=16)
    assert (found(site, "toner"), found(site, "wombat"), lacking(site)) == (4, 3, 1)


def test_a_new_index_remembers_which_tickets_lack_words(site: PluginSite) -> None:
    site.world.ticket(subject="Toner")
    index(site)
    moody(site).fails_at = "all"
    keeper(site).rebuild()
    assert (found(site, "toner"), found(site, "wombat"), lacking(site)) == (1, 0, 1)
    moody(site).fails_at = ()
    index(site, minutes=2)
    assert (found(site, "wombat"), lacking(site)) == (1, 0)


def test_the_worker_builds_an_index_of_an_older_version_anew(site: PluginSite) -> None:
    moody(site).fails_at = "all"
    site.world.ticket(subject="Toner")
    index(site)
    moody(site).fails_at = ()
    with site.desk.begin(site.world.agent(role="admin")) as tx:  # as an index from before such words
        keeper(site)._state.set(tx.session, FORMAT, None)
        keeper(site)._state.set(tx.session, again.AGAIN, None)
        keeper(site).stale.complete(tx.session, keeper(site).stale.lacking(tx.session, 10))
    index(site)
    assert found(site, "wombat") == 1
    before = moody(site).asked.copy()
    index(site)
    assert moody(site).asked == before, "once"
