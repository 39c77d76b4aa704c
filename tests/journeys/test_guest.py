"""Somebody without an account: asks, follows the link of the mail, answers, and sees nothing else."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from helpdesk_core.tickets import conversation
from helpdesk_core.tickets.inputs import NewMessage
from helpdesk_core.tickets.models import Ticket
from helpdesk_core.users.links import guest_token
from tests.journeys.conftest import Site, Visit


@pytest.mark.parametrize(("width", "scripts"), [(1280, True), (390, False)])
def test_a_guest_asks_and_answers_by_the_link_of_that_ticket_only(
    site: Site, visit: Visit, width: int, scripts: bool
) -> None:
    site.world.department("support")
    agent = site.world.agent("Adam Agent")
    other = site.world.ticket_for("vera@example.net", subject="An older matter").ticket.number
    page = visit(width, scripts=scripts)
    page.goto("/tickets/new")
    page.get_by_label("Your name").fill("Vera Visitor")
    page.get_by_label("E-mail address").fill("vera@example.net")
    page.get_by_label("Subject").fill("How do I begin?")
    page.get_by_label("Message").fill("I have no account.")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", name="We have your question")).to_be_visible()

    with site.desk.read() as session:
        ticket = session.scalars(select(Ticket).where(Ticket.subject == "How do I begin?")).one()
    conversation.reply(site.desk, agent, ticket.number or "", NewMessage(text="With a domain."))
    page.goto(f"/t/{guest_token(site.desk, ticket.id, ticket.requester_id)}")
    expect(page.get_by_role("heading", level=1)).to_have_text("How do I begin?")
    expect(page.get_by_text("With a domain.")).to_be_visible()
    page.get_by_label("Message", exact=True).fill("Thank you.")
    page.get_by_role("button", name="Send reply").click()
    expect(page.get_by_text("Thank you.")).to_be_visible()
    for path, status in ((f"/tickets/{other}", 404), ("/tickets", 200), ("/account", 200)):
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == status, path
        expect(page.get_by_text("An older matter")).to_have_count(0)
        assert status == 404 or "/login" in page.url


def test_what_a_visitor_began_is_kept_in_the_browser(site: Site, visit: Visit) -> None:
    site.world.department("support")
    page = visit()
    page.goto("/tickets/new")
    page.get_by_label("Message").fill("Half a question")
    expect(page.get_by_text("Draft kept")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Message")).to_have_value("Half a question")
