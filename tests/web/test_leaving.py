"""Routes that heed no cookie, and signing out of a session that began at another site."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import request

from helpdesk_core.api import ANONYMOUS, PUBLIC, Route, hookimpl
from helpdesk_core.api.hooks import portal_routes, portal_status, signing_out
from helpdesk_core.api.users import User
from helpdesk_core.api.web import Panel, current_actor
from helpdesk_core.testing.distributions import Distributions
from helpdesk_core.testing.plugins import PluginSite, plugin_site


class Elsewhere:
    """What a plugin does that signs people in at another site."""

    leads_to: str | None = None

    @hookimpl(portal_routes)
    def routes(self) -> list[Route]:
        """Return a route of each kind."""

        def say() -> str:
            return f"{current_actor().kind} {request.method}"

        both = ("GET", "POST")
        return [Route("/open", say, PUBLIC, both, "open", cookieless=True), Route("/own", say, PUBLIC, both, "own")]

    @hookimpl(signing_out)
    def leave(self, user: User, session_uid: str) -> str | None:
        """Lead to the other site."""
        assert len(session_uid) == 22
        assert user.name == "Carla Customer"
        return Elsewhere.leads_to

    @hookimpl(portal_status)
    def status(self) -> Panel:
        """Say how services do."""
        return Panel(template="elsewhere/status.html")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PluginSite]:
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    made = Distributions(folder)
    body = "\n".join(f"{name} = Elsewhere.{name}" for name in ("routes", "leave", "status"))
    package = made.add("elsewhere", body, head=f"from {__name__} import Elsewhere")
    (package / "templates" / "elsewhere").mkdir(parents=True)
    (package / "templates" / "elsewhere" / "status.html").write_text("{#- contract: 1 -#}<p>All is well.</p>", "utf-8")
    with plugin_site("elsewhere", folder=tmp_path / "site") as opened:
        yield opened
    made.forget()


@pytest.fixture
def leading(monkeypatch: pytest.MonkeyPatch) -> Callable[[str | None], None]:
    return lambda address: monkeypatch.setattr(Elsewhere, "leads_to", address)


def test_a_cookie_proves_nothing_where_none_is_heeded(site: PluginSite) -> None:
    client = site.browser(site.world.customer()).client
    assert client.get("/x/elsewhere/own").text == "user GET"
    assert client.post("/x/elsewhere/own", data={"a": "b"}).status_code == 400
    assert client.get("/x/elsewhere/open").text == f"{ANONYMOUS.kind} GET"
    sent = client.post("/x/elsewhere/open", data={"a": "b"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert (sent.status_code, sent.text) == (200, "anonymous POST")


def test_signing_out_leads_on_to_where_the_session_began(
    site: PluginSite, leading: Callable[[str | None], None]
) -> None:
    carla = site.world.customer()
    for address, refresh in (
        ("https://www.example.com/bye;x", "0; url=https://www.example.com/bye%3Bx"),
        ("javascript:alert(1)", None),
        (None, None),
    ):
        leading(address)
        browser = site.browser(carla)
        browser.get("/")
        page = browser.post("/logout")
        assert browser.response is not None
        assert browser.response.headers.get("Refresh") == refresh
        assert "You are signed out." in page.words
        assert "javascript:" not in page.text
        assert "Carla" not in browser.get("/").text


def test_how_services_do_stands_on_the_portals_home(site: PluginSite) -> None:
    assert "All is well." in site.browser().get("/").words
