"""What the scenarios share: rules as a line, and tickets as they are in the end."""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from helpdesk_core.api import SYSTEM
from helpdesk_core.api.automation import Condition
from helpdesk_core.api.events import EventRow
from helpdesk_core.api.mail import OutgoingMail
from helpdesk_core.api.tickets import Message, Ticket
from helpdesk_core.jobs.worker import Worker
from helpdesk_core.testing.plugins import PluginSite
from helpdesk_core.testing.site import TestClock
from helpdesk_core.testing.site import opened as opened_desk
from helpdesk_rules import actions, running
from helpdesk_rules.keeping import save_rule
from helpdesk_rules.models import Verdict
from helpdesk_rules.rules import Act, Rule
from helpdesk_rules.timing import tick


def keep(
    site: PluginSite,
    name: str,
    on: str | Sequence[str],
    when: Sequence[tuple[str, str, str]] = (),
    then: Sequence[tuple[str, str]] = (),
    uid: str | None = None,
    **more: Any,
) -> str:
    """Keep a rule: `when` are field, operator and values with commas, `then` actions with their values.

    With a uid it takes the place of that one.
    """
    conditions = tuple(Condition(key, operator, tuple(filter(None, text.split(",")))) for key, operator, text in when)
    triggers = (on,) if isinstance(on, str) else tuple(on)
    acts = tuple(Act(*each) for each in then)
    rule = Rule(name=name, triggers=triggers, conditions=conditions, actions=acts, **more)
    return save_rule(site.desk, SYSTEM, rule, uid)


def opened(site: PluginSite, actor: Any = None, **fields: Any) -> str:
    """Open a ticket and let the worker do what follows; return its number."""
    number = site.world.ticket(actor, **fields).ticket.number or ""
    site.work()
    return number


def ticket(site: PluginSite, number: str) -> Ticket:
    """Return a ticket with all that is looked at."""
    loads = [joinedload(each) for each in (Ticket.status, Ticket.priority, Ticket.department, Ticket.assignee)]
    with site.desk.read() as session:
        query = select(Ticket).where(Ticket.number == number).options(*loads, joinedload(Ticket.tags))
        return session.scalars(query).unique().one()


def tags(site: PluginSite, number: str) -> list[str]:
    """Return the tags of a ticket."""
    return [each.tag for each in ticket(site, number).tags]


def messages(site: PluginSite, number: str) -> list[tuple[str, str, str]]:
    """Return kind, author and text of a ticket's messages."""
    with site.desk.read() as session:
        query = select(Message).join(Ticket, Ticket.id == Message.ticket_id).where(Ticket.number == number)
        found = session.scalars(query.order_by(Message.id))
        return [(each.kind, each.author_name, each.body_text) for each in found]


def outcomes(site: PluginSite, number: str) -> list[tuple[str, str]]:
    """Return rules and what came of them, in order."""
    with site.desk.read() as session:
        query = select(Verdict).join(Ticket, Ticket.id == Verdict.ticket_id).where(Ticket.number == number)
        return [(each.rule_name, each.outcome) for each in session.scalars(query.order_by(Verdict.id))]


def errors(site: PluginSite, number: str) -> list[str]:
    """Return what kept actions from being done."""
    with site.desk.read() as session:
        query = select(Verdict).join(Ticket, Ticket.id == Verdict.ticket_id).where(Ticket.number == number)
        found = session.scalars(query.order_by(Verdict.id)).all()
        return [act["error"] for each in found for act in each.details["actions"] if act["error"]]


def actors(site: PluginSite, number: str) -> set[str]:
    """Return who is named in a ticket's timeline."""
    with site.desk.read() as session:
        query = select(EventRow.actor_name).join(Ticket, Ticket.id == EventRow.ticket_id)
        return set(session.scalars(query.where(Ticket.number == number)))


def mails(site: PluginSite) -> list[str]:
    """Return to whom mails of rules went."""
    with site.desk.read() as session:
        query = select(OutgoingMail).where(OutgoingMail.template == "rules").order_by(OutgoingMail.id)
        return [", ".join(mail.recipients) for mail in session.scalars(query)]


def work_for_a_while(
    folder: Path, url: str, config: Mapping[str, Mapping[str, Any]], moment: datetime, how: str
) -> None:
    """Do what a worker does in a process of its own: hand events over, or look for what is due."""
    with opened_desk(folder, url, config, clock=TestClock(moment)) as desk:
        if how == "time":
            tick(desk)
        else:
            Worker(desk).run_once()


def hang_in_the_third_act(
    folder: Path, url: str, config: Mapping[str, Mapping[str, Any]], moment: datetime, how: str, mark: Path
) -> None:
    """Work in a process of its own, and hang when the third action is done but not kept yet."""
    done = 0
    act = actions.carry_out

    def slow(*given: Any) -> None:
        nonlocal done
        act(*given)
        done += 1
        if done == 3:
            given[0].session.flush()
            mark.write_text("here")
            time.sleep(600)

    running.carry_out = slow  # type: ignore[attr-defined,assignment]  # it hangs only here
    work_for_a_while(folder, url, config, moment, how)
