"""How often targets were met: per policy, department, agent or month, as a table, a chart and CSV."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from helpdesk_core.api import Actor
from helpdesk_core.api.departments import Department
from helpdesk_core.api.tickets import Ticket, visible
from helpdesk_core.api.users import User

from .models import Clock, PolicyRow
from .policies import TARGETS

GROUPS: Final = ("policy", "department", "agent", "month", "target")
NOBODY: Final = "–"
_GROUPED: Final[Mapping[str, tuple[Any, Any]]] = {
    "policy": (PolicyRow.id, PolicyRow.name),
    "department": (Department.id, Department.name),
    "agent": (User.id, User.name),
    "target": (Clock.kind, Clock.kind),
}
"""By what the groups are told apart, and how they are called: two people may have one name."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the report: how many clocks of the group ended in time, and how many late."""

    name: str
    met: int
    missed: int

    @property
    def percent(self) -> int:
        """The part that was met, in whole percent, never rounded up to all."""
        return self.met * 100 // ((self.met + self.missed) or 1)


def attainment(
    session: Session, actor: Actor, group: str, begin: datetime, end: datetime, *, target: str = "", zone: str = "UTC"
) -> list[Row]:
    """Return how often targets were met that ended from `begin` until `end`, on tickets that the actor may see.

    `group` is one of `GROUPS`, `target` limits it to one. Months are those of the zone, in order; the rest is by name.
    """
    wanted = (
        Clock.ended_at >= begin,
        Clock.ended_at < end,
        Clock.outcome.in_(("met", "missed")),
        Clock.kind.in_((target,) if target in TARGETS else TARGETS),
        visible(actor, "desk"),
    )
    if group == "month":
        return _months(session, wanted, zone)
    key, name = _GROUPED[group]
    met = func.sum(case((Clock.outcome == "met", 1), else_=0))
    query = (
        select(name, met, func.count())
        .select_from(Clock)
        .join(Ticket, Ticket.id == Clock.ticket_id)
        .outerjoin(PolicyRow, PolicyRow.id == Clock.policy_id)
        .join(Department, Department.id == Ticket.department_id)
        .outerjoin(User, User.id == Ticket.assignee_id)
        .where(*wanted)
        .group_by(key, name)
        .order_by(name, key)
    )
    return [Row(name or NOBODY, int(good), int(count) - int(good)) for name, good, count in session.execute(query)]


def _months(session: Session, wanted: Sequence[Any], zone: str) -> list[Row]:
    query = select(Clock.ended_at, Clock.outcome).join(Ticket, Ticket.id == Clock.ticket_id).where(*wanted)
    counts: dict[str, list[int]] = {}
    for ended, outcome in session.execute(query):
        if ended is not None:
            counts.setdefault(ended.astimezone(ZoneInfo(zone)).strftime("%Y-%m"), [0, 0])[outcome == "missed"] += 1
    return [Row(month, met, missed) for month, (met, missed) in sorted(counts.items())]


def total(rows: Sequence[Row]) -> Row:
    """Return all rows together; nothing at all counts as nothing met."""
    return Row("", sum(row.met for row in rows), sum(row.missed for row in rows))


def as_csv(rows: Sequence[Row], heads: Sequence[str], names: Mapping[str, str]) -> str:
    """Return the rows as CSV with a line of heads; what a spreadsheet would take for a formula is made text."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(heads)
    for row in rows:
        name = names.get(row.name, row.name)
        writer.writerow([f"'{name}" if name[:1] in "=+-@\t" else name, row.met, row.missed, row.percent])
    return out.getvalue()
