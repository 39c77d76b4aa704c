"""Mails that were received: where their bytes lie, what was decided about them, and where they went."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from helpdesk_core.api.db import BigId, HasUid, JSONText, PluginTables
from helpdesk_core.api.departments import Department
from helpdesk_core.api.tickets import Ticket

from .sentences import KeptPath, KeptSentence

STATES = ("stored", "done", "quarantined", "dropped")


class Base(PluginTables, DeclarativeBase):
    """The parent of the gateway's tables."""

    plugin = "email"


class Received(HasUid, Base):
    """One mail as it was taken in; the row exists only when its bytes are safely on disk.

    `state`: `stored` (still to be processed), `done`, `quarantined` (waits for a person, `reason` says why), `dropped`
    (needs nothing: a copy, a loop, a report about nothing we know; `reason` says which). `decisions` are the steps of
    the way here: `{"step", "result", "why"}`.
    """

    __tablename__ = "email_received"
    __table_args__ = (
        UniqueConstraint("key"),
        Index("ix_email_received_state_received_at", "state", "received_at"),
        Index("ix_email_received_sender_received_at", "sender", "received_at"),
        Index("ix_email_received_domain_received_at", "domain", "received_at"),
        Index("ix_email_received_department_id_received_at", "department_id", "received_at"),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(64))
    """SHA-256 of bytes and recipients: the same mail handed over again is the same row."""
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    """Names the file in the archive."""
    size: Mapped[int] = mapped_column(BigInteger)
    """Bytes."""
    source: Mapped[str] = mapped_column(String(64))
    """By which way it came, such as `pipe` or `file`."""
    envelope_sender: Mapped[str | None] = mapped_column(String(320))
    envelope_recipients: Mapped[list[str]] = mapped_column(JSONText, default=list)
    received_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(16), default="stored")
    attempts: Mapped[int] = mapped_column(default=0)
    """How often it was taken up again after an interruption."""
    by_hand: Mapped[bool] = mapped_column(default=False)
    """Whether a person had it processed again, so that budgets and automatic checks are over."""
    reason: Mapped[str | None] = mapped_column(KeptSentence)
    sender: Mapped[str | None] = mapped_column(String(320))
    domain: Mapped[str | None]
    subject: Mapped[str | None] = mapped_column(String(500))
    message_id: Mapped[str | None] = mapped_column(
        String(998).with_variant(String(700), "mysql", "mariadb"), index=True
    )
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey(Ticket.id, ondelete="SET NULL"), index=True)
    department_id: Mapped[int | None] = mapped_column(ForeignKey(Department.id, ondelete="SET NULL"))
    decisions: Mapped[list[dict[str, Any]]] = mapped_column(KeptPath, default=list)
    processed_at: Mapped[datetime | None]
    forgotten_at: Mapped[datetime | None] = mapped_column(index=True)
    """When its bytes and its subject were removed."""


class Filing(Base):
    """A place that a mail has reached: `department:<id>` for a new ticket there, `ticket:<id>` for an answer.

    Copies of one mail (to several departments, by several fetchers) share the `mail_key`, and each place is reached
    once.
    """

    __tablename__ = "email_filings"
    __table_args__ = (UniqueConstraint("mail_key", "place"), Base.__table_args__)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    mail_key: Mapped[str] = mapped_column(String(64))
    place: Mapped[str] = mapped_column(String(64))
    received_id: Mapped[int] = mapped_column(BigId, ForeignKey("email_received.id", ondelete="CASCADE"), index=True)
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey(Ticket.id, ondelete="SET NULL"), index=True)
