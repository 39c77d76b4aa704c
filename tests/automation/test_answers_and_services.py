"""Rules and service levels that ask what was answered, and what a ticket is about."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from helpdesk_core.api import SYSTEM, Actor
from helpdesk_core.api.automation import Condition
from helpdesk_core.api.tickets import NewMessage, NewTicket, Ticket, TicketTag, open_ticket
from helpdesk_core.testing.plugins import PluginSite, plugin_site
from helpdesk_core.testing.prepared import Databases
from helpdesk_rules.keeping import save_rule
from helpdesk_rules.rules import Act, Rule
from helpdesk_services import keeping
from helpdesk_sla.models import Clock, PolicyRow
from tests.questioned import PAID, confirmed_customer, furnish

FILE = (
    "customer,id,name,type,state\n"
    "carla@example.com,1,example.com,hosting,active\n"
    "carla@example.com,2,VPS 2,server,suspended\n"
)


@pytest.fixture
def site(tmp_path: Path, databases: Databases) -> Iterator[PluginSite]:
    """A helpdesk that asks questions, knows services, and acts on both."""
    with plugin_site("questions", "services", "rules", "sla", folder=tmp_path, databases=databases) as opened:
        furnish(opened, FILE)
        yield opened


@pytest.fixture
def carla(site: PluginSite) -> Actor:
    """A customer with a confirmed address."""
    return confirmed_customer(site)


def opened(site: PluginSite, actor: Actor, department: str, service: str, answers: dict[str, str] | None) -> Ticket:
    extra = {"questions": answers, "services": {"service": service}}
    new = NewTicket(subject="Help", message=NewMessage(text="Please"), department=department, extra=extra)
    ticket = open_ticket(site.desk, actor, new).ticket
    site.work()
    return ticket


def rule(site: PluginSite, field: str, operator: str, value: str, tag: str) -> None:
    condition = Condition(field, operator, (value,))
    wanted = Rule(name=tag, triggers=("opened",), conditions=(condition,), actions=(Act("tag", tag),))
    save_rule(site.desk, SYSTEM, wanted)


def tags(site: PluginSite, ticket: Ticket) -> set[str]:
    with site.desk.read() as session:
        return set(session.scalars(select(TicketTag.tag).where(TicketTag.ticket_id == ticket.id)))


def policy(site: PluginSite, name: str, **conditions: list[str]) -> None:
    """Make a policy; conditions are by the field's key with `__` for its point."""
    meant = {key.replace("__", "."): values for key, values in conditions.items()}
    with site.desk.begin(SYSTEM) as tx:
        place = len(tx.session.scalars(select(PolicyRow.id)).all())
        row = PolicyRow(name=name, position=place, steps=[], targets={"first_reply": 60}, conditions=meant)
        tx.session.add(row)
        tx.reference_changed()


def policy_of(site: PluginSite, ticket: Ticket) -> str | None:
    with site.desk.read() as session:
        query = select(PolicyRow.name).join(Clock, Clock.policy_id == PolicyRow.id)
        return session.scalar(query.where(Clock.ticket_id == ticket.id, Clock.is_current))


def test_a_rule_acts_on_an_answer_and_on_the_service(site: PluginSite, carla: Actor) -> None:
    rule(site, "questions.answer", "has", "invoice.payment: card", "card")
    rule(site, "questions.set", "is", "invoice", "invoice")
    rule(site, "services.state", "is", "suspended", "suspended")
    rule(site, "services.type", "is", "hosting", "hosting")
    assert tags(site, opened(site, carla, "billing", "services.panel:2", PAID)) == {"card", "invoice", "suspended"}
    assert tags(site, opened(site, carla, "support", "services.panel:1", None)) == {"hosting"}
    assert tags(site, opened(site, carla, "support", "none", None)) == set()


def test_a_service_level_is_chosen_by_an_answer_and_by_the_service(site: PluginSite, carla: Actor) -> None:
    policy(site, "Cards", questions__chosen=["invoice.payment: card"])
    policy(site, "Servers", services__type=["server"])
    policy(site, "Others")
    assert policy_of(site, opened(site, carla, "billing", "", PAID)) == "Cards"
    assert policy_of(site, opened(site, carla, "support", "services.panel:2", None)) == "Servers"
    about_hosting = opened(site, carla, "support", "services.panel:1", None)
    assert policy_of(site, about_hosting) == "Others"
    agent = site.world.agent(role="admin")
    keeping.change(site.desk, agent, about_hosting.number or "", "services.panel:2")
    site.work()
    assert policy_of(site, about_hosting) == "Servers"


def test_forms_of_rules_and_service_levels_offer_both(site: PluginSite) -> None:
    browser = site.browser(site.world.actor(site.world.user("Olga Owner", is_owner=True)))
    for page in ("/admin/x/rules/rules/new", "/admin/x/sla/policies/new"):
        words = browser.get(page).text
        for label in ("Questions answered", "Answer chosen", "Type of service", "State of service"):
            assert label in words, (page, label)
