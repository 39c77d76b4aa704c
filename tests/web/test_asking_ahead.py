"""A page of the desk asks plugins once, however many of its places they fill."""

from collections.abc import Mapping, Sequence

import pytest

from helpdesk_core.hooks import hookimpl
from helpdesk_core.hooks.attempt import Dispatch
from helpdesk_core.hooks.supervisor import Supervisor
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.browser import Browser
from helpdesk_core.testing.site import World
from helpdesk_core.tickets.models import Message, Ticket
from helpdesk_core.web import hooks
from helpdesk_core.web.parts import Link, Panel, TicketAction


def said(words: str) -> Panel:
    return Panel(template="parts/panel_failed.html", context={"plugin_id": words, "error_id": "0"})


class Everywhere:
    """Fills what a list and a ticket show of plugins."""

    @hookimpl(hooks.desk_links)
    def links(self) -> Sequence[Link]:
        return [Link(label="A link of mine", href="/desk/x/mine/")]

    @hookimpl(hooks.desk_home)
    def home(self) -> Panel | None:
        return said("home")

    @hookimpl(hooks.page_foot)
    def foot(self) -> Panel | None:
        return said("foot")

    @hookimpl(hooks.ticket_actions)
    def actions(self, ticket: Ticket) -> Sequence[TicketAction]:
        return [TicketAction(label=f"Act on {ticket.number}", href="/desk/x/mine/act")]

    @hookimpl(hooks.desk_ticket_sidebar)
    def beside(self, ticket: Ticket) -> Panel | None:
        return said(f"beside {ticket.number}")

    @hookimpl(hooks.message_parts)
    def parts(self, messages: Sequence[Message]) -> Mapping[int, Panel]:
        return {messages[0].id: said("below")}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The hooks that were asked, a list for each time."""
    found: list[list[str]] = []
    run = Supervisor.run

    def noted(supervisor: Supervisor, dispatch: Dispatch) -> None:
        found.append([call.spec.name for call in dispatch.calls])
        run(supervisor, dispatch)

    monkeypatch.setattr(Supervisor, "run", noted)
    return found


@pytest.fixture
def signed_in(browser: Browser, desk: Helpdesk, world: World) -> Browser:
    desk.hooks.register(Everywhere(), "mine")
    world.department("support")
    world.agent(password="three blue lamps", address="adam@example.com")
    browser.login("adam@example.com", "three blue lamps")
    return browser


def test_a_list_asks_once(signed_in: Browser, world: World, asked: list[list[str]]) -> None:
    world.ticket()
    asked.clear()
    page = signed_in.get("/desk/tickets?view=open")
    assert [*map(set, asked)] == [{"desk_links", "desk_home", "page_foot"}]
    for words in ("A link of mine", "home", "foot"):
        assert page.words.count(words) == 1, words


def test_a_ticket_asks_once(signed_in: Browser, world: World, asked: list[list[str]]) -> None:
    number = world.ticket().ticket.number
    asked.clear()
    page = signed_in.get(f"/desk/tickets/{number}")
    of_ticket = {"ticket_actions", "desk_ticket_sidebar", "message_parts"}
    assert {"desk_links", "page_foot", *of_ticket} in [*map(set, asked)]
    assert len([each for each in asked if of_ticket & set(each)]) == 1
    for words in ("A link of mine", f"Act on {number}", f"beside {number}", "below", "foot"):
        assert page.words.count(words) == 1, words


def test_other_pages_of_the_desk_show_what_they_ask_for_themselves(signed_in: Browser, asked: list[list[str]]) -> None:
    asked.clear()
    page = signed_in.get("/desk/tickets/new")
    assert page.words.count("A link of mine") == page.words.count("foot") == 1
    assert [each for each in asked if "desk_links" in each] == [["desk_links", "page_foot"]]


class Outside:
    """Fills what every page of the portal shows of plugins, and a ticket's."""

    @hookimpl(hooks.portal_links)
    def links(self) -> Sequence[Link]:
        return [Link(label="A link of mine", href="/x/mine/", order=5)]

    @hookimpl(hooks.page_head)
    def head(self) -> Panel | None:
        return said("head")

    @hookimpl(hooks.portal_footer)
    def footer(self) -> Panel | None:
        return said("footer")

    @hookimpl(hooks.portal_ticket_foot)
    def foot(self, ticket: Ticket) -> Panel | None:
        return said(f"foot of {ticket.number}")

    @hookimpl(hooks.message_parts)
    def parts(self, messages: Sequence[Message]) -> Mapping[int, Panel]:
        return {messages[0].id: said("below")}


LAYOUT = {"portal_links", "page_head", "portal_footer"}


@pytest.fixture
def customer(browser: Browser, desk: Helpdesk, world: World) -> Browser:
    desk.hooks.register(Outside(), "mine")
    world.department("support")
    world.customer(password="three blue lamps", address="ann@example.com")
    browser.login("ann@example.com", "three blue lamps")
    return browser


@pytest.mark.parametrize("path", ["/", "/tickets", "/tickets/new", "/search?q=lamp"])
def test_a_page_of_the_portal_asks_once(customer: Browser, asked: list[list[str]], path: str) -> None:
    asked.clear()
    page = customer.get(path)
    assert [*map(set, asked)] == [LAYOUT]
    assert page.words.count("A link of mine") == page.words.count("footer") == 1


def test_a_customers_ticket_asks_once(customer: Browser, world: World, asked: list[list[str]]) -> None:
    number = world.ticket_for("ann@example.com").ticket.number
    customer.get(f"/tickets/{number}")  # the first visit is noted
    asked.clear()
    page = customer.get(f"/tickets/{number}")
    assert [*map(set, asked)] == [{*LAYOUT, "portal_ticket_foot", "message_parts"}]
    for words in ("A link of mine", "footer", f"foot of {number}", "below"):
        assert page.words.count(words) == 1, words
