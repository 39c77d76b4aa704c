"""Who a site's people are here: proved addresses join, owners never do, roles come and go; in and out both ways."""

import re
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select

from helpdesk_cms import sites
from helpdesk_cms.models import Frame, Person
from helpdesk_cms.sites import SiteDraft
from helpdesk_core.api.errors import Forbidden
from helpdesk_core.api.hooks import customer_facts
from helpdesk_core.api.users import User, find_by_address, grant_role, roles_of
from helpdesk_core.testing.plugins import PluginSite
from helpdesk_core.users.roles import create_role

from .worlds import HERE, MEMBER, Sites


def user_of(site: PluginSite, address: str) -> User | None:
    with site.desk.read() as session:
        return find_by_address(session, address)


def enter(world: Sites, **claims: Any) -> Any:
    """Follow a link of the site, and return the browser's answer."""
    client = world.site.app.test_client()
    token = world.token("sign-in", **{**MEMBER, **claims})
    answer = client.post("/x/cms/sign-in", data={"token": token, "next": "/tickets"})
    return client, answer


def test_somebody_with_a_proved_address_is_signed_in_and_out_both_ways(world: Sites) -> None:
    world.change(logout_url="https://www.example.com/bye;now?a=1")
    client, answer = enter(world)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/tickets")
    assert "Mia Member" in client.get("/tickets").text
    user = user_of(world.site, "mia@example.com")
    assert user is not None
    assert user.emails[0].verified_at is not None
    with world.site.desk.read() as session:
        assert session.scalar(select(Person.user_id)) == user.id
    proof = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/account").text)
    assert proof is not None
    gone = client.post("/logout", data={"csrf_token": proof[1]})
    assert gone.status_code == 200
    assert gone.headers["Refresh"] == "0; url=https://www.example.com/bye%3Bnow?a=1"
    assert "https://www.example.com/bye;now?a=1" in gone.text
    assert client.get("/tickets").status_code == 302

    client, _answer = enter(world)
    frame = client.get(f"/x/cms/frame/main?path=new&token={world.token('frame', **MEMBER)}")
    assert frame.status_code == 303
    assert world.call("sign-out", world.token(**MEMBER)).get_json() == {"ended": 1}
    assert client.get("/tickets").status_code == 302
    assert client.get(frame.headers["Location"]).status_code == 410
    assert world.call("sign-out", world.token(**MEMBER)).get_json() == {"ended": 0}


def test_a_link_works_once_and_leads_nowhere_else(world: Sites) -> None:
    client = world.site.app.test_client()
    token = world.token("sign-in", **MEMBER)
    first = client.get(f"/x/cms/sign-in?token={token}&next=https://evil.example/")
    assert (first.status_code, first.headers["Location"]) == (303, "/")
    assert first.headers["Referrer-Policy"] == "no-referrer"
    again = world.site.app.test_client().get(f"/x/cms/sign-in?token={token}")
    assert again.status_code == 401
    assert "used already" in again.text
    assert token not in again.text
    assert "hd_session" not in again.headers.get("Set-Cookie", "")


def test_only_proved_addresses_join(world: Sites) -> None:
    known = world.site.world.customer("Carla Customer", address="carla@example.com")
    _client, answer = enter(world, sub="c1", email="carla@example.com", email_verified=False)
    assert answer.status_code == 403
    assert "confirm" in answer.text
    _client, answer = enter(world, sub="c1", email="carla@example.com")
    assert answer.status_code == 303
    with world.site.desk.read() as session:
        assert session.scalar(select(Person.user_id).where(Person.sub == "c1")) == known.user_id
    # The site's id decides from now on: another address there changes nobody's account.
    client, answer = enter(world, sub="c1", email="else@example.com")
    assert answer.status_code == 303
    assert "Carla Customer" in client.get("/tickets").text
    assert user_of(world.site, "else@example.com") is None


def test_staff_come_from_sites_that_may_and_owners_from_none(world: Sites) -> None:
    world.site.world.agent("Adam Agent", "support", address="adam@example.com")
    world.site.world.user("Otto Owner", is_owner=True, address="otto@example.com")
    adam = {"sub": "a", "email": "adam@example.com"}
    _client, answer = enter(world, **adam)
    assert (answer.status_code, "Staff cannot come" in answer.text) == (403, True)
    assert "Sign in on this site" in world.fragment("tickets", {**MEMBER, **adam})["html"]
    world.change(staff=True)
    client, answer = enter(world, **adam)
    assert answer.status_code == 303
    assert client.get("/desk/", follow_redirects=True).status_code == 200
    _client, answer = enter(world, sub="o", email="otto@example.com")
    assert (answer.status_code, "Owners" in answer.text) == (403, True)
    world.change(staff=False)
    _client, answer = enter(world, **adam)
    assert answer.status_code == 403


