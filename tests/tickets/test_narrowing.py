"""What plugins add to lists: filters, words of searches, and orders."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from helpdesk_core.actor import SYSTEM, Actor
from helpdesk_core.errors import Invalid
from helpdesk_core.hooks import hookimpl
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.site import World
from helpdesk_core.tickets import hooks
from helpdesk_core.tickets.filtering import TicketFilter
from helpdesk_core.tickets.listing import TicketRow, count_tickets, list_tickets
from helpdesk_core.tickets.models import Ticket
from helpdesk_core.tickets.narrowing import ListFilter, ListOrder
from helpdesk_core.tickets.results import search_tickets
from helpdesk_core.tickets.searches import save_search
from helpdesk_core.tickets.searching import read_search
from helpdesk_core.tickets.vocabulary import vocabulary


class Base(DeclarativeBase):
    """The tables of the plugin in these tests."""


class Parcel(Base):
    """What a ticket's parcel weighs, if there is one."""

    __tablename__ = "parcels_parcels"

    ticket_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    grams: Mapped[int | None] = mapped_column(index=True)


def heavy(value: str) -> ColumnElement[bool]:
    if value == "broken":
        raise ZeroDivisionError
    if value not in ("heavy", "light"):
        raise ValueError("Ask for heavy or light.")
    weight = Parcel.grams > 1000 if value == "heavy" else Parcel.grams <= 1000
    return Ticket.id.in_(select(Parcel.ticket_id).where(weight))


class Parcels:
    """Sorts by weight, and filters by it."""

    @hookimpl(hooks.list_orders)
    def orders(self) -> Sequence[ListOrder]:
        return [ListOrder(key="weight", label="Lightest first", column=Parcel.grams, ticket=Parcel.ticket_id)]

    @hookimpl(hooks.list_filters)
    def filters(self) -> Sequence[ListFilter]:
        choices = [("heavy", "Heavy"), ("light", "Light")]
        return [ListFilter(key="weight", label="Weight", choices=choices, condition=heavy, word="parcel")]


@pytest.fixture
def weighed(desk: Helpdesk, world: World) -> Actor:
    """Return an agent of support, whose tickets have parcels; one has none weighed, and one no parcel at all."""
    Base.metadata.create_all(desk.engine)
    desk.hooks.register(Parcels(), "parcels")
    agent = world.agent("Adam", "support")
    weights: dict[str, Any] = {"A": 5000, "B": 200, "C": 200, "D": None, "E": 90, "F": 1200}
    for subject, grams in weights.items():
        ticket = world.ticket(subject=subject, department="support").ticket
        with desk.begin(SYSTEM) as tx:
            tx.session.add(Parcel(ticket_id=ticket.id, grams=grams))
    world.ticket(subject="G", department="support")
    hidden = world.ticket(subject="H", department="billing").ticket
    with desk.begin(SYSTEM) as tx:
        tx.session.add(Parcel(ticket_id=hidden.id, grams=7000))
    return agent


def listed(desk: Helpdesk, actor: Actor, **options: Any) -> str:
    wanted = options.pop("wanted", TicketFilter())
    with desk.read() as session:
        return "".join(row.subject for row in list_tickets(desk, session, actor, wanted, **options).rows)


@pytest.mark.parametrize(("sort", "whole"), [("parcels.weight", "EBCFAGD"), ("-parcels.weight", "AFCBEGD")])
def test_tickets_without_a_value_come_last_both_ways_and_pages_join_up(
    desk: Helpdesk, weighed: Actor, sort: str, whole: str
) -> None:
    assert listed(desk, weighed, sort=sort) == whole
    for limit in (1, 2, 5):
        found, after, back = "", None, list[TicketRow]()
        with desk.read() as session:
            while True:
                page = list_tickets(desk, session, weighed, TicketFilter(), sort=sort, limit=limit, after=after)
                found += "".join(row.subject for row in page.rows)
                if (after := page.next) is None:
                    break
            back = list(page.rows)
            while page.previous is not None:
                page = list_tickets(
                    desk, session, weighed, TicketFilter(), sort=sort, limit=limit, before=page.previous
                )
                back = [*page.rows, *back]
        assert found == whole
        assert "".join(row.subject for row in back) == whole


