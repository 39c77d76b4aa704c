"""Signing in by way of a provider, good and bad."""

import base64
import hashlib
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from sqlalchemy import select

from helpdesk_core.api import SYSTEM
from helpdesk_core.api.users import User, UserDraft, create_user, deactivate_user
from helpdesk_core.testing.conformance import assert_conforms
from helpdesk_oidc import providers
from helpdesk_oidc.models import Begun, Person
from helpdesk_oidc.plugin import OidcPlugin
from helpdesk_oidc.providers import ProviderDraft

from .conftest import CLIENT, SECRET, Oidc, basic


def users(oidc: Oidc) -> list[str]:
    with oidc.site.desk.read() as session:
        return sorted(address or "" for address in session.scalars(select(User.primary_email)))


def test_a_member_signs_in_and_gets_an_account(oidc: Oidc) -> None:
    oidc.add()
    browser = oidc.site.browser()
    assert "Sign in with Shop" in browser.get("/login?next=/tickets").words
    answer = oidc.come_back(browser, "/tickets")
    assert (answer.status_code, answer.location) == (302, "/tickets")
    assert "Mia Member" in browser.get("/account").text
    assert "mia@example.com" in users(oidc)
    again = oidc.site.browser()
    assert oidc.come_back(again, email="changed@example.com").status_code == 302
    assert "mia@example.com" in again.get("/account").text, "the provider's id says who it is, not the address"


def test_the_provider_is_asked_as_the_standards_say(oidc: Oidc) -> None:
    oidc.add()
    browser = oidc.site.browser()
    asked = oidc.go(browser)
    assert asked["redirect_uri"].endswith("/x/oidc/back/shop")
    assert (asked["response_type"], asked["scope"]) == ("code", "openid profile email")
    oidc.there.token = oidc.id_token(asked["nonce"])
    browser.client.get(f"/x/oidc/back/shop?code=abc&state={asked['state']}")
    (form, headers) = next((form, headers) for path, form, headers in oidc.there.asked if path == "/token")
    challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"][0].encode()).digest()).rstrip(b"=")
    assert asked["code_challenge"] == challenge.decode()
    assert basic(headers) == f"{CLIENT}:a%20secret%20%26%20more"
    assert "client_secret" not in form


