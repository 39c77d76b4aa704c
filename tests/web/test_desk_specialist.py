"""A colleague who was brought in on a ticket of another department."""

from helpdesk_core.actor import Actor
from helpdesk_core.app import create_app
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.browser import Browser
from helpdesk_core.testing.site import World
from helpdesk_core.tickets.people import add_participant
from helpdesk_core.users.models import User
from helpdesk_core.users.sessions import SESSION_COOKIE, begin_session


def signed_in(desk: Helpdesk, actor: Actor) -> Browser:
    browser = Browser(create_app(desk))
    with desk.begin(actor) as tx:
        session = begin_session(tx, tx.session.get_one(User, actor.user_id), method="test", device="test")
    browser.client.set_cookie(SESSION_COOKIE, session.token)
    return browser


def test_a_specialist_writes_on_the_page_and_changes_nothing_else(desk: Helpdesk, world: World) -> None:
    number = world.ticket(department="support").ticket.number or ""
    ann, bob = world.agent("Ann", "support"), world.agent("Bob", "sales")
    add_participant(desk, ann, number, "specialist", uid=bob.uid)
    browser = signed_in(desk, bob)
    page = browser.get(f"/desk/tickets/{number}")
    assert "Move to another department" not in page.words
    for kind, text in (("internal", "It is the disk."), ("public", "We replaced the disk.")):
        page = browser.submit(f"/desk/tickets/{number}/messages", kind=kind, body=text)
        assert text in page.words
