"""The pages: making calendars and policies in the browser, and seeing clocks on the desk, in the portal and the API."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest
from sqlalchemy import select

from helpdesk_core.api import SYSTEM
from helpdesk_core.api.tickets import NewMessage, reply
from helpdesk_core.api.users import Organisation
from helpdesk_core.testing.conformance import assert_conforms
from helpdesk_core.testing.plugins import PluginSite
from helpdesk_core.users.roles import create_role
from helpdesk_sla.agreeing import CalendarDraft, save_calendar
from helpdesk_sla.models import CalendarRow, PolicyRow
from helpdesk_sla.owning import owners

from .sla_scenes import clocks, later, policy

HOURS = {"hours.0": "13:00-17:00, 9:00-12:00", "hours.5": "", "hours.6": ""}


def test_an_admin_makes_a_calendar_and_a_policy(site: PluginSite) -> None:
    browser = site.browser(site.world.agent(role="admin"))
    site.world.department("support")
    browser.get("/admin/x/sla/calendars/new")
    page = browser.submit("calendar", {**HOURS, "name": "Office", "zone": "Europe/Berlin", "countries": "de-by"})
    assert "Office" in page.words
    browser.get("/admin/x/sla/policies/new")
    with site.desk.read() as session:
        uid = session.scalars(select(CalendarRow.uid)).one()
    steps = "30m before first reply: notify agent; tag soon\nat first reply: priority urgent"
    page = browser.submit(
        "policy",
        {"name": "Gold", "calendar": uid, "department": ["support"], "targets.first_reply": "4h", "steps": steps},
        tag="gold",
    )
    assert "First reply 4h" in page.words
    page = browser.get(page.link("Gold"))
    assert page.form("policy").value("steps").splitlines() == [
        "30m before first reply: notify agent",
        "30m before first reply: tag soon",
        "at first reply: priority urgent",
    ]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"hours.0": "9-5"}, "Write it like 09:00-12:00"),
        ({"hours.0": "17:00-09:00"}, "ends before it begins"),
        ({"hours.0": "09:00-12:00, 11:00-15:00"}, "Two spans overlap at 11:00"),
        ({"hours.0": "09:00-25:00"}, "not on the clock"),
        ({"zone": "Mars/Olympus"}, "is no time zone"),
        ({"countries": "DE, XX"}, "No public holidays are known for “XX”"),
        ({"days_off": "Christmas"}, "does not begin with a day"),
        ({"name": ""}, "Give it a name"),
    ],
)
def test_a_broken_calendar_is_refused_with_the_mend(site: PluginSite, typed: dict[str, str], said: str) -> None:
    browser = site.browser(site.world.agent(role="admin"))
    browser.get("/admin/x/sla/calendars/new")
    page = browser.submit("calendar", {"name": "Office", "zone": "UTC", **typed})
    assert page.status == 422
    assert said in page.words
    assert page.form("calendar").value(next(iter(typed))) == next(iter(typed.values())), "what was typed is kept"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"targets.first_reply": "soon"}, "Write it like 4h"),
        ({"targets.first_reply": "0m"}, "missed at once"),
        ({"targets.first_reply": ""}, "A policy without targets promises nothing"),
        ({"steps": "call the fire brigade"}, "Line 1 cannot be read"),
        ({"steps": "at first reply: priority huge"}, "there is no “huge”"),
        ({"steps": "at first reply: sing"}, "nothing is known that is called “sing”"),
        ({"steps": "at first reply: ; ;"}, "Line 1 does nothing"),
        ({"steps": "at first reply: assign ghost@example.com"}, "Line 1: Nobody who works tickets has the address"),
        ({"steps": "at first reply: mail boss"}, "“boss” is no mail address"),
        ({"steps": "at resolution: tag late"}, "belongs to a target that is not set"),
        ({"steps": "at first reply: tag late\nat first reply: tag late"}, "The same step stands there twice"),
    ],
)
def test_a_broken_policy_is_refused_with_the_mend(site: PluginSite, typed: dict[str, str], said: str) -> None:
    browser = site.browser(site.world.agent(role="admin"))
    browser.get("/admin/x/sla/policies/new")
    page = browser.submit("policy", {"name": "Gold", "targets.first_reply": "4h", **typed})
    assert page.status == 422
    assert said in page.words


def test_a_changed_calendar_keeps_what_ran_under_the_old_one(site: PluginSite) -> None:
    policy(site, "Office", office=True, targets={"resolution": 600})
    number = site.world.ticket().ticket.number or ""
    site.work()
    site.clock.advance(hours=8)  # 17:00: seven hours ran
    browser = site.browser(site.world.agent(role="admin"))
    browser.get(_calendar(site))
    browser.submit("calendar", {f"hours.{day}": "00:00-24:00" for day in range(7)})
    later(site, minutes=1)
    due = clocks(site, number)["resolution"].due_at
    opened = clocks(site, number)["resolution"].started_at
    assert due is not None
    assert abs(due - opened - timedelta(hours=11, minutes=1)) < timedelta(seconds=1), "three hours from the tick on"


def _calendar(site: PluginSite) -> str:
    with site.desk.read() as session:
        uid = session.scalars(select(CalendarRow.uid).where(CalendarRow.is_current)).one()
    return f"/admin/x/sla/calendars/{uid}"


def organisations_of(site: PluginSite, count: int) -> list[str]:
    """Make organisations; return their uids by name."""
    with site.desk.begin(SYSTEM) as tx:
        rows = [Organisation(name=f"Acme {number:04}", created_at=tx.now) for number in range(count)]
        tx.session.add_all(rows)
        tx.reference_changed()
        tx.session.flush()
        return [row.uid for row in rows]


def kept_conditions(site: PluginSite) -> Mapping[str, Sequence[str]]:
    with site.desk.read() as session:
        return session.scalars(select(PolicyRow)).one().conditions


def kept_policies(site: PluginSite) -> int:
    with site.desk.read() as session:
        return len(session.scalars(select(PolicyRow)).all())


def kept_owners(site: PluginSite) -> list[str]:
    with site.desk.read() as session:
        ((_departments, organisations),) = owners(session).values()
        return [uid for uid, _name in organisations]


def test_what_was_chosen_stays_however_many_organisations_there_are(site: PluginSite) -> None:
    uids = organisations_of(site, 203)
    draft = CalendarDraft(name="Office", zone="UTC", hours=["9:00-17:00"] * 7, organisations=[uids[1], uids[202]])
    save_calendar(site.desk, SYSTEM, draft)
    policy(site, "Gold", targets={"first_reply": 60}, conditions={"organisation": [uids[202]]})
    browser = site.browser(site.world.agent(role="admin"))
    browser.get("/admin/x/sla/")
    page = browser.get(browser.page.link("Gold"))
    assert "Acme 0202" in page.words
    assert browser.submit("policy").status == 200
    assert kept_conditions(site) == {"organisation": [uids[202]]}
    browser.get(_calendar(site))
    assert browser.submit("calendar").status == 200
    assert kept_owners(site) == [uids[1], uids[202]]


def test_organisations_are_found_among_thousands_without_losing_what_was_typed(site: PluginSite) -> None:
    uids = organisations_of(site, 2500)
    browser = site.browser(site.world.agent(role="admin"))
    typed = {"name": "Gold", "targets.first_reply": "1h", "tag": "vip"}
    page = browser.get("/admin/x/sla/policies/new")
    assert "Acme" not in page.words
    assert "Search for one by its name" in page.words
    page = browser.submit("policy", {**typed, "find": "acme 24"}, press="Find")
    assert "More than 20 organisations fit" in page.words
    page = browser.submit("policy", {"find": "2417"})  # by the Enter key
    assert page.status == 200
    assert "1 organisation fits “2417”" in page.words
    assert kept_policies(site) == 0, "a search saves nothing"
    page = browser.submit("policy", {"organisation": [uids[2417]], "find": "acme 0003"}, press="Find")
    assert "Acme 2417" in page.words, "what is ticked stays while another one is looked for"
    browser.submit("policy", {"find": "", "organisation": [uids[2417]]})
    assert kept_conditions(site) == {"organisation": [uids[2417]], "tag": ["vip"]}
    browser.get("/admin/x/sla/calendars/new")
    page = browser.submit("calendar", {"name": "Nights", "find": "nobody"}, press="Find")
    assert "No organisation has “nobody”" in page.words
    browser.submit("calendar", {"find": "acme 0007"}, press="Find")
    browser.submit("calendar", {"organisation": [uids[7]]}, press="Save")
    assert kept_owners(site) == [uids[7]]


def test_what_the_page_does_not_know_any_more_stays_with_the_policy(site: PluginSite) -> None:
    conditions = {"department": ["gone"], "hoster.plan": ["gold"], "organisation": ["erased"], "tag": ["vip"]}
    policy(site, "Gold", targets={"first_reply": 60}, conditions=conditions)
    browser = site.browser(site.world.agent(role="admin"))
    browser.get("/admin/x/sla/")
    browser.get(browser.page.link("Gold"))
    page = browser.submit("policy")
    assert page.status == 422
    assert "There is no such organisation any more" in page.words
    assert kept_conditions(site) == conditions
    browser.submit("policy", {"organisation": []})
    assert kept_conditions(site) == {"department": ["gone"], "hoster.plan": ["gold"], "tag": ["vip"]}


def test_who_may_not_read_people_keeps_the_organisations_that_others_chose(site: PluginSite) -> None:
    uids = organisations_of(site, 2)
    draft = CalendarDraft(name="Office", zone="UTC", hours=["9:00-17:00"] * 7, organisations=uids[:1])
    save_calendar(site.desk, SYSTEM, draft)
    policy(site, "Gold", targets={"first_reply": 60}, conditions={"organisation": uids[1:], "tag": ["vip"]})
    create_role(site.desk, SYSTEM, "keeper", "Keeper", ["settings.manage", "ticket.read"])
    browser = site.browser(site.world.agent("Kim Keeper", role="keeper"))
    browser.get("/admin/x/sla/")
    page = browser.get(browser.page.link("Gold"))
    assert page.status == 200
    assert "Acme" not in page.words
    browser.submit("policy", {"name": "Silver", "tag": ""})
    assert kept_conditions(site) == {"organisation": uids[1:]}
    assert browser.get(_calendar(site)).status == 200
    browser.submit("calendar", {"name": "Office hours"})
    assert kept_owners(site) == uids[:1]


def test_policies_change_places_and_a_calendar_in_use_stays(site: PluginSite) -> None:
    policy(site, "First", position=0, office=True, targets={"resolution": 600})
    policy(site, "Second", position=1, targets={"resolution": 60})
    with site.desk.read() as session:
        second = session.scalars(select(PolicyRow.uid).where(PolicyRow.name == "Second")).one()
    browser = site.browser(site.world.agent(role="admin"))
    browser.get("/admin/x/sla/")
    browser.post(f"/admin/x/sla/policies/{second}/move", {"to": "up"})
    assert browser.page.words.index("Second") < browser.page.words.index("First")
    browser.get(_calendar(site))
    browser.post(_calendar(site) + "/delete")
    assert "The policy “First” uses this calendar" in browser.page.words


def test_the_desk_shows_clocks_and_why(site: PluginSite) -> None:
    policy(site, "Gold", targets={"first_reply": 60, "resolution": 600})
    agent = site.world.agent("Adam Agent")
    number = site.world.ticket().ticket.number or ""
    site.work()
    later(site, minutes=50)
    browser = site.browser(agent)
    page = browser.get(f"/desk/tickets/{number}")
    assert "9m left" in page.words
    assert "9m left First reply" in browser.get("/desk/tickets?view=open").words
    assert 'class="hd-clock hd-clock--soon"' in browser.page.text
    later(site, minutes=30)
    reply(site.desk, agent, number, NewMessage(text="Here."))
    site.work()
    words = browser.get(f"/desk/x/sla/tickets/{number}").words
    for part in (
        "“Gold” holds from now on: the ticket was opened",
        "Target missed",
        "the time was over",
        "Adam Agent answered",
    ):
        assert part in words


def test_who_may_not_see_a_ticket_does_not_see_its_ledger(site: PluginSite) -> None:
    number = site.world.ticket(department="support").ticket.number or ""
    stranger = site.world.agent("Bob", "sales")
    assert site.browser(stranger).get(f"/desk/x/sla/tickets/{number}").status == 404
    assert site.browser(site.world.customer("Carl")).get(f"/desk/x/sla/tickets/{number}").status == 403
    assert site.browser(stranger).get("/admin/x/sla/").status == 403


def test_customers_read_the_promise_before_and_after_they_ask(site: PluginSite) -> None:
    site.world.department("support")
    policy(site, "Gold", office=True, is_promised=True, targets={"first_reply": 240})
    customer = site.world.customer()
    browser = site.browser(customer)
    assert "We answer within 4 business hours." in browser.get("/tickets/new?department=support").words
    number = site.world.ticket(customer).ticket.number or ""
    site.work()
    assert "You hear from us by" in browser.get(f"/tickets/{number}").words


def test_it_keeps_the_rules_for_plugins() -> None:
    assert_conforms("sla")
