"""Forms that were begun and not sent."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk_core.db.base import Base, JSONText


class Draft(Base):
    """One form as a person has filled it in so far; nobody else sees it."""

    __tablename__ = "drafts"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    """Which form: `new-ticket`, or `reply-` and a ticket's number."""
    content: Mapped[dict[str, Any]] = mapped_column(JSONText)
    """The fields by name, each a list of texts."""
    updated_at: Mapped[datetime] = mapped_column(index=True)
