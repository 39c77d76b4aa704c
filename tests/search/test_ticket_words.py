"""Answers of guided questions and services in an index: found by whoever may read them, and forgotten with them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from helpdesk_core.api import Actor
from helpdesk_core.api.search import search_tickets
from helpdesk_core.api.tickets import NewMessage, NewTicket, Posted, merge, open_ticket, redact
from helpdesk_core.testing.distributions import Distributions
from helpdesk_core.testing.plugins import PluginSite, plugin_site
from helpdesk_core.testing.prepared import Databases
from helpdesk_services import keeping
from tests.questioned import PAID, confirmed_customer, furnish

FILE = (
    "customer,id,name,type,state,Server\n"
    "carla@example.com,1,pelicans.example.com,hosting,active,albatross\n"
    "carla@example.com,2,VPS of Carla,server,suspended,cormorant\n"
)
BAD = """
@hookimpl(ticket_words)
def words(self, ticket_ids):
    raise RuntimeError("on purpose")
"""


@pytest.fixture(params=["search", "search_tantivy"])
def engine(request: pytest.FixtureRequest) -> str:
    """Return the plugin that keeps the index."""
    return str(request.param)


@pytest.fixture
def site(engine: str, tmp_path: Path, databases: Databases, database_kind: str) -> Iterator[PluginSite]:
    """A helpdesk with questions, services and an index; Carla has a hosting account and a server."""
    settings = {"search": {"engine": "postgresql" if database_kind == "postgresql" else "whoosh"}}
    with plugin_site(
        "questions", "services", engine, folder=tmp_path, databases=databases, settings=settings
    ) as opened:
        furnish(opened, FILE)
        opened.work()  # builds the index
        yield opened


@pytest.fixture
def carla(site: PluginSite) -> Actor:
    """A customer with a confirmed address."""
    return confirmed_customer(site)


def asked(site: PluginSite, actor: Actor, department: str = "billing", service: str = "", **answers: str) -> Posted:
    extra = {"questions": answers or None, "services": {"service": service}}
    new = NewTicket(subject="Help", message=NewMessage(text="Please"), department=department, extra=extra)
    return open_ticket(site.desk, actor, new)


def index(site: PluginSite) -> None:
    """Deliver events, and index what they name."""
    site.work()
    site.clock.advance(seconds=5)
    site.work()


def found(site: PluginSite, actor: Actor, words: str, side: str = "desk") -> list[str]:
    with site.desk.read() as session:
        page = search_tickets(site.desk, session, actor, words, side=side)  # type: ignore[arg-type]  # a literal
        return [hit.row.number or "" for hit in page.hits]


def test_tickets_are_found_by_what_was_answered(site: PluginSite, carla: Actor) -> None:
    number = asked(site, carla, **PAID).ticket.number
    index(site)
    agent, elsewhere = site.world.agent("Ann", "billing"), site.world.agent("Bob", "support")
    assert found(site, agent, "R-17") == found(site, agent, '"R-17"') == [number]
    assert found(site, carla, "R-17", "portal") == [number]
    assert found(site, elsewhere, "R-17") == found(site, site.world.customer("Ben"), "R-17", "portal") == []
    assert (
        f"/desk/tickets/{number}" not in site.browser(agent).get("/desk/search/pages", q="R-17").text
    )  # once is enough


def test_tickets_are_found_by_their_service_and_by_its_facts_only_by_staff(site: PluginSite, carla: Actor) -> None:
    number = asked(site, carla, "support", "services.panel:1").ticket.number or ""
    index(site)
    agent = site.world.agent("Ann", role="admin")
    assert found(site, agent, "pelicans.example.com hosting") == [number]
    assert found(site, carla, "pelicans.example.com", "portal") == [number]
    assert found(site, agent, "albatross") == found(site, agent, "panel") == [number]
    assert found(site, carla, "albatross", "portal") == []
    keeping.change(site.desk, agent, number, "services.panel:2")
    index(site)
    assert found(site, agent, "albatross") == found(site, agent, "pelicans.example.com") == []
    assert found(site, agent, "cormorant suspended") == [number]


def test_answers_are_found_where_their_message_stands_and_go_with_it(site: PluginSite, carla: Actor) -> None:
    first, second = asked(site, carla, **PAID), asked(site, carla, **{**PAID, "invoice.number": "R-18"})
    owner = site.world.actor(site.world.user("Olga", is_owner=True))
    target = first.ticket.number or ""
    merge(site.desk, owner, second.ticket.number or "", target)
    index(site)
    assert found(site, owner, "R-18") == found(site, owner, "R-17") == [target]
    redact(site.desk, owner, target, second.message.uid, "a card number")
    index(site)
    assert found(site, owner, "R-18") == []
    assert found(site, owner, "R-17") == [target]


def test_a_plugin_that_fails_to_say_its_words_keeps_nothing_out_of_the_index(
    engine: str, tmp_path: Path, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Distributions(tmp_path / "packages")
    made.add("bad", BAD, head="from helpdesk_core.api.hooks import ticket_words\n")
    monkeypatch.syspath_prepend(str(made.folder))
    try:
        with plugin_site("bad", engine, folder=tmp_path / "site", databases=databases) as site:
            site.work()
            number = site.world.ticket(site.world.customer(), subject="Toner").ticket.number
            index(site)
            assert found(site, site.world.agent(), "toner") == [number]
    finally:
        made.forget()
