"""Roles that people have because a site or a provider of sign-in says so, where several say it."""

from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import delete, select

from helpdesk_cms.models import Person as Visitor
from helpdesk_cms.models import Site
from helpdesk_cms.roles import LENDING as OF_SITES
from helpdesk_core.api import SYSTEM, Transaction
from helpdesk_core.api.errors import Forbidden
from helpdesk_core.api.users import Lending, RolePair, User, grant_role, roles_of
from helpdesk_core.plugins.purge import purge
from helpdesk_core.testing.plugins import PluginSite, plugin_site
from helpdesk_core.testing.prepared import Databases
from helpdesk_core.testing.queries import count_queries
from helpdesk_core.users import lending as core
from helpdesk_core.users.models import LentRole
from helpdesk_core.users.roles import revoke_role
from helpdesk_oidc.models import Person as Account
from helpdesk_oidc.models import Provider
from helpdesk_oidc.roles import LENDING as OF_PROVIDERS

AGENT: RolePair = ("agent", "support")


@pytest.fixture
def site(tmp_path: Path, databases: Databases) -> Iterator[PluginSite]:
    """A helpdesk with both plugins, a department and the roles."""
    with plugin_site("cms", "oidc", folder=tmp_path, databases=databases) as opened:
        opened.world.department("support")
        opened.world.agent("Adam Agent", "support")
        opened.world.agent("Mona Manager", "support", role="manager")
        yield opened


@pytest.fixture
def mia(site: PluginSite) -> User:
    """Somebody whom a site and a provider know."""
    user = site.world.user("Mia Member")
    with site.desk.begin(SYSTEM) as tx:
        when: dict[str, Any] = {"created_at": tx.now, "updated_at": tx.now}
        shop = Site(key="shop", name="Shop", url="https://www.example.com", secrets="", **when)
        company = Provider(key="company", name="Company", issuer="https://id.example.com", client_id="x", **when)
        tx.session.add_all([shop, company])
        tx.session.flush()
        tx.session.add(Visitor(site_id=shop.id, sub="7", user_id=user.id, seen_at=tx.now))
        tx.session.add(Account(provider_id=company.id, sub="m", user_id=user.id, seen_at=tx.now))
    return user


def says(site: PluginSite, lending: Lending[Any], mia: User, *meant: RolePair) -> list[str]:
    """Let one of them say what roles somebody has; return those that they have then."""
    with site.desk.begin(SYSTEM) as tx:
        say(tx, lending, mia, *meant)
    return held(site, mia)


def say(tx: Transaction, lending: Lending[Any], mia: User, *meant: RolePair) -> None:
    people = Visitor if lending is OF_SITES else Account
    lending.set_roles(tx, tx.session.scalars(select(people).where(people.user_id == mia.id)).one(), meant)


def held(site: PluginSite, mia: User) -> list[str]:
    with site.desk.read() as session:
        return [each.role.key for each in roles_of(session, mia.id)]


@pytest.mark.parametrize("first", [OF_SITES, OF_PROVIDERS], ids=["site", "provider"])
def test_what_both_lend_stays_until_both_have_ended_it(site: PluginSite, mia: User, first: Lending[Any]) -> None:
    second = OF_PROVIDERS if first is OF_SITES else OF_SITES
    assert says(site, first, mia, AGENT) == ["agent"]
    assert says(site, second, mia, AGENT) == ["agent"]
    assert says(site, first, mia) == ["agent"]
    assert says(site, second, mia) == []


def test_what_was_given_by_hand_neither_takes(site: PluginSite, mia: User) -> None:
    grant_role(site.desk, SYSTEM, mia.uid, *AGENT)
    for lending in (OF_SITES, OF_PROVIDERS):
        assert says(site, lending, mia, AGENT) == ["agent"]
        assert says(site, lending, mia) == ["agent"]


def test_the_end_of_one_lender_takes_what_it_alone_lends(site: PluginSite, mia: User) -> None:
    says(site, OF_SITES, mia, AGENT, ("manager", "support"))
    says(site, OF_PROVIDERS, mia, AGENT)
    with site.desk.begin(SYSTEM) as tx:
        OF_SITES.take_all_but(tx, Visitor.user_id == mia.id)
    assert held(site, mia) == ["agent"]
    with site.desk.begin(SYSTEM) as tx:
        OF_PROVIDERS.take_all_but(tx, Account.user_id == mia.id, [AGENT])
    assert held(site, mia) == ["agent"]
    with site.desk.begin(SYSTEM) as tx:
        OF_PROVIDERS.take_all_but(tx, Account.user_id == mia.id)
    assert held(site, mia) == []


def test_a_role_in_a_department_that_is_not_there_is_passed_over(site: PluginSite, mia: User) -> None:
    assert says(site, OF_SITES, mia, ("agent", "nowhere")) == []


@pytest.mark.parametrize("first", [OF_SITES, OF_PROVIDERS], ids=["site", "provider"])
@pytest.mark.parametrize("all_at_once", [False, True], ids=["one person", "all"])
def test_two_that_end_it_in_the_same_moment_leave_nothing(
    site: PluginSite, mia: User, first: Lending[Any], all_at_once: bool
) -> None:
    second = OF_PROVIDERS if first is OF_SITES else OF_SITES
    for lending in (first, second):
        says(site, lending, mia, AGENT)
    beside = Thread(target=says, args=(site, second, mia))
    with site.desk.begin(SYSTEM) as tx:
        if all_at_once:
            first.take_all_but(tx, (Visitor if first is OF_SITES else Account).user_id == mia.id)
        else:
            say(tx, first, mia)
        beside.start()
        beside.join(1)
    beside.join()
    assert held(site, mia) == []


