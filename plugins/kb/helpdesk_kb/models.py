"""The knowledge base's own tables.

An article has a text in each of its languages; a text has versions, of which one at most is live.
"""

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from helpdesk_core.api import BigId, PluginTables
from helpdesk_core.api.db import HasUid, JSONText, LongBytes, LongText
from helpdesk_core.api.departments import Department
from helpdesk_core.api.tickets import Ticket
from helpdesk_core.api.users import User


class Base(PluginTables, DeclarativeBase):
    """The parent of the plugin's tables."""

    plugin = "kb"


class Category(HasUid, Base):
    """A shelf of articles; it may stand in another.

    `names` and `descriptions` have the name and the description in other languages, by locale.
    """

    __tablename__ = "kb_categories"

    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("kb_categories.id", ondelete="SET NULL"), index=True)
    slug: Mapped[str] = mapped_column(String(100), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    names: Mapped[dict[str, str]] = mapped_column(JSONText, default=dict)
    description: Mapped[str] = mapped_column(String(500), default="")
    descriptions: Mapped[dict[str, str]] = mapped_column(JSONText, default=dict)
    position: Mapped[int] = mapped_column(default=0)


class Article(HasUid, Base):
    """What its texts have in common: where it stands, and who may read it.

    `visibility` is `public`, `customers`, `department` or `internal`; `locale` is the language it is first written in,
    which the others follow. `ticket_id` is the ticket that it was made of.
    """

    __tablename__ = "kb_articles"

    id: Mapped[int] = mapped_column(primary_key=True)
    category_id: Mapped[int | None] = mapped_column(ForeignKey(Category.id, ondelete="SET NULL"), index=True)
    department_id: Mapped[int | None] = mapped_column(ForeignKey(Department.id, ondelete="SET NULL"), index=True)
    visibility: Mapped[str] = mapped_column(String(16))
    locale: Mapped[str] = mapped_column(String(16))
    related: Mapped[list[str]] = mapped_column(JSONText, default=list)
    """The uids of articles that an editor has put beside it."""
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey(Ticket.id, ondelete="SET NULL"), index=True)
    created_at: Mapped[datetime]


class Text(Base):
    """An article in one language: the words that are live, and how far the newest version has come.

    `state` is that of the newest version: `draft`, `review`, `published` or `archived`. `live` is the number of the
    version that readers see, None for none; the live words are copied here, so that lists and searches need no join.
    `follows` is the version of the article's first language that this one was last compared with. `updated_at` is when
    editors did something last, `live_at` when readers last saw something new.
    """

    __tablename__ = "kb_texts"

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey(Article.id, ondelete="CASCADE"))
    locale: Mapped[str] = mapped_column(String(16))
    slug: Mapped[str] = mapped_column(String(100))
    state: Mapped[str] = mapped_column(String(16), index=True)
    newest: Mapped[int] = mapped_column(default=1)
    live: Mapped[int | None]
    follows: Mapped[int | None]
    title: Mapped[str]
    summary: Mapped[str] = mapped_column(String(500), default="")
    plain: Mapped[str] = mapped_column(LongText, default="")
    """The live words without form."""
    folded: Mapped[str] = mapped_column(LongText, default="")
    """Title, summary and words in small letters, for searching in the database."""
    html: Mapped[str] = mapped_column(LongText, default="")
    """The live words as safe HTML, made once when they are published."""
    published_at: Mapped[datetime | None] = mapped_column(index=True)
    live_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("article_id", "locale"), UniqueConstraint("locale", "slug"), Base.__table_args__)


class Version(Base):
    """What an editor saved; never changed afterwards. `note` says what changed and why."""

    __tablename__ = "kb_versions"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    text_id: Mapped[int] = mapped_column(ForeignKey(Text.id, ondelete="CASCADE"))
    number: Mapped[int]
    title: Mapped[str]
    summary: Mapped[str] = mapped_column(String(500), default="")
    body: Mapped[str] = mapped_column(LongText)
    note: Mapped[str] = mapped_column(String(500), default="")
    author_id: Mapped[int | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"), index=True)
    created_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("text_id", "number"), Base.__table_args__)


class File(HasUid, Base):
    """A picture or another file of an article, in the database: there are few, and they go with the article."""

    __tablename__ = "kb_files"

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey(Article.id, ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(200))
    content_type: Mapped[str] = mapped_column(String(201))
    size: Mapped[int]
    """Bytes."""
    content: Mapped[bytes] = mapped_column(LongBytes, deferred=True)
    created_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("article_id", "name"), Base.__table_args__)


class Vote(Base):
    """What one person (or one browser, see `voter`) said about a text: whether it helped, and why not."""

    __tablename__ = "kb_votes"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    text_id: Mapped[int] = mapped_column(ForeignKey(Text.id, ondelete="CASCADE"))
    voter: Mapped[str] = mapped_column(String(64))
    helpful: Mapped[bool]
    comment: Mapped[str] = mapped_column(String(2000), default="")
    done: Mapped[bool] = mapped_column(default=False)
    """An editor has read the comment."""
    created_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("text_id", "voter"), Base.__table_args__)


class Visit(Base):
    """One person read a text on one day, and what came of it.

    `suggested`: they came from a suggestion. `helped`: they said that it helped. `ticket_id`, `asked_at`: they opened a
    ticket all the same within a day. A visit that was suggested, helped and led to no ticket is a ticket deflected.
    """

    __tablename__ = "kb_visits"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    text_id: Mapped[int] = mapped_column(ForeignKey(Text.id, ondelete="CASCADE"))
    visitor: Mapped[str] = mapped_column(String(64))
    day: Mapped[date] = mapped_column(Date, index=True)
    at: Mapped[datetime]
    suggested: Mapped[bool] = mapped_column(default=False)
    helped: Mapped[bool | None]
    asked_at: Mapped[datetime | None]
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey(Ticket.id, ondelete="SET NULL"), index=True)

    __table_args__ = (
        UniqueConstraint("text_id", "visitor", "day"),
        Index("ix_kb_visits_visitor_at", "visitor", "at"),
        Base.__table_args__,
    )


__all__ = ["Article", "Base", "Category", "File", "Text", "Version", "Visit", "Vote"]
