"""Accounts at Google and Microsoft: consent, tokens and their refresh, down to a real IMAP server that asks for one."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from helpdesk_core.api import Actor
from helpdesk_core.api.settings import Seal
from helpdesk_core.testing.plugins import PluginSite, plugin_site
from helpdesk_email.intake import oauth
from helpdesk_email.intake.fetching import fetch_once
from helpdesk_email.intake.mailboxes import MailboxDraft, create_mailbox, find_mailbox
from helpdesk_email.intake.models import Mailbox
from helpdesk_email.intake.sessions import MailboxFailed
from helpdesk_email.plugin import EmailPlugin

from ..gateways import tickets, written
from .identity import IdentityProvider, identity_provider
from .servers import Dovecot

CLIENT = {
    f"{name}_client_{what}": text
    for name in ("google", "microsoft")
    for what, text in (("id", "this site"), ("secret", "its secret"))
}


@pytest.fixture
def identity(mail_server: Dovecot, monkeypatch: pytest.MonkeyPatch) -> Iterator[IdentityProvider]:
    with identity_provider() as provider:
        there = {name: replace(each, token_url=provider.token_url) for name, each in oauth.PROVIDERS.items()}
        monkeypatch.setattr(oauth, "PROVIDERS", there)
        mail_server.ask_about_tokens(provider.port)
        yield provider


@pytest.fixture
def site(tmp_path: Path) -> Iterator[PluginSite]:
    with plugin_site("email", folder=tmp_path, settings={"email": CLIENT}) as opened:
        opened.world.department("support", address="support@example.com")
        yield opened


@pytest.fixture(autouse=True)
def departments() -> None:
    """This module makes its own."""


@pytest.fixture
def owner(site: PluginSite) -> Actor:
    return site.world.actor(site.world.user("Olga", is_owner=True))


def add_mailbox(site: PluginSite, owner: Actor, server: Dovecot, user: str, login: str, **more: object) -> Mailbox:
    values: dict[str, object] = {
        "name": "Account",
        "host": "localhost",
        "port": server.imaps,
        "login": login,
        "username": user,
        "only_new": False,
    }
    return create_mailbox(site.desk, owner, MailboxDraft(**(values | more)))  # type: ignore[arg-type]  # as the test says


def stored(site: PluginSite, mailbox: Mailbox) -> Mailbox:
    with site.desk.read() as session:
        return find_mailbox(session, mailbox.uid)


def consent(site: PluginSite, owner: Actor, mailbox: Mailbox, identity: IdentityProvider) -> str:
    """Do what a person does: follow the link, agree, and come back; return what the page then says."""
    browser = site.browser(owner)
    link = browser.get(f"/admin/x/email/mailboxes/{mailbox.uid}").link("Connect the account")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
    assert asked["redirect_uri"] == "http://helpdesk.example/admin/x/email/connected"
    assert (asked["code_challenge_method"], asked["response_type"]) == ("S256", "code")
    identity.codes["a code"] = mailbox.username
    return browser.get("/admin/x/email/connected", code="a code", state=asked["state"]).words


@pytest.mark.parametrize("login", ["google", "microsoft"])
def test_an_account_is_connected_and_its_mail_fetched_with_tokens_that_are_renewed(
    site: PluginSite,
    owner: Actor,
    mail_server: Dovecot,
    identity: IdentityProvider,
    user: str,
    login: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(mail_server.certificate))
    identity.rotates = login == "microsoft"
    mail_server.put(user, [written(subject="First")])
    mailbox = add_mailbox(site, owner, mail_server, user, login)
    plugin = site.desk.plugins.plugin("email")
    assert isinstance(plugin, EmailPlugin)
    with pytest.raises(MailboxFailed, match="not connected"):
        fetch_once(site.desk, plugin.gateway, mailbox)
    assert "is connected" in consent(site, owner, mailbox, identity)
    assert fetch_once(site.desk, plugin.gateway, stored(site, mailbox)).taken == 1
    assert fetch_once(site.desk, plugin.gateway, stored(site, mailbox)).taken == 0
    assert len(identity.asked) == 1, "a token that is good is used again"
    site.clock.advance(minutes=58)
    identity.access.clear()
    mail_server.put(user, [written(subject="Second")])
    assert fetch_once(site.desk, plugin.gateway, stored(site, mailbox)).taken == 1
    assert [each["grant_type"] for each in identity.asked] == ["authorization_code", "refresh_token"]
    assert "code_verifier" in identity.asked[0]
    assert [each.subject for each in tickets(site.desk)] == ["First", "Second"]
    kept = stored(site, mailbox).sealed or ""
    assert not any(token in kept for token in (*identity.access, *identity.refresh))
    site.clock.advance(hours=2)
    identity.refresh.clear()
    with pytest.raises(MailboxFailed, match="Connect the account again"):
        fetch_once(site.desk, plugin.gateway, stored(site, mailbox))


def test_nobody_else_can_put_an_account_there(
    site: PluginSite, owner: Actor, mail_server: Dovecot, identity: IdentityProvider, user: str
) -> None:
    mailbox = add_mailbox(site, owner, mail_server, user, "google")
    link = site.browser(owner).get(f"/admin/x/email/mailboxes/{mailbox.uid}").link("Connect the account")
    (state,) = parse_qs(urlsplit(link).query)["state"]
    identity.codes["a code"] = "mallory"
    other = site.browser(site.world.actor(site.world.user("Oskar", is_owner=True)))
    for wrong in (state, state[:-2], "a.b.c.d", ""):
        assert "Nobody here has asked" in other.get("/admin/x/email/connected", code="a code", state=wrong).words
    site.clock.advance(hours=1)
    late = site.browser(owner).get("/admin/x/email/connected", code="a code", state=state)
    assert "too long ago" in late.words
    refused = site.browser(owner).get("/admin/x/email/connected", error="access_denied", state=state)
    assert "Access was not given: access_denied" in refused.words
    assert stored(site, mailbox).sealed is None
    assert identity.asked == []


def test_what_the_provider_refuses_is_said_in_its_words(
    site: PluginSite,
    owner: Actor,
    mail_server: Dovecot,
    identity: IdentityProvider,
    user: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    mailbox = add_mailbox(site, owner, mail_server, user, "microsoft")
    with caplog.at_level(logging.DEBUG):
        consent(site, owner, mailbox, identity)
        right = identity.answer
        monkeypatch.setattr(identity, "answer", lambda form: right(form | {"client_secret": "old"}))
        with pytest.raises(MailboxFailed, match=r"Microsoft refuses to give a token \(invalid_client"):
            oauth.access_token(site.desk, stored(site, mailbox), fresh=True)
        there = {name: replace(each, token_url="http://127.0.0.1:9/") for name, each in oauth.PROVIDERS.items()}
        monkeypatch.setattr(oauth, "PROVIDERS", there)
        with pytest.raises(MailboxFailed, match="cannot be asked for a token"):
            oauth.access_token(site.desk, stored(site, mailbox), fresh=True)
    assert not any(token in caplog.text for token in (*identity.access, *identity.refresh, "its secret"))


def test_a_site_that_is_not_registered_is_told_what_to_do(tmp_path: Path, mail_server: Dovecot, user: str) -> None:
    with plugin_site("email", folder=tmp_path) as site:
        owner = site.world.actor(site.world.user("Olga", is_owner=True))
        mailbox = add_mailbox(site, owner, mail_server, user, "google")
        page = site.browser(owner).get(f"/admin/x/email/mailboxes/{mailbox.uid}")
        assert "enter google_client_id and google_client_secret" in page.words


def test_tokens_of_one_mailbox_do_not_fit_another(site: PluginSite) -> None:
    from helpdesk_core.api.errors import Refused
    from helpdesk_email.intake.secrets import seal, unseal

    sealed = seal(site.desk, "one", {"password": "x", "until": site.clock() + timedelta(hours=1)})
    assert unseal(site.desk, "one", sealed)["password"] == "x"
    with pytest.raises(Refused, match="another secret key"):
        unseal(site.desk, "two", sealed)
    assert Seal(b"another key that is long enough, too").close("email", "one", {}) != sealed
