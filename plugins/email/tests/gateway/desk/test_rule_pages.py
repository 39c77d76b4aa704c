"""The pages of rules and of moving a mail, as a browser without JavaScript has them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from helpdesk_core.api.tickets import NewMessage, note
from helpdesk_core.testing.plugins import PluginSite, plugin_site
from helpdesk_email.plugin import EmailPlugin
from helpdesk_email.receiving import Gateway

from ..gateways import messages, tickets, written


@pytest.fixture
def site(tmp_path: Path) -> Iterator[PluginSite]:
    with plugin_site("email", folder=tmp_path) as opened:
        opened.world.department("support", address="support@example.com", name="Support")
        opened.world.department("sales", address="sales@example.com", name="Sales")
        yield opened


@pytest.fixture
def gateway(site: PluginSite) -> Gateway:
    plugin = site.desk.plugins.plugin("email")
    assert isinstance(plugin, EmailPlugin)
    return plugin.gateway


def test_an_admin_adds_a_rule_tries_it_on_a_mail_and_removes_it(site: PluginSite, gateway: Gateway) -> None:
    row = gateway.receive(written(subject="An order"))
    browser = site.browser(site.world.actor(site.world.user("Olga", is_owner=True)))
    browser.get("/admin/x/email/rules/new")
    page = browser.submit("rule", name="Orders")
    assert (page.status, "Give at least one condition" in page.words) == (422, True)
    page = browser.submit("rule", name="Orders", subject="order", department="sales")
    assert "is added at the end" in page.words
    page = browser.submit("try", mail=row.uid)
    assert "Sales" in page.words
    assert "a new ticket" in page.words
    browser.click("Orders")
    page = browser.submit(press="Remove the rule")
    assert "No rule yet" in page.words
    assert site.browser(site.world.agent()).get("/admin/x/email/rules").status == 403


def test_an_agent_moves_a_mail_to_another_ticket(site: PluginSite, gateway: Gateway) -> None:
    gateway.receive(written())
    gateway.receive(written(sender="ivo@example.org", subject="Fax"))
    printer, fax = tickets(site.desk)
    agent = site.world.agent("Mia", "support")
    note(site.desk, agent, printer.number or "", NewMessage(text="Hm."))
    browser = site.browser(agent)
    assert "A mail belongs elsewhere" in browser.get(f"/desk/tickets/{printer.number}").words
    browser.get(f"/desk/x/email/elsewhere/{printer.number}")
    page = browser.submit("elsewhere", into="99999")
    assert (page.status, "99999" in page.words) == (422, True)
    page = browser.submit("elsewhere", into=fax.number)
    assert f"Moved to #{fax.number}" in page.words
    assert len(messages(site.desk, fax)) == 2
    seller = site.browser(site.world.agent("Sam", "sales"))
    assert seller.get(f"/desk/x/email/elsewhere/{printer.number}").status == 404
