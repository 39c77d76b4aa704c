"""What all mapped classes share: naming of constraints, portable column types, public ids."""

import json
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, LargeBinary, MetaData, String, Text, TypeDecorator
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

TABLE_OPTIONS = {"mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin", "mysql_engine": "InnoDB"}
"""Binary collation, so that MariaDB compares text exactly as the other two databases do."""

BigId = BigInteger().with_variant(sqlite.INTEGER(), "sqlite")
"""A 64-bit key; SQLite counts up by itself only on INTEGER."""

LongText = Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")
LongBytes = LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb")


class UTCDateTime(TypeDecorator[datetime]):
    """An aware moment in UTC with microseconds, on every database; naive values are refused."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """Choose the column type that keeps microseconds."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.TIMESTAMP(timezone=True))
        if dialect.name in ("mysql", "mariadb"):
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store UTC; a naive value is a programming error."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}: give it a time zone before storing it")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None]:
        """Return what makes aware UTC of a row's value; in one step, as lists have hundreds of them."""
        if dialect.name == "sqlite":  # kept as text; read with its zone at once
            return lambda value: None if value is None else datetime.fromisoformat(f"{value}+00:00")
        read = self.impl_instance.result_processor(dialect, coltype)
        if read is None:
            return lambda value: None if value is None else _aware(value)

        def process(value: Any) -> datetime | None:
            found = read(value)
            return None if found is None else _aware(found)

        return process


def _aware(value: datetime) -> datetime:
    return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


class JSONText(TypeDecorator[Any]):
    """JSON kept as the very text that was written, in one canonical form, so that it can be hashed."""

    impl = LongText
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Write canonical JSON."""
        return None if value is None else canonical_json(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Read it back."""
        return None if value is None else json.loads(value)


def canonical_json(value: Any) -> str:
    """Return the one JSON text for a value: sorted keys, no spaces, non-ASCII as it is."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def new_uid() -> str:
    """Return a new unguessable public id: 22 URL-safe characters, 128 random bits."""
    return secrets.token_urlsafe(16)


class Base(DeclarativeBase):
    """The parent of core's mapped classes; plugins make their own with `PluginTables`."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {
        datetime: UTCDateTime(),
        dict[str, Any]: JSON(),
        str: String(255),
        int: Integer(),
    }
    __table_args__: Any = TABLE_OPTIONS


class HasUid:
    """A mixin: the public id by which URLs and the API name a row."""

    uid: Mapped[str] = mapped_column(String(22), default=new_uid, unique=True)


class PluginTables:
    """Makes a declarative base a plugin's: own metadata, core's types; table names must start with `<plugin id>_`.

    >>> class Base(PluginTables, DeclarativeBase):
    ...     plugin = "sla"

    A key into core names the column itself, since the tables live in different metadata:
    `ForeignKey(Ticket.id, ondelete="CASCADE")`.
    """

    plugin: ClassVar[str]
    __table_args__: Any = TABLE_OPTIONS

    def __init_subclass__(cls, **options: Any) -> None:
        """Give a new base its metadata before SQLAlchemy looks for it."""
        if DeclarativeBase in cls.__bases__:
            assert issubclass(cls, DeclarativeBase)
            cls.metadata = MetaData(naming_convention=NAMING, info={"plugin": cls.plugin})
            cls.type_annotation_map = Base.type_annotation_map
        super().__init_subclass__(**options)


def plugin_base(plugin_id: str) -> type[DeclarativeBase]:
    """Return such a base for an id that is known at run time only; mypy cannot follow classes derived from it."""

    class PluginBase(PluginTables, DeclarativeBase):
        plugin = plugin_id
        __abstract__ = True

    return PluginBase
