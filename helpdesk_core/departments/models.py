"""Departments: where tickets go, who answers from which address, and who sees them."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk_core.db.base import Base, LongText

VISIBILITIES = ("public", "known", "hidden")
REOPEN_POLICIES = ("reopen", "follow_up")


class Department(Base):
    """A queue with an address, a signature and rules of its own.

    `visibility`: `public` for everybody, `known` for customers with an account, `hidden` for staff who triage.
    """

    __tablename__ = "departments"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str]
    description: Mapped[str | None] = mapped_column(LongText)
    address: Mapped[str | None] = mapped_column(String(320), unique=True)
    signature: Mapped[str | None] = mapped_column(LongText)
    visibility: Mapped[str] = mapped_column(String(16), default="public")
    reopen_policy: Mapped[str] = mapped_column(String(16), default="reopen")
    reopen_days: Mapped[int] = mapped_column(default=30)
    """How many days after closing an answer still reopens; later it opens a linked follow-up. 0 for no limit."""
    is_active: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]


class Signature(Base):
    """How an agent signs in one department; without one, the department's own signature is used."""

    __tablename__ = "signatures"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    department_id: Mapped[int] = mapped_column(
        ForeignKey("departments.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    text: Mapped[str] = mapped_column(LongText)
