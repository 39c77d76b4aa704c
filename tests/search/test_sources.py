"""What plugins bring to the search page, also when they do it wrong."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from helpdesk_core.actor import SYSTEM
from helpdesk_core.search.query import parse_query
from helpdesk_core.search.service import find_pages
from helpdesk_core.testing.distributions import Distributions
from helpdesk_core.testing.plugins import plugin_site

HEAD = """
from helpdesk_core.api.hooks import search_sources
from helpdesk_core.api.search import FoundPage, SearchSource

FOUND = {found}


def source(id, find):
    return SearchSource(id=id, load=lambda session, keys: [], keys=lambda session: iter(()),
                        changed=lambda event: [], find=find)
"""
BODY = """
@hookimpl(search_sources)
def sources(self):
    return [source("{id}", lambda query, actor, limit: FOUND)]
"""
GOOD = '[FoundPage(title="Manual", href="/manual")]'


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Distributions]:
    """A folder of installed plugins."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    made = Distributions(folder)
    yield made
    made.forget()


@pytest.mark.parametrize("wrong", ["None", '["Manual"]', "7", '(each for each in ["Manual"])', '"Manual"'])
def test_a_source_that_finds_nonsense_leaves_what_others_find(
    installed: Distributions, tmp_path: Path, wrong: str
) -> None:
    installed.add("bad", BODY.format(id="bad"), head=HEAD.format(found=wrong))
    installed.add("good", BODY.format(id="good"), head=HEAD.format(found=GOOD))
    with plugin_site("bad", "good", folder=tmp_path / "site") as site:
        query = parse_query("manual", now=site.desk.now())
        assert [each.title for each in find_pages(site.desk, SYSTEM, query)] == ["Manual"]
        page = site.browser(site.world.agent()).get("/desk/search/pages", q="manual")
        assert page.status == 200
