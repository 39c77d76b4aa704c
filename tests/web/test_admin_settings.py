from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from helpdesk_core.app import create_app
from helpdesk_core.events.models import EventRow
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.settings.fields import MASK
from helpdesk_core.testing.browser import Browser
from helpdesk_core.testing.queries import count_queries
from helpdesk_core.testing.site import World, opened
from tests.web.people import sign_in


@pytest.fixture
def pinned(desk_url: str, tmp_path: Path) -> Iterator[Helpdesk]:
    """A helpdesk whose file sets some of its settings."""
    folder = tmp_path / "pinned"
    folder.mkdir()
    (folder / "helpdesk.toml").write_text('[site]\nname = "Fixed"\n[mail]\nport = 2525\n', encoding="utf-8")
    with opened(folder, desk_url) as desk:
        yield desk


def test_saving_tells_what_changed_and_puts_it_in_force(browser: Browser, world: World, desk: Helpdesk) -> None:
    sign_in(browser, world, "admin")
    browser.get("/admin/settings")
    browser.click("Site")
    page = browser.submit("settings", name="Example Hosting", signup="closed", session_days="30")
    assert "Name: Example Hosting (was Helpdesk)." in page.words
    assert "Registration: Only staff create customers (was Everybody may register)." in page.words
    assert "Days signed in: 30 (was 14)." in page.words
    site = desk.settings.site()
    assert (site.name, site.signup, site.session_days) == ("Example Hosting", "closed", 30)
    assert "Changed on this page" in page.words
    assert "Default: Helpdesk" in page.words
    with desk.read() as session:
        row = session.scalars(select(EventRow).where(EventRow.type == "settings.changed")).one()
    assert row.data == {"owner": "core.site", "keys": ["name", "signup", "session_days"]}
    assert "Nothing was changed." in browser.submit("settings").words


def test_what_does_not_fit_is_told_beside_the_field_and_all_is_kept(
    browser: Browser, world: World, desk: Helpdesk
) -> None:
    sign_in(browser, world, "admin")
    browser.get("/admin/settings/core.site")
    page = browser.submit("settings", name="Kept", timezone="Mars/Base", attachment_max_mb="0")
    assert page.status == 422
    assert "Time zone: Not a known time zone." in page.words
    form = page.form("settings")
    assert (form.value("name"), form.value("timezone"), form.value("attachment_max_mb")) == ("Kept", "Mars/Base", "0")
    assert desk.settings.site().name == "Helpdesk"


def test_a_switch_goes_off_and_on(browser: Browser, world: World, desk: Helpdesk) -> None:
    sign_in(browser, world, "admin")
    browser.get("/admin/settings/core.theme")
    page = browser.submit("settings", allow_dark=False)
    assert "Dark mode: no (was yes)." in page.words
    assert not desk.settings.theme().allow_dark
    page = browser.submit("settings", allow_dark=True)
    assert "Dark mode: yes (was no)." in page.words


def test_a_secret_is_never_shown_and_stays_when_left_empty(browser: Browser, world: World, desk: Helpdesk) -> None:
    sign_in(browser, world, "admin")
    browser.get("/admin/settings/core.mail")
    page = browser.submit("settings", password="the secret of the server")
    assert "Password is saved." in page.words
    assert "the secret of the server" not in page.text
    assert MASK not in page.text
    page = browser.submit("settings", host="mail.example.com")
    assert desk.settings.mail().password.reveal() == "the secret of the server"
    assert desk.settings.mail().host == "mail.example.com"
    browser.submit("settings", {"clear.password": True})
    assert desk.settings.mail().password.reveal() == ""


def test_what_the_file_sets_is_locked_with_its_place(pinned: Helpdesk) -> None:
    browser, world = Browser(create_app(pinned)), World(pinned)
    sign_in(browser, world, "admin")
    page = browser.get("/admin/settings/core.site")
    assert "Set in helpdesk.toml, line 2, and can be changed only there." in page.words
    assert "name" not in page.form("settings").names
    page = browser.post("/admin/settings/core.site", {"name": "Forced", "language": "de"})
    assert pinned.settings.site().name == "Fixed"
    assert pinned.settings.site().language == "de"
    browser.headers["Accept-Language"] = "ru"
    assert (
        "Задано здесь: helpdesk.toml, строка 2; изменить можно только там."
        in browser.get("/admin/settings/core.site").words
    )


def test_all_settings_are_searched(browser: Browser, world: World) -> None:
    sign_in(browser, world, "admin")
    page = browser.get("/admin/")
    page = browser.submit("/admin/settings", q="reverse proxies")
    assert "Trusted proxies" in page.words
    assert "Footer" not in page.words
    assert page.link("Trusted proxies") == "/admin/settings/core.site#f-trusted_proxies"
    assert "No such setting" in browser.get("/admin/settings", q="flying saucer").words


def test_unknown_subjects_are_not_found(browser: Browser, world: World) -> None:
    sign_in(browser, world, "admin")
    assert browser.get("/admin/settings/core.nothing").status == 404
    assert browser.get("/admin/settings/sla").status == 404


def test_settings_cost_few_queries(browser: Browser, world: World, desk: Helpdesk) -> None:
    sign_in(browser, world, "admin")
    for path in ("/admin/settings", "/admin/settings/core.site", "/admin/settings?q=a"):
        browser.get(path)
        with count_queries(desk) as queries:
            browser.get(path)
        assert len(queries) <= 8, str(queries)


@pytest.mark.parametrize("role", ["", "agent", "manager"])
def test_settings_are_for_those_who_may_change_them(browser: Browser, world: World, desk: Helpdesk, role: str) -> None:
    sign_in(browser, world, role)
    assert browser.get("/admin/settings").status == 403
    assert browser.get("/admin/settings/core.mail").status == 403
    browser.get("/")
    assert browser.post("/admin/settings/core.site", {"name": "Taken over"}).status == 403
    assert desk.settings.site().name == "Helpdesk"


def test_the_limits_of_a_setting_are_written_as_the_reader_writes_numbers(browser: Browser, world: World) -> None:
    sign_in(browser, world, "admin")
    browser.post("/account", {"name": "Ada", "locale": "de", "timezone": "", "theme_mode": ""})
    browser.get("/admin/settings/core.worker")
    page = browser.submit("settings", poll_seconds="0.01")
    assert page.status == 422
    assert "0,05" in page.words
