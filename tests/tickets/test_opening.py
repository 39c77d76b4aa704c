"""Opening tickets."""

from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from helpdesk_core.actor import ANONYMOUS, SYSTEM, Actor
from helpdesk_core.errors import Forbidden, Invalid, NotFound, SignInRequired, Unavailable
from helpdesk_core.runtime import Helpdesk, Transaction
from helpdesk_core.testing.site import World
from helpdesk_core.tickets import opening
from helpdesk_core.tickets.audit import verify
from helpdesk_core.tickets.inputs import NewMessage, Requester
from helpdesk_core.tickets.models import Message
from helpdesk_core.tickets.posting import Posted
from helpdesk_core.tickets.queries import conversation, find_ticket, timeline
from helpdesk_core.users.accounts import deactivate_user


def test_a_customer_opens_a_ticket_and_sees_it(desk: Helpdesk, world: World) -> None:
    customer = world.customer()
    posted = world.ticket(customer, subject="Почта не работает", text="Hello *there*")
    assert posted.ticket.number == str(10_000 + posted.ticket.id)
    with desk.read() as session:
        ticket = find_ticket(session, customer, posted.ticket.number)
        [message] = conversation(session, ticket, internal=False)
        assert ticket.subject == "Почта не работает"
        assert (ticket.status.key, ticket.waiting_on, ticket.is_open) == ("new", "us", True)
        assert message.body_html == "<p>Hello <em>there</em></p>\n"
        assert [event.type for event in timeline(session, ticket)] == ["ticket.opened", "message.posted"]
        assert list(verify(desk, session)) == []


def test_a_stranger_cannot_see_it(desk: Helpdesk, world: World) -> None:
    posted = world.ticket()
    with desk.read() as session, pytest.raises(NotFound):
        find_ticket(session, world.customer("Sam Stranger"), posted.ticket.number or "")


def test_problems_are_told_all_at_once_and_by_field(world: World) -> None:
    with pytest.raises(Invalid) as caught:
        world.ticket(subject=" \x00 ", text=" ", type="riddle")
    assert set(caught.value.problems) == {"subject", "text", "type"}


def test_what_is_wrong_with_a_copy_is_told_of_the_copy(desk: Helpdesk, world: World) -> None:
    with pytest.raises(Invalid) as caught:
        world.ticket(cc=("fine@example.com", "not an address"))
    assert set(caught.value.problems) == {"cc"}


def test_a_hidden_department_takes_no_tickets_of_customers(world: World) -> None:
    world.department("triage", name="Secret triage", visibility="hidden")
    world.department("past", name="Past secrets", visibility="hidden", is_active=False)
    for key in ("triage", "past"):
        with pytest.raises(Invalid) as caught:
            world.ticket(department=key)
        assert caught.value.problems == {"department": [f"There is no department “{key}”."]}, "as if there were none"
    assert world.ticket(world.agent(), department="triage", requester=Requester(email="x@example.com")).ticket.number


def test_only_known_customers_use_a_department_for_them(world: World) -> None:
    world.department("vip", visibility="known")
    with pytest.raises(Invalid):
        world.ticket(ANONYMOUS, department="vip", requester=Requester(email="new@example.com"))
    assert world.ticket(department="vip").ticket.number


def test_a_visitor_opens_a_ticket_with_an_address(desk: Helpdesk, world: World) -> None:
    posted = world.ticket(ANONYMOUS, requester=Requester(email="New.Person@Example.com", name="New Person"))
    assert posted.message.author_name == "New Person"
    assert posted.message.side == "customer"
    with pytest.raises(SignInRequired):
        world.ticket(ANONYMOUS)


def test_customers_set_no_priority(world: World) -> None:
    with pytest.raises(Forbidden):
        world.ticket(priority="urgent")


def test_nothing_is_stored_when_the_text_is_too_long(desk: Helpdesk, world: World) -> None:
    with pytest.raises(Invalid):
        world.ticket(message=NewMessage(text="x" * 1_000_001))
    with desk.read() as session:
        assert session.scalars(select(Message)).all() == []