def test_two_that_say_it_in_the_same_moment_are_both_noted(site: PluginSite, mia: User) -> None:
    beside = Thread(target=says, args=(site, OF_PROVIDERS, mia, AGENT))
    with site.desk.begin(SYSTEM) as tx:
        say(tx, OF_SITES, mia, AGENT)
        beside.start()
        beside.join(1)
    beside.join()
    assert says(site, OF_SITES, mia) == ["agent"]
    assert says(site, OF_PROVIDERS, mia) == []


def test_what_a_plugin_lends_counts_while_it_is_off(site: PluginSite, mia: User) -> None:
    for lending in (OF_SITES, OF_PROVIDERS):
        says(site, lending, mia, AGENT)
    site.desk.hooks.unregister("oidc")
    assert says(site, OF_SITES, mia) == ["agent"]


def test_what_is_said_still_is_given_again_when_it_is_gone(site: PluginSite, mia: User) -> None:
    says(site, OF_SITES, mia, AGENT)
    revoke_role(site.desk, SYSTEM, mia.uid, *AGENT)
    assert says(site, OF_SITES, mia, AGENT) == ["agent"]
    assert says(site, OF_SITES, mia) == []


@pytest.mark.parametrize("kept", [OF_SITES, OF_PROVIDERS, None], ids=["site", "provider", "nobody"])
def test_a_purge_takes_what_only_the_plugin_lent(site: PluginSite, mia: User, kept: Lending[Any] | None) -> None:
    grant_role(site.desk, SYSTEM, mia.uid, "manager")
    says(site, OF_SITES, mia, AGENT, ("manager", ""))
    says(site, OF_PROVIDERS, mia, AGENT)
    if kept is None:
        assert says(site, OF_PROVIDERS, mia) == ["manager", "agent"]
    config = site.desk.config
    site.desk.config = replace(config, plugins=replace(config.plugins, enabled=()))  # as opened after disabling both
    gone = "oidc" if kept is OF_SITES else "cms"
    purged = purge(site.desk, gone, gone)
    assert held(site, mia) == (["manager", "agent"] if kept else ["manager"])
    assert purged.rows.get("grants", 0) == (0 if kept else 1)
    assert purged.rows["lent_roles"] == 1


def test_many_people_are_gone_through_in_batches_and_those_without_roles_not_at_all(
    site: PluginSite, mia: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core, "BATCH", 2)
    staff = [site.world.user(f"Person {number}") for number in range(5)]
    with site.desk.begin(SYSTEM) as tx:
        (shop,) = tx.session.scalars(select(Site))
        for user in staff:
            tx.session.add(Visitor(site_id=shop.id, sub=user.uid, user_id=user.id, seen_at=tx.now))
            tx.session.add(Visitor(site_id=shop.id, sub=f"{user.uid}-2", user_id=user.id, seen_at=tx.now))
    with site.desk.begin(SYSTEM) as tx:
        for person in tx.session.scalars(select(Visitor).where(Visitor.user_id != mia.id)).all():
            OF_SITES.set_roles(tx, person, [AGENT])
    with site.desk.begin(SYSTEM) as tx:
        OF_SITES.take_all_but(tx, Visitor.site_id == shop.id)
    assert [held(site, user) for user in staff] == [[]] * 5
    with site.desk.read() as session:
        assert session.scalars(select(LentRole)).all() == []
    with site.desk.begin(SYSTEM) as tx, count_queries(site.desk) as queries:
        OF_SITES.take_all_but(tx, Visitor.site_id == shop.id)
    assert len(queries) < 8, queries


def test_a_role_that_cannot_be_taken_undoes_the_change(
    site: PluginSite, mia: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*_arguments: Any) -> None:
        raise Forbidden("no")

    says(site, OF_SITES, mia, AGENT)
    monkeypatch.setattr(core, "revoke_role", forbidden)
    with pytest.raises(Forbidden):
        says(site, OF_SITES, mia)
    monkeypatch.undo()
    assert says(site, OF_SITES, mia) == []


def test_a_department_that_went_with_its_roles_is_no_error(site: PluginSite, mia: User) -> None:
    says(site, OF_SITES, mia, AGENT, ("manager", ""))
    with site.desk.begin(SYSTEM) as tx:
        person = tx.session.scalars(select(Visitor)).one()
        person.roles = [*person.roles, ["agent", "gone"], ["gone", ""]]
    assert says(site, OF_SITES, mia) == []


@pytest.mark.parametrize(
    ("lending", "revision"), [(OF_SITES, "v0003_claims_of_comments"), (OF_PROVIDERS, "v0002_core_knows_what_is_lent")]
)
def test_what_was_lent_before_core_kept_it_is_noted(
    site: PluginSite, mia: User, lending: Lending[Any], revision: str
) -> None:
    says(site, lending, mia, AGENT, ("manager", ""))
    with site.desk.begin(SYSTEM) as tx:
        tx.session.execute(delete(LentRole))
    migration = import_module(f"helpdesk_{lending.plugin}.migrations.{revision}")
    with site.desk.engine.begin() as connection, Operations.context(MigrationContext.configure(connection)):
        migration.downgrade()
        migration.upgrade()
    with site.desk.read() as session:
        noted = session.execute(select(LentRole.plugin, LentRole.user_id, LentRole.department_id.is_(None))).all()
    assert sorted(tuple(row) for row in noted) == [(lending.plugin, mia.id, False), (lending.plugin, mia.id, True)]
    other = OF_PROVIDERS if lending is OF_SITES else OF_SITES
    assert says(site, other, mia, AGENT) == ["agent", "manager"]
    assert says(site, other, mia) == ["agent", "manager"]
    assert says(site, lending, mia) == []
