"""The plugin's own tables; their names begin with its id."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from helpdesk_core.api import BigId, JSONText, LongText, PluginTables
from helpdesk_core.api.db import HasUid
from helpdesk_core.api.tickets import Ticket


class Base(PluginTables, DeclarativeBase):
    """The parent of the plugin's tables."""

    plugin = "services"


class Source(HasUid, Base):
    """A place that is asked for services, as an admin has set it up."""

    __tablename__ = "services_sources"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(40), unique=True)
    """Stands in the names of services for ever; made once, of the name."""
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(40))
    position: Mapped[int] = mapped_column(default=0)
    is_active: Mapped[bool] = mapped_column(default=True)
    found_by: Mapped[str] = mapped_column(String(120), default="")
    """Empty for confirmed addresses, else the name of a fact about the person, such as `cms.customer_number`."""
    settings: Mapped[dict[str, Any]] = mapped_column(JSONText)
    secrets: Mapped[str] = mapped_column(LongText)
    """The secret ones of the settings as a JSON object, sealed with the site's secret key."""
    updated_at: Mapped[datetime]


class TicketService(Base):
    """What a ticket is about, as it was when that was said; the newest of a ticket is current, the others history."""

    __tablename__ = "services_tickets"
    __table_args__ = (
        Index("ix_services_tickets_current_name", "is_current", "name"),
        Index("ix_services_tickets_current_type", "is_current", "type"),
        PluginTables.__table_args__,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey(Ticket.id, ondelete="CASCADE"), index=True)
    key: Mapped[str] = mapped_column(String(400))
    """`<plugin>.<source>:<id>`; `none` if it is about no product, `other` if it is one that was not listed."""
    source: Mapped[str] = mapped_column(String(120))
    """What people call the source."""
    name: Mapped[str]
    type: Mapped[str]
    state: Mapped[str]
    link: Mapped[str] = mapped_column(LongText)
    facts: Mapped[dict[str, Any]] = mapped_column(JSONText)
    is_current: Mapped[bool]
    taken_at: Mapped[datetime]
