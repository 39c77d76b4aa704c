"""The job of every minute beside what else happens: policies that are saved meanwhile, broken tickets, stops."""

from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import event, insert, update
from sqlalchemy.exc import OperationalError

from helpdesk_core.api import SYSTEM, Helpdesk, HelpdeskError, Job
from helpdesk_core.api.errors import Unavailable
from helpdesk_core.jobs.models import ScheduledJob
from helpdesk_core.jobs.schedule import Schedule
from helpdesk_core.testing.plugins import PluginSite
from helpdesk_sla import ticking
from helpdesk_sla.agreeing import PolicyDraft, all_policies, save_policy
from helpdesk_sla.keeping import LookedAt
from helpdesk_sla.models import Firing, Watched
from helpdesk_sla.ticking import tick

from .sla_scenes import clocks, firings, later, ledger, policy, ticket_id

TARGETS = {"first_reply": 60}
STEPS = [("1", "first_reply", 0, "mail", "boss@example.com")]


def opened(site: PluginSite, **fields: Any) -> str:
    number = site.world.ticket(**fields).ticket.number or ""
    site.work()
    return number


def break_clocks(site: PluginSite, number: str) -> None:
    """Note a step as done of which the clock knows nothing: the database refuses to have it twice."""
    with site.desk.begin(SYSTEM) as tx:
        clock = clocks(site, number)["first_reply"]
        values: dict[str, Any] = {"ticket_id": ticket_id(site, number), "clock_id": clock.id}
        values |= {"step": "1", "action": {}, "state": "done", "due_at": tx.now}
        tx.session.execute(insert(Firing).values(**values))


def test_a_policy_saved_between_clocks_and_steps_counts_from_then_on(
    site: PluginSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy(site, targets=TARGETS, steps=STEPS)
    number, admin = opened(site), site.world.agent(role="admin")
    site.clock.advance(minutes=61)
    do_steps = ticking._do_steps

    def save_first(desk: Any, looked_at: LookedAt, failed: list[str]) -> None:
        site.clock.advance(seconds=1)
        with site.desk.read() as session:
            (row,) = all_policies(session)
        save_policy(desk, admin, PolicyDraft(name="Both", targets={"first_reply": "1h", "resolution": "30m"}), row.uid)
        do_steps(desk, looked_at, failed)

    monkeypatch.setattr(ticking, "_do_steps", save_first)
    assert tick(site.desk) == 2, "for what was due, and for the policy"
    assert firings(site, number) == [("1", "done")]
    assert ledger(site, number, "resolution") == ["started"]
    later(site, minutes=30)
    assert "breached" in ledger(site, number, "resolution")


def test_what_the_database_refuses_of_one_ticket_keeps_no_other_from_its_turn(site: PluginSite) -> None:
    policy(site, targets=TARGETS, steps=STEPS)
    odd, others = opened(site), [opened(site) for _each in range(3)]
    break_clocks(site, odd)
    site.clock.advance(minutes=61)
    with pytest.raises(HelpdeskError, match="1 tickets could not be looked at: IntegrityError"):
        tick(site.desk)
    assert [firings(site, number) for number in others] == [[("1", "done")]] * 3
    assert "breached" not in ledger(site, odd)


def test_without_a_database_nothing_more_is_tried(site: PluginSite) -> None:
    policy(site, targets=TARGETS, steps=STEPS)
    for _each in range(3):
        opened(site)
    site.clock.advance(minutes=61)
    asked: list[str] = []

    def away(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        if asked or "UPDATE sla_watched" in statement:
            asked.append(statement)
            raise OperationalError(statement, parameters, Exception("the server is gone"))

    event.listen(site.desk.engine, "before_cursor_execute", away)
    try:
        with pytest.raises(Unavailable):
            tick(site.desk)
    finally:
        event.remove(site.desk.engine, "before_cursor_execute", away)
    assert len(asked) == 2, "what failed, and whether anything else goes"


def test_a_stop_does_not_hide_what_failed_before_it(site: PluginSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticking, "TOGETHER", 1)
    policy(site, targets=TARGETS, steps=STEPS)
    odd, other = opened(site), opened(site)
    break_clocks(site, odd)
    with site.desk.begin(SYSTEM) as tx:
        first = update(Watched).where(Watched.ticket_id == ticket_id(site, odd))
        tx.session.execute(first.values(next_at=tx.now))
    site.clock.advance(minutes=61)
    turns = count(1)

    def run(desk: Helpdesk) -> None:
        tick(desk)

    jobs = {"sla": [Job("tick", timedelta(minutes=1), run)]}
    Schedule(site.desk, jobs, "w", stopping=lambda: next(turns) > 2).run(("sla", "tick"))
    with site.desk.read() as session:
        said = session.get_one(ScheduledJob, ("sla", "tick")).last_error or ""
    assert "1 tickets could not be looked at: IntegrityError" in said
    assert firings(site, other) == []
