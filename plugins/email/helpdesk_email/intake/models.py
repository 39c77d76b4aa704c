"""Mailboxes that are fetched, what was taken from them, and addresses where providers hand mail over."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk_core.api.db import BigId, HasUid, LongText

from ..models import Base
from ..sentences import KeptSentence

PROTOCOLS = ("imap", "pop3")
SECURITY = ("tls", "starttls", "none")
LOGINS = ("password", "google", "microsoft")
AFTERWARDS = ("leave", "flag", "move", "delete")


class Mailbox(HasUid, Base):
    """A mailbox that the worker fetches mail from; its secrets are in `sealed`."""

    __tablename__ = "email_mailboxes"
    __table_args__ = (UniqueConstraint("name"), Base.__table_args__)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    is_active: Mapped[bool] = mapped_column(default=True)
    protocol: Mapped[str] = mapped_column(String(8), default="imap")
    host: Mapped[str] = mapped_column(String(255))
    port: Mapped[int] = mapped_column(default=993)
    security: Mapped[str] = mapped_column(String(16), default="tls")
    login: Mapped[str] = mapped_column(String(16), default="password")
    """How to prove who we are: `password`, or the account's provider for OAuth 2.0."""
    username: Mapped[str] = mapped_column(String(320))
    sealed: Mapped[str | None] = mapped_column(LongText)
    """Password or tokens, as `Secrets` keeps them."""
    folder: Mapped[str] = mapped_column(String(255), default="INBOX")
    afterwards: Mapped[str] = mapped_column(String(16), default="leave")
    """What becomes of a mail on the server once it is stored here."""
    move_to: Mapped[str] = mapped_column(String(255), default="")
    address: Mapped[str] = mapped_column(String(320), default="")
    """To whom its mail counts as delivered, besides those whom the mail names; empty for nobody else."""
    interval: Mapped[int] = mapped_column(default=60)
    """Seconds between two looks."""
    idle: Mapped[bool] = mapped_column(default=True)
    """Whether to stay connected and be told of new mail, where the server offers it (RFC 2177)."""
    only_new: Mapped[bool] = mapped_column(default=True)
    """Whether mail that was there before the first look stays out."""
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]

    generation: Mapped[int | None] = mapped_column(BigInteger)
    """UIDVALIDITY of the folder when it was last looked at."""
    last_uid: Mapped[int] = mapped_column(BigInteger, default=0)
    """Every mail up to this UID is stored, except those in `Taken` that are not."""
    looked: Mapped[bool] = mapped_column(default=False)
    """Whether there was a first look."""
    next_at: Mapped[datetime | None] = mapped_column(index=True)
    """When it is due; None for at once."""
    lease: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[datetime | None]
    tried_at: Mapped[datetime | None]
    succeeded_at: Mapped[datetime | None]
    mail_at: Mapped[datetime | None]
    """When the latest mail was taken."""
    failures: Mapped[int] = mapped_column(default=0)
    """Rounds that failed since the last one that did not."""
    last_error: Mapped[str | None] = mapped_column(KeptSentence)
    taken_count: Mapped[int] = mapped_column(BigInteger, default=0)


class Taken(Base):
    """A mail of a mailbox that still has to be remembered one by one.

    `key` is the POP3 UIDL, or `<UIDVALIDITY>:<UID>`. `state`: `stored` (safe here, the server not yet told), `settled`
    (the server was told, or has not to be), `failed` (the server would not give it).
    """

    __tablename__ = "email_taken"
    __table_args__ = (UniqueConstraint("mailbox_id", "key"), Base.__table_args__)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    mailbox_id: Mapped[int] = mapped_column(BigId, ForeignKey("email_mailboxes.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(255))
    state: Mapped[str] = mapped_column(String(16))
    tries: Mapped[int] = mapped_column(default=0)


class Door(HasUid, Base):
    """An address of the API where one provider hands mail over; whoever knows the address may use it."""

    __tablename__ = "email_doors"
    __table_args__ = (UniqueConstraint("key_hash"), Base.__table_args__)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    provider: Mapped[str] = mapped_column(String(16))
    is_active: Mapped[bool] = mapped_column(default=True)
    key_hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the secret part of the address."""
    sealed: Mapped[str] = mapped_column(LongText)
    """The secret part of the address, and the provider's key for signatures."""
    topic: Mapped[str] = mapped_column(String(255), default="")
    """For Amazon: the only topic that is listened to; empty until the first one is confirmed."""
    created_at: Mapped[datetime]
    mail_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(KeptSentence)
    error_at: Mapped[datetime | None]
    taken_count: Mapped[int] = mapped_column(BigInteger, default=0)
