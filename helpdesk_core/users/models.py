"""People, the organisations they belong to, and what they may do."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk_core.db.base import Base, BigId, HasUid, JSONText, LongText


class Organisation(HasUid, Base):
    """A company whose members may share their tickets."""

    __tablename__ = "organisations"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    domain: Mapped[str | None] = mapped_column(index=True)
    """Mail domain whose verified addresses join by themselves, lower case; None for no such rule."""
    shares_tickets: Mapped[bool] = mapped_column(default=False)
    note: Mapped[str | None] = mapped_column(LongText)
    created_at: Mapped[datetime]


class User(HasUid, Base):
    """A person: customer, agent, manager or admin by the roles granted, never by a kind of account."""

    __tablename__ = "users"
    __table_args__ = (Index("ix_users_name_id", "name", "id"), Base.__table_args__)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id", ondelete="SET NULL"), index=True)
    locale: Mapped[str | None] = mapped_column(String(16))
    timezone: Mapped[str | None] = mapped_column(String(64))
    theme_mode: Mapped[str | None] = mapped_column(String(8))
    password_hash: Mapped[str | None]
    is_active: Mapped[bool] = mapped_column(default=True)
    is_owner: Mapped[bool] = mapped_column(default=False)
    """An owner may always sign in with the core's password form and holds every permission."""
    preferences: Mapped[dict[str, Any]] = mapped_column(JSONText, default=dict)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]

    emails: Mapped[list["EmailAddress"]] = relationship(
        back_populates="user", lazy="raise", order_by="EmailAddress.id", cascade="all, delete-orphan"
    )
    organisation: Mapped[Organisation | None] = relationship(lazy="raise")
    primary_email: Mapped[str | None] = mapped_column(String(320), index=True)
    """The address mail is sent to; a copy of one of `emails`, so that lists need no join."""


class EmailAddress(Base):
    """An address of a person; one address belongs to one person only."""

    __tablename__ = "user_addresses"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    address: Mapped[str] = mapped_column(String(320), unique=True)
    """Normalised by `users.addresses.normalise`."""
    verified_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(back_populates="emails", lazy="raise")


class AddressRequest(HasUid, Base):
    """An address that a person says is theirs; it becomes one of `emails` when the link sent to it is followed."""

    __tablename__ = "address_requests"
    __table_args__ = (UniqueConstraint("user_id", "address"), Base.__table_args__)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    address: Mapped[str] = mapped_column(String(320))
    created_at: Mapped[datetime]


class Role(Base):
    """A named set of permissions."""

    __tablename__ = "roles"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str]
    permissions: Mapped[list["RolePermission"]] = relationship(
        lazy="raise", cascade="all, delete-orphan", order_by="RolePermission.permission"
    )


class RolePermission(Base):
    """One permission of a role, such as `ticket.reply` or a plugin's `kb.publish`."""

    __tablename__ = "role_permissions"

    role_id: Mapped[int] = mapped_column(ForeignKey("roles.id", ondelete="CASCADE"), primary_key=True)
    permission: Mapped[str] = mapped_column(String(128), primary_key=True)


class Grant(Base):
    """A role given to a person: in one department, or everywhere when `department_id` is None."""

    __tablename__ = "grants"
    __table_args__ = (UniqueConstraint("user_id", "role_id", "department_id"), Base.__table_args__)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    role_id: Mapped[int] = mapped_column(ForeignKey("roles.id", ondelete="CASCADE"), index=True)
    department_id: Mapped[int | None] = mapped_column(ForeignKey("departments.id", ondelete="CASCADE"), index=True)

    role: Mapped[Role] = relationship(lazy="raise")


class LentRole(Base):
    """A role that a person has because a plugin says so; a grant that no row here names was given by hand."""

    __tablename__ = "lent_roles"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    plugin: Mapped[str] = mapped_column(String(64))
    role_id: Mapped[int] = mapped_column(ForeignKey("roles.id", ondelete="CASCADE"), index=True)
    department_id: Mapped[int | None] = mapped_column(ForeignKey("departments.id", ondelete="CASCADE"), index=True)


class LoginSession(HasUid, Base):
    """A signed-in browser; the cookie's token is kept only as its SHA-256."""

    __tablename__ = "login_sessions"
    __table_args__ = (Index("ix_login_sessions_expires_at", "expires_at"), Base.__table_args__)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    device: Mapped[str]
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class ApiToken(HasUid, Base):
    """A person's key to the API; shown once, kept as its SHA-256."""

    __tablename__ = "api_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[str]] = mapped_column(JSONText, default=list)
    """Permissions it is limited to, or `read` for everything that changes nothing; empty for all its owner may."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class SignInAttempt(Base):
    """A try to sign in, to have a link sent, or to ask as a visitor; counted in every process alike.

    It is forgotten after some weeks. `purpose` is one of those in `users.attempts`. `ip` is the address, or the first
    64 bits of an IPv6 one; empty when unknown.
    """

    __tablename__ = "sign_in_attempts"
    __table_args__ = (
        Index("ix_sign_in_attempts_address", "address", "created_at"),
        Index("ix_sign_in_attempts_ip", "ip", "created_at"),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    purpose: Mapped[str] = mapped_column(String(16))
    address: Mapped[str] = mapped_column(String(320))
    ip: Mapped[str] = mapped_column(String(45))
    succeeded: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(index=True)
