"""The plugin's own tables; their names begin with its id."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from helpdesk_core.api import BigId, PluginTables
from helpdesk_core.api.db import HasUid, JSONText, LongText


class Base(PluginTables, DeclarativeBase):
    """The parent of the plugin's tables."""

    plugin = "webhooks"


class Endpoint(HasUid, Base):
    """A program elsewhere that is told of events.

    `events` are the types it asks for; empty means all. `secrets` are sealed: the one in force, and with it the one
    before until `old_secret_until`. Nothing is sent before `paused_until`. `failing_since` is when the first of a row
    of failures was, `failures` how many they are; `off_because` says why it was switched off by itself: `gone` (it
    answered so) or `failing`.
    """

    __tablename__ = "webhooks_endpoints"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    url: Mapped[str] = mapped_column(String(2000))
    events: Mapped[list[str]] = mapped_column(JSONText, default=list)
    secrets: Mapped[str] = mapped_column(LongText, default="")
    old_secret_until: Mapped[datetime | None]
    is_active: Mapped[bool] = mapped_column(default=True)
    off_because: Mapped[str] = mapped_column(String(16), default="")
    failures: Mapped[int] = mapped_column(default=0)
    failing_since: Mapped[datetime | None]
    paused_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Delivery(HasUid, Base):
    """One event for one endpoint. What is sent is made from the event each time, so that nothing of it is kept here.

    `event_id` is none for a trial. `state`: `waiting` until `next_try_at`, `delivered`, `failed` (given up).
    """

    __tablename__ = "webhooks_deliveries"
    __table_args__ = (
        UniqueConstraint("endpoint_id", "event_id"),
        Index("ix_webhooks_deliveries_state_next_try_at", "state", "next_try_at"),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    endpoint_id: Mapped[int] = mapped_column(ForeignKey(Endpoint.id, ondelete="CASCADE"))
    event_id: Mapped[int | None] = mapped_column(BigId, index=True)
    type: Mapped[str] = mapped_column(String(80))
    state: Mapped[str] = mapped_column(String(16), default="waiting")
    tries: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None] = mapped_column(index=True)

    endpoint: Mapped[Endpoint] = relationship(lazy="raise")


class Attempt(Base):
    """One try to hand a delivery over; `status` is none if nobody answered, `excerpt` how the answer begins."""

    __tablename__ = "webhooks_attempts"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    delivery_id: Mapped[int] = mapped_column(ForeignKey(Delivery.id, ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    milliseconds: Mapped[int]
    status: Mapped[int | None]
    problem: Mapped[str] = mapped_column(LongText, default="")
    excerpt: Mapped[str] = mapped_column(LongText, default="")
