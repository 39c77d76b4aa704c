"""Whom a customer brings into a ticket, and whom not."""

import pytest
from sqlalchemy import update

from helpdesk_core.actor import SYSTEM, Actor
from helpdesk_core.administration.service import save_settings
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.browser import Browser
from helpdesk_core.testing.site import World
from helpdesk_core.users import accounts
from helpdesk_core.users.models import User
from helpdesk_core.users.organisations import OrganisationDraft, create_organisation

PASSWORD = "three blue lamps"


@pytest.fixture
def carla(browser: Browser, world: World) -> Actor:
    actor = world.customer("Carla Customer", address="carla@example.com", password=PASSWORD)
    browser.login("carla@example.com", PASSWORD)
    return actor


@pytest.fixture
def number(world: World, carla: Actor) -> str:
    return world.ticket(carla, subject="Mail bounces").ticket.number or ""


def company(desk: Helpdesk, *members: User | int | None) -> None:
    """Put people into an organisation that does not share its tickets."""
    organisation_id = create_organisation(desk, SYSTEM, OrganisationDraft(name="Example")).id
    ids = [each.id if isinstance(each, User) else each for each in members]
    with desk.begin(SYSTEM) as tx:
        tx.session.execute(update(User).where(User.id.in_(ids)).values(organisation_id=organisation_id))
        tx.reference_changed()


def test_a_colleague_of_the_organisation_is_invited_by_name(
    browser: Browser, desk: Helpdesk, world: World, carla: Actor, number: str
) -> None:
    stranger, colleague, gone = (world.user(name) for name in ("Sam Stranger", "Kim Colleague", "Gil Gone"))
    company(desk, carla.user_id, colleague, gone)
    accounts.deactivate_user(desk, SYSTEM, gone.uid)
    page = browser.get(f"/tickets/{number}")
    offered = next(each for each in page.form("invite-colleague").controls if each.name == "colleague").options
    assert offered == ["", colleague.uid]
    page = browser.submit("invite-colleague", colleague=colleague.uid)
    assert "They take part now." in page.words
    assert "Kim Colleague" in page.words
    assert not page.has_form("invite-colleague")
    assert browser.post(f"/tickets/{number}/people", {"colleague": stranger.uid}).status == 404
    assert "Sam Stranger" not in browser.get(f"/tickets/{number}").text


def test_a_site_can_let_customers_add_colleagues_only(
    browser: Browser, desk: Helpdesk, world: World, carla: Actor, number: str
) -> None:
    company(desk, carla.user_id, world.user("Kim Colleague", address="kim@example.com"))
    browser.get(f"/tickets/{number}")
    save_settings(desk, SYSTEM, "core.site", {"customers_invite": "organisation"})
    page = browser.submit("invite", address="stranger@example.net")
    assert page.status == 422
    assert "Only colleagues of your organisation can be added here." in page.words
    assert not page.has_form("invite")
    page = browser.post(f"/tickets/{number}/people", {"address": "kim@example.com"})
    assert "Kim Colleague" in page.words
