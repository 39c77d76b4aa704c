"""Which language a page speaks, and who may choose it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from helpdesk_core.testing.browser import Browser
from helpdesk_core.testing.plugins import PluginSite, plugin_site

PASSWORD = "a password for tests"
MADE = {"de": "Anmelden!", "ar": "تسجيل الدخول"}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[PluginSite]:
    for language, text in MADE.items():
        catalogue = Catalog(locale=language, fuzzy=False)
        catalogue.add("Sign in", text)
        catalogue.add("Write a name.", "Schreiben Sie einen Namen!")
        place = tmp_path / "instance" / "locales" / language / "LC_MESSAGES"
        place.mkdir(parents=True)
        with (place / "helpdesk.po").open("wb") as file:
            write_po(file, catalogue)
    with plugin_site(folder=tmp_path) as opened:
        yield opened


def html(browser: Browser, path: str) -> str:
    browser.get(path)
    assert browser.response is not None
    return browser.response.get_data(as_text=True)


def test_the_browsers_language_counts_then_the_sites(site: PluginSite) -> None:
    german = html(Browser(site.app, Accept_Language="de-AT, en;q=0.5"), "/login")
    assert '<html lang="de-AT" dir="ltr"' in german
    assert "Anmelden!" in german
    assert '<html lang="en" dir="ltr"' in html(Browser(site.app, Accept_Language="ja"), "/login")
    assert 'dir="rtl"' in html(Browser(site.app, Accept_Language="ar"), "/login")


def test_guests_choose_a_language_that_this_browser_remembers(site: PluginSite) -> None:
    browser = Browser(site.app, Accept_Language="en")
    browser.get("/login", next="/tickets")
    page = browser.submit("/language", press="Deutsch")
    assert page.path == "/login?next=/tickets"
    assert 'lang="de"' in html(browser, "/")
    assert 'lang="en"' in html(Browser(site.app, Accept_Language="en"), "/")
    browser.post("/language", {"language": "xx", "next": "https://evil.example/"})
    assert browser.page.path == "/"
    assert 'lang="en"' in html(browser, "/")


def test_ones_own_language_comes_before_the_browsers_and_errors_speak_it(site: PluginSite) -> None:
    site.world.user("Carla", address="carla@example.net", password=PASSWORD)
    browser = Browser(site.app, Accept_Language="en")
    browser.login("carla@example.net", PASSWORD)
    browser.get("/account")
    for language in ("en", "de", "ru", "uk", "hr"):
        assert f'<option value="{language}"' in html(browser, "/account")
    browser.submit("profile", locale="de")
    page = html(browser, "/account")
    assert '<html lang="de"' in page
    assert 'action="/language"' not in page
    browser.submit("profile", name=" ")
    assert "Schreiben Sie einen Namen!" in browser.page.words
