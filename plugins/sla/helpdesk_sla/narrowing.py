"""What the plugin adds to lists: the order by the next target, and the filter that `sla:` of searches asks too."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import BindParameter, ColumnElement, bindparam, or_, select

from helpdesk_core.api import Helpdesk, UTCDateTime
from helpdesk_core.api.tickets import ListFilter, ListOrder, Ticket

from .models import Clock, Watched
from .texts import lazy
from .wording import parse_duration

LATE: Final = "breached"
PAUSED: Final = "paused"
NONE: Final = "none"
CHOICES: Final = (
    (LATE, lazy("Target missed")),
    ("<1h", lazy("Due within 1 hour")),
    ("<4h", lazy("Due within 4 hours")),
    ("<24h", lazy("Due within 24 hours")),
    (PAUSED, lazy("Paused")),
    (NONE, lazy("No target")),
)


def orders() -> Sequence[ListOrder]:
    """Return the order of lists by the earliest target of a clock that runs."""
    return [ListOrder(key="next", label=lazy("Nearest target first"), column=Watched.due_at, ticket=Watched.ticket_id)]


def filters(desk: Helpdesk) -> Sequence[ListFilter]:
    """Return the filter of lists by how clocks stand; in searches it is `sla:breached`, `sla:<2h` and so on."""

    def condition(value: str) -> ColumnElement[bool]:
        return _condition(desk, value)

    return [ListFilter(key="target", label=lazy("Service levels"), choices=CHOICES, condition=condition, word="sla")]


def _condition(desk: Helpdesk, value: str) -> ColumnElement[bool]:
    if value == LATE:
        missed = select(Clock.ticket_id).where(Clock.state.in_(("running", "paused")), Clock.breached_at.is_not(None))
        return or_(Ticket.id.in_(missed.where(Clock.is_current)), _due_by(desk, timedelta(0)))
    if value == PAUSED:
        paused = select(Clock.ticket_id).where(Clock.state == "paused", Clock.is_current)
        return Ticket.id.in_(paused)
    if value == NONE:
        promised = select(Clock.ticket_id).where(Clock.state.in_(("running", "paused")), Clock.is_current)
        return Ticket.id.not_in(promised)
    if not value.startswith("<"):
        raise _unknown(value)
    try:
        minutes = parse_duration(value[1:])
    except ValueError:
        raise _unknown(value) from None
    return _due_by(desk, timedelta(minutes=minutes))


def _due_by(desk: Helpdesk, ahead: timedelta) -> ColumnElement[bool]:
    """Return that a running clock reaches its target until then; the moment is that of each run of a statement."""

    def until() -> datetime:
        return desk.now() + ahead

    moment: BindParameter[datetime] = bindparam(None, callable_=until, type_=UTCDateTime(), unique=True)
    return Ticket.id.in_(select(Watched.ticket_id).where(Watched.due_at <= moment))


def _unknown(value: str) -> ValueError:
    return ValueError(
        lazy(
            "“sla:%(value)s” is nothing one can ask for. Write breached, paused, none, or <2h for what is due by then.",
            value=value,
        )
    )
