"""Whose hours a calendar has: departments, and organisations of customers."""

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from helpdesk_core.api.db import affect
from helpdesk_core.api.departments import Department
from helpdesk_core.api.users import Organisation

from .concerning import Owner, owners_of
from .models import CalendarRow, CalendarUse
from .texts import lazy

Named = Sequence[tuple[str, str]]
Owners = Mapping[int, tuple[Named, Named]]
"""Departments (keys) and organisations (uids) that have a calendar, with their names, by its id."""


def owners(session: Session) -> Owners:
    """Return whose hours all calendars have."""
    found: dict[int, tuple[list[tuple[str, str]], list[tuple[str, str]]]] = {}
    query = (
        select(CalendarUse.calendar_id, Department.key, Department.name, Organisation.uid, Organisation.name)
        .outerjoin(Department, Department.id == CalendarUse.department_id)
        .outerjoin(Organisation, Organisation.id == CalendarUse.organisation_id)
        .order_by(Department.name, Organisation.name)
    )
    for id, key, department, uid, organisation in session.execute(query):
        departments, organisations = found.setdefault(id, ([], []))
        if key is not None:
            departments.append((key, department))
        if uid is not None:
            organisations.append((uid, organisation))
    return found


def named(session: Session, organisations: Sequence[str]) -> Mapping[str, str]:
    """Return the names of organisations by uid; those that are gone are left out."""
    query = select(Organisation.uid, Organisation.name).where(Organisation.uid.in_(organisations))
    return {row.uid: row.name for row in session.execute(query.order_by(Organisation.name))}


def checked(
    session: Session,
    departments: Sequence[str],
    organisations: Sequence[str],
    calendar: CalendarRow | None,
    problems: dict[str, list[str]],
) -> Sequence[CalendarUse]:
    """Return the uses of a calendar by these departments and organisations; what stands in the way is noted.

    Those that have another calendar than the one that is changed cannot have this one too.
    """
    found: list[CalendarUse] = []
    wanted_departments = select(Department).where(Department.key.in_(departments))
    for department in session.scalars(wanted_departments.order_by(Department.id)):
        _check_free(
            session, CalendarUse.department_id == department.id, department.name, calendar, "department", problems
        )
        found.append(CalendarUse(department_id=department.id))
    wanted_organisations = select(Organisation).where(Organisation.uid.in_(organisations))
    for each in session.scalars(wanted_organisations.order_by(Organisation.id)):
        _check_free(session, CalendarUse.organisation_id == each.id, each.name, calendar, "organisation", problems)
        found.append(CalendarUse(organisation_id=each.id))
    if len(found) < len({*departments}) + len({*organisations}):
        name = "department" if len(found) < len({*departments}) else "organisation"
        problems[name] = [lazy("One of those that were chosen is gone. Look at the choice again.")]
    return found


def _check_free(
    session: Session,
    whose: ColumnElement[bool],
    owner: str,
    calendar: CalendarRow | None,
    name: str,
    problems: dict[str, list[str]],
) -> None:
    other = session.scalar(
        select(CalendarRow.name)
        .join(CalendarUse, CalendarUse.calendar_id == CalendarRow.id)
        .where(whose, CalendarRow.id != (calendar.id if calendar else 0))
    )
    if other is not None:
        text = lazy(
            "“%(owner)s” has the calendar “%(other)s” already. Take it away there first.", owner=owner, other=other
        )
        problems.setdefault(name, []).append(text)


def give(
    session: Session, uses: Sequence[CalendarUse], row: CalendarRow, before: CalendarRow | None
) -> frozenset[Owner]:
    """Let a calendar have these uses and no others; return those of the one that it takes the place of, which end."""
    had: frozenset[Owner] = frozenset()
    if before is not None:
        own = CalendarUse.calendar_id == before.id
        had = owners_of(session.scalars(select(CalendarUse).where(own)).all())
        affect(session, delete(CalendarUse).where(own))
    for each in uses:
        each.calendar_id = row.id
    session.add_all(uses)
    return had
