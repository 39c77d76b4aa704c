"""Splitting, merging, undoing."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import select

from helpdesk_core.actor import SYSTEM, Actor
from helpdesk_core.attachments.inputs import Upload
from helpdesk_core.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from helpdesk_core.hooks import hookimpl
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.site import World
from helpdesk_core.tickets import hooks, people
from helpdesk_core.tickets.audit import verify
from helpdesk_core.tickets.changing import move
from helpdesk_core.tickets.conversation import note, reply
from helpdesk_core.tickets.inputs import NewMessage
from helpdesk_core.tickets.models import Ticket
from helpdesk_core.tickets.queries import conversation, find_ticket, operations
from helpdesk_core.tickets.rearranging import merge, split, undo
from helpdesk_core.tickets.surroundings import surroundings
from helpdesk_core.users.links import guest_token, load_guest


def said(desk: Helpdesk, number: str) -> list[str]:
    with desk.read() as session:
        ticket = find_ticket(session, SYSTEM, number)
        return [message.body_text for message in conversation(session, ticket, internal=True)]


def operation_of(desk: Helpdesk, number: str) -> str:
    with desk.read() as session:
        [operation] = surroundings(session, SYSTEM, find_ticket(session, SYSTEM, number), "desk", desk.now()).operations
        return operation.uid


def is_proven(desk: Helpdesk) -> bool:
    with desk.read() as session:
        return list(verify(desk, session)) == []


def state(desk: Helpdesk) -> list[tuple[object, ...]]:
    columns = (
        Ticket.number,
        Ticket.status_id,
        Ticket.is_open,
        Ticket.waiting_on,
        Ticket.message_count,
        Ticket.preview,
        Ticket.first_replied_at,
        Ticket.last_customer_at,
        Ticket.last_agent_at,
        Ticket.merged_into_id,
    )
    with desk.read() as session:
        return [tuple(row) for row in session.execute(select(*columns).order_by(Ticket.id))]


def test_a_message_splits_off_with_its_files_and_comes_back(desk: Helpdesk, world: World) -> None:
    agent, customer = world.agent(), world.customer()
    number = world.ticket(customer, text="One").ticket.number or ""
    second = reply(desk, customer, number, NewMessage(text="Two", uploads=(Upload(name="лог.txt", content=b"log"),)))
    reply(desk, agent, number, NewMessage(text="Three"))
    before = state(desk)

    made = split(desk, agent, number, [second.message.uid], "The second matter")
    assert said(desk, number) == ["One", "Three"]
    assert said(desk, made.number or "") == ["Two"]
    with desk.read() as session:
        ticket = find_ticket(session, customer, made.number or "")
        [message] = conversation(session, ticket, internal=False)
        assert [file.name for file in message.attachments] == ["лог.txt"]
        assert [link.number for link in surroundings(session, agent, ticket, "desk", desk.now()).links] == [number]
    assert is_proven(desk)

    undo(desk, agent, operation_of(desk, number))
    assert said(desk, number) == ["One", "Two", "Three"]
    assert said(desk, made.number or "") == []
    assert state(desk)[0] == before[0]
    assert is_proven(desk)


def test_all_of_a_ticket_cannot_be_split_off(desk: Helpdesk, world: World) -> None:
    posted = world.ticket()
    with pytest.raises(Invalid, match="has to stay"):
        split(desk, world.agent(), posted.ticket.number or "", [posted.message.uid], "Everything")


def test_a_ticket_merges_into_another_and_comes_back(desk: Helpdesk, world: World) -> None:
    agent, first, second = world.agent(), world.customer("Ann Other"), world.customer("Ben Other")
    a = world.ticket(first, text="From Ann").ticket.number or ""
    b = world.ticket(second, text="From Ben").ticket.number or ""
    note(desk, agent, a, NewMessage(text="Same matter"))
    before = state(desk)

    merge(desk, agent, a, b)
    assert said(desk, b) == ["From Ann", "From Ben", "Same matter"]
    assert said(desk, a) == []
    with desk.read() as session:
        assert find_ticket(session, first, b).number == b, "who asked in the emptied ticket sees where it went"
        assert not find_ticket(session, SYSTEM, a).is_open

    later = reply(desk, first, a, NewMessage(text="Any news?"))
    assert later.ticket.number == b, "an answer to the emptied ticket goes where it went"

    undo(desk, agent, operation_of(desk, a))
    assert said(desk, a) == ["From Ann", "Same matter"]
    assert said(desk, b) == ["From Ben", "Any news?"]
    assert state(desk)[0] == before[0]
    with desk.read() as session, pytest.raises(NotFound):
        find_ticket(session, first, b)
    assert is_proven(desk)


def test_undoing_twice_or_out_of_order_is_refused(desk: Helpdesk, world: World) -> None:
    agent = world.agent()
    a, b, c = (world.ticket().ticket.number or "" for _ in range(3))
    merge(desk, agent, a, b)
    first = operation_of(desk, a)
    merge(desk, agent, b, c)
    with pytest.raises(Conflict, match="later one first"):
        undo(desk, agent, first)
    undo(desk, agent, operation_of(desk, c))
    undo(desk, agent, first)
    with pytest.raises(Conflict, match="undone already"):
        undo(desk, agent, first)


def test_a_merged_ticket_cannot_be_merged_again_nor_into_itself(desk: Helpdesk, world: World) -> None:
    agent = world.agent()
    a, b, c = (world.ticket().ticket.number or "" for _ in range(3))
    merge(desk, agent, a, b)
    with pytest.raises(Conflict):
        merge(desk, agent, a, c)
    with pytest.raises(Invalid):
        merge(desk, agent, b, b)


def test_a_merged_ticket_cannot_be_moved(desk: Helpdesk, world: World) -> None:
    agent = world.agent()
    world.department("sales")
    a, b = (world.ticket().ticket.number or "" for _ in range(2))
    merge(desk, agent, a, b)
    with pytest.raises(Conflict, match="Undo the merge"):
        move(desk, agent, a, "sales", "Yours")
    with desk.read() as session:
        assert find_ticket(session, SYSTEM, a).department.key == "support"
    assert "Yours" not in said(desk, b)
    undo(desk, agent, operation_of(desk, a))
    assert move(desk, agent, a, "sales").department.key == "sales"


def test_rights_are_asked_in_both_departments(desk: Helpdesk, world: World) -> None:
    a = world.ticket(department="support").ticket.number or ""
    b = world.ticket(department="billing").ticket.number or ""
    with pytest.raises(NotFound):
        merge(desk, world.agent("Only Support", "support"), a, b)
    with pytest.raises((Forbidden, NotFound)):
        merge(desk, world.customer(), a, b)


def cc_of(desk: Helpdesk, number: str) -> set[str]:
    with desk.read() as session:
        ticket = find_ticket(session, SYSTEM, number)
        return {
            person.uid
            for person in surroundings(session, SYSTEM, ticket, "desk", desk.now()).people
            if person.role == "cc"
        }


def test_everybody_on_a_ticket_goes_along_through_merges_and_leaves_with_undoing(desk: Helpdesk, world: World) -> None:
    agent = world.agent()
    ann, ben, cleo, copied = (world.customer(name) for name in ("Ann Other", "Ben Other", "Cleo Other", "Copy Other"))
    a, b, c = (world.ticket(customer).ticket.number or "" for customer in (ann, ben, cleo))
    people.add_participant(desk, agent, a, "cc", uid=copied.uid)
    people.add_participant(desk, agent, a, "cc", uid=cleo.uid)
    people.add_participant(desk, agent, c, "cc", uid=ben.uid)
    merge(desk, agent, a, b)
    first = operation_of(desk, a)
    assert cc_of(desk, b) == {ann.uid, copied.uid, cleo.uid}
    merge(desk, agent, b, c)
    assert cc_of(desk, c) == {ann.uid, ben.uid, copied.uid}
    assert reply(desk, copied, a, NewMessage(text="And now?")).ticket.number == c
    undo(desk, agent, operation_of(desk, c))
    assert cc_of(desk, c) == {ben.uid}, "who was on it before stays"
    undo(desk, agent, first)
    assert cc_of(desk, b) == set()
    assert cc_of(desk, a) == {copied.uid, cleo.uid}


def test_who_came_by_two_merges_leaves_with_the_last(desk: Helpdesk, world: World) -> None:
    agent, customer = world.agent(), world.customer()
    a, b = (world.ticket(customer).ticket.number or "" for _ in range(2))
    into = world.ticket(world.customer("Ben Other")).ticket.number or ""
    merge(desk, agent, a, into)
    merge(desk, agent, b, into)
    with desk.read() as session:
        of_a, of_b = (operations(session, find_ticket(session, SYSTEM, number))[0].uid for number in (a, b))
    undo(desk, agent, of_a)
    assert cc_of(desk, into) == {customer.uid}
    undo(desk, agent, of_b)
    assert cc_of(desk, into) == set()


def guest_of(desk: Helpdesk, ticket_id: int, actor: Actor) -> Actor:
    """Return whom the link of one ticket lets in."""
    with desk.read() as session:
        signed = load_guest(desk, session, guest_token(desk, ticket_id, actor.user_id or 0))
    assert signed is not None
    return signed.actor


def test_a_guests_link_leads_through_merges_and_no_further(desk: Helpdesk, world: World) -> None:
    agent, customer, stranger = world.agent(), world.customer(), world.customer("Sue Stranger")
    posted = world.ticket(customer)
    a, b, c = posted.ticket.number or "", *(world.ticket(stranger).ticket.number or "" for _ in range(2))
    merge(desk, agent, a, b)
    merge(desk, agent, b, c)
    guest = guest_of(desk, posted.ticket.id, customer)
    assert reply(desk, guest, a, NewMessage(text="By the link")).ticket.number == c
    with desk.read() as session:
        assert find_ticket(session, guest, c, "portal").number == c
        for elsewhere in (guest_of(desk, posted.ticket.id, stranger), replace(guest, user_id=stranger.user_id)):
            with pytest.raises(NotFound):
                find_ticket(session, elsewhere, a)
    with pytest.raises(NotFound):
        reply(desk, world.agent("Only Billing", "billing"), a, NewMessage(text="Not mine"))
    undo(desk, agent, operation_of(desk, c))
    undo(desk, agent, operation_of(desk, a))
    with desk.read() as session, pytest.raises(NotFound):
        find_ticket(session, guest_of(desk, posted.ticket.id, customer), b)


def test_who_was_taken_off_after_a_merge_does_not_write_to_the_others(desk: Helpdesk, world: World) -> None:
    agent, customer, cc = world.agent(), world.customer(), world.user("Cora Copied")
    a, b = world.ticket(customer), world.ticket(world.customer("Ben Other")).ticket.number or ""
    number = a.ticket.number or ""
    people.add_participant(desk, agent, number, "cc", uid=cc.uid)
    merge(desk, agent, number, b)
    actor = world.actor(cc)
    assert reply(desk, actor, number, NewMessage(text="From the copy")).ticket.number == b
    people.remove_participant(desk, agent, b, "cc", cc.uid)
    for former in (actor, guest_of(desk, a.ticket.id, actor)):
        with pytest.raises(Refused, match="Open a new ticket"):
            reply(desk, former, number, NewMessage(text="Once more"))
        with desk.read() as session, pytest.raises(NotFound):
            find_ticket(session, former, b)
    with pytest.raises(Conflict, match="Add people there"):
        people.add_participant(desk, agent, number, "cc", email="late@example.net")
    undo(desk, agent, operation_of(desk, number))
    assert reply(desk, actor, number, NewMessage(text="Here again")).ticket.number == number
    assert is_proven(desk)


def test_those_in_copy_go_along_with_a_split_unless_it_is_somebody_elses_matter(desk: Helpdesk, world: World) -> None:
    agent, customer, cc = world.agent(), world.customer(), world.user("Cora Copied")
    copied = world.actor(cc)
    number = world.ticket(customer).ticket.number or ""
    people.add_participant(desk, agent, number, "cc", uid=cc.uid)
    second = reply(desk, customer, number, NewMessage(text="And another thing")).message.uid
    theirs = reply(desk, copied, number, NewMessage(text="I have a matter of my own")).message.uid

    made = split(desk, agent, number, [second], "Another thing").number or ""
    assert cc_of(desk, made) == {cc.uid}
    own = split(desk, agent, number, [theirs], "A matter of my own").number or ""
    assert cc_of(desk, own) == set()
    with desk.read() as session:
        assert find_ticket(session, copied, own, "portal").requester_id == cc.id
        with pytest.raises(NotFound):
            find_ticket(session, customer, own)
    undo(desk, agent, operation_of(desk, own))
    assert said(desk, number)[-1] == "I have a matter of my own"
    assert cc_of(desk, number) == {cc.uid}
    assert is_proven(desk)


class Keeping:
    """A plugin that lets nothing go to another department."""

    @hookimpl(hooks.ticket_move_check)
    def stay(self) -> list[str]:
        """Object."""
        return ["It stays here."]


def test_splitting_into_another_department_asks_what_moving_asks(desk: Helpdesk, world: World) -> None:
    agent = world.agent()
    number = world.ticket().ticket.number or ""
    second = reply(desk, agent, number, NewMessage(text="Two")).message.uid
    world.department("billing")
    world.department("past", is_active=False)
    no_mover = replace(agent, grants={name: where for name, where in agent.grants.items() if name != "ticket.move"})
    with pytest.raises(Forbidden, match="move"):
        split(desk, no_mover, number, [second], "Off", "billing")
    with pytest.raises(Invalid, match="switched off"):
        split(desk, agent, number, [second], "Off", "past")
    desk.hooks.register(Keeping(), "keeping")
    with pytest.raises(Refused, match="stays here"):
        split(desk, agent, number, [second], "Off", "billing")
    desk.hooks.unregister("keeping")
    assert said(desk, number)[-1] == "Two"
    made = split(desk, no_mover, number, [second], "Off", "support")
    third = reply(desk, agent, made.number or "", NewMessage(text="Three")).message.uid
    assert split(desk, agent, made.number or "", [third], "Off", "billing").department.key == "billing"


class MergingMeanwhile:
    """A plugin in whose time, while a reply is checked, a colleague merges the ticket."""

    def __init__(self, act: Callable[[], object]) -> None:
        self.acts = [act]

    @hookimpl(hooks.message_check)
    def check(self) -> list[str]:
        """Object to nothing."""
        while self.acts:
            self.acts.pop()()
        return []


def test_a_reply_to_a_ticket_that_is_merged_meanwhile_goes_where_it_went(desk: Helpdesk, world: World) -> None:
    agent, customer = world.agent(), world.customer()
    a, b = world.ticket(customer).ticket.number or "", world.ticket(world.customer()).ticket.number or ""
    desk.hooks.register(MergingMeanwhile(lambda: merge(desk, agent, a, b)), "meanwhile")
    assert reply(desk, customer, a, NewMessage(text="Late")).ticket.number == b
    assert said(desk, a) == []
    assert said(desk, b)[-1] == "Late"


def test_a_note_on_a_merged_ticket_goes_where_the_ticket_went(desk: Helpdesk, world: World) -> None:
    agent, customer = world.agent(), world.customer()
    a, b = (world.ticket(customer).ticket.number or "" for _ in range(2))
    merge(desk, agent, a, b)
    assert note(desk, agent, a, NewMessage(text="For colleagues")).ticket.number == b
    assert said(desk, a) == []
    assert said(desk, b)[-1] == "For colleagues"


def test_a_note_follows_a_ticket_that_is_merged_while_it_is_written(desk: Helpdesk, world: World) -> None:
    agent = world.agent()
    a, b = (world.ticket(world.customer()).ticket.number or "" for _ in range(2))
    desk.hooks.register(MergingMeanwhile(lambda: merge(desk, agent, a, b)), "meanwhile")
    assert note(desk, agent, a, NewMessage(text="Late")).ticket.number == b
    assert said(desk, b)[-1] == "Late"


def test_a_note_does_not_go_to_a_ticket_that_its_writer_may_not_see(desk: Helpdesk, world: World) -> None:
    for key in ("support", "sales"):
        world.department(key)
    narrow, manager = world.agent("Nora", "support"), world.agent("Max")
    a = world.ticket(department="support").ticket.number or ""
    b = world.ticket(department="sales").ticket.number or ""
    merge(desk, manager, a, b)
    with pytest.raises(Refused, match="may not see"):
        note(desk, narrow, a, NewMessage(text="For whom?"))
    assert "For whom?" not in [*said(desk, a), *said(desk, b)]
