"""Lists of tickets."""

import pytest

from helpdesk_core.errors import Invalid
from helpdesk_core.hooks import hookimpl
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.search.query import SearchQuery
from helpdesk_core.testing.site import TestClock, World
from helpdesk_core.tickets import hooks
from helpdesk_core.tickets.filtering import TicketFilter
from helpdesk_core.tickets.inputs import Requester
from helpdesk_core.tickets.listing import TicketRow, count_tickets, list_tickets
from helpdesk_core.tickets.ordering import SORTS


@pytest.mark.parametrize("sort", SORTS)
def test_pages_join_up_to_the_whole_list_in_order(desk: Helpdesk, world: World, clock: TestClock, sort: str) -> None:
    agent = world.agent()
    for number in range(7):
        clock.advance(minutes=number % 3)
        world.ticket(
            agent,
            subject=f"T{number}",
            requester=Requester(email="c@example.com"),
            priority=("low", "urgent", "normal")[number % 3],
        )
    with desk.read() as session:
        whole = list_tickets(desk, session, agent, TicketFilter(), sort=sort).rows
        found: list[TicketRow] = []
        after = None
        while True:
            page = list_tickets(desk, session, agent, TicketFilter(), sort=sort, limit=2, after=after)
            found += page.rows
            if (after := page.next) is None:
                break
        back: list[TicketRow] = list(page.rows)
        while page.previous is not None:
            page = list_tickets(desk, session, agent, TicketFilter(), sort=sort, limit=2, before=page.previous)
            back = [*page.rows, *back]
    assert len(whole) == 7
    assert found == list(whole)
    assert back == list(whole)
    if sort == "-priority":
        assert [row.priority for row in whole][:2] == ["urgent", "urgent"]


def test_text_is_found_in_subject_body_and_person_without_regard_to_case(desk: Helpdesk, world: World) -> None:
    agent = world.agent()
    customer = world.customer("Олена Коваль", address="olena@client.example")
    ticket = world.ticket(customer, subject="Не приходит ПОЧТА", text="Ошибка 550_5% от сервера").ticket
    with desk.read() as session:
        for text in ("почта", "ОШИБКА", "550_5%", "olena@", "олена", f"#{ticket.number}"):
            found = list_tickets(desk, session, agent, TicketFilter(text=text)).rows
            assert [row.number for row in found] == [ticket.number], text
        assert list_tickets(desk, session, agent, TicketFilter(text="550x5")).rows == []


def test_an_agent_of_one_department_lists_and_counts_only_its_tickets(desk: Helpdesk, world: World) -> None:
    world.ticket(department="billing")
    mine = world.ticket(department="support").ticket
    agent = world.agent("Only Support", "support")
    with desk.read() as session:
        assert [row.number for row in list_tickets(desk, session, agent, TicketFilter()).rows] == [mine.number]
        counts = count_tickets(
            desk,
            session,
            agent,
            {"all": TicketFilter(), "open": TicketFilter(state=("open",)), "mine": TicketFilter(assignee=("me",))},
        )
    assert counts == {"all": 1, "open": 1, "mine": 0}


def test_a_wrong_place_or_word_is_told(desk: Helpdesk, world: World) -> None:
    agent = world.agent()
    with desk.read() as session:
        for wrong in ("abc", "!!", "WyItdXBkYXRlZCJd"):
            with pytest.raises(Invalid):
                list_tickets(desk, session, agent, TicketFilter(), after=wrong)
        with pytest.raises(Invalid, match="new, open"):
            list_tickets(desk, session, agent, TicketFilter(status=("lost",)))


def test_a_plugin_may_search_and_rights_still_hold(desk: Helpdesk, world: World) -> None:
    asked: list[tuple[str, bool]] = []
    seen = world.ticket(department="support").ticket
    unseen = world.ticket(department="billing").ticket

    class Searching:
        @hookimpl(hooks.ticket_search)
        def search(self, query: SearchQuery, internal: bool) -> list[int]:
            asked.append((query.text, internal))
            return [seen.id, unseen.id]

    desk.hooks.register(Searching(), "searching")
    agent = world.agent("Only Support", "support")
    with desk.read() as session:
        for side in ("desk", "any"):
            rows = list_tickets(desk, session, agent, TicketFilter(text="anything"), side=side).rows
            assert [row.number for row in rows] == [seen.number]
    assert asked == [("anything", True), ("anything", False)]