def test_roles_of_the_site_are_given_and_taken(world: Sites) -> None:
    site = world.site
    site.world.agent("Adam Agent", "support")

    def given() -> list[tuple[str, bool]]:
        user = user_of(site, "mia@example.com")
        assert user is not None
        with site.desk.read() as session:
            return [(each.role.key, each.department_id is None) for each in roles_of(session, user.id)]

    roles = [["editor", "agent", "support"]]
    world.change(roles=roles)
    enter(world, roles=["editor"])
    assert given() == []  # nobody becomes staff where staff may not come from
    world.change(staff=True, roles=roles)
    enter(world, roles=["editor", "author"])
    assert given() == [("agent", False)]
    enter(world, roles=None)
    assert given() == [("agent", False)]
    enter(world, roles=["author"])
    assert given() == []


def held(site: PluginSite, address: str = "mia@example.com") -> list[str]:
    user = user_of(site, address)
    assert user is not None
    with site.desk.read() as session:
        return [each.role.key for each in roles_of(session, user.id)]


@pytest.mark.parametrize("end", ["staff", "active", "mapping", "removed"])
def test_roles_that_a_site_gave_end_with_what_gave_them(world: Sites, end: str) -> None:
    site, roles = world.site, [["editor", "agent", "support"]]
    site.world.agent("Adam Agent", "support")
    world.change(staff=True, roles=roles)
    enter(world, roles=["editor"])
    world.change(staff=True, roles=roles, url="https://www.example.com/")
    assert held(site) == ["agent"]
    if end == "removed":
        sites.remove(site.desk, world.owner, "main")
    else:
        given = {"staff": True, "roles": roles, "is_active": True}
        world.change(**{**given, **{"staff": {"staff": False}, "active": {"is_active": False}}.get(end, {"roles": []})})
    assert held(site) == []
    if end != "removed":
        world.change(staff=True, roles=roles)
        enter(world, roles=["editor"])
        assert held(site) == ["agent"]


def test_a_role_that_another_site_gives_too_stays(world: Sites) -> None:
    site, roles = world.site, [["editor", "agent", "support"]]
    site.world.agent("Adam Agent", "support")
    world.change(staff=True, roles=roles)
    shop = world.make("shop", staff=True, roles=roles)
    enter(world, roles=["editor"])
    token = world.token("sign-in", shop, **{**MEMBER, "roles": ["editor"]})
    assert site.app.test_client().post("/x/cms/sign-in", data={"token": token}).status_code == 303
    world.change()
    assert held(site) == ["agent"]
    sites.remove(site.desk, world.owner, "shop")
    assert held(site) == []


def test_a_site_takes_only_what_it_gave(world: Sites) -> None:
    site, roles = world.site, [["editor", "agent", "support"], ["writer", "agent", ""]]
    site.world.agent("Adam Agent", "support")
    world.change(staff=True, roles=roles)
    shop = world.make("shop", staff=True, roles=roles)
    both = {**MEMBER, "roles": ["editor"]}
    for key in (world.main, shop):
        token = world.token("sign-in", key, **both)
        assert site.app.test_client().post("/x/cms/sign-in", data={"token": token}).status_code == 303
    enter(world, roles=[])
    assert held(site) == ["agent"], "the shop gives it still"
    token = world.token("sign-in", shop, **{**MEMBER, "roles": []})
    site.app.test_client().post("/x/cms/sign-in", data={"token": token})
    assert held(site) == []

    user = user_of(site, "mia@example.com")
    assert user is not None
    grant_role(site.desk, world.owner, user.uid, "agent", "support")
    enter(world, roles=["editor", "writer"])
    assert held(site) == ["agent", "agent"]
    enter(world, roles=[])
    assert held(site) == ["agent"], "what was given by hand stays"


def test_who_logs_out_in_one_browser_stays_in_another(world: Sites) -> None:
    here, _ = enter(world, sid="office")
    there, _ = enter(world, sid="home")
    frames = {}
    for sid in ("office", "home"):
        token = world.token("frame", **{**MEMBER, "sid": sid})
        frames[sid] = here.get(f"/x/cms/frame/main?path=new&token={token}").headers["Location"]
    assert world.call("sign-out", world.token(**MEMBER, sid="office")).get_json() == {"ended": 1}
    assert (here.get("/tickets").status_code, there.get("/tickets").status_code) == (302, 200)
    assert (here.get(frames["office"]).status_code, here.get(frames["home"]).status_code) == (410, 200)
    assert world.call("sign-out", world.token(**MEMBER)).get_json() == {"ended": 1}
    assert there.get("/tickets").status_code == 302


def test_who_changes_the_helpdesk_comes_from_no_site(world: Sites) -> None:
    world.site.world.agent("Ada Admin", role="admin", address="ada@example.com")
    world.change(staff=True)
    _client, answer = enter(world, sub="a", email="ada@example.com")
    assert (answer.status_code, "Staff cannot come" in answer.text) == (403, True)
    assert world.fragment("tickets", {**MEMBER, "sub": "a", "email": "ada@example.com"})["status"] == 200


