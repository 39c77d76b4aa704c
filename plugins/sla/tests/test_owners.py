"""Calendars of departments and of organisations, for policies that go by the ticket."""

from datetime import timedelta

from sqlalchemy import select, update

from helpdesk_core.api import SYSTEM, Actor
from helpdesk_core.api.tickets import move
from helpdesk_core.api.users import Organisation, User
from helpdesk_core.testing.plugins import PluginSite
from helpdesk_core.testing.site import START
from helpdesk_sla.agreeing import CalendarDraft, PolicyDraft, delete_calendar, save_calendar, save_policy
from helpdesk_sla.models import CalendarRow, CalendarUse

from .sla_scenes import clocks, later, ledger

DAYS = [*["09:00-17:00"] * 5, "", ""]
NIGHTS = ["00:00-08:00, 20:00-24:00"] * 7


def calendar(
    site: PluginSite, name: str, hours: list[str], *departments: str, organisations: tuple[str, ...] = ()
) -> str:
    draft = CalendarDraft(name=name, zone="UTC", hours=hours, departments=departments, organisations=organisations)
    return save_calendar(site.desk, SYSTEM, draft)


def by_ticket(site: PluginSite, **targets: str) -> None:
    save_policy(site.desk, SYSTEM, PolicyDraft(name="By the ticket", calendar="*", targets=targets, is_promised=True))


def organisation(site: PluginSite, name: str) -> tuple[str, Actor]:
    """Make an organisation with one customer; return its uid and the customer."""
    customer = site.world.customer(f"Customer of {name}")
    with site.desk.begin(SYSTEM) as tx:
        row = Organisation(name=name, created_at=tx.now)
        tx.session.add(row)
        tx.session.flush()
        tx.session.execute(update(User).where(User.id == customer.user_id).values(organisation_id=row.id))
        tx.reference_changed()
        return row.uid, customer


def opened(site: PluginSite, actor: Actor | None = None, **fields: str) -> str:
    number = site.world.ticket(actor, **fields).ticket.number or ""
    site.work()
    return number


def due_after(site: PluginSite, number: str) -> timedelta | None:
    """Return how long after nine o'clock on Monday the resolution is due."""
    due = clocks(site, number)["resolution"].due_at
    return None if due is None else timedelta(seconds=round((due - START).total_seconds()))


def test_a_ticket_is_measured_by_its_organisation_else_its_department_else_all_hours(site: PluginSite) -> None:
    site.world.department("support")
    acme, customer = organisation(site, "Acme")
    calendar(site, "Office", DAYS, "support")
    calendar(site, "Acme at night", NIGHTS, organisations=(acme,))
    by_ticket(site, resolution="10h")
    of_support, of_sales = opened(site, department="support"), opened(site, department="sales")
    of_acme = opened(site, customer, department="support")
    assert due_after(site, of_support) == timedelta(days=1, hours=2), "eight hours today and two tomorrow"
    assert due_after(site, of_sales) == timedelta(hours=10)
    assert due_after(site, of_acme) == timedelta(hours=21), "from eight in the evening until six"


def test_a_moved_ticket_goes_on_by_the_hours_of_its_new_department(site: PluginSite) -> None:
    agent = site.world.agent("Adam Agent")
    for key in ("support", "nights"):
        site.world.department(key)
    calendar(site, "Office", DAYS, "support")
    calendar(site, "Nights", NIGHTS, "nights")
    by_ticket(site, resolution="10h")
    number = opened(site)
    site.clock.advance(hours=4)
    move(site.desk, agent, number, "nights")
    site.work()
    clock = clocks(site, number)["resolution"]
    assert round(clock.ran / timedelta(hours=1)) == 4
    assert due_after(site, number) == timedelta(hours=17), (
        "four hours ran by day, six are left from eight in the evening"
    )
    assert ledger(site, number, "resolution") == ["started", "hours"]
    words = site.browser(agent).get(f"/desk/x/sla/tickets/{number}").words
    assert "measured by “Nights” from now on: Adam Agent set department to nights" in words


def test_a_department_that_gets_a_calendar_has_its_open_tickets_follow(site: PluginSite) -> None:
    by_ticket(site, resolution="10h")
    number = opened(site)
    assert due_after(site, number) == timedelta(hours=10)
    uid = calendar(site, "Office", DAYS, "support")
    later(site, minutes=1)
    assert due_after(site, number) == timedelta(days=1, hours=2)
    delete_calendar(site.desk, SYSTEM, uid)
    later(site, minutes=1)
    assert due_after(site, number) == timedelta(hours=10)
    assert ledger(site, number, "resolution") == ["started", "hours", "hours"]


def test_nobody_has_two_calendars_and_the_form_says_so(site: PluginSite) -> None:
    site.world.department("support")
    acme, _customer = organisation(site, "Acme")
    calendar(site, "Office", DAYS, "support", organisations=(acme,))
    browser = site.browser(site.world.agent(role="admin"))
    browser.get("/admin/x/sla/calendars/new")
    page = browser.submit(
        "calendar", {"name": "Other", "zone": "UTC", "department": ["support"], "organisation": [acme]}
    )
    assert page.status == 422
    assert "“Support” has the calendar “Office” already" in page.words
    assert "“Acme” has the calendar “Office” already" in page.words
    assert "hours of Support, Acme" in browser.get("/admin/x/sla/").words


def test_a_saved_calendar_keeps_its_address_and_its_owners(site: PluginSite) -> None:
    site.world.department("support")
    uid = calendar(site, "Office", DAYS, "support")
    browser = site.browser(site.world.agent(role="admin"))
    browser.get(f"/admin/x/sla/calendars/{uid}")
    browser.submit("calendar", {"hours.0": "08:00-12:00"})
    page = browser.get(f"/admin/x/sla/calendars/{uid}")
    assert page.form("calendar").value("hours.0") == "08:00-12:00"
    browser.submit("calendar", {"name": "Early"})
    with site.desk.read() as session:
        (use,) = session.scalars(select(CalendarUse))
        assert session.scalars(select(CalendarRow.name).where(CalendarRow.id == use.calendar_id)).one() == "Early"
        assert len(session.scalars(select(CalendarRow).where(CalendarRow.is_current)).all()) == 1


def test_a_policy_whose_calendar_has_gone_meanwhile_is_refused_with_what_was_typed(site: PluginSite) -> None:
    uid = calendar(site, "Office", DAYS)
    browser = site.browser(site.world.agent(role="admin"))
    browser.get("/admin/x/sla/policies/new")
    delete_calendar(site.desk, SYSTEM, uid)
    page = browser.submit("policy", {"name": "Gold", "calendar": uid, "targets.first_reply": "4h"})
    assert page.status == 422
    assert "This calendar is gone" in page.words
    assert page.form("policy").value("targets.first_reply") == "4h"


def test_customers_read_the_promise_by_the_hours_of_their_organisation(site: PluginSite) -> None:
    site.world.department("support")
    acme, customer = organisation(site, "Acme")
    calendar(site, "Acme", DAYS, organisations=(acme,))
    by_ticket(site, first_reply="4h")
    address = "/tickets/new?department=support"
    assert "We answer within 4 business hours." in site.browser(customer).get(address).words
    assert "We answer within 4 hours." in site.browser(site.world.customer("Carl")).get(address).words
