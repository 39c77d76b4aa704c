"""What the scenarios share: a helpdesk with policies, and clocks as words."""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from helpdesk_core.api import SYSTEM
from helpdesk_core.api.tickets import Ticket
from helpdesk_core.testing.plugins import PluginSite
from helpdesk_core.testing.site import TestClock
from helpdesk_core.testing.site import opened as opened_desk
from helpdesk_sla import escalating
from helpdesk_sla.models import CalendarRow, Clock, Firing, LedgerRow, PolicyRow, Watched
from helpdesk_sla.ticking import tick

OFFICE = [[[540, 720], [780, 1020]]] * 5 + [[], []]
"""Weekdays from 9 to 12 and from 13 to 17."""


def policy(
    site: PluginSite, name: str = "Standard", *, office: bool = False, steps: Sequence[Any] = (), **fields: Any
) -> int:
    """Make a policy in UTC, of all hours or of an office's; `steps` are (uid, target, minutes, action, value)."""
    stored = [
        {"uid": uid, "kind": kind, "offset": offset, "action": action, "value": value, "since": None}
        for uid, kind, offset, action, value in steps
    ]
    with site.desk.begin(SYSTEM) as tx:
        calendar = CalendarRow(name=name, zone="UTC", hours=OFFICE) if office else None
        if calendar:
            tx.session.add(calendar)
            tx.session.flush()
        row = PolicyRow(name=name, calendar_id=calendar.id if calendar else None, steps=stored, **fields)
        tx.session.add(row)
        tx.reference_changed()
        tx.session.flush()
        return row.id


def ticket_id(site: PluginSite, number: str) -> int:
    with site.desk.read() as session:
        return session.scalars(select(Ticket.id).where(Ticket.number == number)).one()


def clocks(site: PluginSite, number: str) -> Mapping[str, Clock]:
    with site.desk.read() as session:
        query = select(Clock).where(Clock.ticket_id == ticket_id(site, number), Clock.is_current)
        return {clock.kind: clock for clock in session.scalars(query)}


def ledger(site: PluginSite, number: str, kind: str = "") -> list[str]:
    """Return what the ledger has, of one target if asked."""
    with site.desk.read() as session:
        query = select(LedgerRow).where(LedgerRow.ticket_id == ticket_id(site, number)).order_by(LedgerRow.id)
        return [row.what for row in session.scalars(query) if not kind or row.kind == kind]


def firings(site: PluginSite, number: str) -> list[tuple[str, str]]:
    with site.desk.read() as session:
        query = select(Firing).where(Firing.ticket_id == ticket_id(site, number)).order_by(Firing.id)
        return [(firing.step, firing.state) for firing in session.scalars(query)]


def watched(site: PluginSite, number: str) -> Watched:
    with site.desk.read() as session:
        return session.get_one(Watched, ticket_id(site, number))


def later(site: PluginSite, **delta: float) -> None:
    """Let time pass, and everything be done that is due then."""
    site.clock.advance(**delta)
    site.work()
    tick(site.desk)
    site.work()


def minutes(clock: Clock) -> float:
    return clock.ran / timedelta(minutes=1)


def work_until_killed(
    folder: Path, url: str, config: Mapping[str, Mapping[str, Any]], moment: datetime, mark: Path
) -> None:
    """Run the tick in a process of its own, and hang in the middle of the third ticket's step."""
    done = 0
    send = escalating.ACTIONS["mail"]

    def slow(*given: Any) -> int:
        nonlocal done
        said = send(*given)
        done += 1
        if done == 3:
            given[0].session.flush()
            mark.write_text("here")
            time.sleep(600)
        return said

    escalating.ACTIONS = {**escalating.ACTIONS, "mail": slow}  # type: ignore[misc]  # final everywhere else
    with opened_desk(folder, url, config, clock=TestClock(moment)) as desk:
        tick(desk)