def test_whether_staff_come_and_what_roles_are_given_is_for_who_manages_roles(world: Sites) -> None:
    site, roles = world.site, [["editor", "agent", ""]]
    site.world.agent("Adam Agent", "support")
    create_role(site.desk, world.owner, "keeper", "Keeper", ["cms.manage"])
    keeper = site.world.agent("Kim Keeper", role="keeper")
    draft = SiteDraft(key="main", name="Ours", origins=["https://www.example.com"])
    sites.change(site.desk, keeper, "main", draft)
    for more in (replace(draft, staff=True), replace(draft, roles=roles)):
        with pytest.raises(Forbidden):
            sites.change(site.desk, keeper, "main", more)
        with pytest.raises(Forbidden):
            sites.make(site.desk, keeper, replace(more, key="shop"))
    world.change(staff=True, roles=roles)
    kept = replace(draft, name="Still ours", staff=True, roles=roles)
    with pytest.raises(Forbidden):
        sites.rotate(site.desk, keeper, "main")
    assert sites.rotate(site.desk, world.owner, "main").secret
    assert sites.change(site.desk, keeper, "main", kept).name == "Still ours"
    with pytest.raises(Forbidden):
        sites.change(site.desk, keeper, "main", draft)
    assert not sites.change(site.desk, keeper, "main", replace(kept, is_active=False)).is_active
    with pytest.raises(Forbidden):
        sites.change(site.desk, keeper, "main", kept)
    page = site.browser(world.owner)
    page.get("/admin/x/cms/main")
    assert "no site can give it" in page.submit("site", roles="boss = keeper").words


def test_no_site_gives_roles_that_only_owners_give(world: Sites) -> None:
    site = world.site
    site.world.agent("Adam Admin", role="admin")
    page = site.browser(world.owner).get("/admin/x/cms/main")
    assert "admin," not in page.words
    browser = site.browser(world.owner)
    browser.get("/admin/x/cms/main")
    page = browser.submit("site", roles="boss = admin")
    assert (page.status, "no site can give it" in page.words) == (422, True)


def test_a_frame_is_for_the_site_and_opens_with_a_token_once(world: Sites) -> None:
    client = world.site.app.test_client()
    world.ask()
    token = world.token("frame", **MEMBER)
    opened = client.get(f"/x/cms/frame/main?path=tickets&token={token}")
    assert opened.status_code == 303
    where = opened.headers["Location"]
    assert token not in where
    page = client.get(where)
    assert "Down" in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "frame-ancestors https://www.example.com;" in policy + ";"
    assert "script-src 'self'" in policy
    assert "Set-Cookie" not in page.headers
    assert client.get(f"/x/cms/frame/main?path=tickets&token={token}").status_code == 401
    other = world.make("other", origins=["https://other.example.com"])
    stray = client.get(where.replace("/frame/main", "/frame/other"))
    assert stray.status_code == 410
    assert "frame-ancestors https://other.example.com" in stray.headers["Content-Security-Policy"]
    wrong = client.get(f"/x/cms/frame/main?path=tickets&token={world.token('frame', other, **MEMBER)}")
    assert wrong.status_code == 401
    assert client.get("/x/cms/frame/nowhere").status_code == 404
    world.site.clock.advance(minutes=61)
    assert "too long" in client.get(where).text
    world.site.work()
    with world.site.desk.read() as session:
        assert session.scalar(select(func.count(Frame.id))) == 0


def test_cookies_prove_nothing_at_these_addresses(world: Sites) -> None:
    client = world.site.browser(world.site.world.customer("Carla Customer")).client
    page = client.get("/x/cms/frame/main?path=tickets")
    assert "Carla" not in page.text
    assert "Sign in on this site" in page.text
    sent = client.post("/x/cms/frame/main?path=new", data={"subject": "x"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert sent.status_code == 422
    assert client.post("/x/cms/fragment", json={"path": "tickets", "page": HERE}).status_code == 401


def test_those_who_look_for_services_learn_what_sites_say_of_a_person(world: Sites) -> None:
    enter(world, data={"customer_number": "C-17", "plan": "small", "shop.id": "s1", "main.id": "1"})
    other = world.make("shop", origins=["https://shop.example.com"])
    world.site.clock.advance(minutes=1)
    shop = world.token("sign-in", other, **{**MEMBER, "sub": "s9", "data": {"plan": "large", "main.id": "8"}})
    assert world.site.app.test_client().post("/x/cms/sign-in", data={"token": shop}).status_code == 303
    user = user_of(world.site, "mia@example.com")
    assert user is not None
    facts = world.site.desk.hooks.collect(customer_facts, user_id=user.id)
    assert dict(facts) == {"customer_number": "C-17", "plan": "large", "main.id": "7", "shop.id": "s9"}
