"""What rules hold against: crashes of workers, careless plugins, and the passing of time."""

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk_core.api import SYSTEM
from helpdesk_core.api.automation import Condition
from helpdesk_core.api.errors import Invalid
from helpdesk_core.api.tickets import Change, NewMessage, change, reply
from helpdesk_core.testing.distributions import Distributions
from helpdesk_core.testing.plugins import PluginSite, plugin_site
from helpdesk_core.testing.prepared import Databases
from helpdesk_core.testing.queries import count_queries
from helpdesk_rules import timing
from helpdesk_rules.models import RuleRow
from helpdesk_rules.timing import tick

from .rule_scenes import hang_in_the_third_act, keep, messages, opened, outcomes, tags, work_for_a_while

CONFIG: dict[str, dict[str, Any]] = {"plugins": {"enabled": ["rules"]}}
spawn = multiprocessing.get_context("spawn")


def kill_and_go_on(site: PluginSite, numbers: list[str], folder: Path, how: str) -> None:
    """Kill a worker in the middle of the third ticket, then let two others work at once."""
    url = site.desk.engine.url.render_as_string(hide_password=False)
    mark = folder / "mark"
    given = (folder / "killed", url, CONFIG, site.clock.moment, how)
    worker = spawn.Process(target=hang_in_the_third_act, args=(*given, mark))
    worker.start()
    end = time.monotonic() + 240
    while not mark.exists():
        assert worker.is_alive(), "the worker ended before the third ticket"
        assert time.monotonic() < end, "the worker did not get to the third ticket"
        time.sleep(0.05)
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)
    worker.join()
    assert sum(len(messages(site, number)) - 1 for number in numbers) == 2, "what was in hand is undone"
    moment = site.clock.advance(minutes=30)  # the leases of the one that was killed have ended
    others = [
        spawn.Process(target=work_for_a_while, args=(folder / f"other{place}", url, CONFIG, moment, how))
        for place in range(2)
    ]
    for each in others:
        each.start()
    for each in others:
        each.join(240)
        assert each.exitcode == 0


@pytest.mark.parametrize("how", ["events", "time"])
def test_a_worker_killed_in_the_middle_leaves_each_rule_to_be_carried_out_once(
    site: PluginSite, tmp_path: Path, how: str
) -> None:
    if how == "events":
        keep(site, "Note", "opened", [], [("note", "Seen {number}.")])
        numbers = [site.world.ticket().ticket.number or "" for _each in range(6)]
    else:
        numbers = [opened(site) for _each in range(6)]
        keep(site, "Note", "time", [("created_at", "over", "1h")], [("note", "Seen {number}.")])
        site.clock.advance(hours=2)
    kill_and_go_on(site, numbers, tmp_path, how)
    for _try in range(3):  # a delivery that was broken off is tried again after a while
        site.clock.advance(hours=1)
        site.work()
        tick(site.desk)
    for number in numbers:
        notes = [text for kind, _name, text in messages(site, number) if kind == "internal"]
        assert notes == [f"Seen {number}."]
        assert [outcome for _rule, outcome in outcomes(site, number)] == ["fired"]


def test_a_ticket_that_changes_after_its_time_has_come_is_found_with_the_next_look(site: PluginSite) -> None:
    keep(site, "Old", "time", [("created_at", "over", "1h"), ("priority", "is", "high")], [("tag", "old")])
    number = opened(site)
    for _look in range(3):
        site.clock.advance(minutes=50)
        tick(site.desk)
    assert tags(site, number) == []
    change(site.desk, site.world.agent(), number, Change(priority="high"))
    tick(site.desk)
    assert tags(site, number) == ["old"]


def test_what_came_of_age_while_no_worker_ran_is_late_but_not_lost(site: PluginSite) -> None:
    keep(site, "Old", "time", [("created_at", "over", "1h")], [("tag", "old")])
    tick(site.desk)
    numbers = [opened(site) for _each in range(2)]
    site.clock.advance(days=3)
    tick(site.desk)
    assert [tags(site, number) for number in numbers] == [["old"], ["old"]]


def kept_as(site: PluginSite, name: str, condition: Condition) -> None:
    """Let a rule have a condition that would not be saved any more."""
    with site.desk.begin(SYSTEM) as tx:
        row = tx.session.scalars(select(RuleRow).where(RuleRow.name == name)).one()
        row.conditions = [condition.as_dict()]
        tx.reference_changed()


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        (Condition("created_at", "over", ("99999999d",)), "longer than 100 years"),
        (Condition("hoster.plan", "is", ("gold",)), "There is no field “hoster.plan” any more"),
    ],
)
def test_a_rule_on_time_that_cannot_be_asked_says_so_and_others_go_on(
    site: PluginSite, condition: Condition, why: str
) -> None:
    keep(site, "Bad", "time", [("created_at", "over", "1h")], [("tag", "bad")])
    keep(site, "Good", "time", [("created_at", "over", "1h")], [("tag", "good")])
    kept_as(site, "Bad", condition)
    number = opened(site)
    site.clock.advance(hours=2)
    for _look in range(2):
        tick(site.desk)
        assert tags(site, number) == ["good"]
        with site.desk.read() as session:
            found = session.scalars(select(RuleRow).order_by(RuleRow.id)).all()
            assert why in (found[0].problem or "")
            assert found[0].looked_at is None
            assert found[1].problem is None
        site.clock.advance(hours=2)
    browser = site.browser(site.world.agent(role="admin"))
    assert why in browser.get(f"/admin/x/rules/rules/{found[0].uid}/matches").words
    kept_as(site, "Bad", Condition("created_at", "over", ("9d",)))
    tick(site.desk)
    with site.desk.read() as session:
        assert session.scalars(select(RuleRow.problem).where(RuleRow.name == "Bad")).one() is None


