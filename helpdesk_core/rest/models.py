"""What the API remembers of requests that must not be done twice."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk_core.db.base import Base, BigId, JSONText, LongText


class IdempotencyKey(Base):
    """A request that a person named by a key, and its answer; no answer yet while it is being worked on."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (UniqueConstraint("user_id", "key"), Base.__table_args__)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    key: Mapped[str]
    request_hash: Mapped[str] = mapped_column(String(64))
    """Method, address and body, hashed with the site's secret."""
    status: Mapped[int | None]
    headers: Mapped[dict[str, Any]] = mapped_column(JSONText, default=dict)
    body: Mapped[str | None] = mapped_column(LongText)
    created_at: Mapped[datetime] = mapped_column(index=True)
