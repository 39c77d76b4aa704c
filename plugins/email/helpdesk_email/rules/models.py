"""The rules of an administrator for mail that opens a ticket."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk_core.api.db import BigId, HasUid, JSONText

from ..models import Base

ENDS = ("", "quarantine", "drop")


class Rule(HasUid, Base):
    """One rule: all its conditions have to hold; an empty one always does.

    Conditions are patterns: `*` stands for anything, and without one the words may stand anywhere. Departments,
    priorities and types are keys; one that is gone by now is passed over. `end` is one of `ENDS`.
    """

    __tablename__ = "email_rules"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    position: Mapped[int] = mapped_column(index=True)
    name: Mapped[str] = mapped_column(String(100))
    is_active: Mapped[bool] = mapped_column(default=True)
    recipient: Mapped[str] = mapped_column(String(320), default="")
    sender: Mapped[str] = mapped_column(String(320), default="")
    subject: Mapped[str] = mapped_column(String(320), default="")
    header: Mapped[str] = mapped_column(String(100), default="")
    header_value: Mapped[str] = mapped_column(String(320), default="")
    larger_than_kb: Mapped[int] = mapped_column(default=0)
    """0 for any size; 1 kB is 1024 bytes."""
    department: Mapped[str] = mapped_column(String(64), default="")
    priority: Mapped[str] = mapped_column(String(64), default="")
    type: Mapped[str] = mapped_column(String(64), default="")
    tags: Mapped[list[str]] = mapped_column(JSONText, default=list)
    end: Mapped[str] = mapped_column(String(16), default="")
    is_quiet: Mapped[bool] = mapped_column(default=False)
    """Whether the sender gets no confirmation."""
    changed_at: Mapped[datetime]
