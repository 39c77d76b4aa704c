"""The plugin's own tables; their names begin with its id."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from helpdesk_core.api import BigId, PluginTables
from helpdesk_core.api.db import JSONText, LongText


class Base(PluginTables, DeclarativeBase):
    """The parent of the plugin's tables."""

    plugin = "translate"


class Override(Base):
    """A text that the site says differently in a language.

    `digest` stands for domain, language, context and text, which together are too long for an index. `strings` has one
    text for each plural form.
    """

    __tablename__ = "translate_overrides"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    domain: Mapped[str] = mapped_column(String(64))
    locale: Mapped[str] = mapped_column(String(16), index=True)
    context: Mapped[str | None] = mapped_column(String(255))
    msgid: Mapped[str] = mapped_column(LongText)
    strings: Mapped[list[str]] = mapped_column(JSONText)
    changed_at: Mapped[datetime]
