"""Steps around targets: each is carried out once, whoever does it and whatever breaks in between."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select, update

from helpdesk_core.api import SYSTEM, HelpdeskError
from helpdesk_core.api.mail import OutgoingMail
from helpdesk_core.api.tickets import Change, NewMessage, change, find_ticket, reply
from helpdesk_core.api.users import User
from helpdesk_core.testing.distributions import Distributions
from helpdesk_core.testing.plugins import PluginSite, plugin_site
from helpdesk_core.testing.prepared import Databases
from helpdesk_sla.models import CalendarRow, Firing, Watched
from helpdesk_sla.ticking import tick

from .sla_scenes import clocks, firings, later, ledger, policy, ticket_id, work_until_killed


def opened(site: PluginSite, **fields: Any) -> str:
    number = site.world.ticket(**fields).ticket.number or ""
    site.work()
    return number


def mails(site: PluginSite) -> list[str]:
    with site.desk.read() as session:
        query = select(OutgoingMail).where(OutgoingMail.template == "sla").order_by(OutgoingMail.id)
        return [", ".join(mail.recipients) for mail in session.scalars(query)]


def test_a_warning_goes_out_before_the_target_and_an_alarm_after_it(site: PluginSite) -> None:
    steps = [
        ("warn", "first_reply", -30, "notify_agent", ""),
        ("alarm", "first_reply", 15, "mail", "boss@example.com"),
    ]
    policy(site, targets={"first_reply": 60}, steps=steps)
    agent = site.world.agent("Adam Agent", address="adam@example.com")
    number = opened(site)
    change(site.desk, agent, number, Change(assignee=agent.uid))
    later(site, minutes=29)
    assert mails(site) == []
    later(site, minutes=2)
    assert mails(site) == ["Adam Agent <adam@example.com>"]
    later(site, minutes=30)
    assert len(mails(site)) == 1
    later(site, minutes=15)
    assert mails(site) == ["Adam Agent <adam@example.com>", "boss@example.com"]
    assert site.mail.sent, "it leaves by the outbox"


def test_a_breach_raises_priority_assigns_moves_and_tags(site: PluginSite) -> None:
    site.world.department("escalations")
    boss = site.world.agent("Bella Boss", address="bella@example.com")
    steps = [
        ("1", "resolution", 0, "priority", "urgent"),
        ("2", "resolution", 0, "assign", "bella@example.com"),
        ("3", "resolution", 0, "move", "escalations"),
        ("4", "resolution", 0, "tag", "escalated"),
    ]
    policy(site, targets={"resolution": 60}, steps=steps)
    number = opened(site, tags=())
    later(site, minutes=61)
    with site.desk.read() as session:
        ticket = find_ticket(session, boss, number)
        assert (ticket.priority.key, ticket.assignee and ticket.assignee.name) == ("urgent", "Bella Boss")
        assert ticket.department.key == "escalations"
    assert {state for _step, state in firings(site, number)} == {"done"}
    assert ledger(site, number, "resolution").count("step") == 4


def test_a_mail_about_a_ticket_of_nobody_says_so_in_the_language_of_the_reader(site: PluginSite) -> None:
    boss = site.world.agent("Berta Boss", role="admin", address="berta@example.com")
    with site.desk.begin(SYSTEM) as tx:
        reader = tx.session.get_one(User, boss.user_id)
        reader.locale, reader.timezone = "de", "Europe/Kyiv"
    policy(site, targets={"resolution": 60}, steps=[("1", "resolution", 0, "notify_role", "admin")])
    number = opened(site)
    due_at = clocks(site, number)["resolution"].due_at
    assert due_at is not None
    later(site, minutes=61)
    with site.desk.read() as session:
        sent = session.scalars(select(OutgoingMail).where(OutgoingMail.template == "sla")).one()
        assert "Zuständig: niemand" in sent.body_text
        assert f"Fällig: {due_at.astimezone(ZoneInfo('Europe/Kyiv')):%d.%m.%Y, %H:%M}" in sent.body_text


def test_a_step_that_cannot_be_done_says_why_and_does_not_hold_up_the_others(site: PluginSite) -> None:
    steps = [("1", "resolution", 0, "notify_agent", ""), ("2", "resolution", 0, "tag", "escalated")]
    policy(site, targets={"resolution": 60}, steps=steps)
    number = opened(site)
    later(site, minutes=61)
    assert firings(site, number) == [("1", "failed"), ("2", "done")]
    with site.desk.read() as session:
        query = select(Firing.error).where(Firing.ticket_id == ticket_id(site, number), Firing.state == "failed")
        assert "nobody to notify" in (session.scalar(query) or "")


def test_no_step_follows_an_answer_in_time(site: PluginSite) -> None:
    policy(site, targets={"first_reply": 60}, steps=[("1", "first_reply", 0, "mail", "boss@example.com")])
    number = opened(site)
    reply(site.desk, site.world.agent(), number, NewMessage(text="Here we are."))
    later(site, hours=5)
    assert firings(site, number) == []


def test_steps_of_a_weekend_without_workers_are_late_but_not_lost(site: PluginSite) -> None:
    policy(site, targets={"first_reply": 60}, steps=[("1", "first_reply", 0, "mail", "boss@example.com")])
    number = site.world.ticket().ticket.number or ""
    site.clock.advance(hours=60)
    reply(site.desk, site.world.agent(), number, NewMessage(text="Late."))
    later(site, minutes=1)
    assert mails(site) == ["boss@example.com"]
    assert clocks(site, number)["first_reply"].outcome == "missed"


def test_a_ticket_whose_clocks_cannot_be_read_keeps_no_other_from_its_turn(site: PluginSite) -> None:
    targets, steps = {"first_reply": 60}, [("1", "first_reply", 0, "mail", "boss@example.com")]
    policy(site, "Broken", office=True, conditions={"department": ["odd"]}, targets=targets, steps=steps)
    policy(site, "Whole", position=1, targets=targets, steps=steps)
    odd, others = opened(site, department="odd"), [opened(site) for _each in range(3)]
    with site.desk.begin(SYSTEM) as tx:  # as where the system's list of zones has lost one
        tx.session.execute(update(CalendarRow).values(zone="Nowhere/City"))
        tx.session.execute(update(Watched).values(next_at=tx.now))
        tx.reference_changed()
    site.clock.advance(minutes=61)
    with pytest.raises(HelpdeskError, match="1 tickets could not be looked at: ZoneInfoNotFoundError"):
        tick(site.desk)
    assert mails(site) == ["boss@example.com"] * 3
    assert all("breached" in ledger(site, number) for number in others)
    assert "breached" not in ledger(site, odd)


def test_two_workers_at_once_do_each_step_once(site: PluginSite) -> None:
    policy(site, targets={"first_reply": 60}, steps=[("1", "first_reply", 0, "mail", "boss@example.com")])
    for _each in range(12):
        site.world.ticket()
    site.work()
    site.clock.advance(minutes=61)
    ready = threading.Barrier(2)

    def work() -> None:
        ready.wait()
        tick(site.desk)

    threads = [threading.Thread(target=work) for _each in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tick(site.desk)
    assert mails(site) == ["boss@example.com"] * 12


def test_a_worker_killed_in_the_middle_leaves_the_step_to_the_next_one(
    site: PluginSite, tmp_path: Path, database_kind: str
) -> None:
    policy(site, targets={"first_reply": 60}, steps=[("1", "first_reply", 0, "mail", "boss@example.com")])
    for _each in range(6):
        site.world.ticket()
    site.work()
    moment = site.clock.advance(minutes=61)
    mark = tmp_path / "mark"
    url = site.desk.engine.url.render_as_string(hide_password=False)
    config = {"plugins": {"enabled": ["sla"]}}
    spawn = multiprocessing.get_context("spawn")
    worker = spawn.Process(target=work_until_killed, args=(tmp_path / "other", url, config, moment, mark))
    worker.start()
    until = time.monotonic() + 120
    while not mark.exists():
        assert worker.is_alive(), "the worker ended before the third ticket"
        assert time.monotonic() < until, "the worker did not get to the third ticket"
        time.sleep(0.05)
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)
    worker.join()
    assert len(mails(site)) == 2, "what was in hand is undone"
    until = time.monotonic() + 60
    while len(mails(site)) < 6 and time.monotonic() < until:  # a server notices after a moment that the client is gone
        tick(site.desk)
        time.sleep(0.1)
    assert mails(site) == ["boss@example.com"] * 6
    with site.desk.read() as session:
        assert session.scalar(select(func.count()).select_from(Firing).where(Firing.state == "done")) == 6


PAGER = """
from helpdesk_core.api import HelpdeskError
from helpdesk_core.api.automation import AutomaticAction
from helpdesk_core.api.hooks import automatic_actions
from helpdesk_core.api.tickets import NewMessage, note


