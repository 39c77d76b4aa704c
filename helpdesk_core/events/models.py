"""What happened, and what is still to be told to whom."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk_core.db.base import Base, BigId, JSONText, LongText


class EventRow(Base):
    """One event, written once. Those of a ticket form a chain: `hash` covers the row and `previous_hash`.

    `stream` says in which order events belong (`ticket:7`, `user:3`); `seq` counts within a ticket from 1. `position`
    is the place in the feed, given after commit.
    """

    __tablename__ = "events"
    __table_args__ = (
        UniqueConstraint("ticket_id", "seq"),
        UniqueConstraint("position"),
        Index("ix_events_created_at", "created_at"),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    type: Mapped[str] = mapped_column(String(64))
    stream: Mapped[str] = mapped_column(String(64))
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id"))
    seq: Mapped[int | None]
    position: Mapped[int | None] = mapped_column(BigInteger)
    actor_id: Mapped[int | None] = mapped_column(BigInteger)
    """No foreign key: the event outlives whatever happens to the account."""
    actor_name: Mapped[str]
    channel: Mapped[str] = mapped_column(String(32))
    data: Mapped[dict[str, Any]] = mapped_column(JSONText)
    previous_hash: Mapped[str] = mapped_column(String(64), default="")
    hash: Mapped[str] = mapped_column(String(64), default="")
    created_at: Mapped[datetime]


class Delivery(Base):
    """An event that a subscriber has not handled yet; deleted when it has.

    `state`: `pending` (waits for `due_at`), `running` (held until `lease_until`), `parked` (given up, shown
    to admins). Only `pending` and `running` hold back later deliveries of the same subscriber and stream.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("ix_deliveries_due", "subscriber", "state", "due_at", "id"),
        Index("ix_deliveries_state_due_at", "state", "due_at", "id"),
        Index("ix_deliveries_order", "subscriber", "stream", "id"),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"), index=True)
    subscriber: Mapped[str] = mapped_column(String(64))
    stream: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16), default="pending")
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    worker: Mapped[str | None] = mapped_column(String(64))
    error: Mapped[str | None] = mapped_column(LongText)

    event: Mapped[EventRow] = relationship(lazy="raise")
