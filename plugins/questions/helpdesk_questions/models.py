"""The plugin's own tables; their names begin with its id."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from helpdesk_core.api import BigId, JSONText, LongText, PluginTables
from helpdesk_core.api.tickets import Message, Ticket


class Base(PluginTables, DeclarativeBase):
    """The parent of the plugin's tables."""

    plugin = "questions"


class SetRow(Base):
    """A set of questions; `content` is what `asked.as_json` returns."""

    __tablename__ = "questions_sets"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(40), unique=True)
    position: Mapped[int]
    version: Mapped[int]
    """Counts up with each change; answers say which one they were given to."""
    content: Mapped[dict[str, Any]] = mapped_column(JSONText)
    updated_at: Mapped[datetime]


class Answer(Base):
    """What was answered when a ticket was opened, with the question as it stood there."""

    __tablename__ = "questions_answers"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey(Ticket.id, ondelete="CASCADE"), index=True)
    message_id: Mapped[int | None] = mapped_column(ForeignKey(Message.id, ondelete="CASCADE"), index=True)
    """The message that they came with, which may stand at another ticket by now; they go when it goes."""
    key: Mapped[str] = mapped_column(String(90), index=True)
    """`<set>.<question>`."""
    version: Mapped[int]
    kind: Mapped[str] = mapped_column(String(16))
    question: Mapped[str] = mapped_column(LongText)
    value: Mapped[Any] = mapped_column(JSONText)
    """A text, or a list of them; of what was chosen the values."""
    said: Mapped[str] = mapped_column(LongText)
    """The answer in words, as the person read them."""
    line: Mapped[str] = mapped_column(LongText)
    """`<key>: <values>` in small letters, for conditions and searches."""
