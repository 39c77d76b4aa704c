"""An admin writes a mail anew and looks at it first, and sees to events that got stuck."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from helpdesk_core.actor import SYSTEM
from helpdesk_core.events.models import Delivery, EventRow
from tests.journeys.conftest import PASSWORD, Site, Visit, sign_in


@pytest.mark.parametrize(("width", "scripts"), [(1280, True), (390, False)])
def test_a_mail_is_looked_at_before_it_is_kept_and_stuck_events_go_on(
    site: Site, visit: Visit, width: int, scripts: bool
) -> None:
    site.world.user("Olga Owner", address="olga@example.com", password=PASSWORD, is_owner=True)
    site.world.ticket()
    with site.desk.begin(SYSTEM) as tx:
        event = tx.session.scalars(select(EventRow).where(EventRow.ticket_id.is_not(None)).limit(1)).one()
        tx.session.add_all(
            Delivery(
                event_id=event.id,
                subscriber=name,
                stream=event.stream,
                state="parked",
                attempts=8,
                due_at=tx.now,
                error="KeyError: 'calendar'",
            )
            for name in ("sla", "search")
        )
    page = visit(width, scripts=scripts)
    sign_in(page, "olga@example.com")

    page.goto("/admin/mail-texts")
    page.get_by_role("link", name="Password link").click()
    page.get_by_label("Subject", exact=True).fill("Choose a password now")
    page.get_by_role("button", name="Preview").click()
    expect(page.frame_locator("iframe[name=preview]").get_by_text("Choose a password now")).to_be_visible()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("button", name="Back to the original")).to_be_visible()
    page.goto("/admin/mail-texts")
    page.get_by_role("link", name="Password link").click()
    expect(page.get_by_label("Subject", exact=True)).to_have_value("Choose a password now")

    page.goto("/admin/events")
    expect(page.get_by_text("KeyError: 'calendar'").first).to_be_visible()
    page.get_by_role("button", name="Try again", exact=True).first.click()
    expect(page.get_by_text("It is tried again now.")).to_be_visible()
    page.get_by_role("button", name="Drop").click()
    if scripts:
        page.get_by_role("dialog").get_by_role("button", name="Drop").click()
    expect(page.get_by_text("It is dropped.")).to_be_visible()
    expect(page.get_by_text("Nothing is stuck")).to_be_visible()
    page.goto("/admin/audit")
    expect(page.get_by_text("signed in (password)").first).to_be_visible()
