"""The editors' list: every text with its state, and whether a translation is behind."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session, aliased, defer

from helpdesk_core.api import Actor
from helpdesk_core.api.users import User

from .models import Article, Category, Text, Version
from .rights import readable

PAGE: Final = 50
STATES: Final = ("draft", "review", "published", "archived")

_First = aliased(Text)
BEHIND: Final = and_(
    Text.locale != Article.locale, _First.live.is_not(None), func.coalesce(Text.follows, 0) < _First.live
)


@dataclass(frozen=True, slots=True)
class Row:
    """A text in the list."""

    uid: str
    locale: str
    title: str
    state: str
    live: int | None
    newest: int
    visibility: str
    category: str | None
    updated_at: datetime
    behind: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to list: words in the title, a state, a category's slug, only what is behind."""

    words: str = ""
    state: str = ""
    category: str = ""
    behind: bool = False


def rows(session: Session, actor: Actor, wanted: Wanted, start: int = 0) -> list[Row]:
    """Return a page of texts, what was changed last first, and one more if there is a next page."""
    query = (
        select(
            Article.uid,
            Text.locale,
            Text.title,
            Text.state,
            Text.live,
            Text.newest,
            Article.visibility,
            Category.name,
            Text.updated_at,
            BEHIND.label("behind"),
        )
        .select_from(Text)
        .join(Article, Article.id == Text.article_id)
        .outerjoin(Category, Category.id == Article.category_id)
        .outerjoin(_First, and_(_First.article_id == Article.id, _First.locale == Article.locale))
        .where(readable(actor), *_conditions(wanted))
        .order_by(Text.updated_at.desc(), Text.id.desc())
    )
    return [Row(*row[:9], bool(row[9])) for row in session.execute(query.offset(start).limit(PAGE + 1))]


def counts(session: Session, actor: Actor) -> dict[str, int]:
    """Return how many texts are in each state."""
    query = (
        select(Text.state, func.count(Text.id))
        .join(Article, Article.id == Text.article_id)
        .where(readable(actor))
        .group_by(Text.state)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.words:
        found.append(func.lower(Text.title).contains(wanted.words.lower(), autoescape=True))
    if wanted.state in STATES:
        found.append(Text.state == wanted.state)
    if wanted.category:
        found.append(Category.slug == wanted.category)
    if wanted.behind:
        found.append(BEHIND)
    return found


def versions(session: Session, text: Text) -> list[tuple[Version, str]]:
    """Return a text's versions with their authors' names, the newest first; without their bodies."""
    query = (
        select(Version, User.name)
        .outerjoin(User, User.id == Version.author_id)
        .options(defer(Version.body))
        .where(Version.text_id == text.id)
        .order_by(Version.number.desc())
        .limit(200)
    )
    return [(version, name or "") for version, name in session.execute(query)]
