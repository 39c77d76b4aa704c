"""Who may be put on a ticket, and as what."""

import pytest

from helpdesk_core.actor import SYSTEM
from helpdesk_core.errors import Invalid
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.site import World
from helpdesk_core.tickets import people
from helpdesk_core.tickets.inputs import Requester
from helpdesk_core.tickets.queries import find_ticket, participants
from helpdesk_core.users.accounts import deactivate_user


def roles(desk: Helpdesk, number: str) -> list[tuple[str, str]]:
    with desk.read() as session:
        found = participants(session, find_ticket(session, SYSTEM, number))
        return [(each.user.uid, each.role) for each in found]


@pytest.mark.parametrize("role", ["specialist", "follower"])
def test_a_customer_is_never_shown_the_inside_of_a_ticket(desk: Helpdesk, world: World, role: str) -> None:
    number = world.ticket().ticket.number or ""
    with pytest.raises(Invalid, match="Choose a colleague"):
        people.add_participant(desk, world.agent(), number, role, uid=world.customer("Carl Curious").uid)
    assert roles(desk, number) == []


def test_a_colleague_who_left_becomes_no_specialist(desk: Helpdesk, world: World) -> None:
    number, gone = world.ticket().ticket.number or "", world.agent("Gone Agent")
    deactivate_user(desk, SYSTEM, gone.uid or "")
    with pytest.raises(Invalid, match="Choose a colleague"):
        people.add_participant(desk, world.agent(), number, "specialist", uid=gone.uid)


def test_a_colleague_of_another_department_follows_once_brought_in(desk: Helpdesk, world: World) -> None:
    agent, other = world.agent(), world.agent("Olga Other", "billing")
    number = world.ticket().ticket.number or ""
    with pytest.raises(Invalid, match="as specialist"):
        people.add_participant(desk, agent, number, "follower", uid=other.uid)
    people.add_participant(desk, agent, number, "specialist", uid=other.uid)
    people.add_participant(desk, agent, number, "follower", uid=other.uid)
    assert roles(desk, number) == [(other.uid, "specialist"), (other.uid, "follower")]


def test_customers_put_only_so_many_people_in_copy(desk: Helpdesk, world: World) -> None:
    customer, agent = world.customer(), world.agent()
    many = tuple(f"person{each}@example.org" for each in range(21))
    with pytest.raises(Invalid, match="At most 20 people can be in copy"):
        world.ticket(customer, cc=many)
    number = world.ticket(customer, cc=many[:20]).ticket.number or ""
    with pytest.raises(Invalid, match="At most 20 people"):
        people.add_participant(desk, customer, number, "cc", email=many[20])
    people.add_participant(desk, customer, number, "cc", email=many[3])  # who is there already is no one more
    people.add_participant(desk, agent, number, "cc", email=many[20])
    assert world.ticket(agent, requester=Requester(email="someone@example.org"), cc=many).ticket.number


def test_inviting_oneself_is_told(desk: Helpdesk, world: World) -> None:
    customer = world.customer()
    number = world.ticket(customer).ticket.number or ""
    with pytest.raises(Invalid, match="your own address"):
        people.add_participant(desk, customer, number, "cc", email=customer.email)
