"""What sources have answered last."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk_core.db.base import Base, JSONText


class KnownServices(Base):
    """The last answer of a source about a person; shown with its age while the source is slow or away."""

    __tablename__ = "known_services"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    source: Mapped[str] = mapped_column(String(128), primary_key=True)
    is_proved: Mapped[bool] = mapped_column(primary_key=True)
    """Whether it was found by confirmed addresses; what was not, customers are never shown."""
    services: Mapped[list[Any]] = mapped_column(JSONText)
    answered_at: Mapped[datetime]
