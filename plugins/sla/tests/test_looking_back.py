"""Looking back: the report of what was met, and the trial of other targets."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from helpdesk_core.api import SYSTEM
from helpdesk_core.api.tickets import Change, NewMessage, change, close, reply
from helpdesk_core.testing.plugins import PluginSite
from helpdesk_core.testing.site import START
from helpdesk_sla import whatif
from helpdesk_sla.models import LedgerRow, PolicyRow
from helpdesk_sla.policies import FIRST_REPLY, Policies
from helpdesk_sla.reading import policies
from helpdesk_sla.reports import Row, as_csv, attainment, total

from .sla_scenes import later, policy


def answered(site: PluginSite, minutes: int, **fields: Any) -> str:
    """Have a ticket opened and answered after so many minutes."""
    agent = site.world.agent(f"Agent {minutes}")
    number = site.world.ticket(**fields).ticket.number or ""
    site.clock.advance(minutes=minutes)
    reply(site.desk, agent, number, NewMessage(text="Here."))
    site.work()
    return number


def test_the_report_counts_what_was_met_and_missed_in_each_group(site: PluginSite) -> None:
    policy(site, "Gold", targets={"first_reply": 60})
    answered(site, 10)
    answered(site, 20, department="sales")
    answered(site, 90, department="sales")
    end = site.clock.moment + timedelta(days=1)
    with site.desk.read() as session:
        assert attainment(session, SYSTEM, "policy", START, end) == [Row("Gold", 2, 1)]
        assert attainment(session, SYSTEM, "department", START, end) == [Row("Sales", 1, 1), Row("Support", 1, 0)]
        assert attainment(session, SYSTEM, "month", START, end) == [Row("2026-03", 2, 1)]
        assert attainment(session, SYSTEM, "policy", START, end, target="resolution") == []
        only_sales = site.world.agent("Bob", "sales")
        assert attainment(session, only_sales, "policy", START, end) == [Row("Gold", 1, 1)]


def test_each_figure_of_the_report_is_what_one_counts_by_hand(site: PluginSite) -> None:
    policy(site, "Gold", targets={"first_reply": 60, "resolution": 100}, conditions={"department": ["sales"]})
    policy(site, "Basic", position=1, targets={"first_reply": 30})
    first, second = site.world.agent("Alex Agent"), site.world.agent("Alex Agent")
    # Gold: 20 and 70 minutes to the first reply (one of two met), 20 and 110 to the solution (one of two met).
    # Basic: 20, 31 and 29 minutes (two of three met); the last one is assigned to nobody.
    for department, minutes, agent, more in (
        ("sales", 20, first, 0), ("sales", 70, second, 40), ("support", 20, first, 0), ("support", 31, first, 0),
        ("support", 29, None, 0),
    ):  # fmt: skip
        number = site.world.ticket(department=department).ticket.number or ""
        if agent is not None:
            change(site.desk, SYSTEM, number, Change(assignee=agent.uid))
        site.clock.advance(minutes=minutes)
        reply(site.desk, agent or first, number, NewMessage(text="Here.", status="open"))
        site.clock.advance(minutes=more)
        if department == "sales":
            close(site.desk, first, number)
        site.work()
    end = site.clock.moment + timedelta(days=1)
    with site.desk.read() as session:
        found = {group: attainment(session, SYSTEM, group, START, end) for group in ("policy", "department", "agent")}
        assert found["policy"] == [Row("Basic", 2, 1), Row("Gold", 2, 2)]
        assert found["department"] == [Row("Sales", 2, 2), Row("Support", 2, 1)]
        assert sorted(found["agent"], key=str) == [Row("Alex Agent", 0, 2), Row("Alex Agent", 3, 1), Row("–", 1, 0)]
        assert attainment(session, SYSTEM, "target", START, end) == [Row("first_reply", 3, 2), Row("resolution", 1, 1)]
        assert attainment(session, SYSTEM, "policy", end, end + timedelta(days=1)) == []
    assert total(found["policy"]) == Row("", 4, 3)
    assert [row.percent for row in found["policy"]] == [66, 50]


def test_the_report_is_a_chart_a_table_and_csv(site: PluginSite) -> None:
    policy(site, "Gold", targets={"first_reply": 60})
    answered(site, 10)
    answered(site, 90)
    browser = site.browser(site.world.agent())
    page = browser.get("/desk/x/sla/report")
    assert "Gold 1 1 50" in page.words
    assert "<svg" in page.text
    text = browser.get(page.link("Download as CSV")).text
    assert text.splitlines() == ["Policy,Met,Missed,Percent met", "Gold,1,1,50"]


def test_csv_keeps_spreadsheets_from_running_names() -> None:
    assert "'=cmd" in as_csv([Row("=cmd", 1, 0)], ("a", "b", "c", "d"), {})


def test_a_trial_tells_what_would_have_been_missed_and_writes_nothing(site: PluginSite) -> None:
    policy(site, "Gold", targets={"first_reply": 60})
    answered(site, 10)
    slow = answered(site, 40)
    with site.desk.read() as session:
        now = policies(site.desk, session)
        before = session.scalar(select(func.count()).select_from(LedgerRow))
    stricter = Policies([replace(now.policies[0], targets={FIRST_REPLY: timedelta(minutes=30)})])
    as_is, then = whatif.run(site.desk, [now, stricter], START, site.clock.moment + timedelta(days=1))
    assert (as_is.tallies[FIRST_REPLY].met, as_is.tallies[FIRST_REPLY].missed) == (2, 0)
    assert (then.tallies[FIRST_REPLY].met, then.tallies[FIRST_REPLY].missed) == (1, 1)
    assert then.late[FIRST_REPLY] == {slow}
    with site.desk.read() as session:
        assert session.scalar(select(func.count()).select_from(LedgerRow)) == before


def test_an_admin_tries_other_targets_on_the_page(site: PluginSite) -> None:
    policy(site, "Gold", targets={"first_reply": 60})
    slow = answered(site, 40)
    later(site, minutes=1)
    with site.desk.read() as session:
        uid = session.scalars(select(PolicyRow.uid)).one()
    browser = site.browser(site.world.agent(role="admin"))
    browser.get(f"/admin/x/sla/policies/{uid}/what-if")
    page = browser.submit("what-if", first_reply="30m")
    assert f"First reply 1 0 0 1 #{slow}" in page.words
    assert "Write it like 4h" in browser.submit("what-if", first_reply="soon").words
