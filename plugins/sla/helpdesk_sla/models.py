"""The plugin's tables: what was agreed, the clocks of tickets, and the ledger of all they did."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, false
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from helpdesk_core.api import BigId, JSONText, LongText, PluginTables
from helpdesk_core.api.db import HasUid
from helpdesk_core.api.departments import Department
from helpdesk_core.api.tickets import Ticket
from helpdesk_core.api.users import Organisation

MICROSECOND = timedelta(microseconds=1)


class Base(PluginTables, DeclarativeBase):
    """The parent of the plugin's tables."""

    plugin = "sla"


class CalendarRow(HasUid, Base):
    """Working hours. `hours` are seven lists of `[first, last]` minutes, `days_off` map `2026-12-24` to a name.

    A change makes a new row, so that what ran before it stays measured by the old one, which is not `is_current` then.
    """

    __tablename__ = "sla_calendars"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    zone: Mapped[str] = mapped_column(String(64))
    hours: Mapped[list[list[list[int]]]] = mapped_column(JSONText)
    days_off: Mapped[dict[str, str]] = mapped_column(JSONText, default=dict)
    countries: Mapped[list[str]] = mapped_column(JSONText, default=list)
    is_current: Mapped[bool] = mapped_column(default=True)


class CalendarUse(Base):
    """Whose hours a calendar has: those of a department, or of an organisation of customers. Each has one at most."""

    __tablename__ = "sla_calendar_uses"

    id: Mapped[int] = mapped_column(primary_key=True)
    calendar_id: Mapped[int] = mapped_column(ForeignKey("sla_calendars.id", ondelete="CASCADE"), index=True)
    department_id: Mapped[int | None] = mapped_column(ForeignKey(Department.id, ondelete="CASCADE"), unique=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey(Organisation.id, ondelete="CASCADE"), unique=True)


class PolicyRow(HasUid, Base):
    """What is promised to which tickets; of those in use the first one that fits counts.

    One that `follows_ticket` is measured by the calendar of the ticket's organisation, else of its department.

    `conditions` map a field to the values of which one has to fit; `targets` map a target to minutes of working time;
    `steps` are what is done around them.
    """

    __tablename__ = "sla_policies"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    position: Mapped[int] = mapped_column(default=0)
    is_active: Mapped[bool] = mapped_column(default=True)
    is_promised: Mapped[bool] = mapped_column(default=False)
    calendar_id: Mapped[int | None] = mapped_column(ForeignKey("sla_calendars.id"), index=True)
    follows_ticket: Mapped[bool] = mapped_column(default=False, server_default=false())
    conditions: Mapped[dict[str, list[str]]] = mapped_column(JSONText, default=dict)
    targets: Mapped[dict[str, int]] = mapped_column(JSONText, default=dict)
    steps: Mapped[list[dict[str, Any]]] = mapped_column(JSONText, default=list)


class Watched(Base):
    """How far a ticket's history has been taken into account, and when its clocks have to be looked at next.

    `next_at` is the earliest moment at which a clock breaches or a step is due; None if there is none. `due_at` is the
    earliest target of a clock that runs. Steps that were due before `watched_from` are passed over. `edited_at` is
    since when a changed policy or calendar waits to be followed; None if nothing does.
    """

    __tablename__ = "sla_watched"
    __table_args__ = (Index("ix_sla_watched_edited", "edited_at", "ticket_id"), Base.__table_args__)

    ticket_id: Mapped[int] = mapped_column(ForeignKey(Ticket.id, ondelete="CASCADE"), primary_key=True)
    policy_id: Mapped[int | None] = mapped_column(index=True)
    calendar_id: Mapped[int | None]
    seq: Mapped[int]
    at: Mapped[datetime]
    is_open: Mapped[bool]
    has_reply: Mapped[bool]
    watched_from: Mapped[datetime]
    next_at: Mapped[datetime | None] = mapped_column(index=True)
    due_at: Mapped[datetime | None] = mapped_column(index=True)
    edited_at: Mapped[datetime | None] = mapped_column(default=None)


class Clock(Base):
    """One run of one target on a ticket.

    `state`: `running`, `paused`, `off` (no target just now), `done`. `ran` is the working time until `since`, or all of
    it while it does not run. `outcome` of what is done: `met`, `missed`, `dropped`. Only the last run of each target is
    `is_current`.
    """

    __tablename__ = "sla_clocks"
    __table_args__ = (
        Index("ix_sla_clocks_ticket_current", "ticket_id", "is_current"),
        Index("ix_sla_clocks_ended", "ended_at", "id"),
        Index("ix_sla_clocks_state_breached", "state", "breached_at"),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey(Ticket.id, ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(16))
    run: Mapped[int]
    is_current: Mapped[bool]
    state: Mapped[str] = mapped_column(String(16))
    policy_id: Mapped[int | None] = mapped_column(index=True)
    started_at: Mapped[datetime]
    microseconds: Mapped[int] = mapped_column(BigId)
    since: Mapped[datetime | None]
    target: Mapped[int | None]
    """Minutes of working time."""
    due_at: Mapped[datetime | None]
    breached_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(16))
    steps_done: Mapped[list[str]] = mapped_column(JSONText)

    @property
    def ran(self) -> timedelta:
        """The working time that counts already."""
        return self.microseconds * MICROSECOND

    @ran.setter
    def ran(self, value: timedelta) -> None:
        self.microseconds = value // MICROSECOND

    @classmethod
    def begun(cls, ticket_id: int, kind: str, run: int, at: datetime) -> "Clock":
        """Return a clock that does not run yet."""
        return cls(
            ticket_id=ticket_id,
            kind=kind,
            run=run,
            is_current=True,
            state="new",
            policy_id=None,
            started_at=at,
            microseconds=0,
            since=None,
            target=None,
            due_at=None,
            breached_at=None,
            ended_at=None,
            outcome=None,
            steps_done=[],
        )


class LedgerRow(Base):
    """One thing that a clock did, when and why; written once. `cause` is a code with its values."""

    __tablename__ = "sla_ledger"
    __table_args__ = (Index("ix_sla_ledger_ticket", "ticket_id", "id"), Base.__table_args__)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey(Ticket.id, ondelete="CASCADE"))
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(16))
    what: Mapped[str] = mapped_column(String(16))
    cause: Mapped[dict[str, Any]] = mapped_column(JSONText)
    microseconds: Mapped[int] = mapped_column(BigId)
    due_at: Mapped[datetime | None]
    event_id: Mapped[int | None] = mapped_column(BigId)


class Firing(Base):
    """An escalation step that is due, or was carried out; the unique key lets each happen once.

    `state`: `due`, `done`, `failed` (`error` says why), `skipped`.
    """

    __tablename__ = "sla_firings"
    __table_args__ = (
        UniqueConstraint("clock_id", "step"),
        Index("ix_sla_firings_ticket_state", "ticket_id", "state"),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey(Ticket.id, ondelete="CASCADE"))
    clock_id: Mapped[int] = mapped_column(ForeignKey("sla_clocks.id", ondelete="CASCADE"))
    step: Mapped[str] = mapped_column(String(22))
    action: Mapped[dict[str, Any]] = mapped_column(JSONText)
    state: Mapped[str] = mapped_column(String(16))
    due_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(LongText)
