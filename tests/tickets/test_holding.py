"""Replies that are held for some seconds, and what becomes of them."""

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from helpdesk_core.actor import SYSTEM, Actor
from helpdesk_core.attachments.inputs import Upload
from helpdesk_core.errors import Conflict, Forbidden, Invalid, NotFound
from helpdesk_core.jobs.worker import Worker
from helpdesk_core.mail.outbox import outbox
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.site import TestClock, World, opened
from helpdesk_core.tickets import holding
from helpdesk_core.tickets.audit import verify
from helpdesk_core.tickets.conversation import reply
from helpdesk_core.tickets.holding import draft_of, held_replies, hold_reply, send_reply, undo_send
from helpdesk_core.tickets.inputs import NewMessage
from helpdesk_core.tickets.models import HeldReply, Message
from helpdesk_core.tickets.posting import Posted
from helpdesk_core.tickets.queries import conversation, find_attachment, find_ticket
from helpdesk_core.tickets.rearranging import merge
from helpdesk_core.tickets.workflow import set_transitions
from helpdesk_core.users.privacy import erase_user


@pytest.fixture
def number(world: World) -> str:
    return world.ticket(world.customer(), text="Broken").ticket.number or ""


def texts(desk: Helpdesk, number: str) -> list[str]:
    with desk.read() as session:
        ticket = find_ticket(session, SYSTEM, number)
        return [each.body_text for each in conversation(session, ticket, internal=True)]


def waiting(desk: Helpdesk, number: str) -> list[HeldReply]:
    with desk.read() as session:
        return list(held_replies(session, find_ticket(session, SYSTEM, number)))


def held(desk: Helpdesk, actor: Actor, number: str, text: str, **more: object) -> HeldReply:
    made = send_reply(desk, actor, number, NewMessage(text=text, **more))  # type: ignore[arg-type]  # as the test says
    assert isinstance(made, HeldReply)
    return made


def test_a_reply_is_no_message_and_no_mail_until_its_time_has_come(
    desk: Helpdesk, world: World, clock: TestClock, number: str
) -> None:
    worker = Worker(desk, jobs=())
    worker.run_once()
    before = len(outbox(desk).mails)
    reply_ = held(desk, world.agent(), number, "Restarted", status="resolved")
    clock.advance(seconds=9)
    worker.run_once()
    assert texts(desk, number) == ["Broken"]
    assert len(outbox(desk).mails) == before
    with desk.read() as session:
        ticket = find_ticket(session, SYSTEM, number)
        assert (ticket.status.key, ticket.preview) == ("new", "Broken")
    clock.advance(seconds=1)
    worker.run_once()
    assert texts(desk, number) == ["Broken", "Restarted"]
    assert waiting(desk, number) == []
    assert "Restarted" in outbox(desk).mails[0].body_text
    with desk.read() as session:
        message = session.scalars(select(Message).where(Message.uid == reply_.uid)).one()
        assert message.author_id == reply_.author_id
        assert message.created_at >= reply_.created_at + timedelta(seconds=10)
        assert find_ticket(session, SYSTEM, number).status.key == "resolved"
        assert list(verify(desk, session)) == []


def test_what_is_taken_back_never_was_and_its_text_and_files_are_the_authors_again(
    desk: Helpdesk, world: World, clock: TestClock, number: str
) -> None:
    agent = world.agent()
    file = Upload(name="log.txt", content=b"secret")
    reply_ = held(desk, agent, number, "**Wrong** customer", uploads=(file,), status="closed")
    taken = draft_of(undo_send(desk, agent, reply_.uid))
    assert (taken.text, taken.status, taken.uid) == ("**Wrong** customer", "closed", reply_.uid)
    with desk.read() as session:
        assert find_attachment(session, agent, taken.attachments[0]).name == "log.txt"
    clock.advance(minutes=1)
    Worker(desk, jobs=()).run_once()
    assert texts(desk, number) == ["Broken"]
    again = reply(desk, agent, number, taken)
    assert [each.name for each in again.message.attachments] == ["log.txt"]


