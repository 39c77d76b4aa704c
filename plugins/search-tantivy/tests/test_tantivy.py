"""Search with tantivy."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from helpdesk_core.api.search import search_tickets
from helpdesk_core.testing.conformance import assert_conforms
from helpdesk_core.testing.plugins import plugin_site
from helpdesk_core.testing.prepared import Databases
from helpdesk_search.checks import CHECKS, ENTRIES, entry
from helpdesk_search.engine import Engine, IndexBroken
from helpdesk_search_tantivy.engine import TantivyEngine
from helpdesk_search_tantivy.plugin import TantivyPlugin


@pytest.mark.parametrize("check", CHECKS)
def test_the_engine(tmp_path: Path, check: Callable[[Engine], None]) -> None:
    check(TantivyEngine(tmp_path / "index"))


def test_keys_need_not_be_numbers(tmp_path: Path) -> None:
    from helpdesk_core.api.search import parse_query
    from helpdesk_search.asking import wanted
    from helpdesk_search.checks import NOW

    engine = TantivyEngine(tmp_path)
    engine.put([entry("how-to/pay", "Toner"), entry("007", "Toner"), entry("7", "Toner")])
    found = engine.search(wanted(parse_query("toner", now=NOW), "ticket", None))
    assert sorted(found) == ["007", "7", "how-to/pay"]


def test_another_reader_sees_what_was_written(tmp_path: Path) -> None:
    writer, reader = TantivyEngine(tmp_path), TantivyEngine(tmp_path)
    writer.put(ENTRIES)
    assert reader.count() == len(ENTRIES)


def test_damage_is_told(tmp_path: Path) -> None:
    TantivyEngine(tmp_path).put(ENTRIES)
    for path in tmp_path.iterdir():
        path.write_bytes(b"rubbish")
    with pytest.raises(IndexBroken):
        TantivyEngine(tmp_path).count()


@pytest.mark.parametrize("harm", [lambda path: path.write_bytes(b"rubbish"), Path.unlink], ids=["cut short", "gone"])
def test_damage_under_an_open_index_is_told_before_it_ends_the_process(
    tmp_path: Path, harm: Callable[[Path], object]
) -> None:
    engine = TantivyEngine(tmp_path)
    engine.put(ENTRIES)
    assert engine.count() == len(ENTRIES)
    for path in tmp_path.glob("*.term"):
        harm(path)
    with pytest.raises(IndexBroken, match="term"):
        engine.count()


def test_a_folder_that_is_gone_is_no_empty_index(tmp_path: Path) -> None:
    with plugin_site("search_tantivy", folder=tmp_path) as site:
        site.world.ticket(subject="Toner")
        site.work()
        plugin = site.desk.plugins.plugin("search_tantivy")
        assert isinstance(plugin, TantivyPlugin)
        plugin.keeper.work()
        plugin.keeper.close()
        shutil.rmtree(plugin.own_folder)
        assert plugin.keeper.engine() is None
        assert not plugin.keeper.status()["is_built"]
        plugin.keeper.work()
        assert plugin.keeper.status()["documents"] == 1


def test_a_helpdesk_searches_with_it(tmp_path: Path, databases: Databases) -> None:
    with plugin_site("search_tantivy", folder=tmp_path, databases=databases) as site:
        site.world.ticket(subject="Счета", text="Два счёта за серверы")
        other = site.world.ticket(subject="Server", department="billing").ticket
        site.work()
        plugin = site.desk.plugins.plugin("search_tantivy")
        assert isinstance(plugin, TantivyPlugin)
        plugin.keeper.work()
        agent, limited = site.world.agent("Ann"), site.world.agent("Sue", "support")
        with site.desk.read() as session:
            found = search_tickets(site.desk, session, agent, "сервера", side="desk")
            assert [hit.row.subject for hit in found.hits] == ["Счета"]
            assert [text for text, marked in found.hits[0].snippet if marked] == ["серверы"]
            assert search_tickets(site.desk, session, limited, "server", side="desk").total == 0
            assert search_tickets(site.desk, session, agent, "servers", side="desk").hits[0].row.number == other.number


def test_it_keeps_the_rules_for_plugins() -> None:
    assert_conforms("search_tantivy")
