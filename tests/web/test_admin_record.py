"""The record of changes says in words who did what to what; what is recorded stands beside it for the curious."""

from helpdesk_core.administration.service import save_settings
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.browser import Browser
from helpdesk_core.testing.site import World
from helpdesk_core.tickets import changing, people
from helpdesk_core.tickets.inputs import Change
from helpdesk_core.users import accounts, roles
from tests.web.people import sign_in


def told(browser: Browser, event_type: str) -> str:
    """Return the page of the record that shows events of one type only."""
    return browser.get("/admin/audit", type=event_type).words


def test_each_event_is_a_sentence(browser: Browser, world: World, desk: Helpdesk) -> None:
    mara = world.customer("Mara Lind")
    agent = world.agent("Adam Agent")
    number = world.ticket(mara, subject="On fire").ticket.number or ""
    changing.change(desk, agent, number, Change(status="waiting", assignee=agent.uid))
    people.add_participant(desk, agent, number, "specialist", uid=world.agent("Sue Specialist").uid)
    owner = world.actor(world.user("Olga Owner", is_owner=True))
    save_settings(desk, owner, "core.site", {"name": "A better name"})
    roles.grant_role(desk, owner, mara.uid or "", "agent", "support")
    accounts.deactivate_user(desk, owner, mara.uid or "")
    sign_in(browser, world, owner=True)
    assert "Mara Lind opened the ticket “On fire”" in told(browser, "ticket.opened")
    assert "Mara Lind asked" in told(browser, "message.posted")
    assert "assignee: – → Adam Agent" in told(browser, "ticket.changed")
    assert "Adam Agent added Sue Specialist as specialist" in told(browser, "participant.added")
    assert "Olga Owner changed settings of “Site”" in told(browser, "settings.changed")
    assert "Olga Owner gave Mara Lind the role “Agent” in “Support”" in told(browser, "user.role_granted")
    page = told(browser, "user.deactivated")
    assert "Olga Owner deactivated the account of Mara Lind" in page
    assert "user.deactivated" in page


def test_the_record_is_narrowed_to_what_it_is_about(browser: Browser, world: World) -> None:
    world.ticket(subject="On fire")
    sign_in(browser, world, owner=True)
    assert "On fire" in browser.get("/admin/audit", area="tickets").words
    page = browser.get("/admin/audit", area="people").words
    assert "On fire" not in page
    assert "made an account for" in page


def test_it_is_told_in_the_language_of_the_reader(browser: Browser, world: World) -> None:
    world.ticket(world.customer("Mara Lind"), subject="On fire")
    browser.headers["Accept-Language"] = "de"
    sign_in(browser, world, owner=True)
    assert "Mara Lind hat das Ticket „On fire“ geöffnet" in told(browser, "ticket.opened")
