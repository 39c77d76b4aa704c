"""What plugins keep about tickets, read with one query for all of them."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from helpdesk_core.actor import SYSTEM
from helpdesk_core.db.base import JSONText, LongText, UTCDateTime
from helpdesk_core.glance import glance
from helpdesk_core.hooks import hookimpl
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.queries import count_queries
from helpdesk_core.testing.site import World
from helpdesk_core.tickets import hooks
from helpdesk_core.tickets.facts import TicketFacts, facts_of
from helpdesk_core.tickets.models import Ticket
from helpdesk_core.tickets.worked import worked

MOMENT = datetime(2026, 3, 29, 1, 30, 15, 250, tzinfo=UTC)


class Base(DeclarativeBase):
    """The tables of the plugins in these tests."""


class Parcel(Base):
    """What was sent for a ticket: several parcels, or none."""

    __tablename__ = "parcels_parcels"

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(index=True)
    label: Mapped[str | None] = mapped_column(LongText)
    grams: Mapped[int | None]
    fragile: Mapped[bool]
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    stops: Mapped[Any] = mapped_column(JSONText, nullable=True)


class Stamp(Base):
    """A single word about a ticket."""

    __tablename__ = "stamps_stamps"

    ticket_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    word: Mapped[str] = mapped_column(LongText)


PARCELS = select(Parcel.ticket_id, Parcel.label, Parcel.grams, Parcel.fragile, Parcel.sent_at, Parcel.stops)


class Parcels:
    """Keeps several rows of all types, and of those that are fragile a list of its own."""

    @hookimpl(hooks.ticket_facts)
    def facts(self) -> Sequence[TicketFacts]:
        fragile = PARCELS.where(Parcel.fragile)
        return [
            TicketFacts(key="parcels", statement=PARCELS, lists=True),
            TicketFacts(key="fragile", statement=fragile),
        ]


class Stamps:
    """Keeps one row with one column, and joins a table of core."""

    @hookimpl(hooks.ticket_facts)
    def facts(self) -> Sequence[TicketFacts]:
        joined = select(Stamp.ticket_id, Stamp.word, Ticket.subject).join(Ticket, Ticket.id == Stamp.ticket_id)
        return [TicketFacts(key="stamp", statement=joined)]


@pytest.fixture
def keeping(desk: Helpdesk) -> Iterator[Helpdesk]:
    """The helpdesk with tables and hooks of both plugins."""
    Base.metadata.drop_all(desk.engine)
    Base.metadata.create_all(desk.engine)
    desk.hooks.register(Parcels(), "parcels")
    desk.hooks.register(Stamps(), "stamps")
    yield desk
    Base.metadata.drop_all(desk.engine)


def add(desk: Helpdesk, *rows: Base) -> None:
    with desk.begin(SYSTEM) as tx:
        tx.session.add_all(rows)


def parcel(ticket_id: int, label: str | None = "to you", **values: Any) -> Parcel:
    given = {"grams": 5, "fragile": False, "sent_at": MOMENT, "stops": ["Köln"]} | values
    return Parcel(ticket_id=ticket_id, label=label, **given)


def test_values_come_back_as_they_were_written(keeping: Helpdesk, world: World) -> None:
    """Texts in all scripts and empty ones, numbers, truths, moments with their microseconds, JSON, and nothing."""
    ticket = world.ticket().ticket
    full = parcel(ticket.id, "Пакет 📦 “ü” 'x' \\", grams=-70000, fragile=True)
    empty = parcel(ticket.id, "", grams=None, sent_at=None, stops=None)
    add(keeping, full, empty)
    with glance():
        rows = facts_of(keeping, "parcels", "parcels", [ticket.id])[ticket.id]
        fragile = facts_of(keeping, "parcels", "fragile", [ticket.id])[ticket.id]
    assert sorted(map(tuple, rows)) == [
        ("", None, False, None, None),
        ("Пакет 📦 “ü” 'x' \\", -70000, True, MOMENT, ["Köln"]),
    ]
    assert [row.label for row in fragile] == ["Пакет 📦 “ü” 'x' \\"]


def test_a_page_asks_once_for_all_plugins(keeping: Helpdesk, world: World) -> None:
    """Also for those that have nothing, and whoever asks first."""
    one, other = world.ticket(subject="One").ticket, world.ticket(subject="Other").ticket
    add(keeping, parcel(one.id), Stamp(ticket_id=one.id, word="urgent"))
    for ticket, words in ((one, [("urgent", "One")]), (other, [])):
        with glance(), count_queries(keeping) as queries:
            stamps = facts_of(keeping, "stamps", "stamp", [ticket.id])
            facts_of(keeping, "parcels", "parcels", [ticket.id])
            facts_of(keeping, "parcels", "fragile", [ticket.id])
        assert [tuple(row) for row in stamps.get(ticket.id, ())] == words
        assert len(queries) == 1, str(queries)


def test_lists_read_what_lists_show(keeping: Helpdesk, world: World) -> None:
    """Facts that are not for lists are not read along, but still to be had; nobody's rows get mixed up."""
    tickets = [world.ticket(subject=f"{number}").ticket for number in range(4)]
    add(keeping, *(parcel(each.id, each.subject) for each in tickets[:3]))
    add(keeping, *(Stamp(ticket_id=each.id, word="!") for each in tickets[1:]))
    ids = [each.id for each in tickets]
    with glance(), count_queries(keeping) as queries:
        labels = facts_of(keeping, "parcels", "parcels", ids)
        assert "stamps_stamps" not in str(queries)
        stamps = facts_of(keeping, "stamps", "stamp", ids)
        again = facts_of(keeping, "parcels", "parcels", reversed(ids))
    assert {key: [row.label for row in rows] for key, rows in labels.items()} == {
        each.id: [each.subject] for each in tickets[:3]
    }
    assert set(stamps) == set(ids[1:])
    assert again == labels
    assert len(queries) == 2, str(queries)


