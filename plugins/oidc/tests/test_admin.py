"""Providers in the admin area."""

from pathlib import Path

import pytest
from sqlalchemy import select

from helpdesk_core.api import SYSTEM
from helpdesk_core.api.errors import Invalid
from helpdesk_core.testing.queries import count_queries
from helpdesk_core.users.roles import create_role
from helpdesk_oidc import providers
from helpdesk_oidc.models import Provider
from helpdesk_oidc.providers import ProviderDraft

from .conftest import CLIENT, SECRET, Oidc


def test_an_admin_makes_tests_changes_and_removes_a_provider(oidc: Oidc) -> None:
    browser = oidc.site.browser(oidc.owner)
    assert "sign in with their password" in browser.get("/admin/x/oidc/").words
    browser.click("New provider")
    page = browser.submit("provider", name="", key="Not good", issuer="http://10.0.0.1/", client_id="", scopes="email")
    assert page.status == 422
    for sentence in ("Write a name", "small letters", "begins with https://", "client id", "“openid” has to be"):
        assert sentence in page.words, sentence
    fields = {"name": "Shop", "key": "shop", "issuer": oidc.there.issuer, "client_id": CLIENT, "secret": SECRET}
    page = browser.submit("provider", {**fields, "scopes": "openid email"})
    assert "Saved." in page.words
    assert "/x/oidc/back/shop" in page.words
    assert SECRET not in page.text
    page = browser.submit("Test")
    assert "It answers, with 1 keys" in page.words
    oidc.there.answers["/keys"] = (200, b'{"keys": []}')
    assert "publishes no keys" in browser.submit("Test").words
    page = browser.submit("provider", name="Shop 2")
    assert "Shop 2" in page.words
    with oidc.site.desk.read() as session:
        row = session.scalars(select(Provider)).one()
    assert SECRET not in row.secret
    assert row.secret, "an empty field keeps the secret"
    page = browser.submit("Remove provider")
    assert "sign in with their password" in page.words


def test_a_private_address_is_refused_unless_allowed(oidc: Oidc) -> None:
    browser = oidc.site.browser(oidc.owner)
    browser.get("/admin/x/oidc/new")
    page = browser.submit("provider", name="In", key="in", issuer="https://10.1.2.3", client_id="x")
    assert (page.status, "not on the public internet" in page.words) == (422, True)


def test_no_name_is_looked_up_while_rows_are_locked(oidc: Oidc, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(providers, "check_url", lambda *_given: asked.append(oidc.site.desk.is_writing()))
    oidc.add()
    draft = ProviderDraft(key="shop", name="Shop", issuer=oidc.there.issuer, client_id=CLIENT)
    providers.change(oidc.site.desk, oidc.owner, "shop", draft)
    assert asked == [False, False]


def test_roles_that_lead_to_all_others_are_not_given(oidc: Oidc) -> None:
    for key in ("role.manage", "plugin.manage", "settings.manage", "oidc.manage"):
        create_role(oidc.site.desk, SYSTEM, key.replace(".", "-"), key, [key])
    with oidc.site.desk.read() as session:
        assert {key for key, _name in providers.given_roles(session)}.isdisjoint(
            {"role-manage", "plugin-manage", "settings-manage", "oidc-manage"}
        )
    assert {"oidc.manage", "cms.manage"} <= providers.OWNERS_ONLY


def test_a_key_that_is_an_address_of_these_pages_is_refused(oidc: Oidc) -> None:
    with pytest.raises(Invalid, match="“new” cannot be a key"):
        oidc.add(key="new")


def test_who_may_not_see_providers_does_not(oidc: Oidc) -> None:
    oidc.add()
    agent = oidc.site.world.agent("Ann Agent", "support")
    assert oidc.site.browser(agent).get("/admin/x/oidc/").status in (403, 404)
    assert "/login" in oidc.site.browser().get("/admin/x/oidc/shop").path


def test_a_provider_that_is_not_in_use_is_not_there(oidc: Oidc) -> None:
    oidc.add(is_active=False)
    assert "Shop" not in oidc.site.browser().get("/login").words
    assert oidc.site.browser().get("/x/oidc/go/shop").status == 404


def test_pages_ask_as_much_of_the_database_with_many_rows(oidc: Oidc) -> None:
    oidc.add()
    browser = oidc.site.browser(oidc.owner)
    asked = []
    for round_ in range(2):
        with count_queries(oidc.site.desk) as queries:
            browser.get("/admin/x/oidc/")
        asked.append(len(queries))
        for number in range(5):
            oidc.add(key=f"p{round_}{number}")
    assert asked[0] == asked[1] <= 8


def test_the_readme_names_every_setting() -> None:
    from helpdesk_oidc.settings import Settings

    readme = (Path(__file__).parents[1] / "README.md").read_text()
    assert [name for name in Settings().fields if f"`{name}`" not in readme] == []
