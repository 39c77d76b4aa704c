"""Scheduled jobs, as rows that workers lease."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk_core.db.base import Base, LongText


class ScheduledJob(Base):
    """A job's next run; whoever leases the row runs it, so that several workers run it once."""

    __tablename__ = "scheduled_jobs"

    owner: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    next_run_at: Mapped[datetime] = mapped_column(index=True)
    lease_until: Mapped[datetime | None]
    worker: Mapped[str | None] = mapped_column(String(64))
    last_run_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(LongText)
    failures: Mapped[int] = mapped_column(default=0)
