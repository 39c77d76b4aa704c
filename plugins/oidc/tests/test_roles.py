"""Roles that a provider gives: with its claim, and no longer than it gives them."""

from dataclasses import replace
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk_core.api import SYSTEM
from helpdesk_core.api.errors import Forbidden
from helpdesk_core.api.users import User, find_by_address, grant_role, roles_of
from helpdesk_core.users.roles import create_role
from helpdesk_oidc import people, providers
from helpdesk_oidc.failing import SignInFailed
from helpdesk_oidc.models import Person
from helpdesk_oidc.providers import ProviderDraft

from .conftest import CLIENT, Oidc


def test_staff_come_only_from_providers_that_may_and_owners_from_none(oidc: Oidc) -> None:
    oidc.add()
    oidc.site.world.agent("Ann Agent", "support", address="ann@example.com")
    oidc.site.world.user("Otto Owner", is_owner=True, address="otto@example.com")
    assert "Staff cannot sign in" in oidc.problem(email="ann@example.com")
    assert "Owners of the helpdesk" in oidc.problem(email="otto@example.com")


def test_roles_follow_the_claim(oidc: Oidc) -> None:
    oidc.site.world.agent("Ann Agent", "support")
    roles = [["agents", "agent", "support"]]
    oidc.add(staff=True, roles_claim="groups", roles=roles)
    browser = oidc.site.browser()
    assert oidc.come_back(browser, groups=["agents", "others"]).location == "/desk/"
    assert browser.get("/desk/").status == 200
    assert oidc.come_back(oidc.site.browser(), groups=["others"]).location == "/"
    assert browser.get("/desk/").status == 403


def test_a_claim_that_is_not_there_gives_no_role(oidc: Oidc) -> None:
    oidc.site.world.agent("Ann Agent", "support")
    roles = [["agents", "agent", "support"]]
    oidc.add(staff=True, roles_claim="groups", roles=roles)
    oidc.there.userinfo = {"sub": "7", "groups": "agents"}
    assert oidc.come_back(oidc.site.browser()).location == "/desk/", "what the token leaves out, userinfo may say"
    oidc.there.userinfo = {"sub": "7"}
    assert oidc.come_back(oidc.site.browser()).location == "/"
    assert oidc.come_back(oidc.site.browser(), groups=["agents"]).location == "/desk/"
    draft: dict[str, Any] = {"key": "shop", "name": "Shop", "client_id": CLIENT, "issuer": oidc.there.issuer}
    providers.change(oidc.site.desk, oidc.owner, "shop", ProviderDraft(**draft, staff=True))
    assert oidc.come_back(oidc.site.browser(), groups=["agents"]).location == "/", "no claim, no roles"


@pytest.mark.parametrize("end", ["issuer", "staff", "active", "mapping", "removed"])
def test_roles_that_a_provider_gave_end_with_what_gave_them(oidc: Oidc, end: str) -> None:
    site, roles = oidc.site, [["agents", "agent", "support"]]
    site.world.agent("Ann Agent", "support")
    oidc.add(staff=True, roles_claim="groups", roles=roles)
    browser = site.browser()
    assert oidc.come_back(browser, groups=["agents"]).location == "/desk/"
    draft: dict[str, Any] = {"key": "shop", "name": "Shop", "client_id": CLIENT, "issuer": oidc.there.issuer}
    draft |= {"staff": True, "roles_claim": "groups", "roles": roles}
    providers.change(site.desk, oidc.owner, "shop", ProviderDraft(**{**draft, "name": "Shop 2"}))
    assert browser.get("/desk/").status == 200
    if end == "removed":
        providers.remove(site.desk, oidc.owner, "shop")
    else:
        changes: dict[str, dict[str, Any]] = {
            "issuer": {"issuer": "http://127.0.0.1:9"},
            "staff": {"staff": False},
            "active": {"is_active": False},
            "mapping": {"roles": []},
        }
        providers.change(site.desk, oidc.owner, "shop", ProviderDraft(**{**draft, **changes[end]}))
    assert browser.get("/desk/").status == 403


def test_what_was_given_by_hand_stays_when_the_claim_ends(oidc: Oidc) -> None:
    site = oidc.site
    site.world.agent("Ann Agent", "support")
    oidc.add(staff=True, roles_claim="groups", roles=[["agents", "agent", "support"]])
    browser = site.browser()
    assert oidc.come_back(browser, groups=[]).location == "/"
    with site.desk.read() as session:
        uid = session.scalars(select(User.uid).join(Person, Person.user_id == User.id)).one()
    grant_role(site.desk, SYSTEM, uid, "agent", "support")
    assert oidc.come_back(site.browser(), groups=["agents"]).location == "/desk/"
    assert oidc.come_back(site.browser(), groups=[]).location == "/desk/"


def test_who_a_provider_for_staff_is_is_for_who_manages_roles(oidc: Oidc) -> None:
    site = oidc.site
    site.world.agent("Adam Agent", "support")
    create_role(site.desk, SYSTEM, "keeper", "Keeper", ["oidc.manage"])
    keeper = site.world.agent("Kim Keeper", role="keeper")
    draft = ProviderDraft(key="mine", name="Mine", client_id=CLIENT, issuer=oidc.there.issuer)
    roles = [["agents", "agent", ""]]
    for more in (replace(draft, staff=True), replace(draft, roles_claim="groups", roles=roles)):
        with pytest.raises(Forbidden):
            providers.make(site.desk, keeper, more)
    providers.make(site.desk, keeper, draft)
    with pytest.raises(Forbidden):
        providers.change(site.desk, keeper, "mine", replace(draft, staff=True))
    providers.change(site.desk, oidc.owner, "mine", replace(draft, staff=True))
    others: list[dict[str, Any]] = [{"issuer": "http://127.0.0.1:9"}, {"client_id": "other"}, {"secret": "x" * 30}]
    for other in others:
        with pytest.raises(Forbidden):
            providers.change(site.desk, keeper, "mine", replace(draft, staff=True, **other))
    providers.change(site.desk, keeper, "mine", replace(draft, staff=True, name="Mine 2"))