def test_a_provider_that_wants_the_secret_in_the_form_gets_it_there(oidc: Oidc) -> None:
    oidc.there.metadata["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    oidc.add()
    assert oidc.come_back(oidc.site.browser()).status_code == 302
    form = next(form for path, form, _ in oidc.there.asked if path == "/token")
    assert form["client_secret"] == [SECRET]


def test_an_answer_is_good_once_and_in_the_browser_that_asked(oidc: Oidc) -> None:
    oidc.add()
    browser = oidc.site.browser()
    asked = oidc.go(browser)
    oidc.there.token = oidc.id_token(asked["nonce"])
    back = f"/x/oidc/back/shop?code=abc&state={asked['state']}"
    assert "begun elsewhere" in oidc.site.browser().get(back).words
    assert browser.client.get(back).status_code == 302
    assert "begun elsewhere" in browser.client.get(back).text
    assert "begun elsewhere" in oidc.problem(state="guessed")


def test_a_sign_in_that_took_too_long_begins_again(oidc: Oidc) -> None:
    oidc.add()
    browser = oidc.site.browser()
    asked = oidc.go(browser)
    oidc.site.clock.advance(minutes=16)
    answer = browser.client.get(f"/x/oidc/back/shop?code=abc&state={asked['state']}")
    assert (answer.status_code, "too long ago" in answer.text) == (400, True)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"iss": "https://other.example.com"}, "from another provider"),
        ({"aud": "somebody-else"}, "meant for another application"),
        ({"aud": [CLIENT, "somebody-else"]}, "meant for another application"),
        ({"nonce": "another"}, "belongs to another sign-in"),
        ({"nonce": None}, "belongs to another sign-in"),
        ({"exp": 1_000_000}, "too old"),
        ({"exp": None}, "too old"),
        ({"nbf": 9_000_000_000}, "not good yet"),
        ({"sub": ""}, "does not say who you are"),
        ({"sub": 7}, "does not say who you are"),
        ({"email": None}, "does not tell us your e-mail address"),
        ({"email": "no address"}, "an address that is none"),
        ({"email_verified": False}, "Confirm your e-mail address at the provider"),
        ({"email_verified": None}, "Confirm your e-mail address at the provider"),
        ({"email_verified": "false"}, "Confirm your e-mail address at the provider"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_sentence(oidc: Oidc, changes: dict[str, Any], sentence: str) -> None:
    oidc.add()
    before = users(oidc)
    assert sentence in oidc.problem(**changes)
    assert users(oidc) == before


def test_forged_tokens_are_refused(oidc: Oidc) -> None:
    oidc.add()
    said = {"iss": oidc.there.issuer, "aud": CLIENT, "sub": "7", "exp": 9_000_000_000, "nonce": "x"}
    stranger = generate_private_key(SECP256R1())
    published = json.dumps(oidc.there.answer("/keys", {})[1].decode())
    forged = {
        "none": jwt.encode(said, "", algorithm="none"),
        "own key": jwt.encode(said, stranger, algorithm="ES256", headers={"kid": "one"}),
        "secret": jwt.encode(said, SECRET * 3, algorithm="HS256", headers={"kid": "one"}),
        "public key as secret": jwt.encode(said, published, algorithm="HS256", headers={"kid": "one"}),
        "garbage": "a.b.c",
        "empty": "",
    }
    for what, token in forged.items():
        assert "not signed as it has to be" in oidc.problem(token=token), what
    unknown = jwt.encode(said, stranger, algorithm="ES256", headers={"kid": "two"})
    assert "a key that it does not publish" in oidc.problem(token=unknown)


def test_a_provider_changes_its_keys_whenever_it_likes(oidc: Oidc) -> None:
    oidc.add()
    assert oidc.come_back(oidc.site.browser()).status_code == 302
    oidc.there.key, oidc.there.kid = generate_private_key(SECP256R1()), "two"
    assert "a key that it does not publish" in oidc.problem(), "keys are asked for at most every half minute"
    oidc.site.clock.advance(seconds=31)
    assert oidc.come_back(oidc.site.browser()).status_code == 302


def test_keys_that_are_known_are_good_while_they_cannot_be_asked_for(oidc: Oidc) -> None:
    oidc.add()
    assert oidc.come_back(oidc.site.browser()).status_code == 302
    oidc.there.answers["/keys"] = (503, b"down")
    oidc.site.clock.advance(minutes=61)
    for _ in range(3):
        assert oidc.come_back(oidc.site.browser()).status_code == 302
    assert [path for path, _, _ in oidc.there.asked].count("/keys") == 2, "who failed is left alone for a while"
    oidc.there.key, oidc.there.kid = generate_private_key(SECP256R1()), "two"
    assert "HTTP 503" in oidc.problem()
    assert [path for path, _, _ in oidc.there.asked].count("/keys") == 2
    oidc.there.answers.clear()
    oidc.site.clock.advance(seconds=11)
    assert oidc.come_back(oidc.site.browser()).status_code == 302


def test_keys_that_were_never_there_are_not_asked_for_at_each_sign_in(oidc: Oidc) -> None:
    oidc.add()
    oidc.there.answers["/keys"] = (503, b"down")
    for _ in range(3):
        assert "HTTP 503" in oidc.problem()
    assert [path for path, _, _ in oidc.there.asked].count("/keys") == 1


def test_metadata_and_keys_are_asked_for_once(oidc: Oidc) -> None:
    oidc.add()
    for _ in range(3):
        assert oidc.come_back(oidc.site.browser()).status_code == 302
    paths = [path for path, _, _ in oidc.there.asked]
    assert paths.count("/keys") == paths.count("/.well-known/openid-configuration") == 1


def test_a_provider_that_is_down_gives_a_sentence_and_a_way_on(oidc: Oidc) -> None:
    oidc.add()
    oidc.there.answers["/.well-known/openid-configuration"] = (503, b"<h1>down</h1>")
    page = oidc.site.browser().get("/x/oidc/go/shop")
    assert page.status == 502
    assert "HTTP 503" in page.words
    assert page.link("Sign in another way") == "/login"
    oidc.site.clock.advance(seconds=11)
    oidc.there.answers.clear()
    assert oidc.come_back(oidc.site.browser()).status_code == 302
    for path, content in (("/token", (400, b'{"error": "invalid_grant"}')), ("/token", (200, b"[]"))):
        oidc.there.answers[path] = content
        assert "did not take our question" in oidc.problem()


def test_nobody_answers_at_the_providers_address(oidc: Oidc) -> None:
    oidc.add(issuer="http://127.0.0.1:9")
    page = oidc.site.browser().get("/x/oidc/go/shop")
    assert (page.status, "cannot be reached" in page.words) == (503, True)


def test_a_provider_with_another_name_or_unsafe_addresses_is_refused(oidc: Oidc) -> None:
    oidc.add()
    oidc.there.metadata["issuer"] = "https://other.example.com"
    assert "calls itself" in oidc.site.browser().get("/x/oidc/go/shop").words
    oidc.there.metadata = {"token_endpoint": "http://elsewhere.example.com/token"}
    oidc.site.clock.advance(seconds=11)
    assert "token_endpoint" in oidc.site.browser().get("/x/oidc/go/shop").words


def test_who_says_no_at_the_provider_reads_so(oidc: Oidc) -> None:
    oidc.add()
    browser = oidc.site.browser()
    asked = oidc.go(browser)
    answer = browser.client.get(f"/x/oidc/back/shop?error=access_denied&state={asked['state']}")
    assert "did not allow it" in answer.text


def test_userinfo_helps_out_but_only_about_the_same_person(oidc: Oidc) -> None:
    oidc.add()
    oidc.there.userinfo = {"sub": "8", "email": "eve@example.com", "email_verified": True}
    assert "does not tell us" in oidc.problem(email=None, email_verified=None)
    oidc.there.userinfo["sub"] = "7"
    assert oidc.come_back(oidc.site.browser(), email=None, email_verified=None).status_code == 302
    assert "eve@example.com" in users(oidc)


def test_a_known_account_joins_by_its_verified_address_only(oidc: Oidc) -> None:
    oidc.add()
    desk = oidc.site.desk
    theirs = create_user(desk, SYSTEM, UserDraft(name="Mia"), "mia@example.com", password="long enough 1234")
    create_user(desk, SYSTEM, UserDraft(name="Eve"), "eve@example.com", password="long enough 1234", is_verified=False)
    assert oidc.come_back(oidc.site.browser()).status_code == 302
    with desk.read() as session:
        assert session.scalars(select(Person.user_id)).all() == [theirs.id]
    assert "is not confirmed" in oidc.problem(sub="8", email="eve@example.com")
    deactivate_user(desk, SYSTEM, theirs.uid)
    assert "deactivated" in oidc.problem()


def test_another_issuer_means_other_people(oidc: Oidc) -> None:
    draft: dict[str, Any] = {"key": "shop", "name": "Shop", "client_id": CLIENT, "secret": SECRET}
    oidc.add(issuer=f"{oidc.there.issuer}/")
    assert oidc.come_back(oidc.site.browser()).status_code == 302
    providers.change(oidc.site.desk, oidc.owner, "shop", ProviderDraft(**draft, issuer=oidc.there.issuer))
    with oidc.site.desk.read() as session:
        assert len(session.scalars(select(Begun)).all()) == 1, "a slash makes no other issuer"
    providers.change(oidc.site.desk, oidc.owner, "shop", ProviderDraft(**draft, issuer="http://127.0.0.1:9"))
    with oidc.site.desk.read() as session:
        assert (session.scalars(select(Person)).all(), session.scalars(select(Begun)).all()) == ([], [])
    providers.change(oidc.site.desk, oidc.owner, "shop", ProviderDraft(**draft, issuer=oidc.there.issuer))
    browser = oidc.site.browser()
    assert oidc.come_back(browser, sub="7", email="eve@example.com").status_code == 302
    assert "eve@example.com" in browser.get("/account").text


def test_signing_out_goes_on_to_the_provider(oidc: Oidc) -> None:
    oidc.add()
    browser = oidc.site.browser()
    oidc.come_back(browser)
    browser.get("/tickets")
    page = browser.submit("/logout")
    assert f"{oidc.there.issuer}/leave?id_token_hint=" in page.text
    assert "post_logout_redirect_uri" in page.text


def test_a_provider_ends_sessions_here(oidc: Oidc) -> None:
    oidc.add()
    browser, other = oidc.site.browser(), oidc.site.browser()
    oidc.come_back(browser, sid="s1")
    oidc.come_back(other, sid="s2")
    now = int(oidc.site.desk.now().timestamp())
    event: dict[str, Any] = {"http://schemas.openid.net/event/backchannel-logout": {}}
    plain: dict[str, Any] = {
        "email": None,
        "name": None,
        "email_verified": None,
        "nonce": None,
        "events": event,
        "jti": "j",
    }
    told: dict[str, dict[str, Any]] = {
        "nonce": {**plain, "nonce": "x", "sid": "s1"},
        "no event": {**plain, "events": {}, "sid": "s1"},
        "old": {**plain, "iat": now - 3600, "sid": "s1"},
        "nobody": {**plain, "sub": None},
    }
    for what, claims in told.items():
        answer = browser.client.post("/x/oidc/ended/shop", data={"logout_token": oidc.id_token(**claims)})
        assert answer.status_code == 400, what
        assert answer.get_json()["error"] == "invalid_request"
    assert browser.get("/account").status == 200
    good = oidc.id_token(**plain, sid="s1", exp=None)
    assert oidc.site.app.test_client().post("/x/oidc/ended/shop", data={"logout_token": good}).status_code == 200
    assert "/login" in browser.get("/account").path
    assert other.get("/account").status == 200
    with oidc.site.desk.read() as session:
        assert session.scalars(select(Begun.sid)).all() == ["s2"]


def test_personal_data_is_exported_and_erased(oidc: Oidc) -> None:
    oidc.add()
    oidc.come_back(oidc.site.browser())
    plugin = oidc.site.desk.plugins.plugin("oidc")
    assert isinstance(plugin, OidcPlugin)
    with oidc.site.desk.read() as session:
        user = session.scalar(select(User).where(User.primary_email == "mia@example.com"))
    assert user is not None
    assert plugin.personal_data(user)[0].data[0]["sub"] == "7"
    with oidc.site.desk.begin(SYSTEM) as tx:
        plugin.erase_personal_data(tx, user)
    assert plugin.personal_data(user) == []


def test_it_keeps_the_rules_for_plugins() -> None:
    assert_conforms("oidc")