def test_hundreds_of_tickets_are_more_than_one_statement_takes(keeping: Helpdesk, world: World) -> None:
    """All of their rows come, however many there are."""
    ticket = world.ticket().ticket
    add(keeping, parcel(ticket.id), *(parcel(100_000 + number) for number in range(1200)))
    ids = [ticket.id, *range(100_000, 101_200)]
    with glance():
        assert len(facts_of(keeping, "parcels", "parcels", ids)) == len(ids)


def test_a_unit_of_work_sees_what_it_has_written(keeping: Helpdesk, world: World) -> None:
    """What a page had read before does not stand in its way."""
    ticket = world.ticket().ticket
    with glance():
        assert facts_of(keeping, "stamps", "stamp", [ticket.id]) == {}
        with keeping.begin(SYSTEM) as tx:
            tx.session.add(Stamp(ticket_id=ticket.id, word="new"))
            tx.session.flush()
            assert facts_of(keeping, "stamps", "stamp", [ticket.id])[ticket.id][0].word == "new"


def test_without_a_page_each_question_is_answered_by_itself(keeping: Helpdesk, world: World) -> None:
    """A worker sees what has changed since it asked before."""
    ticket = world.ticket().ticket
    assert facts_of(keeping, "stamps", "stamp", [ticket.id]) == {}
    add(keeping, Stamp(ticket_id=ticket.id, word="new"))
    assert facts_of(keeping, "stamps", "stamp", [ticket.id])[ticket.id][0].word == "new"
    assert facts_of(keeping, "stamps", "stamp", []) == {}


def test_a_plugin_whose_table_is_gone_harms_only_itself(keeping: Helpdesk, world: World) -> None:
    """The others are read one by one, and the broken one is told why."""
    ticket = world.ticket().ticket
    add(keeping, parcel(ticket.id, "here"))
    Base.metadata.tables["stamps_stamps"].drop(keeping.engine)
    with glance():
        assert facts_of(keeping, "parcels", "parcels", [ticket.id])[ticket.id][0].label == "here"
        with pytest.raises(SQLAlchemyError, match="stamps_stamps"):
            facts_of(keeping, "stamps", "stamp", [ticket.id])
        assert facts_of(keeping, "parcels", "fragile", [ticket.id]) == {}


