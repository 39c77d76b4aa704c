"""Every page and every mail in a language that marks what is translated."""

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import available_timezones

import pytest

from helpdesk_core.i18n.catalogues import Catalogues
from helpdesk_core.mail.templates import MailTemplates
from helpdesk_core.testing.browser import Browser
from helpdesk_core.testing.plugins import PluginSite, plugin_site
from tests.i18n import pseudo
from tests.mail.test_templates import NAMES, render
from tests.specs import walking

NAMED = (
    "helpdesk english deutsch русский українська hrvatski esperanto sqlite python flask sqlalchemy granian werkzeug "
    "ctrl+enter helpdesk email "
    "collect within refine pick veto after render"
)
"""Names, languages in their own words, and what hooks are called."""
MACHINES = ("/admin/audit", "/desk/live")
"""Where fields of events are listed as they are, and what only scripts ask for."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[PluginSite]:
    pseudo.write_catalogues(tmp_path / "instance" / "locales")
    with plugin_site("email", folder=tmp_path) as opened:
        yield opened


def walk(site: PluginSite) -> tuple[walking.Cast, str]:
    who = walking.cast(site)
    number = walking.customers_part(site, who)
    walking.mail_arrives(site, who)
    return who, number


def test_every_page_says_nothing_that_cannot_be_translated(site: PluginSite) -> None:
    who, number = walk(site)
    zones = " ".join(zone.partition("/")[2].replace("_", " ").replace("/", ", ") for zone in available_timezones())
    off = " ".join(f"{each.id} {each.summary}" for each in site.desk.plugins if each.status != "active")
    data = f"{pseudo.data_of(site.desk.engine)} {off} {zones} {' '.join(available_timezones())} {NAMED}".casefold()
    found: dict[str, list[str]] = {}
    for user in (who.owner, who.customer, None):
        browser = Browser(site.app, Accept_Language=pseudo.LANGUAGE)
        if user is not None:
            browser.login(user.primary_email or "", walking.PASSWORD)
        for rule in site.app.url_map.iter_rules():
            arguments = {
                "number": number,
                "uid": who.agent.uid,
                "key": "support",
                "owner": "email",
                "plugin_id": "email",
            }
            if "GET" not in (rule.methods or ()) or rule.rule.startswith((*walking.NOT_PAGES, *MACHINES)):
                continue
            if rule.arguments - arguments.keys():
                continue
            path = rule.rule
            for name, value in arguments.items():
                path = path.replace(f"<{name}>", value)
            browser.get(path)
            assert browser.response is not None
            html = browser.response.get_data(as_text=True)
            if "<html" not in html:
                continue
            assert f'lang="{pseudo.LANGUAGE}"' in html, path
            rest = pseudo.left_over(pseudo.shown(html), data)
            if rest:
                found[path] = rest
    assert found == {}, "\n".join(f"{path}: {texts}" for path, texts in found.items())


@pytest.mark.parametrize("name", NAMES)
def test_every_mail_says_nothing_that_cannot_be_translated(name: str, tmp_path: Path) -> None:
    pseudo.write_catalogues(tmp_path)
    catalogues = Catalogues({"helpdesk": (tmp_path,)})
    said = render(MailTemplates(translate=lambda locale: catalogues.texts(locale)()), name, pseudo.LANGUAGE)
    data = "help & care <b>carla</b> support > first line > <script>alert(1)</script> > last line adam <i> because"
    texts = [said.subject, *said.text.splitlines(), *pseudo.shown(said.html or "")]
    assert [text for text in pseudo.left_over(texts, data) if "script" not in text] == []
