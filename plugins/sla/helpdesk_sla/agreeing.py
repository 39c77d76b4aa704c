"""Making and changing calendars and policies; open tickets follow with the next tick."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from marshmallow import ValidationError
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from helpdesk_core.api import Actor, Helpdesk, Transaction
from helpdesk_core.api.automation import action_problem, automatic_actions_of
from helpdesk_core.api.db import affect, new_uid
from helpdesk_core.api.errors import Conflict, Invalid, NotFound
from helpdesk_core.api.settings import is_timezone
from helpdesk_core.api.tickets import vocabulary
from helpdesk_core.api.users import Organisation, all_roles, colleague_problem, require

from . import owning, typing_in
from .concerning import look_again, of_calendar, of_new_policy, of_places, of_policy, owners_of
from .models import CalendarRow, PolicyRow
from .policies import TARGETS
from .reading import step_of
from .texts import _, lazy

MANAGE = "settings.manage"
OF_TICKET = "*"
"""The choice of the calendar that the ticket's organisation or department has."""
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class CalendarDraft:
    """A calendar as it is typed; `hours` are seven lines, Monday first.

    `departments` (keys) and `organisations` (uids) are those whose hours it has.
    """

    name: str
    zone: str
    hours: Sequence[str]
    days_off: str = ""
    countries: str = ""
    departments: Sequence[str] = ()
    organisations: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class PolicyDraft:
    """A policy as it is typed; `calendar` is a uid or `OF_TICKET`, empty for every hour of every day."""

    name: str
    calendar: str = ""
    is_active: bool = True
    is_promised: bool = False
    conditions: Mapping[str, Sequence[str]] = field(default_factory=dict)
    targets: Mapping[str, str] = field(default_factory=dict)
    steps: str = ""


def calendars(session: Session) -> Sequence[CalendarRow]:
    """Return the calendars in use, by name."""
    return session.scalars(select(CalendarRow).where(CalendarRow.is_current).order_by(CalendarRow.name)).all()


def chosen_calendar(row: PolicyRow, found: Sequence[CalendarRow]) -> str:
    """Return which of the choices for a calendar a policy has."""
    return OF_TICKET if row.follows_ticket else next((each.uid for each in found if each.id == row.calendar_id), "")


def calendar_choices(found: Sequence[CalendarRow]) -> list[tuple[str, str]]:
    """Return what a policy can be measured by, with its name."""
    always, of_ticket = _("All hours of all days"), _("The customer’s organisation’s, else the department’s")
    return [("", always), (OF_TICKET, of_ticket), *((each.uid, each.name) for each in found)]


def all_policies(session: Session) -> Sequence[PolicyRow]:
    """Return the policies in the order in which they are tried."""
    return session.scalars(select(PolicyRow).order_by(PolicyRow.position, PolicyRow.id)).all()


def find_calendar(session: Session, uid: str) -> CalendarRow:
    """Return the calendar in use with that uid; `NotFound` if there is none."""
    row = session.scalar(select(CalendarRow).where(CalendarRow.uid == uid, CalendarRow.is_current))
    if row is None:
        raise NotFound(lazy("There is no such calendar; somebody may have changed it. Go back to the list."))
    return row


def find_policy(session: Session, uid: str) -> PolicyRow:
    """Return the policy with that uid; `NotFound` if there is none."""
    row = session.scalar(select(PolicyRow).where(PolicyRow.uid == uid))
    if row is None:
        raise NotFound(lazy("There is no such policy."))
    return row


def save_calendar(desk: Helpdesk, actor: Actor, draft: CalendarDraft, uid: str | None = None) -> str:
    """Make a calendar, or change the one with that uid; return the uid. `Invalid` names every mistake by field.

    A change makes a new row in place of the old one, so that what ran until now stays measured by the old one.
    """
    require(actor, MANAGE)
    problems: dict[str, list[str]] = {}
    name = _name(draft.name, problems)
    hours = [_try(problems, f"hours.{day}", typing_in.hours_of_day, text) or () for day, text in enumerate(draft.hours)]
    if not problems and not any(hours):
        problems["hours.0"] = [lazy("A calendar without hours never comes to an end. Write the hours of a day.")]
    try:
        is_timezone(draft.zone)
    except ValidationError:
        problems["zone"] = [lazy("“%(zone)s” is no time zone. Write one like Europe/Berlin.", zone=draft.zone)]
    off = _try(problems, "days_off", typing_in.days_off, draft.days_off)
    countries = _try(problems, "countries", typing_in.countries, draft.countries)
    with desk.begin(actor) as tx:
        before = find_calendar(tx.session, uid) if uid else None
        uses = owning.checked(tx.session, draft.departments, draft.organisations, before, problems)
        if problems:
            raise Invalid(problems)
        row = CalendarRow(
            name=name,
            zone=draft.zone,
            hours=[[list(interval) for interval in day] for day in hours],
            days_off=off or {},
            countries=countries or [],
        )
        tx.session.add(row)
        tx.session.flush()
        if before is not None:
            again = update(PolicyRow).where(PolicyRow.calendar_id == before.id).values(calendar_id=row.id)
            affect(tx.session, again)
            kept, before.uid, before.is_current = before.uid, new_uid(), False
            tx.session.flush()
            row.uid = kept
        had = owning.give(tx.session, uses, row, before)
        look_again(tx, of_calendar(before, has_other_owners=owners_of(uses) != had))
        return row.uid


