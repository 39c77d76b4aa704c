"""The plugin's own tables; their names begin with its id."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from helpdesk_core.api import BigId, PluginTables
from helpdesk_core.api.db import LongText
from helpdesk_core.api.users import Borrows, LendsRoles


class Base(PluginTables, DeclarativeBase):
    """The parent of the plugin's tables."""

    plugin = "oidc"


class Provider(LendsRoles, Base):
    """Who vouches for people. `secret` is sealed; empty for a public client, which proves itself by PKCE alone.

    The names in `roles` are values of the claim `roles_claim`. With `sign_out`, who signs out here is signed out there.
    """

    __tablename__ = "oidc_providers"

    key: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    issuer: Mapped[str] = mapped_column(String(500))
    client_id: Mapped[str] = mapped_column(String(255))
    secret: Mapped[str] = mapped_column(LongText, default="")
    scopes: Mapped[str] = mapped_column(String(255), default="openid profile email")
    roles_claim: Mapped[str] = mapped_column(String(64), default="")
    sign_out: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Person(Borrows, Base):
    """Somebody's account at a provider (`sub`), and whose it is here."""

    __tablename__ = "oidc_people"
    __table_args__ = (UniqueConstraint("provider_id", "sub"), Base.__table_args__)

    provider_id: Mapped[int] = mapped_column(ForeignKey(Provider.id, ondelete="CASCADE"))
    sub: Mapped[str] = mapped_column(String(255))
    seen_at: Mapped[datetime]


class Begun(Base):
    """A session here that began at a provider, so that both can be ended together.

    `sid` is the provider's name for its own session, empty if it has none. `leaving` is the sealed address at which
    one signs out there; empty if that is not offered or not wanted.
    """

    __tablename__ = "oidc_sessions"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey(Person.id, ondelete="CASCADE"), index=True)
    session_uid: Mapped[str] = mapped_column(String(64), unique=True)
    sid: Mapped[str] = mapped_column(String(255), default="")
    leaving: Mapped[str] = mapped_column(LongText, default="")
    created_at: Mapped[datetime] = mapped_column(index=True)

    person: Mapped[Person] = relationship(lazy="raise")