def test_which_claim_gives_roles_and_whether_it_does_is_for_who_manages_roles(oidc: Oidc) -> None:
    site = oidc.site
    site.world.agent("Adam Agent", "support")
    create_role(site.desk, SYSTEM, "keeper", "Keeper", ["oidc.manage"])
    keeper = site.world.agent("Kim Keeper", role="keeper")
    draft = ProviderDraft(key="shop", name="Shop", client_id=CLIENT, issuer=oidc.there.issuer, roles_claim="groups")
    draft = replace(draft, staff=True, roles=[["agents", "agent", ""]])
    oidc.add(staff=True, roles_claim="groups", roles=draft.roles)
    with pytest.raises(Forbidden):
        providers.change(site.desk, keeper, "shop", replace(draft, roles_claim="nickname"))
    providers.change(site.desk, keeper, "shop", replace(draft, is_active=False))
    providers.change(site.desk, keeper, "shop", replace(draft, is_active=False, name="Shop 2"))
    with pytest.raises(Forbidden):
        providers.change(site.desk, keeper, "shop", draft)
    assert providers.change(site.desk, oidc.owner, "shop", draft).is_active


def test_roles_mean_nothing_where_staff_may_not_come_from(oidc: Oidc) -> None:
    oidc.site.world.agent("Ann Agent", "support")
    oidc.add(roles_claim="groups", roles=[["agents", "agent", ""]])
    assert oidc.come_back(oidc.site.browser(), groups=["agents"]).location == "/"


MIA = {"sub": "7", "email": "mia@example.com", "email_verified": True}


def noted_and_held(oidc: Oidc) -> tuple[list[list[str]], list[str]]:
    """Return what is noted as given to whoever came, and what they have."""
    with oidc.site.desk.read() as session:
        person = session.scalars(select(Person)).one()
        return person.roles, [each.role.key for each in roles_of(session, person.user_id)]


def staff_draft(oidc: Oidc, **changes: Any) -> ProviderDraft:
    """Return a provider whose group of agents are agents here, but for the changes."""
    draft = ProviderDraft(key="shop", name="Shop", client_id=CLIENT, issuer=oidc.there.issuer, roles_claim="groups")
    return replace(draft, **{"staff": True, "roles": [["agents", "agent", "support"]], **changes})


@pytest.mark.parametrize("meanwhile", ["sign-in", "change"])
def test_what_is_noted_as_given_is_what_is_given(oidc: Oidc, monkeypatch: pytest.MonkeyPatch, meanwhile: str) -> None:
    desk = oidc.site.desk
    oidc.site.world.agent("Ann Agent", "support")
    provider = providers.make(desk, oidc.owner, staff_draft(oidc))
    given = people._roles_given

    def then(*arguments: Any) -> Any:
        said = given(*arguments)
        monkeypatch.undo()
        if meanwhile == "sign-in":
            people.recognise(desk, provider, {**MIA, "groups": []})
        else:
            providers.change(desk, oidc.owner, "shop", staff_draft(oidc, roles=[]))
        return said

    monkeypatch.setattr(people, "_roles_given", then)
    people.recognise(desk, provider, {**MIA, "groups": ["agents"]})
    assert noted_and_held(oidc) == ([], [])


def test_a_change_waits_for_a_sign_in_under_way(oidc: Oidc, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = oidc.site.desk
    oidc.site.world.agent("Ann Agent", "support")
    provider = providers.make(desk, oidc.owner, staff_draft(oidc))
    changing = Thread(target=providers.change, args=(desk, oidc.owner, "shop", staff_draft(oidc, roles=[])))

    def beside_a_change(*arguments: Any) -> None:
        changing.start()
        changing.join(2)
        grant_role(*arguments)

    monkeypatch.setattr("helpdesk_core.users.lending.grant_role", beside_a_change)
    people.recognise(desk, provider, {**MIA, "groups": ["agents"]})
    changing.join()
    assert noted_and_held(oidc) == ([], [])


@pytest.mark.parametrize(
    ("changes", "comes"),
    [
        ({"is_active": False}, False),
        ({"issuer": "http://127.0.0.1:9"}, False),
        ({"client_id": "other"}, False),
        ({"staff": False}, True),
        ({"roles": []}, True),
        ({"roles_claim": "teams"}, True),
        ({"name": "Shop 2"}, True),
    ],
)
@pytest.mark.parametrize("known", [False, True])
def test_a_provider_counts_as_it_is_when_somebody_comes_back(
    oidc: Oidc, changes: dict[str, Any], comes: bool, known: bool
) -> None:
    desk = oidc.site.desk
    oidc.site.world.agent("Ann Agent", "support")
    provider = providers.make(desk, oidc.owner, staff_draft(oidc))
    if known:
        people.recognise(desk, provider, MIA)
    providers.change(desk, oidc.owner, "shop", staff_draft(oidc, **changes))
    claims = {**MIA, "groups": ["agents"]}
    if comes:
        people.recognise(desk, provider, claims)
        expected = ["agent"] if "name" in changes else []
        assert noted_and_held(oidc) == ([["agent", "support"]] if expected else [], expected)
        return
    with pytest.raises(SignInFailed, match="Begin again"):
        people.recognise(desk, provider, claims)
    with desk.read() as session:
        assert [each.roles for each in session.scalars(select(Person))] in ([], [[]])
        assert find_by_address(session, "mia@example.com") is None or known