def delete_calendar(desk: Helpdesk, actor: Actor, uid: str) -> None:
    """Take a calendar away; `Conflict` while a policy uses it."""
    require(actor, MANAGE)
    with desk.begin(actor) as tx:
        row = find_calendar(tx.session, uid)
        used = tx.session.scalar(select(PolicyRow.name).where(PolicyRow.calendar_id == row.id).limit(1))
        if used is not None:
            raise Conflict(lazy("The policy “%(policy)s” uses this calendar. Give it another one first.", policy=used))
        row.is_current = False
        had = owning.give(tx.session, (), row, row)
        look_again(tx, of_calendar(row, has_other_owners=bool(had)))


def save_policy(desk: Helpdesk, actor: Actor, draft: PolicyDraft, uid: str | None = None) -> str:
    """Make a policy at the end of the list, or change the one with that uid; return the uid."""
    require(actor, MANAGE)
    with desk.begin(actor) as tx:
        row = find_policy(tx.session, uid) if uid else None
        values = _checked(tx, draft, row)
        if row is None:
            last = max((each.position for each in all_policies(tx.session)), default=-1)
            row = PolicyRow(position=last + 1, **values)
            tx.session.add(row)
            concerned = of_new_policy(row)
        else:
            changed = {name for name, value in values.items() if getattr(row, name) != value}
            for name in changed:
                setattr(row, name, values[name])
            concerned = of_policy(row, changed)
        tx.session.flush()
        look_again(tx, concerned)
        return row.uid


def order_policy(desk: Helpdesk, actor: Actor, uid: str, by: int) -> None:
    """Move a policy up (-1) or down (1)."""
    require(actor, MANAGE)
    with desk.begin(actor) as tx:
        rows = list(all_policies(tx.session))
        place = rows.index(find_policy(tx.session, uid))
        other = place + by
        if not 0 <= other < len(rows):
            return
        rows[place], rows[other] = rows[other], rows[place]
        for position, row in enumerate(rows):
            row.position = position
        look_again(tx, of_places(rows[place], rows[other]))


def _checked(tx: Transaction, draft: PolicyDraft, row: PolicyRow | None) -> dict[str, Any]:
    problems: dict[str, list[str]] = {}
    words = vocabulary(tx.desk, tx.session)
    name = _name(draft.name, problems)
    targets = {
        kind: _try(problems, f"targets.{kind}", typing_in.target, draft.targets.get(kind, "")) for kind in TARGETS
    }
    kept = {kind: minutes for kind, minutes in targets.items() if minutes is not None}
    if not problems and not kept:
        problems["targets.first_reply"] = [lazy("A policy without targets promises nothing. Set one at least.")]
    known = [step_of(each) for each in row.steps] if row else []
    usable = typing_in.Usable(
        words,
        [role.key for role in all_roles(tx.session)],
        partial(colleague_problem, tx.desk, tx.session) if draft.is_active else lambda _address: None,
        row is not None and row.is_active,
        automatic_actions_of(tx.desk),
        partial(action_problem, tx.desk, tx.session),
    )
    steps = _try(problems, "steps", lambda text: typing_in.steps(text, usable, known, tx.now), draft.steps) or []
    loose = next((step for step in steps if step["kind"] not in kept), None)
    if not problems and loose is not None:
        problems["steps"] = [
            lazy(
                "A step belongs to a target that is not set. Set the target, or take the line away: %(line)s",
                line=typing_in.said_steps([step_of(loose)]),
            )
        ]
    conditions = {name: [each for each in values if each] for name, values in draft.conditions.items()}
    for uid in conditions.get("organisation", []):
        if tx.session.scalar(select(Organisation.id).where(Organisation.uid == uid)) is None:
            problems["organisation"] = [lazy("There is no such organisation any more. Choose another one.")]
    calendar = next((each for each in calendars(tx.session) if each.uid == draft.calendar), None)
    if calendar is None and draft.calendar not in ("", OF_TICKET):
        problems["calendar"] = [lazy("This calendar is gone. Choose another one.")]
    if problems:
        raise Invalid(problems)
    return {
        "name": name,
        "calendar_id": calendar.id if calendar else None,
        "follows_ticket": draft.calendar == OF_TICKET,
        "is_active": draft.is_active,
        "is_promised": draft.is_promised,
        "conditions": {name: values for name, values in conditions.items() if values},
        "targets": kept,
        "steps": steps,
    }


def _name(text: str, problems: dict[str, list[str]]) -> str:
    name = " ".join(text.split())
    if not 0 < len(name) <= 100:
        problems["name"] = [lazy("Give it a name, with at most 100 characters.")]
    return name


def _try(problems: dict[str, list[str]], name: str, read: Callable[[str], T], text: str) -> T | None:
    try:
        return read(text)
    except typing_in.Mistake as error:
        problems[name] = [error.args[0]]
        return None