def test_a_filter_and_its_word_find_the_same(desk: Helpdesk, weighed: Actor) -> None:
    for wanted in (TicketFilter(x=("parcels.weight:heavy",)), TicketFilter(text="parcel:heavy")):
        assert set(listed(desk, weighed, wanted=wanted)) == {"A", "F"}
        with desk.read() as session:
            assert count_tickets(desk, session, weighed, {"some": wanted}, side="any") == {"some": 2}
    both = TicketFilter(x=("parcels.weight:heavy", "parcels.weight:light"))
    assert set(listed(desk, weighed, wanted=both)) == {"A", "B", "C", "E", "F"}
    with desk.read() as session:
        found = search_tickets(desk, session, weighed, "-parcel:light", side="desk")
    assert {hit.row.subject for hit in found.hits} == {"A", "D", "F", "G"}


def test_a_plugin_that_searches_is_not_asked_for_words_of_another(desk: Helpdesk, weighed: Actor) -> None:
    asked: list[tuple[str, ...]] = []

    class Searching:
        @hookimpl(hooks.ticket_search)
        def search(self, query: Any) -> list[int]:
            asked.append(tuple(term.field for term in query.terms))
            with desk.read() as session:
                return list(session.scalars(select(Ticket.id)))

    desk.hooks.register(Searching(), "searching")
    assert set(listed(desk, weighed, wanted=TicketFilter(text="post parcel:heavy"))) == {"A", "F"}
    assert set(listed(desk, weighed, wanted=TicketFilter(text="parcel:heavy"))) == {"A", "F"}
    with desk.read() as session:
        hits = search_tickets(desk, session, weighed, "post parcel:heavy", side="desk").hits
    assert {hit.row.subject for hit in hits} == {"A", "F"}
    assert asked == [("",), ("",)]


def test_who_does_not_work_a_ticket_learns_nothing_by_sorting_or_filtering(
    desk: Helpdesk, weighed: Actor, world: World
) -> None:
    customer = world.customer("Carla")
    world.ticket(customer, subject="Mine", department="support")
    assert listed(desk, customer) == "Mine"
    assert listed(desk, customer, sort="parcels.weight") == ""
    for wanted in (TicketFilter(text="-parcel:heavy"), TicketFilter(x=("parcels.weight:light",))):
        assert listed(desk, customer, wanted=wanted) == ""


def test_a_value_that_does_not_exist_is_said(desk: Helpdesk, weighed: Actor) -> None:
    with pytest.raises(Invalid) as caught:
        listed(desk, weighed, wanted=TicketFilter(x=("parcels.weight:odd",)))
    assert caught.value.problems == {"x": ["Ask for heavy or light."]}
    with desk.read() as session:
        query = read_search("parcel:odd", weighed, vocabulary(desk, session))
    assert query.problems == ("Ask for heavy or light.",)
    assert listed(desk, weighed, wanted=TicketFilter(text="parcel:odd")) == ""


def test_a_filter_that_fails_or_is_switched_off_finds_nothing(desk: Helpdesk, weighed: Actor) -> None:
    for asked in ("parcels.weight:broken", "gone.away:heavy"):
        assert listed(desk, weighed, wanted=TicketFilter(x=(asked,))) == ""
    with pytest.raises(Invalid) as caught:
        listed(desk, weighed, sort="gone.away")
    assert "parcels.weight" in str(caught.value.problems["sort"])
    with pytest.raises(Invalid):
        save_search(desk, weighed, "Kept", TicketFilter(), sort="gone.away")
    save_search(desk, weighed, "Kept", TicketFilter(), sort="-parcels.weight")


@pytest.mark.parametrize(
    "wrong", [{"key": "A b"}, {"word": "tag"}, {"word": "Parcel"}, {"word": "two words"}, {"choices": [("a,b", "AB")]}]
)
def test_names_that_nobody_could_ask_for_are_refused_at_the_start(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"cannot be|hold no commas"):
        replace(ListFilter(key="weight", label="Weight", choices=[], condition=heavy), **wrong)
