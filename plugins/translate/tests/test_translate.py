"""What the plugin does, in a helpdesk of its own."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from helpdesk_core.api import Helpdesk
from helpdesk_core.api.errors import Invalid
from helpdesk_core.app import open_helpdesk
from helpdesk_core.testing.browser import Browser
from helpdesk_core.testing.conformance import assert_conforms
from helpdesk_core.testing.plugins import PluginSite, plugin_site
from helpdesk_core.testing.prepared import Databases
from helpdesk_translate import overrides
from helpdesk_translate.overrides import Entry

TICKETS = "%(num)d ticket"


@pytest.fixture
def site(tmp_path: Path, databases: Databases) -> Iterator[PluginSite]:
    """A helpdesk with the plugin enabled."""
    with plugin_site("translate", folder=tmp_path, databases=databases) as opened:
        yield opened


def entry(site: PluginSite, locale: str, msgid: str) -> Entry:
    return next(each for each in overrides.entries(site.desk, locale) if each.msgids[0] == msgid)


def admin(site: PluginSite) -> Browser:
    return site.browser(site.world.actor(site.world.user("Olga", is_owner=True)))


def test_an_admin_finds_a_text_changes_it_and_everybody_reads_it_at_once(site: PluginSite) -> None:
    guest = Browser(site.app, Accept_Language="de")
    assert "Anmelden" in guest.get("/").words
    browser = admin(site)
    browser.get("/admin/x/translate/", locale="de", q="Sign in to see this page")
    browser.click("Melden Sie sich an, um diese Seite zu sehen.")
    browser.get(f"/admin/x/translate/de/{entry(site, 'de', 'Sign in').digest}")
    browser.submit("text", {"strings.0": "Hereinspaziert"})
    assert "Saved" in browser.page.words
    assert "Hereinspaziert" in guest.get("/").words
    assert "Hereinspaziert" not in Browser(site.app, Accept_Language="hr").get("/").words
    assert "Hereinspaziert" in browser.get("/admin/x/translate/", locale="de", state="edited").words
    browser.get(f"/admin/x/translate/de/{entry(site, 'de', 'Sign in').digest}")
    browser.submit("text", press="Back to the shipped text")
    assert "Hereinspaziert" not in guest.get("/").words
    assert "No text has these words" in browser.get("/admin/x/translate/", locale="de", state="edited").words


def test_english_can_be_said_differently_too(site: PluginSite) -> None:
    owner = site.world.actor(site.world.user("Olga", is_owner=True))
    assert overrides.keep(site.desk, owner, "en", entry(site, "en", "Sign in"), ["Log in"])
    assert "Log in" in Browser(site.app, Accept_Language="en").get("/").words
    assert site.desk.texts("en")().gettext("Sign in") == "Log in"


def test_another_process_hears_of_it(site: PluginSite) -> None:
    assert site.desk.texts("de")().gettext("Sign in") == "Anmelden"
    with plugin_again(site) as other:
        owner = site.world.actor(site.world.user("Olga", is_owner=True))
        overrides.keep(other, owner, "de", entry(site, "de", "Sign in"), ["Hereinspaziert"])
    assert site.desk.texts("de")().gettext("Sign in") == "Hereinspaziert"


def plugin_again(site: PluginSite) -> closing[Helpdesk]:
    """Open the same instance once more, as another process does."""
    env = {
        "HELPDESK_SECRET_KEY": "s" * 64,
        "HELPDESK_DATABASE__URL": site.desk.config.database.url,
        "HELPDESK_PLUGINS__ENABLED": '["translate"]',
    }
    return closing(open_helpdesk(site.desk.config.instance, env=env))


@pytest.mark.parametrize(
    ("msgid", "strings", "wrong"),
    [
        ("Error %(code)s", ["Fehler"], "lacks %(code)s"),
        ("Error %(code)s", ["Fehler %(code)s %(why)s"], "has %(why)s"),
        (TICKETS, ["%(num)d Ticket", ""], "One of its forms is empty"),
        ("Sign in", ["x" * 5001], "5000 characters"),
    ],
)
def test_what_a_page_could_not_show_is_not_kept(site: PluginSite, msgid: str, strings: list[str], wrong: str) -> None:
    owner = site.world.actor(site.world.user("Olga", is_owner=True))
    with pytest.raises(Invalid) as error:
        overrides.keep(site.desk, owner, "de", entry(site, "de", msgid), strings)
    assert wrong in str(error.value)
    assert entry(site, "de", msgid).own == ()


def test_plural_forms_are_changed_together(site: PluginSite) -> None:
    owner = site.world.actor(site.world.user("Olga", is_owner=True))
    overrides.keep(
        site.desk, owner, "ru", entry(site, "ru", TICKETS), ["%(num)d вопрос", "%(num)d вопроса", "%(num)d вопросов"]
    )
    said = site.desk.texts("ru")()
    assert [said.ngettext(TICKETS, "%(num)d tickets", number) % {"num": number} for number in (1, 2, 5, 21)] == [
        "1 вопрос",
        "2 вопроса",
        "5 вопросов",
        "21 вопрос",
    ]


def test_markup_in_a_text_stays_text(site: PluginSite) -> None:
    owner = site.world.actor(site.world.user("Olga", is_owner=True))
    overrides.keep(site.desk, owner, "en", entry(site, "en", "How can we help?"), ["5 > 4 & more"])
    browser = Browser(site.app)
    browser.get("/")
    assert browser.response is not None
    assert "5 &gt; 4 &amp; more" in browser.response.get_data(as_text=True)


def test_only_those_who_may_change_settings_see_the_pages(site: PluginSite) -> None:
    assert site.browser(site.world.agent()).get("/admin/x/translate/").status == 403
    browser = admin(site)
    assert browser.get("/admin/x/translate/de/unknown").status == 404
    assert browser.get(f"/admin/x/translate/xx/{entry(site, 'de', 'Sign in').digest}").status == 404


def test_it_keeps_the_rules_for_plugins() -> None:
    assert_conforms("translate")
