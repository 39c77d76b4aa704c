"""The admin pages of the ways in, with a real mailbox behind them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from helpdesk_core.testing.plugins import PluginSite, plugin_site
from helpdesk_core.testing.queries import count_queries
from helpdesk_core.web.submitted import UNUSABLE
from helpdesk_email.intake.health import complaints
from helpdesk_email.intake.mailboxes import MailboxDraft, create_mailbox
from helpdesk_email.intake.sessions import MailboxFailed
from helpdesk_email.plugin import EmailPlugin

from .servers import PASSWORD, Dovecot


@pytest.fixture
def site(tmp_path: Path) -> Iterator[PluginSite]:
    with plugin_site("email", folder=tmp_path) as opened:
        yield opened


def test_an_admin_adds_a_mailbox_tests_it_changes_it_and_removes_it(
    site: PluginSite, mail_server: Dovecot, user: str
) -> None:
    browser = site.browser(site.world.actor(site.world.user("Olga", is_owner=True)))
    page = browser.get("/admin/x/email/")
    assert "No mailbox yet" in page.words
    browser.click("Add a mailbox")
    page = browser.submit("mailbox", name="Support", host="", username=user, password=PASSWORD)
    assert (page.status, "server’s name" in page.words or "server's name" in page.words) == (422, True)
    assert PASSWORD not in page.text
    page = browser.submit(
        "mailbox", host="127.0.0.1", security="none", port=str(mail_server.imap), password=PASSWORD, only_new=False
    )
    assert "is added" in page.words
    assert PASSWORD not in page.text
    page = browser.submit(press="Test connection")
    assert "It works. There are 0 mails." in page.words
    page = browser.submit("mailbox", name="Help", folder="Nowhere")
    assert "is saved" in page.words
    page = browser.submit(press="Test connection")
    assert "no folder “Nowhere”" in page.words
    page = browser.submit(press="Fetch now")
    assert "looked into within ten seconds" in page.words
    page = browser.submit(press="Remove the mailbox")
    assert "No mailbox yet" in page.words


@pytest.mark.parametrize(
    ("address", "field"),
    [
        ("/admin/x/email/mailboxes/new", "name"),
        ("/admin/x/email/addresses/new", "name"),
        ("/admin/x/email/out/keys/new", "domain"),
        ("/admin/x/email/rules/new", "name"),
        ("/desk/x/email/blocked", "value"),
    ],
)
def test_forms_refuse_nul_as_those_of_core_do(site: PluginSite, address: str, field: str) -> None:
    browser = site.browser(site.world.actor(site.world.user("Olga", is_owner=True)))
    browser.get(address)
    page = browser.post(address, {field: "a\0@example.com"})
    assert UNUSABLE in page.words


def test_who_may_not_manage_settings_sees_nothing_of_it(site: PluginSite) -> None:
    agent = site.browser(site.world.agent())
    assert agent.get("/admin/x/email/").status == 403
    assert agent.post("/admin/x/email/addresses/new", {"name": "x", "provider": "generic"}).status == 403


def test_an_address_for_a_provider_is_made_shown_and_removed(site: PluginSite) -> None:
    browser = site.browser(site.world.actor(site.world.user("Olga", is_owner=True)))
    browser.get("/admin/x/email/addresses/new")
    page = browser.submit("door", name="Mailgun", provider="mailgun")
    assert "Enter the key that this provider signs with." in page.words
    page = browser.submit("door", name="Mailgun", provider="mailgun", signing_key="key-1")
    address = page.form("door").value("shown_address")
    assert address.startswith("http://helpdesk.example/api/v1/x/email/inbound/mailgun/")
    assert address.endswith("/mime")
    assert "key-1" not in page.text
    assert "Mailgun" in browser.get("/admin/x/email/").words
    browser.click("Mailgun")
    page = browser.submit(press="Remove the address")
    assert "is refused from now on" in page.words
    path = address.removeprefix("http://helpdesk.example")
    assert browser.client.post(path, data={"timestamp": "1"}).status_code == 404


def test_the_list_costs_the_same_for_one_mailbox_and_for_many(site: PluginSite, mail_server: Dovecot) -> None:
    from helpdesk_email.intake.mailboxes import MailboxDraft, create_mailbox

    owner = site.world.actor(site.world.user("Olga", is_owner=True))
    browser = site.browser(owner)

    def add(count: int) -> None:
        for _each in range(count):
            number = len(names)
            names.append(f"Box {number}")
            draft = MailboxDraft(name=names[-1], host="127.0.0.1", username=f"u{number}", password="x")
            create_mailbox(site.desk, owner, draft)

    names: list[str] = []
    add(1)
    browser.get("/admin/x/email/")
    with count_queries(site.desk) as one:
        browser.get("/admin/x/email/")
    add(9)
    with count_queries(site.desk) as many:
        browser.get("/admin/x/email/")
    assert len(one) == len(many), f"{one}\n\n{many}"


def test_a_german_administrator_reads_in_german_why_a_mailbox_fails(site: PluginSite) -> None:
    owner = site.world.actor(site.world.user("Olga", is_owner=True))
    draft = MailboxDraft(name="Support", host="127.0.0.1", port=9, username="support", password=PASSWORD)
    mailbox = create_mailbox(site.desk, owner, draft)
    plugin = site.desk.plugins.plugin("email")
    assert isinstance(plugin, EmailPlugin)
    for _try in range(2):
        with pytest.raises(MailboxFailed, match="nothing answers at this port"):
            plugin.supervisor.fetch_now(mailbox.id)
    browser = site.browser(owner)
    browser.headers["Accept-Language"] = "de"
    why = "127.0.0.1 versagt: an diesem Port antwortet nichts."
    assert why in browser.get("/admin/x/email/").words
    assert why in browser.get(f"/admin/x/email/mailboxes/{mailbox.uid}").words
    assert f"Das Postfach „Support“ konnte 2-mal nicht abgerufen werden: {why}" in browser.get("/admin/health").words
    assert [each for each in complaints(site.desk) if "127.0.0.1 fails: nothing answers at this port." in each]