def call(tx, ticket, value):
    note(tx.desk, tx.actor, ticket.number, NewMessage(text="Called: " + value))
    if value == "nobody":
        raise RuntimeError("the pager is broken")


def check(value):
    if not value:
        raise ValueError("Say whom to call.")
"""
CALLING = """
@hookimpl(automatic_actions)
def automatic_actions(self):
    return [AutomaticAction(key="call", label="Call", act=call, check=check)]
"""


@pytest.fixture
def paged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, databases: Databases) -> Iterator[PluginSite]:
    """A helpdesk that has a plugin with a pager besides."""
    made = Distributions(tmp_path / "packages")
    made.add("pager", CALLING, head=PAGER)
    monkeypatch.syspath_prepend(str(made.folder))
    try:
        with plugin_site("sla", "pager", folder=tmp_path / "site", databases=databases) as opened_site:
            yield opened_site
    finally:
        made.forget()


def test_a_step_lets_another_plugin_act_and_its_failure_undoes_that_step_alone(paged: PluginSite) -> None:
    steps = [
        ("1", "resolution", 0, "do", "pager.call nobody"),
        ("2", "resolution", 0, "do", "pager.call night shift"),
        ("3", "resolution", 0, "do", "gone.away"),
        ("4", "resolution", 0, "tag", "late"),
    ]
    policy(paged, targets={"resolution": 60}, steps=steps)
    number = opened(paged)
    later(paged, minutes=61)
    assert firings(paged, number) == [("1", "failed"), ("2", "done"), ("3", "failed"), ("4", "done")]
    page = paged.browser(paged.world.agent()).get(f"/desk/tickets/{number}")
    assert "Called: night shift" in page.words
    assert "Called: nobody" not in page.words
    why = paged.browser(paged.world.agent()).get(f"/desk/x/sla/tickets/{number}").words
    assert "do pager.call night shift" in why
    assert "No plugin that is switched on has the action “gone.away”" in why


def test_what_another_plugin_does_is_checked_when_the_policy_is_saved(paged: PluginSite) -> None:
    browser = paged.browser(paged.world.agent(role="admin"))
    typed = {"name": "Gold", "targets.resolution": "4h"}
    for step, said in (
        ("do pager.call", "Line 1: Say whom to call."),
        ("do pager.shout Ann", "Line 1: there is no “pager.shout”. Choose one of: pager.call."),
    ):
        browser.get("/admin/x/sla/policies/new")
        page = browser.submit("policy", {**typed, "steps": f"at resolution: {step}"})
        assert page.status == 422
        assert said in page.words
    browser.get("/admin/x/sla/policies/new")
    assert browser.submit("policy", {**typed, "steps": "at resolution: do pager.call Ann"}).status == 200
