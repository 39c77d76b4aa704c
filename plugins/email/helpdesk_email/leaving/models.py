"""What is set for the mail of single departments, and the keys that mail is signed with."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk_core.api.db import BigId, HasUid, LongText
from helpdesk_core.api.departments import Department

from ..models import Base
from ..sentences import KeptSentence

SECURITY = ("starttls", "tls", "none")
HISTORY = ("none", "last", "thread")
REPLY_TOKENS = ("", "message-id", "address")


class DepartmentMail(HasUid, Base):
    """How the mail of one department leaves; a department without a row is like one with an empty row."""

    __tablename__ = "email_department_mail"
    __table_args__ = (UniqueConstraint("department_id"), Base.__table_args__)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    department_id: Mapped[int] = mapped_column(ForeignKey(Department.id, ondelete="CASCADE"))
    host: Mapped[str] = mapped_column(String(255), default="")
    """Its own server; empty for the site's way out."""
    port: Mapped[int] = mapped_column(default=587)
    security: Mapped[str] = mapped_column(String(16), default="starttls")
    username: Mapped[str] = mapped_column(String(255), default="")
    sealed: Mapped[str | None] = mapped_column(LongText)
    """The password, as `secrets` keeps it."""
    falls_back: Mapped[bool] = mapped_column(default=True)
    """Whether the site's way out is taken while the server does not answer."""
    history: Mapped[str] = mapped_column(String(16), default="none")
    """What of the conversation stands below an answer; one of `HISTORY`."""
    reply_token: Mapped[str] = mapped_column(String(16), default="")
    """As the setting of that name; empty for what the setting says."""
    changed_at: Mapped[datetime]
    failures: Mapped[int] = mapped_column(default=0, server_default="0")
    """How often in a row the server could not be used."""
    failed_since: Mapped[datetime | None]
    failed_sending: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether it was lost over a mail: then only a mail that it takes shows that it works."""
    last_error: Mapped[str | None] = mapped_column(KeptSentence)
    try_at: Mapped[datetime | None]
    """Not before then it is tried again; None while it works, or for the next mail to try."""


class DkimKey(HasUid, Base):
    """A key by which mail from a domain is signed (RFC 6376); one with a department is for that one's mail alone."""

    __tablename__ = "email_dkim_keys"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    domain: Mapped[str] = mapped_column(String(255), index=True)
    selector: Mapped[str] = mapped_column(String(63))
    department_id: Mapped[int | None] = mapped_column(ForeignKey(Department.id, ondelete="CASCADE"), index=True)
    file: Mapped[str] = mapped_column(String(500), default="")
    """Path of the private key (PEM), from the instance folder; empty if the key is in `sealed`."""
    sealed: Mapped[str | None] = mapped_column(LongText)
    is_active: Mapped[bool] = mapped_column(default=True)
    last_error: Mapped[str | None] = mapped_column(KeptSentence)
    """Why the last mail could not be signed; None if it could."""
    changed_at: Mapped[datetime]


class Alert(Base):
    """Something that is wrong with mail, and that administrators were told of; gone once it is well again."""

    __tablename__ = "email_alerts"
    __table_args__ = (UniqueConstraint("key"), Base.__table_args__)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(100))
    """What is wrong and where, such as `mailbox:<uid>:fails`."""
    text: Mapped[str] = mapped_column(KeptSentence)
    """The sentence that says it."""
    since: Mapped[datetime]
    missed: Mapped[int] = mapped_column(default=0)
    """How many looks in a row have not found it any more."""