def test_a_new_ticket_goes_to_an_active_colleague_of_its_department(desk: Helpdesk, world: World) -> None:
    agent, billing, gone = world.agent(), world.agent("Bea Billing", "billing"), world.agent("Gone Agent")
    deactivate_user(desk, SYSTEM, gone.uid or "")
    for assignee in (billing.uid, gone.uid, world.customer().uid):
        with pytest.raises(Invalid, match="does not work in “Support”"):
            world.ticket(agent, assignee=assignee)
    with pytest.raises(Invalid, match="no such account"):
        world.ticket(agent, assignee="nobody")
    assert world.ticket(agent, assignee=agent.uid).ticket.assignee_id == agent.user_id


def test_staff_set_fields_only_where_they_may(world: World) -> None:
    billing = world.agent("Bea Billing", "billing")
    with pytest.raises(Forbidden, match="staff of the department"):
        world.ticket(billing, department="support", priority="urgent")
    assert world.ticket(billing, department="billing", priority="urgent").ticket.priority.key == "urgent"


def test_assigning_and_closing_at_once_need_their_own_rights(world: World) -> None:
    agent = world.agent()
    grants = {"ticket.open": None, "ticket.read": None}
    opener = replace(agent, grants=grants)
    with pytest.raises(Forbidden, match="assign"):
        world.ticket(opener, assignee=agent.uid)
    with pytest.raises(Forbidden, match="change"):
        world.ticket(opener, status="closed")
    assert world.ticket(opener, status="open").ticket.status.key == "open"
    assert not world.ticket(agent, status="closed").ticket.is_open


@pytest.mark.parametrize("nothing", ["\u200b\u200d", "\u2800", "\u3164", "\u00ad \ufeff", "\ufe0f\u0301"])
def test_what_nobody_can_see_is_no_subject_and_no_message(desk: Helpdesk, world: World, nothing: str) -> None:
    with pytest.raises(Invalid, match="Write a subject"):
        world.ticket(subject=nothing)
    with pytest.raises(Invalid, match="Write a message"):
        world.ticket(text=nothing)
    assert world.ticket(subject=f"{nothing}x", text=f"☂{nothing}").ticket.number


def test_a_language_that_is_none_is_refused(desk: Helpdesk, world: World) -> None:
    with pytest.raises(Invalid, match="“klingon!” is not a language"):
        world.ticket(locale="klingon!")
    assert world.ticket(locale="pt_BR").ticket.locale == "pt_BR"


def _ended_for_another(number: int, into: str) -> OperationalError:
    reason = Exception(number, "Deadlock found") if into == "mariadb" else Exception("deadlock detected")
    if into == "postgresql":
        reason.sqlstate = "40P01"  # type: ignore[attr-defined]  # as psycopg's errors have it
    return OperationalError("INSERT", {}, reason)


@pytest.mark.parametrize("database", ["mariadb", "postgresql"])
def test_a_unit_of_work_that_gave_way_to_another_is_done_again(
    desk: Helpdesk, world: World, monkeypatch: pytest.MonkeyPatch, database: str
) -> None:
    errors, write = [_ended_for_another(1213, database)], opening.write_ticket

    def ended_once(tx: Transaction, actor: Actor, prepared: opening.Opening) -> Posted:
        posted = write(tx, actor, prepared)
        if errors:
            raise errors.pop()
        return posted

    world.department("support")
    monkeypatch.setattr(opening, "write_ticket", ended_once)
    posted = world.ticket()
    with desk.read() as session:
        assert session.scalars(select(Message.id)).all() == [posted.message.id]


def test_a_database_that_is_away_is_not_asked_again(
    desk: Helpdesk, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def away(*_args: object) -> Posted:
        asked.append(True)
        raise OperationalError("INSERT", {}, Exception(2006, "server has gone away"))

    world.department("support")
    monkeypatch.setattr(opening, "write_ticket", away)
    with pytest.raises(Unavailable):
        world.ticket()
    assert asked == [True]
