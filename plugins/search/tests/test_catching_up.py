"""What happens while the plugin is off, or a source of documents is, gets into the index afterwards."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from helpdesk_core.api import SYSTEM, Transaction
from helpdesk_core.api.errors import Conflict
from helpdesk_core.api.search import SearchDocument, SearchSource, parse_query, search_tickets
from helpdesk_core.api.users import change_user
from helpdesk_core.testing.plugins import PluginSite, plugin_site
from helpdesk_core.testing.prepared import Databases
from helpdesk_core.users.privacy import erase_user
from helpdesk_search import catching_up, stale
from helpdesk_search.asking import wanted
from helpdesk_search.checks import NOW
from helpdesk_search.in_force import CURRENT
from helpdesk_search.keeping import Keeper
from helpdesk_search.plugin import SearchPlugin
from helpdesk_search.stale import Stale
from helpdesk_search.state import State

from .reaching import plugin


@pytest.fixture
def site(tmp_path: Path, databases: Databases) -> Iterator[PluginSite]:
    with plugin_site("search", folder=tmp_path, databases=databases) as opened:
        opened.world.ticket(subject="Toner")
        opened.work()
        plugin(opened).keeper.work()
        yield opened


def miss(site: PluginSite) -> None:
    """Let nobody tell the plugin what happened, as when it was off, and start it again."""
    with site.desk.begin(SYSTEM) as tx:
        tx.session.execute(text("DELETE FROM deliveries WHERE subscriber = 'search'"))
    start(site)


def start(site: PluginSite) -> None:
    own = plugin(site)
    own.keeper.close()
    own.keeper = Keeper(site.desk, own.tables, own.store)


def found(site: PluginSite, words: str) -> set[str]:
    with site.desk.read() as session:
        hits = search_tickets(site.desk, session, site.world.actor(site.world.user(is_owner=True)), words, side="desk")
    return {hit.row.subject for hit in hits.hits}


def work(site: PluginSite) -> None:
    plugin(site).keeper.work(plugin(site).event_recorded)


def look(site: PluginSite) -> None:
    assert plugin(site).keeper.catching_up.look(plugin(site).event_recorded)


def generation(site: PluginSite) -> str:
    with site.desk.read() as session:
        return str(State(plugin(site).tables).get(session, CURRENT))


def indexed(site: PluginSite, words: str) -> list[str]:
    """Return what the index itself finds, before core asks the database who may see it."""
    engine = plugin(site).keeper.engine()
    assert engine is not None
    return engine.search(wanted(parse_query(words, now=NOW), "ticket", None))


def refuse(*_args: object, **_options: object) -> None:
    raise Conflict("It ends here.")


def test_tickets_and_names_that_came_while_the_plugin_was_off_are_found(site: PluginSite) -> None:
    anna = site.world.customer("Anna Alt")
    site.world.ticket(anna, subject="Printer")
    change_user(site.desk, SYSTEM, anna.uid or "", name="Anna Neu")
    miss(site)
    before = plugin(site).keeper.status()["documents"]
    work(site)
    assert plugin(site).keeper.status()["documents"] == before + 1
    assert found(site, "printers") == found(site, "from:neu") == {"Printer"}


def test_of_very_much_the_index_is_built_anew(site: PluginSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catching_up, "MOST", 1)
    for number in range(3):
        site.world.ticket(subject=f"Printer {number}")
    miss(site)
    before = generation(site)
    with monkeypatch.context() as patch:
        patch.setattr(Keeper, "rebuild", refuse)
        work(site)
    assert generation(site) == before
    assert found(site, "printers") == set(), "what another build prevents is not forgotten"
    work(site)
    assert generation(site) != before
    assert plugin(site).keeper.status()["documents"] == 4
    assert plugin(site).keeper.status()["waiting"] == 0


def test_after_more_than_an_hour_the_worker_indexes_what_it_missed_whatever_it_does_first(site: PluginSite) -> None:
    site.world.ticket(subject="Printer")
    miss(site)
    site.clock.advance(hours=2)
    plugin(site).keeper.tidy()
    site.work()
    assert found(site, "printers") == {"Printer"}


def test_who_was_erased_while_the_plugin_was_off_is_not_found_even_after_a_crash(
    site: PluginSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = site.world.customer("Anna Alt")
    site.world.ticket(anna, subject="Printer")
    site.work()
    work(site)
    assert indexed(site, "from:alt")
    erase_user(site.desk, SYSTEM, anna.uid or "")
    miss(site)
    with monkeypatch.context() as patch:
        patch.setattr(SearchPlugin, "event_recorded", refuse)
        with pytest.raises(Conflict):
            work(site)
    start(site)
    work(site)
    assert not indexed(site, "from:alt")
    with site.desk.read() as session:
        assert plugin(site).keeper.forgetting.due(session, timedelta(0)), "and leaves the files later"


def test_what_was_heard_is_not_indexed_at_every_start(site: PluginSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catching_up, "TWICE_AFTER", 0)
    for _each in range(catching_up.TWICE):
        work(site)
    site.world.ticket(subject="Printer")
    site.work()
    site.clock.advance(seconds=catching_up.NOTED_EVERY.total_seconds())
    work(site)
    assert indexed(site, "printers")
    start(site)
    look(site)
    assert plugin(site).keeper.status()["waiting"] == 0


def test_much_is_marked_in_portions_between_which_others_may_write(
    site: PluginSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stale, "PORTION", 2)
    mark, units = Stale.mark, []
    own = plugin(site).keeper.stale

    def seen(self: Stale, tx: Transaction, source: str, keys: Iterable[str]) -> None:
        units.append(tx)
        mark(self, tx, source, keys)

    monkeypatch.setattr(Stale, "mark", seen)
    own.mark_apart(site.desk, "ticket", map(str, range(100, 105)))
    assert len({*map(id, units)}) == 3
    assert plugin(site).keeper.status()["waiting"] == 5


def test_the_documents_of_a_source_that_is_new_get_into_the_index(
    site: PluginSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(_session: object, keys: Sequence[str]) -> Sequence[SearchDocument]:
        return [SearchDocument(key, "Contract", "rent", frozenset({"all"})) for key in keys]

    source = SearchSource("contract", load=load, keys=lambda _session: iter(["7"]), changed=lambda _event: ())
    for module in ("catching_up", "documents"):
        monkeypatch.setattr(f"helpdesk_search.{module}.sources", lambda _desk: {"contract": source})
    start(site)
    work(site)
    engine = plugin(site).keeper.engine()
    assert engine is not None
    assert engine.search(wanted(parse_query("contracts", now=NOW), "contract", {"all"})) == ["7"]
    start(site)
    look(site)
    assert plugin(site).keeper.status()["waiting"] == 0, "once is enough"
