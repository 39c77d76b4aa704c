"""What was attached: the row that people see, and the stored bytes that several rows may share."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk_core.db.base import Base, BigId, HasUid


class Attachment(HasUid, Base):
    """A file under a name, uploaded by somebody and, once sent, part of one message.

    `sha256` names the bytes in the storage. Until `message_id` is set only its uploader can see it.
    """

    __tablename__ = "attachments"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"), index=True)
    uploader_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    name: Mapped[str]
    content_type: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    """Bytes."""
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    content_id: Mapped[str | None]
    """The Content-ID by which an HTML mail shows it inline, without angle brackets."""
    created_at: Mapped[datetime] = mapped_column(index=True)
