"""Scenarios of clocks, each a short story on a clock that stands until it is moved."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, select

from helpdesk_core.api import SYSTEM
from helpdesk_core.api.tickets import Change, NewMessage, change, close, move, note, reopen, reply
from helpdesk_core.testing.distributions import Distributions
from helpdesk_core.testing.plugins import PluginSite, plugin_site
from helpdesk_core.testing.prepared import Databases
from helpdesk_core.testing.queries import count_queries
from helpdesk_core.testing.site import START
from helpdesk_sla.keeping import bring_up, take_up
from helpdesk_sla.models import Clock, Firing, LedgerRow, PolicyRow, Watched
from helpdesk_sla.ticking import tick

from .sla_scenes import clocks, firings, later, ledger, minutes, policy, ticket_id, watched


def opened(site: PluginSite, **fields: Any) -> str:
    number = site.world.ticket(**fields).ticket.number or ""
    site.work()
    return number


def near(site: PluginSite, number: str, kind: str, **delta: float) -> bool:
    """Tell whether a target is reached that long after the story began."""
    due = clocks(site, number)[kind].due_at
    return due is not None and abs(due - START - timedelta(**delta)) < timedelta(seconds=1)


def test_a_reply_in_time_meets_the_first_target_and_leaves_resolution_paused(site: PluginSite) -> None:
    policy(site, targets={"first_reply": 240, "resolution": 1440})
    number = opened(site)
    assert near(site, number, "first_reply", hours=4)
    site.clock.advance(hours=1)
    reply(site.desk, site.world.agent(), number, NewMessage(text="We look into it."))
    site.work()
    found = clocks(site, number)
    assert (found["first_reply"].outcome, round(minutes(found["first_reply"]))) == ("met", 60)
    assert found["resolution"].state == "paused", "it is the customer's turn now"
    assert ledger(site, number, "first_reply") == ["started", "met"]
    assert ledger(site, number, "resolution") == ["started", "paused"]


def test_what_the_customer_takes_does_not_count(site: PluginSite) -> None:
    policy(site, targets={"resolution": 480, "next_reply": 60})
    customer, agent = site.world.customer(), site.world.agent()
    number = site.world.ticket(customer).ticket.number or ""
    site.clock.advance(hours=1)
    reply(site.desk, agent, number, NewMessage(text="Which site?"))
    site.clock.advance(hours=20)
    reply(site.desk, customer, number, NewMessage(text="example.com"))
    site.work()
    assert near(site, number, "resolution", hours=28), "eight hours, and the twenty that the customer took"
    assert near(site, number, "next_reply", hours=22)
    assert ledger(site, number, "resolution") == ["started", "paused", "resumed"]


def test_a_late_reply_is_missed_although_nobody_looked_when_it_was_due(site: PluginSite) -> None:
    policy(site, targets={"first_reply": 60})
    number = opened(site)
    site.clock.advance(hours=3)
    reply(site.desk, site.world.agent(), number, NewMessage(text="Sorry, we are late."))
    site.work()
    clock = clocks(site, number)["first_reply"]
    assert clock.outcome == "missed"
    assert clock.breached_at is not None
    assert clock.breached_at - START < timedelta(hours=1, seconds=1)
    assert ledger(site, number, "first_reply") == ["started", "breached", "missed"]


def test_the_tick_notes_a_breach_once(site: PluginSite) -> None:
    policy(site, targets={"first_reply": 60})
    number = opened(site)
    later(site, minutes=61)
    later(site, minutes=61)
    assert ledger(site, number, "first_reply") == ["started", "breached"]
    assert watched(site, number).next_at is None


def test_business_hours_end_at_five_and_go_on_at_nine(site: PluginSite) -> None:
    policy(site, office=True, targets={"resolution": 540})
    number = opened(site)
    assert near(site, number, "resolution", days=1, hours=2), "seven hours on Monday, two on Tuesday"


def test_a_note_is_no_reply(site: PluginSite) -> None:
    policy(site, targets={"first_reply": 60})
    number = opened(site)
    note(site.desk, site.world.agent(), number, NewMessage(text="Who knows this customer?"))
    site.work()
    assert clocks(site, number)["first_reply"].state == "running"


def test_every_public_word_of_ours_begins_the_time_until_the_next_update(site: PluginSite) -> None:
    policy(site, targets={"update": 120})
    agent = site.world.agent()
    number = opened(site)
    assert "update" not in clocks(site, number)
    reply(site.desk, agent, number, NewMessage(text="We are on it.", status="open"))
    site.work()
    assert near(site, number, "update", hours=2)
    site.clock.advance(hours=1)
    reply(site.desk, agent, number, NewMessage(text="Still on it.", status="open"))
    site.work()
    assert near(site, number, "update", hours=3)
    assert clocks(site, number)["update"].run == 2


def test_raised_priority_brings_a_shorter_target_and_keeps_what_ran(site: PluginSite) -> None:
    policy(site, "Urgent", position=0, targets={"resolution": 120}, conditions={"priority": ["urgent"]})
    policy(site, "Standard", position=1, targets={"resolution": 480})
    agent = site.world.agent()
    number = opened(site)
    site.clock.advance(hours=1)
    change(site.desk, agent, number, Change(priority="urgent"))
    site.work()
    assert near(site, number, "resolution", hours=2), "one hour ran, one is left"
    assert ledger(site, number) == ["policy", "started", "policy", "target"]


def test_another_calendar_measures_only_what_comes(site: PluginSite) -> None:
    site.world.department("sales")
    policy(site, "Office", position=0, office=True, targets={"resolution": 600}, conditions={"department": ["support"]})
    policy(site, "Always", position=1, targets={"resolution": 600})
    number = opened(site)
    site.clock.advance(hours=12)  # 21:00; the office was open for seven hours
    move(site.desk, site.world.agent(role="admin"), number, "sales")
    site.work()
    assert near(site, number, "resolution", hours=15), "three of ten hours are left, and the night counts now"


def test_a_target_that_is_shorter_than_what_ran_is_missed_when_it_is_set(site: PluginSite) -> None:
    policy(site, "Urgent", position=0, targets={"resolution": 30}, conditions={"priority": ["urgent"]})
    policy(site, "Standard", position=1, targets={"resolution": 480})
    number = opened(site)
    site.clock.advance(hours=1)
    change(site.desk, site.world.agent(), number, Change(priority="urgent"))
    site.work()
    later(site, minutes=1)
    clock = clocks(site, number)["resolution"]
    assert clock.breached_at is not None
    assert abs(clock.breached_at - START - timedelta(hours=1)) < timedelta(seconds=1)


def test_a_reopened_ticket_goes_on_where_it_stood(site: PluginSite) -> None:
    policy(site, targets={"resolution": 480})
    agent = site.world.agent()
    number = opened(site)
    site.clock.advance(hours=2)
    close(site.desk, agent, number)
    site.work()
    assert clocks(site, number)["resolution"].outcome == "met"
    site.clock.advance(hours=10)
    reopen(site.desk, agent, number)
    site.work()
    assert near(site, number, "resolution", hours=18), "ten hours closed, six still to go"


def test_closing_without_an_answer_drops_the_target_of_the_first_reply(site: PluginSite) -> None:
    policy(site, targets={"first_reply": 60})
    number = opened(site)
    close(site.desk, site.world.agent(), number)
    site.work()
    assert clocks(site, number)["first_reply"].outcome == "dropped"


def test_nothing_is_promised_where_no_policy_fits(site: PluginSite) -> None:
    policy(site, targets={"first_reply": 60}, conditions={"tag": ["gold"]})
    number = opened(site)
    assert ledger(site, number) == []
    assert watched(site, number).next_at is None
    change(site.desk, site.world.agent(), number, Change(tags=("gold",)))
    site.work()
    assert ledger(site, number) == ["policy", "started"]


def test_an_event_that_comes_twice_changes_nothing(site: PluginSite) -> None:
    policy(site, targets={"first_reply": 60, "resolution": 480})
    number = opened(site)
    before = ledger(site, number), watched(site, number).next_at
    bring_up(site.desk, ticket_id(site, number))
    bring_up(site.desk, ticket_id(site, number))
    assert (ledger(site, number), watched(site, number).next_at) == before


def test_imported_history_counts_from_when_it_was_written_and_escalates_nothing_old(site: PluginSite) -> None:
    steps = [("a", "first_reply", 0, "mail", "boss@example.com")]
    policy(site, targets={"first_reply": 60}, steps=steps)
    written = START - timedelta(days=3)
    number = opened(site, message=NewMessage(text="Old news.", created_at=written, notify=False))
    later(site, minutes=2)
    clock = clocks(site, number)["first_reply"]
    assert (clock.started_at, clock.breached_at) == (written, written + timedelta(hours=1))
    assert firings(site, number) == [("a", "skipped")]


def test_tickets_from_before_the_plugin_are_taken_up_without_old_alarms(site: PluginSite) -> None:
    steps = [("a", "first_reply", 0, "mail", "boss@example.com"), ("b", "first_reply", 600, "tag", "very-late")]
    policy(site, targets={"first_reply": 60}, steps=steps)
    number = opened(site)
    with site.desk.begin(SYSTEM) as tx:
        for table in (Firing, LedgerRow, Clock, Watched):
            tx.session.execute(delete(table))
    site.clock.advance(hours=5)
    take_up(site.desk)
    tick(site.desk)
    assert firings(site, number) == [("a", "skipped")]
    later(site, hours=7)
    assert firings(site, number) == [("a", "skipped"), ("b", "done")]


def test_an_edited_policy_reaches_open_tickets_with_the_next_tick(site: PluginSite) -> None:
    id = policy(site, targets={"resolution": 480})
    number = opened(site)
    site.clock.advance(hours=1)
    with site.desk.begin(SYSTEM) as tx:
        tx.session.get_one(PolicyRow, id).targets = {"resolution": 240}
        tx.session.get_one(Watched, ticket_id(site, number)).next_at = tx.now
        tx.reference_changed()
    later(site, minutes=1)
    assert near(site, number, "resolution", hours=4)
    assert ledger(site, number, "resolution") == ["started", "target"]


def test_a_tick_without_anything_due_asks_two_questions(site: PluginSite) -> None:

    policy(site, targets={"resolution": 480})
    opened(site)
    with site.desk.read() as session:
        assert session.scalar(select(func.count()).select_from(Watched)) == 1
    with count_queries(site.desk) as queries:
        assert tick(site.desk) == 0
    assert len(queries) == 2, str(queries)


def test_the_ledger_keeps_no_names(site: PluginSite) -> None:
    policy(site, targets={"first_reply": 60})
    number = opened(site)
    reply(site.desk, site.world.agent("Adam Agent"), number, NewMessage(text="Here."))
    site.work()
    with site.desk.read() as session:
        causes = session.scalars(select(LedgerRow.cause)).all()
    assert causes
    assert "Adam" not in str(causes), "whoever is erased must not live on in a copy"


HOSTER = """
from helpdesk_core.api.automation import ConditionField
from helpdesk_core.api.hooks import condition_fields


