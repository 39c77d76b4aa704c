"""The engines of this distribution."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from helpdesk_core.api import SYSTEM
from helpdesk_core.api.errors import Refused
from helpdesk_core.api.search import parse_query
from helpdesk_core.testing.plugins import plugin_site
from helpdesk_core.testing.prepared import Databases
from helpdesk_core.testing.queries import count_queries
from helpdesk_search import postgresql_engine
from helpdesk_search.asking import wanted
from helpdesk_search.checks import CHECKS, ENTRIES, NOW, entry
from helpdesk_search.engine import Engine, IndexBroken
from helpdesk_search.intact import Intact
from helpdesk_search.marking import correction
from helpdesk_search.plugin import SearchPlugin
from helpdesk_search.postgresql_engine import Generations
from helpdesk_search.whoosh_engine import WhooshEngine


@pytest.fixture
def whoosh(tmp_path: Path) -> Iterator[Engine]:
    engine = WhooshEngine(tmp_path / "index")
    yield engine
    engine.close()


@pytest.mark.parametrize("check", CHECKS)
def test_whoosh(whoosh: Engine, check: Callable[[Engine], None]) -> None:
    check(whoosh)


@pytest.mark.parametrize("check", CHECKS)
def test_postgresql(databases: Databases, database_kind: str, tmp_path: Path, check: Callable[[Engine], None]) -> None:
    with plugin_site("search", folder=tmp_path, databases=databases) as site:
        table = SearchPlugin.tables.documents
        if database_kind != "postgresql":
            with pytest.raises(Refused, match="engine to whoosh"):
                Generations(site.desk, table)
            return
        generations = Generations(site.desk, table)
        other = generations.open("other")
        other.put(ENTRIES)
        check(generations.open("one"))
        assert list(generations.others("one")) == ["other"]
        generations.remove("other")
        assert other.count() == 0


def test_postgresql_asks_its_index(
    databases: Databases, database_kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database_kind != "postgresql":
        pytest.skip("only PostgreSQL has one")
    with plugin_site("search", folder=tmp_path, databases=databases) as site:
        engine = Generations(site.desk, SearchPlugin.tables.documents).open("one")
        filler = " ".join(f"word{number}" for number in range(400))
        for portion in range(10):
            engine.put([entry(f"{portion}-{number}", "Filler", f"{filler} {number}") for number in range(200)])
        engine.put([entry("one", "Toner")])
        for text_, found in (
            ("toner", 1),
            ("nowhere", 0),
            ("word7", 1000),
            ('"word7 word8"', 1000),
            ("toner -word7", 1),
            ("before:2030 word7", 1000),
        ):
            asked = wanted(parse_query(text_, now=NOW), "ticket", None)
            for _ in range(8):  # the server keeps the statement, and soon its plan too
                assert len(engine.search(asked)) == found
            with monkeypatch.context() as patch:
                for name in ("BEST", "NEWEST"):
                    patch.setattr(postgresql_engine, name, "EXPLAIN " + getattr(postgresql_engine, name))
                plan = "\n".join(engine.search(asked))
            assert "ix_search_documents_terms" in plan, plan
            assert "Seq Scan" not in plan, plan


def test_postgresql_reads_no_document_for_a_word_that_is_there(
    databases: Databases, database_kind: str, tmp_path: Path
) -> None:
    if database_kind != "postgresql":
        pytest.skip("the others look words up")
    with plugin_site("search", folder=tmp_path, databases=databases) as site:
        engine = Generations(site.desk, SearchPlugin.tables.documents).open("one")
        engine.put([entry("one", "Toner and paper")])
        for words, documents_read in (("toner paper", 0), ("toner papper", 1)):
            with count_queries(site.desk) as seen:
                correction(parse_query(words, now=NOW), engine, internal=False)
            assert sum("tsvector_to_array" in each for each in seen) == documents_read, seen


def test_hooks_that_ask_postgresql_are_known_to_be_in_the_database(
    databases: Databases, database_kind: str, tmp_path: Path
) -> None:
    if database_kind != "postgresql":
        pytest.skip("only PostgreSQL has one")
    with plugin_site("search", folder=tmp_path, databases=databases) as site:
        engine = Generations(site.desk, SearchPlugin.tables.documents).open("one")
        engine.put([entry("one", "Toner 100% full")])
        with count_queries(site.desk) as seen:
            assert engine.search(wanted(parse_query("toner 100%", now=NOW), "ticket", None)) == ["one"]
        assert sum("search_documents" in each for each in seen) == 1, "by the way on which core looks after hooks"


def test_postgresql_keeps_no_word_of_what_is_gone(databases: Databases, database_kind: str, tmp_path: Path) -> None:
    if database_kind != "postgresql":
        pytest.skip("only PostgreSQL has one")
    with plugin_site("search", folder=tmp_path, databases=databases) as site:

        def asked(query: str) -> object:
            with site.desk.read() as session:
                return session.scalar(text(query))

        generations = Generations(site.desk, SearchPlugin.tables.documents)
        engine = generations.open("one")
        file = "SELECT pg_relation_filenode('ix_search_documents_terms')"
        dead = "SELECT count(*) FROM pg_index WHERE indrelid = 'search_documents'::regclass AND NOT indisvalid"
        for forget in (engine.expunge, lambda: generations.remove("other")):
            generations.open("other").put(ENTRIES)
            engine.put(ENTRIES)
            engine.put([], gone=[("ticket", "1")])
            before = asked(file)
            forget()
            assert asked(file) != before, "the index is another one, made of what is there"
            assert asked(dead) == 0
        assert engine.count() == len(ENTRIES) - 1
        assert engine.search(wanted(parse_query("server", now=NOW), "ticket", None)) == ["2"]


@pytest.mark.parametrize("chosen", ["whoosh", "postgresql"])
def test_nothing_stays_of_an_engine_that_was_chosen_before(
    databases: Databases, database_kind: str, tmp_path: Path, chosen: str
) -> None:
    if database_kind != "postgresql":
        pytest.skip("there is nothing to choose from")
    settings = {"search": {"engine": chosen}}
    with plugin_site("search", folder=tmp_path, databases=databases, settings=settings) as site:
        site.world.ticket(subject="Toner")
        site.work()
        plugin = site.desk.plugins.plugin("search")
        assert isinstance(plugin, SearchPlugin)
        plugin.keeper.work()
        (left,) = plugin.stores_not_chosen()
        engine = left.make("gleft")
        engine.put(ENTRIES)
        engine.close()
        site.clock.advance(minutes=2)
        plugin.keeper.tidy()
        assert [*left.others(None)] == []
        assert plugin.keeper.status()["documents"] == 1


def test_whoosh_says_when_files_are_damaged(tmp_path: Path) -> None:
    engine = WhooshEngine(tmp_path)
    engine.put(ENTRIES)
    engine.close()
    for path in tmp_path.iterdir():
        path.write_bytes(b"rubbish")
    with pytest.raises(IndexBroken):
        WhooshEngine(tmp_path)


@pytest.mark.parametrize("files", ["*.seg", "*.toc"])
@pytest.mark.parametrize("harm", [lambda path: path.write_bytes(b"rubbish"), Path.unlink], ids=["cut short", "gone"])
def test_damage_under_an_open_index_is_told(tmp_path: Path, files: str, harm: Callable[[Path], object]) -> None:
    engine = WhooshEngine(tmp_path)
    engine.put(ENTRIES)
    assert engine.count() == len(ENTRIES)
    harmed = [*tmp_path.glob(files)]
    for path in harmed:
        harm(path)
    assert harmed
    with pytest.raises(IndexBroken):
        engine.count()


def test_another_reader_sees_what_was_written(tmp_path: Path) -> None:
    writer, reader = WhooshEngine(tmp_path), WhooshEngine(tmp_path)
    writer.put(ENTRIES)
    assert reader.count() == len(ENTRIES)
    writer.close()
    reader.close()


def test_the_last_who_searches_closes_the_files(tmp_path: Path) -> None:
    engine = WhooshEngine(tmp_path)
    engine.put(ENTRIES)
    with engine._reading() as searcher:
        engine.close()
        assert searcher.doc_count() == engine.count() == len(ENTRIES)
        assert not searcher.is_closed
    assert searcher.is_closed


def test_what_a_commit_takes_away_under_a_reader_is_no_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer, reader = WhooshEngine(tmp_path), WhooshEngine(tmp_path)
    writer.put(ENTRIES[:1])
    assert reader.count() == 1
    check, before, failed = Intact.check, {*tmp_path.glob("*.seg")}, 0

    def check_late(self: Intact) -> None:
        nonlocal failed
        for each in [*ENTRIES, *ENTRIES] if not failed else ():
            writer.put([each])
        try:
            check(self)
        except IndexBroken:
            failed += 1
            raise

    monkeypatch.setattr(Intact, "check", check_late)
    assert reader.count() == len(ENTRIES)
    assert failed == 1
    assert not before & {*tmp_path.glob("*.seg")}, "what was there before is gone"
    writer.close()
    reader.close()


def test_readers_bear_a_writer_that_commits_all_the_time(tmp_path: Path) -> None:
    writer = WhooshEngine(tmp_path)
    writer.put(ENTRIES)
    end = monotonic() + 2

    def write() -> None:
        while monotonic() < end:
            writer.put(ENTRIES)

    with ThreadPoolExecutor(1) as threads:
        written = threads.submit(write)
        while not written.done():
            reader = WhooshEngine(tmp_path)
            for _each in range(20):
                assert reader.count() == len(ENTRIES)
            reader.close()
        written.result()
    writer.close()


def test_a_lost_connection_is_no_damage_and_a_lost_table_is(
    databases: Databases, database_kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database_kind != "postgresql":
        pytest.skip("only PostgreSQL has one")
    query = wanted(parse_query("toner", now=NOW), "ticket", None)
    with plugin_site("search", folder=tmp_path, databases=databases) as site:
        engine = Generations(site.desk, SearchPlugin.tables.documents).open("one")

        with monkeypatch.context() as patch:
            patch.setattr(postgresql_engine, "BEST", "SELECT pg_terminate_backend(pg_backend_pid())")
            with pytest.raises(OperationalError):
                engine.search(query)
        assert engine.search(query) == []
        with site.desk.begin(SYSTEM) as tx:
            tx.session.execute(text("DROP TABLE search_documents"))
        with pytest.raises(IndexBroken):
            engine.search(query)