def test_a_page_is_read_with_its_own_session(keeping: Helpdesk, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks; also after a plugin's mistake, and the page goes on with it."""
    ticket = world.ticket().ticket
    add(keeping, parcel(ticket.id, "here"))
    with keeping.read() as session, glance(session):
        monkeypatch.setattr(keeping, "_reading", None)  # whoever opens another session fails
        assert facts_of(keeping, "parcels", "parcels", [ticket.id])[ticket.id][0].label == "here"
    monkeypatch.undo()
    Base.metadata.tables["stamps_stamps"].drop(keeping.engine)
    with keeping.read() as session, glance(session):
        assert facts_of(keeping, "parcels", "parcels", [ticket.id])[ticket.id][0].label == "here"
        assert session.get(Ticket, ticket.id) is not None


def test_a_unit_of_work_sees_what_it_has_written_so_far(keeping: Helpdesk, world: World) -> None:
    ticket = world.ticket().ticket
    with keeping.begin(SYSTEM) as tx:
        tx.session.add(Stamp(ticket_id=ticket.id, word="pending"))
        assert facts_of(keeping, "stamps", "stamp", [ticket.id])[ticket.id][0].word == "pending"


def test_a_row_that_cannot_be_read_harms_only_its_plugin(keeping: Helpdesk, world: World) -> None:
    ticket = world.ticket().ticket
    add(keeping, parcel(ticket.id), Stamp(ticket_id=ticket.id, word="urgent"))
    with keeping.begin(SYSTEM) as tx:
        tx.session.execute(text("UPDATE parcels_parcels SET stops = 'no json'"))
    with keeping.read() as session, glance(session):
        assert facts_of(keeping, "stamps", "stamp", [ticket.id])[ticket.id][0].word == "urgent"
        with pytest.raises(ValueError, match="Expecting value"):
            facts_of(keeping, "parcels", "parcels", [ticket.id])


def test_what_is_read_with_the_page_takes_the_pages_session(desk: Helpdesk) -> None:
    """Only if it says so, and never in a unit of work, which sees what it has written itself."""
    with desk.read() as page, glance(page):
        with desk.read(with_page=True) as same, desk.read() as another:
            assert same is page
            assert another is not page
        with desk.begin(SYSTEM) as tx, desk.read(with_page=True) as units:
            assert units is tx.session
    with desk.read(with_page=True) as own:
        assert own is not page


def test_a_page_asks_once_whether_reference_data_has_changed(keeping: Helpdesk) -> None:
    """However many remember something, and with what the sign-in has read already; the next page asks again."""
    with glance(), count_queries(keeping) as queries, keeping.read() as session:
        values = [keeping.remember(session, ("one", number), lambda _: "old") for number in range(3)]
    assert values == ["old"] * 3
    assert len(queries) == 1, str(queries)
    with keeping.begin(SYSTEM) as tx:
        tx.reference_changed()
    with glance(), keeping.read() as session:
        assert keeping.remember(session, ("one", 0), lambda _: "new") == "new"


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        (select(Stamp.word, Stamp.ticket_id), "first column of the facts “x” has to be a ticket's id"),
        (select(Stamp.ticket_id), "have no column besides"),
        (select(Stamp.ticket_id, Stamp.word.label("class")), "class"),
        (select(Stamp.ticket_id, Stamp.word).order_by(Stamp.word), "without grouping, order or limit"),
        (select(Stamp.ticket_id, Stamp.word).limit(1), "without grouping, order or limit"),
        (select(Stamp.ticket_id, Stamp.word).distinct(), "without grouping, order or limit"),
    ],
)
def test_facts_that_could_not_be_read_together_are_refused(statement: Any, sentence: str) -> None:
    with pytest.raises((TypeError, ValueError), match=sentence):
        TicketFacts(key="x", statement=statement)


def test_the_api_reads_all_facts_of_many_tickets_at_once(keeping: Helpdesk, world: World) -> None:
    """It shows what every plugin keeps, so nothing is read in vain."""
    tickets = [world.ticket(subject=f"{number}").ticket for number in range(3)]
    add(keeping, *(Stamp(ticket_id=each.id, word="!") for each in tickets))
    ids = [each.id for each in tickets]
    with glance(shows_all=True), count_queries(keeping) as queries:
        facts_of(keeping, "parcels", "parcels", ids)
        assert set(facts_of(keeping, "stamps", "stamp", ids)) == set(ids)
    assert len(queries) == 1, str(queries)


def test_who_works_a_ticket_is_asked_once_for_a_page(desk: Helpdesk, world: World) -> None:
    """Everybody gets their own answer, and the next page a new one."""
    agent, other = world.agent("Adam", "support"), world.agent("Olga", "billing")
    here, there = world.ticket(department="support").ticket, world.ticket(department="billing").ticket
    ids = [here.id, there.id]
    with glance(), count_queries(desk) as queries:
        assert worked(desk, agent, ids) == worked(desk, agent, reversed(ids)) == {here.id}
        assert worked(desk, other, ids) == {there.id}
    assert len(queries) == 2, str(queries)
    assert worked(desk, SYSTEM, ids) == set(ids)
