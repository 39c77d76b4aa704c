"""Messages that did not arrive, addresses that nothing is sent to any more, and senders that are blocked."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk_core.api.db import BigId, HasUid
from helpdesk_core.api.tickets import Message

from ..models import Base
from ..sentences import KeptSentence


class Undelivered(Base):
    """A recipient that a message did not reach, as a delivery report says."""

    __tablename__ = "email_undelivered"
    __table_args__ = (UniqueConstraint("message_id", "address"), Base.__table_args__)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey(Message.id, ondelete="CASCADE"))
    address: Mapped[str] = mapped_column(String(320))
    reason: Mapped[str] = mapped_column(KeptSentence)
    permanent: Mapped[bool]
    received_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("email_received.id", ondelete="SET NULL"), index=True
    )
    """The report itself."""
    reported_at: Mapped[datetime]


class Suppressed(HasUid, Base):
    """An address that does not exist any more, or takes nothing from us: no mail is sent there."""

    __tablename__ = "email_suppressed"
    __table_args__ = (UniqueConstraint("address"), Base.__table_args__)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    address: Mapped[str] = mapped_column(String(320))
    reason: Mapped[str] = mapped_column(KeptSentence)
    suppressed_at: Mapped[datetime]


class Blocked(HasUid, Base):
    """A sender whose mails are dropped: an address, or `@example.com` for a domain with all below it."""

    __tablename__ = "email_blocked"
    __table_args__ = (UniqueConstraint("value"), Base.__table_args__)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    value: Mapped[str] = mapped_column(String(320))
    blocked_by: Mapped[str]
    """The name of who did it."""
    blocked_at: Mapped[datetime]
