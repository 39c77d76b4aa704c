"""Sites, who of their people is who here, tokens that were used, and what came along with tickets."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from helpdesk_core.api import BigId, JSONText, LongText, PluginTables
from helpdesk_core.api.departments import Department
from helpdesk_core.api.tickets import Ticket
from helpdesk_core.api.users import Borrows, LendsRoles, User


class Base(PluginTables, DeclarativeBase):
    """The parent of the plugin's tables."""

    plugin = "cms"


class Site(LendsRoles, Base):
    """A site that shows the helpdesk; `secrets` are sealed: {key id: {"secret", "made"}}, two at most."""

    __tablename__ = "cms_sites"

    key: Mapped[str] = mapped_column(String(64), unique=True)
    """How tokens and addresses name it."""
    name: Mapped[str] = mapped_column(String(120))
    url: Mapped[str] = mapped_column(String(2000))
    origins: Mapped[list[str]] = mapped_column(JSONText, default=list)
    """Scheme, host and port of pages that may frame the helpdesk and ask for answers."""
    secrets: Mapped[str] = mapped_column(LongText)
    department_id: Mapped[int | None] = mapped_column(ForeignKey(Department.id, ondelete="SET NULL"))
    comment_department_id: Mapped[int | None] = mapped_column(ForeignKey(Department.id, ondelete="SET NULL"))
    logout_url: Mapped[str] = mapped_column(String(2000), default="")
    answers_url: Mapped[str] = mapped_column(String(2000), default="")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Person(Borrows, Base):
    """Who one of a site's people is here; found by the site's own id of them, which never changes."""

    __tablename__ = "cms_people"
    __table_args__ = (UniqueConstraint("site_id", "sub"), Base.__table_args__)

    site_id: Mapped[int] = mapped_column(ForeignKey(Site.id, ondelete="CASCADE"))
    sub: Mapped[str] = mapped_column(String(255))
    data: Mapped[dict[str, str]] = mapped_column(JSONText, default=dict)
    """What the site's account page said last."""
    seen_at: Mapped[datetime]


class UsedToken(Base):
    """A token that is good for one use and was used; kept until it would have ended."""

    __tablename__ = "cms_used_tokens"
    __table_args__ = (UniqueConstraint("site_id", "jti_hash"), Base.__table_args__)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey(Site.id, ondelete="CASCADE"))
    jti_hash: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime] = mapped_column(index=True)


class Frame(Base):
    """A frame that somebody has open: its address holds a key, of which only the SHA-256 is kept."""

    __tablename__ = "cms_frames"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey(Site.id, ondelete="CASCADE"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), index=True)
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    visitor: Mapped[dict[str, str]] = mapped_column(JSONText, default=dict)
    """Name, address and language of somebody without an account."""
    data: Mapped[dict[str, str]] = mapped_column(JSONText, default=dict)
    sid: Mapped[str | None] = mapped_column(String(64))
    """The site's name for the session of its own that opened it, if it gave one."""
    expires_at: Mapped[datetime] = mapped_column(index=True)


class Begun(Base):
    """A sign-in here that a site began, so that signing out goes both ways; `sid` as with frames."""

    __tablename__ = "cms_sessions"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey(Site.id, ondelete="CASCADE"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), index=True)
    session_uid: Mapped[str] = mapped_column(String(22), unique=True)
    sid: Mapped[str | None] = mapped_column(String(64))
    begun_at: Mapped[datetime] = mapped_column(index=True)


class FromSite(Base):
    """What came along with a ticket from a site: where it was asked, the account's data then, a comment."""

    __tablename__ = "cms_tickets"
    __table_args__ = (UniqueConstraint("site_id", "comment"), Base.__table_args__)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey(Ticket.id, ondelete="CASCADE"), unique=True)
    site_id: Mapped[int | None] = mapped_column(ForeignKey(Site.id, ondelete="SET NULL"))
    site_name: Mapped[str] = mapped_column(String(120))
    page: Mapped[str] = mapped_column(String(2000), default="")
    data: Mapped[dict[str, str]] = mapped_column(JSONText, default=dict)
    comment: Mapped[str | None] = mapped_column(String(191))
    """The site's id of the comment that the ticket was made of."""
    page_title: Mapped[str] = mapped_column(String(300), default="")


class Claim(Base):
    """A comment that becomes a ticket, or is one: who writes the row makes the ticket, in the same transaction."""

    __tablename__ = "cms_comments"
    __table_args__ = (UniqueConstraint("site_id", "comment"), Base.__table_args__)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey(Site.id, ondelete="CASCADE"))
    comment: Mapped[str] = mapped_column(String(191))
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey(Ticket.id, ondelete="CASCADE"), index=True)


class Refusal(Base):
    """A token or request that was refused; for the site's page in the admin area."""

    __tablename__ = "cms_refusals"
    __table_args__ = (Index("ix_cms_refusals_site_id_at", "site_id", "at"), Base.__table_args__)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey(Site.id, ondelete="CASCADE"))
    code: Mapped[str] = mapped_column(String(32))
    detail: Mapped[str] = mapped_column(String(500))
    place: Mapped[str] = mapped_column(String(64))
    ip: Mapped[str] = mapped_column(String(45))
    at: Mapped[datetime] = mapped_column(index=True)
