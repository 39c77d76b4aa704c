"""Articles of the knowledge base in the index of another plugin: found while they are live, by those they are for."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from helpdesk_core.api import SYSTEM, Actor
from helpdesk_core.testing.plugins import PluginSite, plugin_site
from helpdesk_core.testing.prepared import Databases
from helpdesk_kb import writing
from helpdesk_kb.models import Article, Text
from helpdesk_kb.writing import Placing, TextDraft

PORTAL = ("/search?q={}", "/search/answers?subject={}", "/x/kb/search?q={}", "/api/v1/x/kb/articles?q={}")
"""Where customers find articles."""


@pytest.fixture(params=["search", "search_tantivy"])
def site(
    request: pytest.FixtureRequest, tmp_path: Path, databases: Databases, database_kind: str
) -> Iterator[PluginSite]:
    """A helpdesk with the knowledge base, and with an index by each of the plugins that keep one."""
    settings = {"search": {"engine": "postgresql" if database_kind == "postgresql" else "whoosh"}}
    with plugin_site("kb", request.param, folder=tmp_path, databases=databases, settings=settings) as opened:
        opened.world.department("support")
        opened.work()  # builds the index
        yield opened


def index(site: PluginSite) -> None:
    """Deliver events, and index what they name."""
    site.work()
    site.clock.advance(seconds=5)
    site.work()


def publish(site: PluginSite, title: str, body: str, locale: str = "en", **placing: Any) -> tuple[Article, Text]:
    draft = TextDraft(title=title, body=body)
    article, _text = writing.create_article(site.desk, SYSTEM, locale, draft, Placing(**placing))
    return article, writing.publish(site.desk, SYSTEM, article.uid, locale)


def found(site: PluginSite, words: str, slug: str, actor: Actor | None = None) -> set[str]:
    """Return at which of the places the article is found."""
    client = site.browser(actor).client
    return {each for each in PORTAL if slug in client.get(each.format(words)).text.replace(f"={words}", "")}


def test_articles_are_found_by_forms_of_their_words_everywhere(site: PluginSite) -> None:
    publish(site, "Renew a certificate", "Certificates expire after ninety days.")
    publish(site, "Zertifikat erneuern", "Zertifikate laufen nach neunzig Tagen ab.", "de")
    publish(site, "Продлить сертификат SSL", "Сертификаты действуют девяносто дней.", "ru")
    index(site)
    assert found(site, "renewing", "renew-a-certificate") == set(PORTAL)
    assert found(site, "Zertifikaten", "zertifikat-erneuern") == set(PORTAL)
    assert found(site, "сертификатом", "-ssl") == set(PORTAL)


def test_what_is_not_published_is_never_found(site: PluginSite) -> None:
    draft = TextDraft(title="Zeppelin", body="Words")
    writing.create_article(site.desk, SYSTEM, "en", draft, Placing())
    article, _text = publish(site, "Submarine", "Old words.")
    writing.save_text(site.desk, SYSTEM, article.uid, "en", TextDraft(title="Submarine", body="Periscope"))
    index(site)
    assert found(site, "zeppelin", "/en/zeppelin") == set()
    assert found(site, "periscope", "/en/submarine") == set()
    assert found(site, "submarine", "submarine") == set(PORTAL)


def test_what_is_taken_away_is_gone_at_once_whatever_the_index_says(site: PluginSite) -> None:
    archived, _text = publish(site, "Zeppelin one", "Words.")
    hidden, _text = publish(site, "Zeppelin two", "Words.")
    deleted, _text = publish(site, "Zeppelin three", "Words.")
    index(site)
    slugs = ("zeppelin-one", "zeppelin-two", "zeppelin-three")
    assert {slug: len(found(site, "zeppelin", slug)) for slug in slugs} == dict.fromkeys(slugs, len(PORTAL))
    writing.archive(site.desk, SYSTEM, archived.uid, "en")
    writing.place_article(site.desk, SYSTEM, hidden.uid, Placing(visibility="internal"))
    writing.delete_article(site.desk, SYSTEM, deleted.uid)
    for _before_and_after in range(2):
        assert {slug: found(site, "zeppelin", slug) for slug in slugs} == {slug: set() for slug in slugs}
        index(site)


def test_everybody_finds_what_is_for_them(site: PluginSite) -> None:
    site.world.department("sales")
    publish(site, "Zeppelin", "Words.", visibility="department", department="support")
    index(site)
    inside, outside = site.world.agent("Ann Agent", "support"), site.world.agent("Sam Sales", "sales")
    assert found(site, "zeppelin", "/en/zeppelin", inside) >= set(PORTAL[:3])
    assert found(site, "zeppelin", "/en/zeppelin", outside) == set()
    assert found(site, "zeppelin", "/en/zeppelin") == set()


def test_an_article_is_shown_in_a_language_in_which_it_has_the_words(site: PluginSite) -> None:
    article, _text = publish(site, "Mail on a phone", "The servers of WordPress.")
    writing.save_text(site.desk, SYSTEM, article.uid, "ru", TextDraft(title="Почта", body="Серверы для WordPress."))
    writing.publish(site.desk, SYSTEM, article.uid, "ru")
    index(site)
    english = site.browser()
    assert "Mail on a phone" in english.get("/x/kb/search", q="wordpress").words
    assert "Почта" in english.get("/x/kb/search", q="сервером").words
    assert "Mail on a phone" not in english.get("/x/kb/search", q="сервером").words