def test_a_failure_that_nobody_foresaw_is_the_problem_of_its_rule(
    site: PluginSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(site, "Bad", "time", [("created_at", "over", "1h")], [("tag", "bad")])
    keep(site, "Good", "time", [("created_at", "over", "1h")], [("tag", "good")])
    number, clauses = opened(site), timing.clauses

    def failing(desk: Any, rule: Any) -> Any:
        if rule.name == "Bad":
            raise OverflowError("date value out of range")
        return clauses(desk, rule)

    monkeypatch.setattr(timing, "clauses", failing)
    site.clock.advance(hours=2)
    assert tick(site.desk) == 1
    assert tags(site, number) == ["good"]
    with site.desk.read() as session:
        assert session.scalars(select(RuleRow.problem).where(RuleRow.name == "Bad")).one() == "date value out of range"


def test_a_look_with_nothing_due_reads_no_more_for_many_tickets_than_for_few(site: PluginSite) -> None:
    keep(site, "Old", "time", [("created_at", "over", "1h"), ("state", "is", "new")], [("tag", "old")])
    counts = []
    for _round in range(2):
        for _each in range(3):
            site.world.ticket()
        site.work()
        site.clock.advance(minutes=70)
        tick(site.desk)
        site.clock.advance(minutes=10)
        with count_queries(site.desk) as queries:
            tick(site.desk)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 8


def test_a_ticket_page_and_lists_ask_nothing_of_rules(site: PluginSite) -> None:
    keep(site, "Specialist", "click", [], [("tag", "look")])
    number = opened(site)
    browser = site.browser(site.world.agent())
    for path in (f"/desk/tickets/{number}", "/desk/tickets?view=open"):
        browser.get(path)
        with count_queries(site.desk) as queries:
            browser.get(path)
        assert not [each for each in queries if "rules_" in each], str(queries)


PLUGIN = """
from pathlib import Path

from helpdesk_core.api.automation import AutomaticAction, ConditionField
from helpdesk_core.api.hooks import automatic_actions, condition_fields

AWAY = Path(__file__).parent / "away"


def racks(session, ticket_ids):
    if AWAY.exists():
        raise ZeroDivisionError("the panel is away")
    return {each: {"rack": ["r1"]} for each in ticket_ids}


def check(value):
    raise ZeroDivisionError("the check is broken")
"""
BODY = """
@hookimpl(condition_fields)
def fields(self):
    return [ConditionField(key="rack", label="Rack", load=racks)]

@hookimpl(automatic_actions)
def actions(self):
    return [AutomaticAction(key="restart", label="Restart", act=lambda tx, ticket, value: None, check=check)]
"""


@pytest.fixture
def careless(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, databases: Databases
) -> Iterator[tuple[PluginSite, Path]]:
    """A helpdesk with a plugin that fails while a file is there."""
    made = Distributions(tmp_path / "packages")
    package = made.add("hoster", BODY, head=PLUGIN)
    monkeypatch.syspath_prepend(str(made.folder))
    try:
        with plugin_site("rules", "hoster", folder=tmp_path / "site", databases=databases) as opened_site:
            yield opened_site, package / "away"
    finally:
        made.forget()


def test_a_check_that_fails_is_said_beside_its_field(careless: tuple[PluginSite, Path]) -> None:
    site, _away = careless
    browser = site.browser(site.world.agent(role="admin"))
    browser.get("/admin/x/rules/rules/new")
    typed = {"name": "Restart", "triggers": ["opened"], "action.0": "hoster.restart", "value.0": "web1"}
    page = browser.submit("rule", typed)
    assert page.status == 422
    assert "because the plugin “hoster” failed" in page.words
    assert "the check is broken" in page.words
    assert page.form("rule").value("value.0") == "web1"
    with pytest.raises(Invalid, match="the check is broken"):
        keep(site, "Restart", "opened", [], [("hoster.restart", "web1")])


@pytest.mark.parametrize("on", ["opened", "time"])
def test_a_condition_that_fails_skips_its_rule_shows_why_and_is_asked_again(
    careless: tuple[PluginSite, Path], on: str
) -> None:
    site, away = careless
    timed = [("created_at", "over", "1h")] if on == "time" else []
    keep(site, "Rack", on, [("hoster.rack", "is", "r1"), *timed], [("tag", "rack")])
    keep(site, "Other", on, timed, [("tag", "other")])
    browser = site.browser(site.world.agent(role="admin"))

    def look() -> str:
        number = opened(site)
        site.clock.advance(hours=2)
        tick(site.desk)
        return number

    away.touch()
    number = look()
    assert tags(site, number) == ["other"]
    words = browser.get("/admin/x/rules/").words
    assert "Cannot be asked since" in words
    assert "the panel is away" in words
    away.unlink()
    found = [number, look()] if on == "time" else [look()]
    assert [tags(site, each) for each in found] == [["other", "rack"]] * len(found)
    assert "Cannot be asked since" not in browser.get("/admin/x/rules/").words


def test_a_rule_on_time_is_carried_out_in_the_minute_in_which_it_is_due(site: PluginSite) -> None:
    keep(site, "Nag", "time", [("last_customer_at", "over", "1h")], [("note", "Waiting.")])
    customer = site.world.customer()
    number = opened(site, customer)
    site.clock.advance(minutes=30)
    tick(site.desk)
    site.clock.advance(minutes=31)
    assert tick(site.desk) == 1
    reply(site.desk, customer, number, NewMessage(text="Hello?"))
    site.clock.advance(minutes=59)
    assert tick(site.desk) == 0
    site.clock.advance(minutes=2)
    assert tick(site.desk) == 1
