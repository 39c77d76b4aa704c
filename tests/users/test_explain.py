from helpdesk_core.actor import SYSTEM
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.site import World
from helpdesk_core.tickets.models import Ticket
from helpdesk_core.tickets.people import add_participant
from helpdesk_core.users.accounts import deactivate_user
from helpdesk_core.users.explain import Explanation, explain
from helpdesk_core.users.models import User
from helpdesk_core.users.organisations import OrganisationDraft, create_organisation


def ask(desk: Helpdesk, user: User, ticket: Ticket) -> Explanation:
    with desk.read() as session:
        return explain(desk, session, user, ticket)


def test_an_agent_of_another_department_does_not_see_it_and_why(desk: Helpdesk, world: World) -> None:
    user, ticket = world.user("Adam"), world.ticket(department="support").ticket
    world.grant(user, "agent", "sales")

    answer = ask(desk, user, ticket)

    assert not answer.desk
    assert not answer.portal
    assert answer.sentences[0] == "Does not see the ticket: it answers 404."
    assert "The role “Agent” holds ticket.read in “Sales” only; the ticket is in “Support”." in answer.sentences


def test_an_agent_of_the_department_sees_it_and_what_else_is_allowed(desk: Helpdesk, world: World) -> None:
    user, ticket = world.user("Adam"), world.ticket(department="support").ticket
    world.grant(user, "agent", "support")
    answer = ask(desk, user, ticket)
    assert (answer.desk, answer.portal) == (True, False)
    assert answer.sentences[1] == "The role “Agent” holds ticket.read in “Support”."
    assert any("ticket.reply" in sentence and "ticket.redact" not in sentence for sentence in answer.sentences)


def test_the_requester_sees_it_from_the_portal(desk: Helpdesk, world: World) -> None:
    user = world.user("Carla")
    ticket = world.ticket(world.actor(user)).ticket
    answer = ask(desk, user, ticket)
    assert (answer.desk, answer.portal) == (False, True)
    assert answer.sentences[:2] == ["Sees the ticket on the portal, without internal notes.", "Carla is the requester."]
    assert "Carla has no role, so nothing is allowed on the desk." in answer.sentences


def test_a_specialist_sees_it_whatever_the_department(desk: Helpdesk, world: World) -> None:
    user, ticket = world.user("Sven"), world.ticket(department="support").ticket
    world.grant(user, "agent", "sales")
    add_participant(desk, SYSTEM, ticket.number or "", "specialist", uid=user.uid)
    answer = ask(desk, user, ticket)
    assert answer.desk
    assert "Sven was brought in as a specialist." in answer.sentences


def test_a_colleague_of_the_requester_depends_on_the_organisation(desk: Helpdesk, world: World) -> None:
    for name, shares, verb in (("Acme", True, "share"), ("Silent", False, "do not share")):
        organisation = create_organisation(desk, SYSTEM, OrganisationDraft(name=name, shares_tickets=shares))
        ticket = world.ticket(world.actor(world.user("Anna", organisation=organisation.uid))).ticket
        answer = ask(desk, world.user("Bob", organisation=organisation.uid), ticket)
        assert answer.portal is shares
        assert f"The ticket is of “{name}”, whose members {verb} tickets." in answer.sentences


def test_owners_and_the_deactivated_are_told_in_a_word(desk: Helpdesk, world: World) -> None:
    ticket, owner, gone = world.ticket().ticket, world.user("Olga", is_owner=True), world.user("Gone")
    deactivate_user(desk, SYSTEM, gone.uid)
    assert "Olga is an owner and holds every permission in every department." in ask(desk, owner, ticket).sentences
    assert ask(desk, gone, ticket).sentences[1:] == ["Gone is deactivated and sees nothing."]