def plans(session, ticket_ids):
    return {each: {"plan": ["gold"]} for each in ticket_ids}
"""
PLANS = """
@hookimpl(condition_fields)
def condition_fields(self):
    known = lambda desk, session: [("gold", "Gold"), ("tin", "Tin")]
    return [ConditionField(key="plan", label="Plan", load=plans, choices=known)]
"""


def test_a_policy_is_chosen_by_what_another_plugin_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, databases: Databases
) -> None:
    made = Distributions(tmp_path / "packages")
    made.add("hoster", PLANS, head=HOSTER)
    monkeypatch.syspath_prepend(str(made.folder))
    try:
        with plugin_site("sla", "hoster", folder=tmp_path / "site", databases=databases) as site:
            policy(site, "Tin", position=0, targets={"first_reply": 10}, conditions={"hoster.plan": ["tin"]})
            gold = policy(site, "Gold", position=1, targets={"first_reply": 60}, conditions={"hoster.plan": ["gold"]})
            number = site.world.ticket().ticket.number or ""
            site.work()
            assert clocks(site, number)["first_reply"].policy_id == gold
            page = site.browser(site.world.agent(role="admin")).get("/admin/x/sla/policies/new")
            assert "Plan" in page.words
            assert "Gold" in page.words
    finally:
        made.forget()
