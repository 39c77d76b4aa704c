"""Lists of tickets."""

import pytest

from helpdesk_core.actor import SYSTEM
from helpdesk_core.departments.service import change_department
from helpdesk_core.errors import Invalid
from helpdesk_core.hooks import hookimpl
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.search.query import SearchQuery
from helpdesk_core.testing.queries import count_queries
from helpdesk_core.testing.site import TestClock, World
from helpdesk_core.tickets import hooks
from helpdesk_core.tickets.filtering import TicketFilter
from helpdesk_core.tickets.inputs import Requester
from helpdesk_core.tickets.listing import TicketRow, count_tickets, list_tickets
from helpdesk_core.tickets.ordering import SORTS
from helpdesk_core.tickets.workflow import StatusDraft, change_status, create_status, delete_status
from helpdesk_core.users.roles import revoke_role


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


def test_a_list_that_is_looked_at_again_shows_what_has_changed_and_no_more_than_the_reader_may_see(
    desk: Helpdesk, world: World
) -> None:
    here, there = world.ticket(department="support").ticket, world.ticket(department="billing").ticket
    user = world.user("Adam Agent")
    world.grant(user, "agent", "support", "billing")

    def look(department: tuple[str, ...] = (), status: tuple[str, ...] = ()) -> list[tuple[str | None, str, str]]:
        agent, wanted = world.actor(user), TicketFilter(department=department, status=status)
        with desk.read() as session:
            rows = list_tickets(desk, session, agent, wanted, side="desk", sort="created").rows
        return [(row.number, row.status_name, row.department_name) for row in rows]

    create_status(desk, SYSTEM, StatusDraft(name="Parked", state="waiting", turn="us"))
    first = [(here.number, "New", "Support"), (there.number, "New", "Billing")]
    assert look() == look() == first
    assert look(department=("billing",)) == first[1:]
    assert look(status=("parked",)) == []
    change_status(desk, SYSTEM, "new", StatusDraft(name="Fresh", state="new", turn="us"))
    change_department(desk, SYSTEM, "billing", name="Accounts")
    delete_status(desk, SYSTEM, "parked")
    then = [(here.number, "Fresh", "Support"), (there.number, "Fresh", "Accounts")]
    assert look() == then
    with pytest.raises(Invalid, match="parked"):
        look(status=("parked",))
    revoke_role(desk, SYSTEM, user.uid, "agent", "billing")
    assert look() == then[:1]
    assert look(department=("billing",)) == []


def test_a_list_asks_once_whether_its_words_have_changed(desk: Helpdesk, world: World) -> None:
    agent = world.agent()
    with desk.read() as session:
        list_tickets(desk, session, agent, TicketFilter())
        with count_queries(desk) as queries:
            list_tickets(desk, session, agent, TicketFilter())
    assert len(queries) == 2, str(queries)
