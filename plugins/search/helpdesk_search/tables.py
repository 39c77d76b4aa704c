"""What a plugin with an index keeps in the database: what is stale, what files say, and where it stands."""

from typing import Any

from sqlalchemy import Boolean as Flag
from sqlalchemy import Column, Index, Integer, MetaData, String, Table
from sqlalchemy.dialects.postgresql import TSVECTOR

from helpdesk_core.api import BigId, JSONText, LongText, UTCDateTime
from helpdesk_core.api.db import plugin_base


class Tables:
    """The tables of the plugin with that id; `documents` is where PostgreSQL keeps its index, empty elsewhere."""

    documents: Table

    def __init__(self, plugin: str, *, documents: bool = False) -> None:
        base = plugin_base(plugin)
        self.metadata: MetaData = base.metadata
        options: dict[str, Any] = {"mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin", "mysql_engine": "InnoDB"}
        self.stale = Table(
            f"{plugin}_stale",
            self.metadata,
            Column("source", String(64), primary_key=True),
            Column("key", String(191), primary_key=True),
            Column("mark", String(32), nullable=False),
            Column("is_done", Flag, nullable=False, default=False),
            Column("since", UTCDateTime, nullable=False),
            Index(f"ix_{plugin}_stale_is_done_since", "is_done", "since"),
            **options,
        )
        self.texts = Table(
            f"{plugin}_texts",
            self.metadata,
            Column("sha256", String(64), primary_key=True),
            Column("text", LongText, nullable=False),
            Column("reader", Integer, nullable=False, server_default="1"),
            Index(f"ix_{plugin}_texts_reader", "reader"),
            **options,
        )
        self.state = Table(
            f"{plugin}_state",
            self.metadata,
            Column("name", String(64), primary_key=True),
            Column("value", JSONText, nullable=False),
            **options,
        )
        if not documents:
            return
        self.documents = Table(
            f"{plugin}_documents",
            self.metadata,
            Column("id", BigId, primary_key=True),
            Column("generation", String(32), nullable=False),
            Column("source", String(64), nullable=False),
            Column("key", String(191), nullable=False),
            Column("created", BigId, nullable=False),
            Column("updated", BigId, nullable=False),
            Column("terms", LongText.with_variant(TSVECTOR(), "postgresql"), nullable=False),
            Index(f"uq_{plugin}_documents_generation_source_key", "generation", "source", "key", unique=True),
            Index(f"ix_{plugin}_documents_generation_updated", "generation", "source", "updated"),
            **options,
        )
