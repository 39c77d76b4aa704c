"""Which open tickets a change of what was agreed concerns; only their clocks have to be looked at."""

from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from helpdesk_core.api import Transaction
from helpdesk_core.api.db import affect

from .models import CalendarRow, CalendarUse, PolicyRow, Watched

CHOOSES: Final = frozenset({"conditions", "is_active"})
"""What of a policy decides which tickets it holds for."""
MEASURES: Final = frozenset({"targets", "steps", "calendar_id", "follows_ticket"})
"""What of a policy the clocks of its tickets go by; its name and who is told of it are read when they are shown."""
Tickets = Sequence[ColumnElement[bool]]
Owner = tuple[int | None, int | None]


def look_again(tx: Transaction, concerned: Tickets) -> None:
    """Have the clocks of open tickets of which one of these is true follow with the job of every minute.

    Also those that wait for it already: what looks at them now may have read what was agreed before. Clocks catch up
    while they hold what was agreed, so the change is told first: those that went by the old one are stored by then.
    """
    tx.reference_changed()
    if concerned:
        affect(tx.session, update(Watched).where(Watched.is_open, or_(*concerned)).values(edited_at=tx.now))


def waiting(session: Session) -> int:
    """Return how many tickets are still to follow a change."""
    return session.scalar(select(func.count(Watched.edited_at))) or 0


def of_new_policy(row: PolicyRow) -> Tickets:
    """Return whom a policy at the end of the list concerns: tickets that no other one fits."""
    return [Watched.policy_id.is_(None)] if row.is_active else []


def of_policy(row: PolicyRow, changed: Collection[str]) -> Tickets:
    """Return whom a changed policy concerns: its tickets, and where it may fit others now those of later ones too."""
    if not CHOOSES.isdisjoint(changed):
        own = [Watched.policy_id == row.id]
        return [*own, Watched.policy_id.is_(None), _has_later(row)] if row.is_active else own
    return [] if MEASURES.isdisjoint(changed) else [Watched.policy_id == row.id]


def of_places(first: PolicyRow, second: PolicyRow) -> Tickets:
    """Return whom two policies that change places concern; none if one of them fits nothing anyway."""
    both = first.is_active and second.is_active
    return [Watched.policy_id.in_((first.id, second.id))] if both else []


def of_calendar(before: CalendarRow | None, *, has_other_owners: bool) -> Tickets:
    """Return whom a changed calendar concerns: those it measures, and those who may have another one now."""
    found: list[ColumnElement[bool]] = []
    if before is not None:
        found.append(Watched.calendar_id == before.id)
    if has_other_owners:
        found.append(Watched.policy_id.in_(select(PolicyRow.id).where(PolicyRow.follows_ticket)))
    return found


def owners_of(uses: Sequence[CalendarUse]) -> frozenset[Owner]:
    """Return whose hours a calendar has, to be compared."""
    return frozenset((each.department_id, each.organisation_id) for each in uses)


def _has_later(row: PolicyRow) -> ColumnElement[bool]:
    same_place = and_(PolicyRow.position == row.position, PolicyRow.id > row.id)
    return Watched.policy_id.in_(select(PolicyRow.id).where(or_(PolicyRow.position > row.position, same_place)))
