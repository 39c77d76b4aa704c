"""Searching without an index: the language of searches, answered by the database alone."""

import pytest

from helpdesk_core.actor import Actor
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.site import World
from helpdesk_core.tickets.changing import change
from helpdesk_core.tickets.filtering import TicketFilter
from helpdesk_core.tickets.inputs import Change
from helpdesk_core.tickets.listing import list_tickets
from helpdesk_core.tickets.rights import Side
from helpdesk_core.tickets.searching import read_search
from helpdesk_core.tickets.vocabulary import vocabulary


def subjects(desk: Helpdesk, actor: Actor, text: str, side: Side = "desk") -> set[str]:
    with desk.read() as session:
        return {row.subject for row in list_tickets(desk, session, actor, TicketFilter(text=text), side=side).rows}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("invoice", {"Invoice 4711", "Refund"}),
        ("invoice paid", {"Invoice 4711"}),
        ('"was paid"', {"Invoice 4711"}),
        ('"paid was"', set()),
        ("invoice -refund", {"Invoice 4711"}),
        ("from:anna", {"Invoice 4711"}),
        ("from:nobody", set()),
        ("subject:refund", {"Refund"}),
        ("subject:paid", set()),
        ("department:billing", {"Refund"}),
        ("department:Billing", {"Refund"}),
        ("-department:billing", {"Invoice 4711"}),
        ("department:billing,support", {"Invoice 4711", "Refund"}),
        ("state:open invoice", {"Invoice 4711", "Refund"}),
        ("status:closed", set()),
        ("has:attachment", set()),
        ("before:2000", set()),
        ("after:2000 refund", {"Refund"}),
    ],
)
def test_what_is_found(desk: Helpdesk, world: World, text: str, found: set[str]) -> None:
    anna, ben = world.customer("Anna"), world.customer("Ben")
    world.ticket(anna, subject="Invoice 4711", text="It was paid in May.", department="support")
    world.ticket(ben, subject="Refund", text="About the invoice of June.", department="billing")
    assert subjects(desk, world.agent("Agent"), text) == found


def test_customers_never_find_what_notes_say(desk: Helpdesk, world: World) -> None:
    from helpdesk_core.tickets.conversation import note
    from helpdesk_core.tickets.inputs import NewMessage

    anna = world.customer("Anna")
    ticket = world.ticket(anna, subject="Slow", text="The site is slow.").ticket
    agent = world.agent("Agent")
    note(desk, agent, ticket.number or "", NewMessage(text="Their disk is a xylophone."))
    assert subjects(desk, agent, "xylophone") == {"Slow"}
    assert subjects(desk, anna, "xylophone", "portal") == set()
    assert subjects(desk, anna, "slow", "portal") == {"Slow"}


def test_words_that_do_not_exist_are_said(desk: Helpdesk, world: World) -> None:
    agent = world.agent("Agent")
    with desk.read() as session:
        words = vocabulary(desk, session)
    assert "Choose one of: new, open" in read_search("status:lost", agent, words).problems[0]
    query = read_search("from:me status:Open", agent, words)
    assert [term.values for term in query.terms] == [(agent.email,), ("open",)]
    assert not query.problems


def test_who_is_not_shown_tags_and_agents_learns_nothing_by_asking(desk: Helpdesk, world: World) -> None:
    anna, agent = world.customer("Anna"), world.agent("Adam", "support")
    number = world.ticket(anna, subject="Slow", department="support").ticket.number or ""
    change(desk, agent, number, Change(tags=("difficult",), assignee=agent.uid))
    for text in ("tag:difficult", "assignee:" + (agent.email or ""), "-tag:friendly", "-assignee:none"):
        assert subjects(desk, agent, text) == subjects(desk, agent, text, "any") == {"Slow"}, text
        assert subjects(desk, anna, text, "portal") == subjects(desk, anna, text, "any") == set(), text
    with desk.read() as session:
        assert not list_tickets(desk, session, anna, TicketFilter(tag=("difficult",)), side="portal").rows
    assert subjects(desk, agent, "assignee:me") == {"Slow"}
    assert subjects(desk, agent, "assignee:none") == set()
