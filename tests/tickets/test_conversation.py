"""Replying, noting, and how a ticket's status follows."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from helpdesk_core.actor import SYSTEM
from helpdesk_core.departments.models import Department
from helpdesk_core.errors import Conflict, Forbidden, Invalid, NotFound
from helpdesk_core.events.models import EventRow
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.site import TestClock, World
from helpdesk_core.tickets import kinds, people, workflow
from helpdesk_core.tickets.audit import verify
from helpdesk_core.tickets.changing import change, close, move, reopen
from helpdesk_core.tickets.conversation import note, reply
from helpdesk_core.tickets.filtering import TicketFilter
from helpdesk_core.tickets.inputs import Change, NewMessage
from helpdesk_core.tickets.listing import list_tickets
from helpdesk_core.tickets.models import Message, Status, Ticket, TicketType
from helpdesk_core.tickets.queries import conversation, find_ticket
from helpdesk_core.tickets.rearranging import merge
from helpdesk_core.tickets.redacting import redact
from helpdesk_core.users.accounts import deactivate_user


def status(desk: Helpdesk, number: str) -> tuple[str, str]:
    with desk.read() as session:
        ticket = find_ticket(session, SYSTEM, number)
        return ticket.status.key, ticket.waiting_on


def test_the_turn_goes_to_and_fro(desk: Helpdesk, world: World) -> None:
    agent, customer = world.agent(), world.customer()
    number = world.ticket(customer).ticket.number or ""
    reply(desk, agent, number, NewMessage(text="Try again"))
    assert status(desk, number) == ("waiting", "customer")
    reply(desk, customer, number, NewMessage(text="Still broken"))
    assert status(desk, number) == ("open", "us")
    note(desk, agent, number, NewMessage(text="Hm"))
    assert status(desk, number) == ("open", "us")
    reply(desk, agent, number, NewMessage(text="Fixed", status="resolved"))
    assert status(desk, number) == ("resolved", "nobody")
    reply(desk, customer, number, NewMessage(text="It is not"))
    assert status(desk, number) == ("open", "us")


def test_an_answer_to_a_closed_ticket_reopens_or_follows_up_by_policy(
    desk: Helpdesk, world: World, clock: TestClock
) -> None:
    customer = world.customer()
    world.department("support", reopen_days=30)
    number = world.ticket(customer).ticket.number or ""
    close(desk, customer, number)
    clock.advance(days=29)
    assert not reply(desk, customer, number, NewMessage(text="Again")).followed_up
    close(desk, customer, number)
    clock.advance(days=31)
    posted = reply(desk, customer, number, NewMessage(text="And again"))
    assert posted.followed_up
    assert posted.ticket.number != number
    assert posted.message.author_id == customer.user_id
    assert status(desk, number)[0] == "closed"
    world.department("strict", reopen_policy="follow_up")
    number = world.ticket(customer, department="strict").ticket.number or ""
    close(desk, customer, number)
    assert reply(desk, customer, number, NewMessage(text="But")).followed_up


def test_customers_never_see_notes(desk: Helpdesk, world: World) -> None:
    agent, customer = world.agent(), world.customer()
    number = world.ticket(customer).ticket.number or ""
    note(desk, agent, number, NewMessage(text="zzsecret"))
    with desk.read() as session:
        ticket = find_ticket(session, customer, number)
        assert all("zzsecret" not in message.body_text for message in conversation(session, ticket, internal=False))
        assert "zzsecret" not in ticket.preview
        for side in ("portal", "any"):
            assert list_tickets(desk, session, customer, TicketFilter(text="zzsecret"), side=side).rows == []
        assert len(list_tickets(desk, session, agent, TicketFilter(text="zzsecret"), side="desk").rows) == 1
    with pytest.raises((Forbidden, NotFound)):
        note(desk, customer, number, NewMessage(text="me too"))


def test_a_cc_takes_part_and_a_follower_gains_no_right(desk: Helpdesk, world: World) -> None:
    customer, copied = world.customer(), world.user("Cora Copy")
    number = world.ticket(customer).ticket.number or ""
    people.add_participant(desk, customer, number, "cc", email=copied.primary_email)
    reply(desk, world.actor(copied), number, NewMessage(text="I see it too"))
    agent = world.agent("Only Support", "support")
    people.follow(desk, agent, number)
    world.department("billing")
    move(desk, world.agent("Boss Agent", role="admin"), number, "billing")
    with desk.read() as session, pytest.raises(NotFound):
        find_ticket(session, agent, number)


def test_a_specialist_reads_and_notes_without_the_department(desk: Helpdesk, world: World) -> None:
    number = world.ticket(department="billing").ticket.number or ""
    expert = world.agent("Expert Agent", "support")
    boss = world.agent("Boss Agent", role="admin")
    people.add_participant(desk, boss, number, "specialist", uid=expert.uid)
    note(desk, expert, number, NewMessage(text="It is the DNS"))
    with pytest.raises(Forbidden):
        change(desk, expert, number, Change(priority="low"))


def test_a_ticket_moves_to_a_department_one_cannot_read_with_a_note(desk: Helpdesk, world: World) -> None:
    world.department("billing")
    agent = world.agent("Only Support", "support")
    number = world.ticket().ticket.number or ""
    change(desk, agent, number, Change(assignee=agent.uid))
    moved = move(desk, agent, number, "billing", "An invoice question")
    assert moved.assignee is None
    with desk.read() as session, pytest.raises(NotFound):
        find_ticket(session, agent, number)
    with desk.read() as session:
        texts = [m.body_text for m in conversation(session, find_ticket(session, SYSTEM, number), internal=True)]
    assert texts[-1] == "An invoice question"


def test_a_field_changed_by_somebody_else_is_a_conflict_and_others_are_not(desk: Helpdesk, world: World) -> None:
    agent = world.agent()
    posted = world.ticket()
    number = posted.ticket.number or ""
    change(desk, agent, number, Change(priority="high"))
    with pytest.raises(Conflict, match="high"):
        change(desk, agent, number, Change(priority="low", expected={"priority": "normal"}))
    change(desk, agent, number, Change(status="on-hold", expected={"status": "new"}))
    with pytest.raises(Conflict):
        change(desk, agent, number, Change(priority="low", version=1))


def test_an_assignee_must_work_in_the_department(desk: Helpdesk, world: World) -> None:
    agent = world.agent("Only Billing", "billing")
    number = world.ticket(department="support").ticket.number or ""
    with pytest.raises(Invalid, match="does not work"):
        change(desk, world.agent("Boss Agent", role="admin"), number, Change(assignee=agent.uid))


def test_redaction_leaves_a_mark_and_an_honest_chain(desk: Helpdesk, world: World) -> None:
    posted = world.ticket(text="my password is hunter2")
    number = posted.ticket.number or ""
    boss = world.agent("Boss Agent", role="admin")
    redact(desk, boss, number, posted.message.uid, "a password")
    with desk.read() as session:
        [message] = conversation(session, find_ticket(session, SYSTEM, number), internal=True)
        assert message.body_text == "[Removed: a password]"
        assert "hunter2" not in str(session.execute(select(Ticket.preview)).all())
        assert list(verify(desk, session)) == []


@pytest.mark.parametrize(
    "what", ["message", "side", "time", "added message", "moved message", "event", "missing event"]
)
def test_tampering_is_found(desk: Helpdesk, world: World, what: str) -> None:
    ticket = world.ticket().ticket
    number, first_id = ticket.number or "", ticket.id
    world.ticket()
    reply(desk, world.agent(), number, NewMessage(text="Done"))
    with desk.read() as session:
        assert list(verify(desk, session)) == []
    with desk.begin(SYSTEM) as tx:
        if what == "message":
            tx.session.execute(update(Message).values(body_text="I never said that"))
        elif what == "side":
            tx.session.execute(update(Message).values(side="agent"))
        elif what == "time":
            tx.session.execute(update(Message).values(created_at=tx.now))
        elif what == "added message":
            [first, *_] = tx.session.scalars(select(Message))
            row = {column.key: getattr(first, column.key) for column in Message.__table__.columns}
            tx.session.add(Message(**{**row, "id": None, "uid": "x" * 22}))
        elif what == "moved message":
            tx.session.execute(update(Message).where(Message.ticket_id != first_id).values(ticket_id=first_id))
        elif what == "event":
            tx.session.execute(
                update(EventRow).where(EventRow.seq == 2, EventRow.ticket_id == first_id).values(actor_id=77)
            )
        else:
            tx.session.delete(tx.session.scalars(select(EventRow).where(EventRow.seq == 3)).one())
    with desk.read() as session:
        assert any(broken.number == number for broken in verify(desk, session))


def test_a_departed_agent_stays_in_history(desk: Helpdesk, world: World) -> None:
    agent = world.agent("Gone Agent")
    number = world.ticket().ticket.number or ""
    reply(desk, agent, number, NewMessage(text="Bye"))
    deactivate_user(desk, SYSTEM, agent.uid or "")
    with desk.read() as session:
        messages = conversation(session, find_ticket(session, SYSTEM, number), internal=True)
        assert messages[-1].author_name == "Gone Agent"


def test_many_writers_on_one_ticket_lose_nothing(desk: Helpdesk, world: World) -> None:
    customer = world.customer()
    number = world.ticket(customer).ticket.number or ""
    failures: list[Exception] = []

    def write(who: int) -> None:
        try:
            for turn in range(5):
                reply(desk, customer, number, NewMessage(text=f"{who}.{turn}"))
        except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
            failures.append(error)

    threads = [threading.Thread(target=write, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timedelta(seconds=60).total_seconds())
    assert failures == []
    with desk.read() as session:
        ticket = find_ticket(session, SYSTEM, number)
        assert len(conversation(session, ticket, internal=True)) == 21
        assert ticket.message_count == 21
        assert list(verify(desk, session)) == []


def test_what_is_out_of_use_can_be_kept_but_not_chosen(desk: Helpdesk, world: World) -> None:
    agent = world.agent()
    number = world.ticket().ticket.number or ""
    change(desk, agent, number, Change(status="on-hold", type="fault"))
    with desk.begin(SYSTEM) as tx:
        tx.session.execute(update(Status).where(Status.key == "on-hold").values(is_active=False))
        tx.session.execute(update(TicketType).where(TicketType.key == "fault").values(is_active=False))
        tx.reference_changed()
    change(desk, agent, number, Change(status="on-hold", type="fault", subject="Kept"))
    other = world.ticket().ticket.number or ""
    for wanted in (Change(status="on-hold"), Change(type="fault")):
        with pytest.raises(Invalid, match="out of use"):
            change(desk, agent, other, wanted)
    with pytest.raises(Invalid, match="out of use"):
        reply(desk, agent, other, NewMessage(text="x", status="on-hold"))
    with pytest.raises(Invalid, match="out of use"):
        world.ticket(type="fault")


def test_the_record_says_what_was_stored(desk: Helpdesk, world: World) -> None:
    agent = world.agent()
    number = world.ticket().ticket.number or ""
    change(desk, agent, number, Change(subject="  Two   words ", tags=("B", "a", "b ")))
    with desk.read() as session:
        ticket = find_ticket(session, SYSTEM, number)
        data = session.scalars(select(EventRow.data).where(EventRow.type == "ticket.changed")).one()
    assert ticket.subject == "Two words"
    assert data["changes"] == {"subject": ["Site down", "Two words"], "tags": [[], ["a", "b"]]}
    change(desk, agent, number, Change(tags=("A", "B"), subject="Two words "))
    with desk.read() as session:
        assert len(session.scalars(select(EventRow.id).where(EventRow.type == "ticket.changed")).all()) == 1


def test_limited_steps_hold_for_replies_and_for_closing_but_not_for_turns(desk: Helpdesk, world: World) -> None:
    agent, customer = world.agent(), world.customer()
    number = world.ticket(customer).ticket.number or ""
    workflow.set_transitions(desk, SYSTEM, {"new": ["open"], "waiting": ["resolved"], "resolved": ["waiting"]})
    for refused in (
        lambda: reply(desk, agent, number, NewMessage(text="Done", status="closed")),
        lambda: close(desk, agent, number),
        lambda: close(desk, customer, number),
    ):
        with pytest.raises(Invalid, match="may go to: New, Open"):
            refused()
    assert status(desk, number)[0] == "new"
    reply(desk, agent, number, NewMessage(text="A turn"))
    assert status(desk, number)[0] == "waiting"
    reply(desk, agent, number, NewMessage(text="Done", status="resolved"))
    with pytest.raises(Invalid, match="may go to"):
        reopen(desk, agent, number)
    assert status(desk, number)[0] == "resolved"
    reply(desk, customer, number, NewMessage(text="It is not"))
    assert status(desk, number)[0] == "open"


def test_a_late_answer_arrives_though_type_or_department_are_out_of_use(desk: Helpdesk, world: World) -> None:
    customer = world.customer()
    world.department("strict", reopen_policy="follow_up")
    number = world.ticket(customer, department="strict", type="fault").ticket.number or ""
    close(desk, customer, number)
    kinds.deactivate_type(desk, SYSTEM, "fault")
    posted = reply(desk, customer, number, NewMessage(text="But"))
    assert (posted.followed_up, posted.ticket.type) == (True, None)
    with desk.begin(SYSTEM) as tx:
        tx.session.execute(update(Department).where(Department.key == "strict").values(is_active=False))
        tx.reference_changed()
    posted = reply(desk, customer, number, NewMessage(text="And"))
    assert (posted.followed_up, posted.ticket.number) == (False, number)
    assert status(desk, number) == ("open", "us")


def test_imported_and_redacted_history_is_honest_also_after_merging(
    desk: Helpdesk, world: World, clock: TestClock
) -> None:
    boss, long_ago = world.agent("Boss Agent", role="admin"), clock.moment - timedelta(days=900)
    into = world.ticket().ticket.number or ""
    posted = world.ticket(message=NewMessage(text="my password is hunter2", created_at=long_ago))
    merge(desk, boss, posted.ticket.number or "", into)
    redact(desk, boss, into, posted.message.uid, "a password")
    with desk.read() as session:
        assert list(verify(desk, session)) == []
        assert list(verify(desk, session, batch=1)) == []
    with desk.begin(SYSTEM) as tx:
        tx.session.execute(update(Message).where(Message.uid == posted.message.uid).values(created_at=tx.now))
    with desk.read() as session:
        assert [broken.number for broken in verify(desk, session)] == [into]


def test_closing_and_opening_choose_a_status_that_may_follow(desk: Helpdesk, world: World) -> None:
    agent, customer = world.agent(), world.customer()
    for key, state, turn in (
        ("rejected", "closed", "nobody"),
        ("again", "open", "us"),
        ("asked", "waiting", "customer"),
    ):
        draft = workflow.StatusDraft(name=key.capitalize(), state=state, turn=turn, key=key)
        workflow.create_status(desk, SYSTEM, draft)
    steps = {"new": ["rejected", "asked"], "rejected": ["again"], "again": ["rejected"]}
    workflow.set_transitions(desk, SYSTEM, steps)
    number = world.ticket(customer).ticket.number or ""
    assert close(desk, customer, number).status.key == "rejected"
    assert reopen(desk, agent, number).status.key == "again"
    other = world.ticket(customer).ticket.number or ""
    reply(desk, agent, other, NewMessage(text="Which one?"))
    assert status(desk, other)[0] == "asked"
