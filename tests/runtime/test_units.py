"""Units of work: what is lent to hooks, what is joined, what survives a hook that hangs."""

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import select, text

from helpdesk_core.actor import SYSTEM
from helpdesk_core.departments.models import Department
from helpdesk_core.errors import Unavailable
from helpdesk_core.hooks import CallRevoked, Limits, hookimpl
from helpdesk_core.runtime import Helpdesk, Transaction
from helpdesk_core.testing.site import World, opened
from helpdesk_core.tickets import conversation, hooks
from helpdesk_core.tickets.inputs import NewMessage
from helpdesk_core.tickets.models import Message, Ticket, TicketTag
from helpdesk_core.tickets.queries import find_ticket


@pytest.fixture
def hasty(desk_url: str, tmp_path: Path) -> Iterator[Helpdesk]:
    """A helpdesk that waits a fifth of a second for a hook."""
    with opened(tmp_path / "hasty", desk_url, limits=Limits(within=0.2, render=0.2, veto=0.2, refine=0.2)) as desk:
        yield desk


def tags(desk: Helpdesk) -> list[str]:
    with desk.read() as session:
        return list(session.scalars(select(TicketTag.tag).order_by(TicketTag.tag)))


def test_an_inner_unit_joins_the_outer_one(desk: Helpdesk) -> None:
    def fail_after_joining() -> None:
        with desk.begin(SYSTEM) as outer:
            with desk.begin(SYSTEM) as inner:
                assert inner is outer
                inner.session.add(Department(key="a", name="A", created_at=inner.now))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_joining()
    with desk.read() as session:
        assert session.scalars(select(Department)).all() == []


def test_reference_data_that_is_held_is_as_last_committed_and_stays_so(desk: Helpdesk, world: World) -> None:
    world.department("support")
    done: list[str] = []

    def rename(name: str) -> None:
        with desk.begin(SYSTEM) as tx:
            tx.reference_changed()
            tx.session.scalars(select(Department)).one().name = name
            if name == "Second":
                other.start()
                other.join(0.5)
            done.append(name)

    def hold() -> None:
        with desk.begin(SYSTEM) as tx:
            tx.hold_reference()
            known = desk.remember(tx.session, "name", lambda each: each.scalars(select(Department.name)).one())
            done.append(f"{known} is known")
            last.start()
            last.join(0.5)
            done.append("let go")

    with desk.read() as session:
        desk.remember(session, "name", lambda _: "First")
    other, last = threading.Thread(target=hold), threading.Thread(target=rename, args=("Third",))
    rename("Second")
    for thread in (other, last):
        thread.join(60)
    assert done == ["Second", "Second is known", "let go", "Third"]


def test_a_hook_cannot_commit_what_it_was_lent(desk: Helpdesk) -> None:
    class Committing:
        @hookimpl(hooks.ticket_opening)
        def opening(self, tx: Transaction, ticket: Ticket) -> None:
            tx.session.add(TicketTag(ticket_id=ticket.id, tag="committed"))
            tx.session.commit()

    desk.hooks.register(Committing(), "committing")
    assert World(desk).ticket().ticket.number
    assert tags(desk) == []
    assert "commit()" in str(desk.hooks.report()[0].last_error)


def test_a_hook_that_calls_a_service_joins_the_unit(desk: Helpdesk) -> None:
    class Greeting:
        @hookimpl(hooks.ticket_opening)
        def opening(self, tx: Transaction, ticket: Ticket) -> None:
            conversation.note(desk, SYSTEM, ticket.number or "", NewMessage(text="Be kind."))

    desk.hooks.register(Greeting(), "greeting")
    world = World(desk)
    number = world.ticket().ticket.number or ""
    with desk.read() as session:
        ticket = find_ticket(session, SYSTEM, number)
        said = session.scalars(
            select(Message.body_text).where(Message.ticket_id == ticket.id).order_by(Message.id)
        ).all()
    assert said == ["My site is down.", "Be kind."]


def test_a_ticket_opens_although_a_hook_sleeps(hasty: Helpdesk) -> None:
    woken = threading.Event()
    refused: list[type[BaseException]] = []

    class Sleeping:
        @hookimpl(hooks.ticket_opening)
        def opening(self, tx: Transaction, ticket: Ticket) -> None:
            tx.session.add(TicketTag(ticket_id=ticket.id, tag="late"))
            tx.session.flush()
            with suppress(SystemExit):
                time.sleep(2)
                for _ in range(1000):
                    pass
            try:
                tx.session.execute(text("DELETE FROM ticket_tags"))
            except BaseException as error:
                refused.append(type(error))
                raise
            finally:
                woken.set()

    class Quick:
        @hookimpl(hooks.ticket_opening)
        def opening(self, tx: Transaction, ticket: Ticket) -> None:
            tx.session.add(TicketTag(ticket_id=ticket.id, tag="quick"))

    hasty.hooks.register(Sleeping(), "sleeping")
    hasty.hooks.register(Quick(), "quick")
    world = World(hasty)
    customer = world.customer()
    world.department()
    assert world.ticket(customer).ticket.number
    assert not woken.is_set()
    assert woken.wait(5)
    assert refused == [CallRevoked]
    assert tags(hasty) == ["quick"]
    assert [breaker.plugin_id for breaker in hasty.hooks.breakers()] == ["sleeping"]
    assert world.ticket(customer).ticket.number


def test_a_hook_that_hangs_inside_the_database_costs_one_try(hasty: Helpdesk, database_kind: str) -> None:
    slow = {
        "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3e7) SELECT max(i) FROM n",
        "postgresql": "SELECT pg_sleep(1)",
        "mariadb": "SELECT SLEEP(1)",
    }[database_kind]

    class Slow:
        @hookimpl(hooks.ticket_opening)
        def opening(self, tx: Transaction, ticket: Ticket) -> None:
            tx.session.execute(text(slow))

    hasty.hooks.register(Slow(), "slow")
    world = World(hasty)
    customer = world.customer()
    world.department()
    with pytest.raises(Unavailable):
        world.ticket(customer)
    assert world.ticket(customer).ticket.number
    with hasty.read() as session:
        assert len(session.scalars(select(Ticket.id)).all()) == 1
