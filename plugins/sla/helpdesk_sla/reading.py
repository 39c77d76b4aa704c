"""Policies and calendars as the database has them, remembered between requests."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk_core.api import Helpdesk
from helpdesk_core.api.automation import Condition
from helpdesk_core.api.departments import Department
from helpdesk_core.api.users import Organisation

from .calendars import ALWAYS, Calendar
from .models import CalendarRow, CalendarUse, PolicyRow
from .policies import Policies, Policy, Step


def policies(desk: Helpdesk, session: Session) -> Policies:
    """Return all policies in order with their calendars, read again only after they have changed."""
    return desk.remember(session, "sla.policies", _load)


def _load(session: Session) -> Policies:
    calendars = {row.id: calendar_of(row) for row in session.scalars(select(CalendarRow))}
    rows = session.scalars(select(PolicyRow).order_by(PolicyRow.position, PolicyRow.id))
    departments = select(Department.key, CalendarUse.calendar_id).join(
        CalendarUse, CalendarUse.department_id == Department.id
    )
    organisations = select(Organisation.uid, CalendarUse.calendar_id).join(
        CalendarUse, CalendarUse.organisation_id == Organisation.id
    )
    return Policies(
        [policy_of(row, calendars) for row in rows],
        calendars,
        dict(session.execute(departments).all()),
        dict(session.execute(organisations).all()),
    )


def calendar_of(row: CalendarRow) -> Calendar:
    """Return a stored calendar as a value."""
    hours = tuple(tuple((first, last) for first, last in day) for day in row.hours)
    days_off = frozenset(date.fromisoformat(day) for day in row.days_off)
    return Calendar(row.zone, hours, days_off, tuple(row.countries), row.name)


def policy_of(row: PolicyRow, calendars: Mapping[int, Calendar]) -> Policy:
    """Return a stored policy as a value."""
    return Policy(
        id=row.id,
        name=row.name,
        targets={kind: timedelta(minutes=minutes) for kind, minutes in row.targets.items()},
        calendar=calendars[row.calendar_id] if row.calendar_id else ALWAYS,
        calendar_id=row.calendar_id,
        follows_ticket=row.follows_ticket,
        conditions=tuple(Condition(name, "is", tuple(values)) for name, values in row.conditions.items() if values),
        steps=tuple(step_of(step) for step in row.steps),
        is_active=row.is_active,
        is_promised=row.is_promised,
    )


def step_of(stored: Mapping[str, Any]) -> Step:
    """Return a stored step as a value."""
    return Step(
        uid=stored["uid"],
        kind=stored["kind"],
        offset=timedelta(minutes=stored["offset"]),
        action=stored["action"],
        value=stored["value"],
        since=datetime.fromisoformat(stored["since"]) if stored["since"] else None,
    )