def test_only_the_author_may_take_it_back_and_only_in_time(
    desk: Helpdesk, world: World, clock: TestClock, number: str
) -> None:
    agent = world.agent()
    reply_ = held(desk, agent, number, "Done")
    for other in (world.agent("Otto"), world.customer(), SYSTEM):
        with pytest.raises(NotFound):
            undo_send(desk, other, reply_.uid)
    clock.advance(seconds=10)
    Worker(desk, jobs=()).run_once()
    with pytest.raises(Conflict, match="Too late"):
        undo_send(desk, agent, reply_.uid)
    with pytest.raises(Conflict, match="sent already"):
        hold_reply(desk, agent, number, NewMessage(text="Done", uid=reply_.uid))


def test_customers_are_heard_at_once_and_cannot_hold(desk: Helpdesk, world: World) -> None:
    customer = world.customer()
    number = world.ticket(customer).ticket.number or ""
    assert isinstance(send_reply(desk, customer, number, NewMessage(text="Still broken")), Posted)
    with pytest.raises(Forbidden):
        hold_reply(desk, customer, number, NewMessage(text="Hm"))


def test_without_a_delay_it_goes_out_at_once(desk_url: str, tmp_path: Path, clock: TestClock) -> None:
    with opened(tmp_path / "instance", desk_url, {"site": {"undo_send_seconds": 0}}, clock=clock) as desk:
        world = World(desk)
        number = world.ticket().ticket.number or ""
        assert isinstance(send_reply(desk, world.agent(), number, NewMessage(text="Done")), Posted)


def test_it_is_checked_when_it_is_sent(desk: Helpdesk, world: World, number: str) -> None:
    agent = world.agent()
    with pytest.raises(Invalid, match="Write a message"):
        send_reply(desk, agent, number, NewMessage(text=" "))
    with pytest.raises(Invalid, match="no longer there"):
        send_reply(desk, agent, number, NewMessage(text="x", attachments=("nothing",)))
    assert waiting(desk, number) == []


def test_it_goes_where_the_ticket_went_and_leaves_a_status_that_may_not_follow(
    desk: Helpdesk, world: World, clock: TestClock, number: str
) -> None:
    agent, admin, customer = world.agent(), world.agent(role="admin"), world.customer()
    target = world.ticket(customer, text="The same").ticket.number or ""
    held(desk, agent, number, "Restarted", status="resolved")
    merge(desk, admin, number, target)
    set_transitions(desk, admin, {"new": ["open"]})
    clock.advance(seconds=10)
    Worker(desk, jobs=()).run_once()
    assert texts(desk, target)[-1] == "Restarted"
    with desk.read() as session:
        assert find_ticket(session, SYSTEM, target).status.key != "resolved"


def test_what_cannot_be_posted_waits_for_its_author_with_the_reason(
    desk: Helpdesk, world: World, clock: TestClock, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = world.agent()
    reply_ = held(desk, agent, number, "Restarted")

    def fails(*given: object, **named: object) -> None:
        raise Invalid("The disk is full.")

    monkeypatch.setattr(holding, "write_reply", fails)
    for _try in range(10):
        clock.advance(hours=1)
        holding.post_due(desk)
    [left] = waiting(desk, number)
    assert (left.due_at, left.error, left.attempts) == (None, "The disk is full.", len(holding.WAITS) + 1)
    assert draft_of(undo_send(desk, agent, reply_.uid)).text == "Restarted"


def test_taking_back_and_sending_at_once_do_one_of_both(
    desk: Helpdesk, world: World, clock: TestClock, number: str
) -> None:
    agent, outcomes = world.agent(), []
    for round_ in range(5):
        reply_ = held(desk, agent, number, f"Reply {round_}")
        clock.advance(seconds=10)
        posting = [threading.Thread(target=holding.post_due, args=(desk,)) for _each in range(2)]
        for thread in posting:
            thread.start()
        try:
            undo_send(desk, agent, reply_.uid)
            outcomes.append("undone")
        except Conflict:
            outcomes.append("sent")
        for thread in posting:
            thread.join()
    sent = [text for text in texts(desk, number) if text.startswith("Reply")]
    assert len(sent) == outcomes.count("sent")
    assert waiting(desk, number) == []


def test_a_held_reply_goes_with_the_person_who_wrote_it(desk: Helpdesk, world: World, number: str) -> None:
    agent = world.agent()
    held(desk, agent, number, "Restarted")
    erase_user(desk, world.agent("Ada", role="admin"), agent.uid or "")
    assert waiting(desk, number) == []
