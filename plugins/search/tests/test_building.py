"""A build of an index is alive as long as its process is, and what it replaces is left in peace."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from helpdesk_core.api import SYSTEM
from helpdesk_core.api.errors import Conflict
from helpdesk_core.testing.plugins import PluginSite, plugin_site
from helpdesk_core.testing.prepared import Databases
from helpdesk_search import building
from helpdesk_search.building import ABANDONED, BUILDING
from helpdesk_search.engine import Engine, Entry, IndexBroken
from helpdesk_search.in_force import CURRENT, GRACE
from helpdesk_search.keeping import Keeper
from helpdesk_search.state import State
from helpdesk_search.whoosh_engine import WhooshEngine

from .reaching import keeper, plugin


@pytest.fixture
def site(tmp_path: Path, databases: Databases) -> Iterator[PluginSite]:
    with plugin_site("search", folder=tmp_path, databases=databases) as opened:
        opened.world.ticket(subject="Toner")
        opened.work()
        keeper(opened).work()
        opened.clock.advance(seconds=GRACE.total_seconds())
        yield opened


def value(site: PluginSite, name: str) -> Any:
    with site.desk.read() as session:
        return State(plugin(site).tables).get(session, name)


def folders(site: PluginSite) -> set[str]:
    return {each.name for each in plugin(site).own_folder.iterdir()}


def opened(site: PluginSite) -> Engine:
    found = keeper(site).engine()
    assert found is not None
    return found


def test_a_build_that_is_silent_for_long_is_not_another_s_to_begin_again(
    site: PluginSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "SIGNS_EVERY", timedelta(milliseconds=20))

    def is_silent(_done: int, _all: int | None) -> None:
        site.clock.advance(seconds=2 * ABANDONED.total_seconds())
        later, until = site.desk.now().isoformat(), monotonic() + 20
        # A sign that was begun before may still arrive after.
        while value(site, BUILDING)["seen"] < later and monotonic() < until:
            sleep(0.01)
        with pytest.raises(Conflict, match="is being built"):
            keeper(site).rebuild()

    assert keeper(site).rebuild(is_silent) == 1
    assert value(site, BUILDING) is None


def test_a_build_that_was_taken_for_dead_ends_without_harm_to_the_one_that_took_over(site: PluginSite) -> None:
    taken: list[object] = []

    def sleeps(_done: int, _all: int | None) -> None:
        site.clock.advance(seconds=2 * ABANDONED.total_seconds())
        assert Keeper(site.desk, plugin(site).tables, plugin(site).store).rebuild() == 1
        taken.append(value(site, CURRENT))

    with pytest.raises(Conflict, match="taken over"):
        keeper(site).rebuild(sleeps)
    assert value(site, CURRENT) == taken[0]
    assert opened(site).count() == 1


def test_what_fails_late_leaves_the_note_of_the_build_that_took_over(site: PluginSite) -> None:
    other = {"generation": "gother", "since": "", "seen": site.desk.now().isoformat(), "done": 0}

    def is_overtaken(_done: int, _all: int | None) -> None:
        with site.desk.begin(SYSTEM) as tx:
            State(plugin(site).tables).set(tx.session, BUILDING, other)
        raise OSError("The disk is full.")

    before = folders(site)
    with pytest.raises(OSError, match="full"):
        keeper(site).rebuild(is_overtaken)
    assert value(site, BUILDING) == other
    assert folders(site) == before, "and no part of what failed"


def test_tidying_takes_what_an_abandoned_build_has_made_only_once_it_is_forgotten(site: PluginSite) -> None:
    plugin(site).store().make("gdead").close()
    seen = (site.desk.now() - 2 * ABANDONED).isoformat()
    with site.desk.begin(SYSTEM) as tx:
        begun = {"generation": "gdead", "since": seen, "seen": seen, "done": 0}
        State(plugin(site).tables).set(tx.session, BUILDING, begun)
    keeper(site).tidy()
    assert "gdead" in folders(site)
    assert value(site, BUILDING) is None, "now the build, should it only have slept, finds out"
    keeper(site).tidy()
    assert folders(site) == {value(site, CURRENT)}


def test_what_breaks_after_it_was_replaced_leaves_the_new_index_in_force(site: PluginSite) -> None:
    before = opened(site)
    Keeper(site.desk, plugin(site).tables, plugin(site).store).rebuild()
    new = value(site, CURRENT)
    keeper(site).broken(IndexBroken("Its files are gone."), before)
    assert value(site, CURRENT) == new
    keeper(site).broken(IndexBroken("Its files are gone."), opened(site))
    assert value(site, CURRENT) is None


def test_what_was_put_into_an_index_while_another_took_its_place_is_indexed_again(
    site: PluginSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.world.ticket(subject="Printer")
    site.work()
    with site.desk.begin(SYSTEM) as tx:
        keeper(site).stale.mark(tx, "ticket", ["1"])
    put, other = WhooshEngine.put, Keeper(site.desk, plugin(site).tables, plugin(site).store)
    again: list[int] = []

    def is_replaced(self: WhooshEngine, entries: Sequence[Entry], gone: Sequence[tuple[str, str]] = ()) -> None:
        put(self, entries, gone)
        again.append(len(entries))
        if len(again) == 1:
            other.rebuild()

    monkeypatch.setattr(WhooshEngine, "put", is_replaced)
    keeper(site).work()
    assert len(again) == 2
    assert keeper(site).status()["waiting"] == 0
