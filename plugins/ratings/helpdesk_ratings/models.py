"""The plugin's own tables; their names begin with its id."""

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from helpdesk_core.api import BigId, PluginTables
from helpdesk_core.api.db import HasUid, JSONText, LongText
from helpdesk_core.api.departments import Department
from helpdesk_core.api.tickets import Message, Ticket
from helpdesk_core.api.users import User


class Base(PluginTables, DeclarativeBase):
    """The parent of the plugin's tables."""

    plugin = "ratings"


class Rating(HasUid, Base):
    """What one person said about one answer or one ticket; who it was is forgotten with the person.

    `target` is `ticket:<id>` or `message:<id>` and makes a second rating of the same thing by the same person
    impossible. `agent_id` and `department_id` are whose work it was at the time. `score` counts from 1 (the worst) on
    `scale`; `verdict` (`bad`, `neutral`, `good`) is what it meant there. `day` is that of the first rating, in UTC.
    """

    __tablename__ = "ratings_ratings"
    __table_args__ = (
        UniqueConstraint("target", "user_id"),
        Index("ix_ratings_ratings_day_department_id", "day", "department_id"),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    target: Mapped[str] = mapped_column(String(40))
    ticket_id: Mapped[int] = mapped_column(ForeignKey(Ticket.id, ondelete="CASCADE"), index=True)
    message_id: Mapped[int | None] = mapped_column(ForeignKey(Message.id, ondelete="CASCADE"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"), index=True)
    agent_id: Mapped[int | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"), index=True)
    department_id: Mapped[int | None] = mapped_column(ForeignKey(Department.id, ondelete="SET NULL"), index=True)
    scale: Mapped[str] = mapped_column(String(8))
    score: Mapped[int]
    verdict: Mapped[str] = mapped_column(String(8))
    reasons: Mapped[list[str]] = mapped_column(JSONText, default=list)
    comment: Mapped[str] = mapped_column(LongText, default="")
    channel: Mapped[str] = mapped_column(String(32))
    day: Mapped[date] = mapped_column(Date)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Ask(Base):
    """The question how a closed ticket went: one mail for each ticket at most.

    `state`: `waiting` until `due_at`, `asked`, `skipped` (`reason` says why), `cancelled` (the ticket was opened again;
    it waits anew once it is closed).
    """

    __tablename__ = "ratings_asks"
    __table_args__ = (
        Index("ix_ratings_asks_state_due_at", "state", "due_at"),
        Index("ix_ratings_asks_user_id_asked_at", "user_id", "asked_at"),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey(Ticket.id, ondelete="CASCADE"), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(32), default="")
    due_at: Mapped[datetime]
    asked_at: Mapped[datetime | None]
