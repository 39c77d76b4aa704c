"""Signing in by way of a real provider: a site made with Wagtail, with django-oauth-toolkit in it."""

import re
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, OpenerDirector, Request, build_opener

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from helpdesk_core.api import Actor
from helpdesk_core.testing.browser import Browser
from helpdesk_core.testing.plugins import PluginSite, plugin_site
from helpdesk_oidc import providers
from helpdesk_oidc.providers import ProviderDraft
from plugins.cms.tests.shells import PASSWORD, Link, Person
from plugins.cms.tests.shells.environment import require_environment, run
from plugins.cms.tests.shells.wagtail import Wagtail

SECRET = "five small boats at sea"
NOWHERE = Link("http://127.0.0.1:9", "none", "none", "x" * 40)


class Stays(HTTPRedirectHandler):
    """Follows redirects within the provider, and none that lead back to the helpdesk."""

    def redirect_request(self, request: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        """Return the next request, or None to stop."""
        if urlsplit(newurl).netloc != urlsplit(request.full_url).netloc:
            return None
        return super().redirect_request(request, fp, code, msg, headers, newurl)


@pytest.fixture(scope="module")
def site_with_accounts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wagtail]:
    """The site, once for all tests: it has a key, and knows the helpdesk as a client."""
    Wagtail.require()
    folder = tmp_path_factory.mktemp("provider")
    key = generate_private_key(65537, 2048)
    kind = serialization.PrivateFormat.PKCS8
    (folder / "oidc.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption()))
    shell = Wagtail(folder)
    try:
        shell.start(NOWHERE)
        yield shell
    finally:
        shell.stop()


@pytest.fixture
def desk(tmp_path: Path, site_with_accounts: Wagtail) -> Iterator[PluginSite]:
    """A helpdesk whose clock shows the real time, as the provider's does."""
    settings = {"oidc": {"allowed": ["127.0.0.0/8", "::1/128"]}}
    with plugin_site("oidc", folder=tmp_path, settings=settings) as site:
        site.clock.moment = datetime.now(UTC)
        site.world.department("support")
        yield site


def link(desk: PluginSite, shell: Wagtail, **fields: Any) -> Actor:
    """Make each known to the other; return the owner of the helpdesk."""
    owner = desk.world.actor(desk.world.user("Olga Owner", is_owner=True))
    client = f"helpdesk-{secrets.token_hex(4)}"
    draft = {"key": "shop", "name": "Shop", "issuer": f"{shell.url}/o", "client_id": client, "secret": SECRET}
    providers.make(desk.desk, owner, ProviderDraft(**{**draft, **fields}))
    here = desk.desk.settings.site().url.rstrip("/")
    run(
        require_environment("wagtail"),
        "wagtail",
        shell.folder,
        *("createapplication", "confidential", "authorization-code", "--client-id", client, "--name", "Helpdesk"),
        *("--client-secret", SECRET, "--redirect-uris", f"{here}/x/oidc/back/shop", "--algorithm", "RS256"),
        *("--post-logout-redirect-uris", f"{here}/", "--skip-authorization"),
        url=shell.url,
    )
    return owner


def opener() -> OpenerDirector:
    """Return a browser for the provider."""
    return build_opener(HTTPCookieProcessor(CookieJar()), Stays())


def open_page(there: OpenerDirector, url: str, form: dict[str, str] | None = None) -> tuple[str, str]:
    """Return the content of a page, or where it leads away to."""
    request = Request(url, urlencode(form).encode() if form else None, {"Referer": url} if form else {})
    try:
        with there.open(request, timeout=30) as answer:
            return answer.read().decode(), ""
    except HTTPError as error:
        return "", error.headers.get("Location") or ""


def sign_in(browser: Browser, person: Person) -> tuple[OpenerDirector, Any]:
    """Go to the provider, sign in there, and come back; return the provider's browser and the helpdesk's answer."""
    there = opener()
    asked = browser.client.get("/x/oidc/go/shop?next=/account")
    assert asked.status_code == 302, asked.text
    form, away = open_page(there, asked.location)
    assert not away
    proof = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
    onward = re.search(r'name="next" value="([^"]+)"', form)
    assert proof
    assert onward
    entered = {
        "csrfmiddlewaretoken": proof[1],
        "username": person.value,
        "password": PASSWORD,
        "next": onward[1].replace("&amp;", "&"),
    }
    login = "{0.scheme}://{0.netloc}/login/".format(urlsplit(asked.location))
    _, back = open_page(there, login, entered)
    assert "/x/oidc/back/shop?" in back, back
    place = urlsplit(back)
    return there, browser.client.get(f"{place.path}?{place.query}")


def test_a_member_of_the_site_signs_in_and_out_of_both(desk: PluginSite, site_with_accounts: Wagtail) -> None:
    owner = link(desk, site_with_accounts)
    admin = desk.browser(owner)
    admin.get("/admin/x/oidc/shop")
    assert "It answers, with 1 keys; signing out there: yes." in admin.submit("Test").words
    browser = desk.browser()
    there, answer = sign_in(browser, Person.MEMBER)
    assert (answer.status_code, answer.location) == (302, "/account"), answer.text
    page = browser.get("/account")
    assert Person.MEMBER.full_name in page.text
    assert Person.MEMBER.email in page.text
    assert "Log out" in open_page(there, f"{site_with_accounts.url}/account/")[0]
    page = browser.submit("/logout")
    _, back = open_page(there, page.link("Go on to"))
    assert back.rstrip("/") == desk.desk.settings.site().url.rstrip("/")
    assert "Log out" not in open_page(there, f"{site_with_accounts.url}/account/")[0]


def test_an_address_that_the_site_has_not_proved_opens_nothing(desk: PluginSite, site_with_accounts: Wagtail) -> None:
    link(desk, site_with_accounts)
    _, answer = sign_in(desk.browser(), Person.UNPROVED)
    assert answer.status_code == 403
    assert "Confirm your e-mail address at the provider" in answer.text


def test_a_group_of_the_site_works_tickets(desk: PluginSite, site_with_accounts: Wagtail) -> None:
    desk.world.agent("Ann Agent", "support")
    link(desk, site_with_accounts, staff=True, roles_claim="groups", roles=[["agents", "agent", "support"]])
    browser = desk.browser()
    _, answer = sign_in(browser, Person.AGENT)
    assert answer.status_code == 302, answer.text
    assert browser.get("/desk/").status == 200
    member = desk.browser()
    sign_in(member, Person.MEMBER)
    assert member.get("/desk/").status == 403
