"""What core remembers of plugins, also when their packages are gone."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk_core.db.base import Base, JSONText, LongText


class PluginRecord(Base):
    """What a plugin owns in the database, so that it can be purged without its package."""

    __tablename__ = "plugin_records"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    distribution: Mapped[str]
    version: Mapped[str] = mapped_column(String(64))
    tables: Mapped[list[str]] = mapped_column(JSONText, default=list)
    problem: Mapped[str | None] = mapped_column(LongText)
    """Why the last migration of its tables failed; None once one has succeeded."""
    first_seen_at: Mapped[datetime]
    last_active_at: Mapped[datetime]


class HookBreaker(Base):
    """A hook of a plugin that is switched off after repeated failures, in every process, until an admin closes it."""

    __tablename__ = "hook_breakers"

    plugin: Mapped[str] = mapped_column(String(64), primary_key=True)
    hook: Mapped[str] = mapped_column(String(128), primary_key=True)
    reason: Mapped[str] = mapped_column(LongText)
    opened_at: Mapped[datetime]
