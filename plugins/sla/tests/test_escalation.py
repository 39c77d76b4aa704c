"""Steps around targets: each is carried out once, whoever does it and whatever breaks in between."""

import multiprocessing
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from helpdesk_core.api.mail import OutgoingMail
from helpdesk_core.api.tickets import Change, NewMessage, change, find_ticket, reply
from helpdesk_core.testing.plugins import PluginSite
from helpdesk_sla.keeping import tick
from helpdesk_sla.models import Firing

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
