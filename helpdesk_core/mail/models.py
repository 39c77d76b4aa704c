"""Mail that is to leave, or has left."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk_core.db.base import Base, BigId, HasUid, JSONText, LongText


class OutgoingMail(HasUid, Base):
    """One mail to one recipient list; composed once, handed over at least once with the same Message-ID.

    `recipients` are shown in To and `cc` in Cc, as addresses with or without a name; `accepted` holds the bare
    addresses
    that the transport has taken already, so that a second try leaves them out.

    `state`: `queued`, `sending` (a worker holds it until `lease_until`), `sent`, `failed` (given up, shown to
    admins), `dropped` (a
    transport that sends nothing, or a plugin, decided so). `dedup_key` makes composing the same notice twice
    impossible.
    """

    __tablename__ = "outgoing_mails"
    __table_args__ = (
        UniqueConstraint("dedup_key"),
        Index("ix_outgoing_mails_state_due_at", "state", "due_at", "id"),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    dedup_key: Mapped[str]
    state: Mapped[str] = mapped_column(String(16), default="queued")
    template: Mapped[str] = mapped_column(String(64))
    sender: Mapped[str] = mapped_column(String(500))
    recipients: Mapped[list[str]] = mapped_column(JSONText)
    cc: Mapped[list[str]] = mapped_column(JSONText, default=list)
    accepted: Mapped[list[str]] = mapped_column(JSONText, default=list)
    subject: Mapped[str] = mapped_column(String(998).with_variant(String(900), "mysql", "mariadb"))
    body_text: Mapped[str] = mapped_column(LongText)
    body_html: Mapped[str | None] = mapped_column(LongText)
    headers: Mapped[dict[str, Any]] = mapped_column(JSONText, default=dict)
    message_id: Mapped[str] = mapped_column(String(255), index=True)
    attachment_ids: Mapped[list[int]] = mapped_column(JSONText, default=list)
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id", ondelete="SET NULL"), index=True)
    message_ref: Mapped[int | None] = mapped_column(BigInteger, index=True)
    """The id of the message it carries or quotes, if any."""
    department_id: Mapped[int | None] = mapped_column(ForeignKey("departments.id", ondelete="SET NULL"), index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(LongText)
    created_at: Mapped[datetime] = mapped_column(index=True)
    sent_at: Mapped[datetime | None]
