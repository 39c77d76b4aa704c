"""What follows a changed policy or calendar: the tickets that it concerns, behind what is due."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import pytest
from sqlalchemy import select, update

from helpdesk_core.api import SYSTEM, Helpdesk
from helpdesk_core.api.departments import Department
from helpdesk_core.api.tickets import Ticket
from helpdesk_core.testing.plugins import PluginSite
from helpdesk_sla import ticking
from helpdesk_sla.agreeing import (
    CalendarDraft,
    PolicyDraft,
    all_policies,
    calendars,
    order_policy,
    save_calendar,
    save_policy,
)
from helpdesk_sla.keeping import LookedAt
from helpdesk_sla.models import Clock, Watched
from helpdesk_sla.ticking import tick

from .sla_scenes import firings, later

OFFICE: Final = [*["09:00-17:00"] * 5, "", ""]
SHORT: Final = ["09:00-12:00"] * 7


def uids(site: PluginSite) -> Mapping[str, str]:
    """Return the uids of policies and calendars by name."""
    with site.desk.read() as session:
        found = {each.name: each.uid for each in calendars(session)}
        return found | {each.name: each.uid for each in all_policies(session)}


def draft(name: str, *departments: str, **fields: Any) -> PolicyDraft:
    given = {"targets": {"resolution": "8h"}, "calendar": "", **fields}
    return PolicyDraft(name=name, conditions={"department": departments}, **given)


@pytest.fixture
def agreed(site: PluginSite) -> PluginSite:
    """A helpdesk with four policies, one of them out of use, and a ticket for each department."""
    for key in ("sales", "billing", "abuse"):
        site.world.department(key)
    save_calendar(site.desk, SYSTEM, CalendarDraft(name="Office", zone="UTC", hours=OFFICE))
    office = uids(site)["Office"]
    for each in (
        draft("Idle", is_active=False),
        draft("Sales", "sales", calendar=office),
        draft("Support", "support", "billing", calendar="*"),
        draft("Billing", "billing", targets={"resolution": "4h"}),
    ):
        save_policy(site.desk, SYSTEM, each)
    for key in ("sales", "support", "billing", "abuse"):
        site.world.ticket(department=key)
    later(site, minutes=1)
    return site


def marked(site: PluginSite) -> set[str]:
    """Return the departments whose tickets wait to follow a change."""
    with site.desk.read() as session:
        query = select(Department.key).join(Ticket, Ticket.department_id == Department.id)
        query = query.join(Watched, Watched.ticket_id == Ticket.id).where(Watched.edited_at.is_not(None))
        return set(session.scalars(query))


def standing(site: PluginSite) -> Sequence[tuple[Any, ...]]:
    """Return by what each ticket is measured, and when it is due."""
    with site.desk.read() as session:
        query = select(Watched.policy_id, Watched.calendar_id, Watched.due_at, Clock.kind, Clock.target, Clock.state)
        query = query.join(Clock, Clock.ticket_id == Watched.ticket_id, isouter=True)
        return [tuple(row) for row in session.execute(query.order_by(Watched.ticket_id, Clock.id))]


def change_policy(
    name: str, *departments: str, called: str = "", calendar: str = "", **fields: Any
) -> Callable[[PluginSite], None]:
    def act(site: PluginSite) -> None:
        known = uids(site)
        typed = draft(called or name, *departments, calendar=known.get(calendar, calendar), **fields)
        save_policy(site.desk, SYSTEM, typed, known.get(name))

    return act


def change_calendar(name: str, hours: Sequence[str], *departments: str) -> Callable[[PluginSite], None]:
    def act(site: PluginSite) -> None:
        typed = CalendarDraft(name=name, zone="UTC", hours=hours, departments=departments)
        save_calendar(site.desk, SYSTEM, typed, uids(site).get(name))

    return act


def move_up(name: str) -> Callable[[PluginSite], None]:
    return lambda site: order_policy(site.desk, SYSTEM, uids(site)[name], -1)


@pytest.mark.parametrize(
    ("change", "concerned"),
    [
        (change_policy("Sales", "sales", calendar="Office", called="Sellers", is_promised=True), set()),
        (change_policy("Sales", "sales", calendar="Office", targets={"resolution": "2h"}), {"sales"}),
        (change_policy("Sales", "sales", calendar="Office", steps="at resolution: tag late"), {"sales"}),
        (change_policy("Sales", "sales"), {"sales"}),
        (change_policy("Sales", "sales", "abuse", calendar="Office"), {"sales", "support", "billing", "abuse"}),
        (change_policy("Support", "support", calendar="*"), {"support", "billing", "abuse"}),
        (change_policy("Support", "support", "billing", calendar="*", is_active=False), {"support", "billing"}),
        (change_policy("Idle", targets={"resolution": "1h"}, is_active=False), set()),
        (change_policy("Idle"), {"sales", "support", "billing", "abuse"}),
        (change_policy("Rest"), {"abuse"}),
        (change_policy("Unused", is_active=False), set()),
        (move_up("Billing"), {"support", "billing"}),
        (move_up("Sales"), set()),
        (move_up("Idle"), set()),
        (change_calendar("Office", SHORT), {"sales"}),
        (change_calendar("Nights", SHORT), set()),
        (change_calendar("Nights", SHORT, "support"), {"support", "billing"}),
        (change_calendar("Office", OFFICE, "billing"), {"sales", "support", "billing"}),
    ],
)
def test_a_change_has_the_tickets_looked_at_that_it_concerns_and_overlooks_none(
    agreed: PluginSite, change: Callable[[PluginSite], None], concerned: set[str]
) -> None:
    change(agreed)
    assert marked(agreed) == concerned
    assert tick(agreed.desk) == len(concerned)
    assert marked(agreed) == set()
    found = standing(agreed)
    with agreed.desk.begin(SYSTEM) as tx:
        tx.session.execute(update(Watched).values(edited_at=tx.now))
    assert tick(agreed.desk) == 4
    assert standing(agreed) == found, "whoever was left out stands as if looked at"


def test_what_is_due_comes_before_tickets_that_follow_a_change_also_what_comes_due_meanwhile(
    site: PluginSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ticking, "TOGETHER", 1)
    at_once = draft("Sales", "sales", targets={"first_reply": "1h"}, steps="at first reply: tag late")
    site.world.department("sales")
    save_policy(site.desk, SYSTEM, at_once)
    save_policy(site.desk, SYSTEM, draft("Rest"))
    numbers = [site.world.ticket(department="sales").ticket.number or ""]
    site.work()
    site.clock.advance(minutes=10)
    numbers.append(site.world.ticket(department="sales").ticket.number or "")
    for _each in range(3):
        site.world.ticket()
    site.work()
    site.clock.advance(minutes=55)
    save_policy(site.desk, SYSTEM, draft("Rest", targets={"resolution": "9h"}), uids(site)["Rest"])
    done: list[list[tuple[str, str]]] = []
    look_at = ticking._look_at

    def note(desk: Helpdesk, ids: Sequence[int], failed: list[str]) -> Sequence[LookedAt]:
        done.append([step for number in numbers for step in firings(site, number)])
        found = look_at(desk, ids, failed)
        if len(done) == 2:  # the first of those that follow
            site.clock.advance(minutes=6)
        return found

    monkeypatch.setattr(ticking, "_look_at", note)
    assert tick(site.desk) == 5
    assert [len(each) for each in done] == [0, 1, 1, 2, 2]


def test_a_ticket_that_follows_a_change_and_is_due_is_not_looked_at_twice(site: PluginSite) -> None:
    save_policy(site.desk, SYSTEM, draft("Rest", steps="at resolution: tag late"))
    number = site.world.ticket().ticket.number or ""
    site.work()
    site.clock.advance(hours=9)
    typed = draft("Rest", targets={"resolution": "7h"}, steps="at resolution: tag late")
    save_policy(site.desk, SYSTEM, typed, uids(site)["Rest"])
    assert tick(site.desk) == 1
    assert [state for _step, state in firings(site, number)] == ["done"]
    assert tick(site.desk) == 0


def test_the_page_says_how_many_tickets_still_follow(agreed: PluginSite) -> None:
    browser = agreed.browser(agreed.world.agent(role="admin"))
    assert "yet to follow" not in browser.get("/admin/x/sla/").words
    change_calendar("Nights", SHORT, "support")(agreed)
    assert "2 open tickets have yet to follow the last change." in browser.get("/admin/x/sla/").words
    tick(agreed.desk)
    assert "yet to follow" not in browser.get("/admin/x/sla/").words
