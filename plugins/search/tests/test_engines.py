"""The engines of this distribution."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from helpdesk_core.api.errors import Refused
from helpdesk_core.testing.plugins import plugin_site
from helpdesk_search.checks import CHECKS, ENTRIES
from helpdesk_search.engine import Engine, IndexBroken
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
def test_postgresql(database_url: str, database_kind: str, tmp_path: Path, check: Callable[[Engine], None]) -> None:
    with plugin_site("search", folder=tmp_path, url=database_url) as site:
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


def test_whoosh_says_when_files_are_damaged(tmp_path: Path) -> None:
    engine = WhooshEngine(tmp_path)
    engine.put(ENTRIES)
    engine.close()
    for path in tmp_path.iterdir():
        path.write_bytes(b"rubbish")
    with pytest.raises(IndexBroken):
        WhooshEngine(tmp_path)


def test_another_reader_sees_what_was_written(tmp_path: Path) -> None:
    writer, reader = WhooshEngine(tmp_path), WhooshEngine(tmp_path)
    writer.put(ENTRIES)
    assert reader.count() == len(ENTRIES)
    writer.close()
    reader.close()
