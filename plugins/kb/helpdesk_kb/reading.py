"""Finding articles: lists, search, suggestions, what is related."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Integer, Select, String, and_, bindparam, case, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from helpdesk_core.api import Actor, Event, Helpdesk
from helpdesk_core.api.errors import NotFound
from helpdesk_core.api.search import FoundPage, SearchDocument, SearchQuery, SearchSource, search_documents

from .models import Article, Category, Text, Visit
from .rights import Reader, labels_for, labels_of, published, published_for, reader_of
from .texts import lazy

SOURCE: Final = "kb"
PAGE: Final = 20
_WORD: Final = re.compile(r"\w{2,}")
_MOST_WORDS: Final = 8
_CANDIDATES: Final = 100
_MOST_KEYS: Final = 200
"""Texts that an index is asked for: an article may have the words in each language, and the reader's may fit worst."""
_ENOUGH: Final = 3
_COMMON: Final = """
a an and are can do does for from have how i in is it me my no not of on or the there this to we what when where which
why will with you your der die das und ist ich wie nicht ein eine mein что как не на по мой для ще як
"""
"""Words that say nothing about what a question is about."""


_KEPT: Final = 64
"""Statements of searches for people of different rights and with different numbers of words: making one takes longer
than running it, and suggestions are asked for while somebody types."""
_LOCALE, _LANGUAGE = bindparam("locale", type_=String), bindparam("language", type_=String)
_BEGINNING: Final = 20_000
"""Characters of an article in which the place is looked for that fits a search."""
_PLAIN: Final = select(Text.id, func.substr(Text.plain, 1, _BEGINNING)).where(
    Text.id.in_(bindparam("ids", expanding=True))
)


@dataclass(frozen=True, slots=True)
class Card:
    """A live article as lists show it, in the language that fits the reader best."""

    text_id: int
    uid: str
    locale: str
    slug: str
    title: str
    summary: str
    visibility: str
    category_id: int | None
    published_at: datetime | None
    live_at: datetime


def cards(actor: Actor, locale: str, *conditions: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """Return a query for live articles that the actor may read: of each the text that fits the language best.

    The order: the language, the language without its country, the article's first one, whatever there is.
    """
    return _cards(published(actor), locale, _language(locale), *conditions)


def _language(locale: str) -> str:
    return locale.partition("_")[0]


def _cards(may: ColumnElement[bool], locale: Any, language: Any, *conditions: Any) -> Select[*tuple[Any, ...]]:
    fits = case(
        (Text.locale == locale, 0),
        (Text.locale == language, 1),
        (Text.locale == Article.locale, 2),
        else_=3,
    )
    place = func.row_number().over(partition_by=Text.article_id, order_by=(fits, Text.locale)).label("place")
    best = (
        select(Text.id.label("text_id"), place)
        .join(Article, Article.id == Text.article_id)
        .where(may, *conditions)
        .subquery()
    )
    return (
        select(
            Text.id,
            Article.uid,
            Text.locale,
            Text.slug,
            Text.title,
            Text.summary,
            Article.visibility,
            Article.category_id,
            Text.published_at,
            Text.live_at,
        )
        .join(Article, Article.id == Text.article_id)
        .join(best, and_(best.c.text_id == Text.id, best.c.place == 1))
    )


def listed(session: Session, query: Select[*tuple[Any, ...]]) -> list[Card]:
    """Return what such a query finds."""
    return [Card(*row) for row in session.execute(query)]


def in_category(session: Session, actor: Actor, locale: str, category: Category, start: int = 0) -> list[Card]:
    """Return a page of the articles in a category itself, by title, and one more if there is a next page."""
    query = cards(actor, locale, Article.category_id == category.id).order_by(Text.title, Text.id)
    return listed(session, query.offset(start).limit(PAGE + 1))


def newest(session: Session, actor: Actor, locale: str, limit: int, *conditions: ColumnElement[bool]) -> list[Card]:
    """Return the articles that were changed last."""
    return listed(session, cards(actor, locale, *conditions).order_by(Text.live_at.desc(), Text.id).limit(limit))


def most_read(session: Session, actor: Actor, locale: str, since: datetime, limit: int) -> list[Card]:
    """Return the articles that most people have read since then."""
    read = (
        select(Text.article_id, func.count(Visit.id).label("times"))
        .join(Text, Text.id == Visit.text_id)
        .where(Visit.day >= since.date())
        .group_by(Text.article_id)
        .subquery()
    )
    query = cards(actor, locale).join(read, read.c.article_id == Article.id)
    return listed(session, query.order_by(read.c.times.desc(), Text.id).limit(limit))


def find_live(session: Session, actor: Actor, locale: str, slug: str) -> tuple[Article, Text]:
    """Return what is at this address; `NotFound` unless it is live and for the actor."""
    query = select(Article, Text).join(Text, Text.article_id == Article.id)
    row = session.execute(query.where(Text.locale == locale, Text.slug == slug, published(actor))).first()
    if row is None:
        raise NotFound(lazy("There is no such article, or it is not for you."))
    return row[0], row[1]


def languages_of(session: Session, article: Article) -> list[tuple[str, str]]:
    """Return the languages in which the article is live, as (locale, slug)."""
    query = select(Text.locale, Text.slug).where(Text.article_id == article.id, Text.live.is_not(None))
    return [(locale, slug) for locale, slug in session.execute(query.order_by(Text.locale))]


def related(session: Session, actor: Actor, locale: str, article: Article, limit: int = 5) -> list[Card]:
    """Return what else may help: first what editors have put beside it, then neighbours in its category."""
    chosen = Article.uid.in_(article.related)
    if article.category_id is None:
        near: ColumnElement[bool] = chosen
    else:
        near = or_(chosen, Article.category_id == article.category_id)
    first = case((chosen, 0), else_=1) if article.related else case((Article.id == article.id, 1), else_=1)
    query = cards(actor, locale, near, Article.id != article.id)
    return listed(session, query.order_by(first, Text.live_at.desc(), Text.id).limit(limit))


def search(desk: Helpdesk, session: Session, actor: Actor, locale: str, words: str, limit: int = PAGE) -> list[Card]:
    """Return what fits the words, best first: from the index that a plugin keeps, else from the database."""
    words = words.strip()[:500]
    if not words:
        return []
    texts = min(limit * len(desk.catalogues.languages), max(limit, _MOST_KEYS))
    keys = search_documents(desk, SOURCE, words, labels_for(actor), texts)
    if keys is None:
        return _look(session, actor, locale, words, limit)
    wanted = [int(key) for key in keys if key.isdigit()]
    if not wanted:
        return []
    values = {"keys": wanted, "locale": locale, "language": _language(locale)}
    rows = session.connection().execute(_of_keys(reader_of(actor)), values)
    by_key = {row[-1]: Card(*row[:-1]) for row in rows}
    found: dict[str, Card] = {}
    for card in (by_key[key] for key in wanted if key in by_key):
        found.setdefault(card.uid, card)
    return list(found.values())[:limit]


@lru_cache(_KEPT)
def _of_keys(reader: Reader) -> Select[*tuple[Any, ...]]:
    """Return the query for the articles of which an index has found a text, each with the key that was found."""
    hit = aliased(Text)
    keys = bindparam("keys", expanding=True, type_=Integer)
    query = _cards(published_for(reader), _LOCALE, _LANGUAGE, Text.id.in_(keys))  # in a language that has the words
    return query.add_columns(hit.id.label("key")).join(hit, hit.article_id == Article.id).where(hit.id.in_(keys))


def suggest(desk: Helpdesk, session: Session, actor: Actor, locale: str, words: str, limit: int) -> list[Card]:
    """Return what may answer a question that is being asked: few of its words suffice, rare ones count most."""
    found = search(desk, session, actor, locale, words, limit)
    if len(found) >= limit:
        return found
    known = {card.uid for card in found}
    more = _look(session, actor, locale, words, limit, some=True)
    return (found + [card for card in more if card.uid not in known])[:limit]


def plain_texts(session: Session, found: Sequence[Card]) -> dict[int, str]:
    """Return the plain texts of articles by `text_id`, the beginning of long ones."""
    ids = [card.text_id for card in found]
    return {row[0]: row[1] for row in session.connection().execute(_PLAIN, {"ids": ids})} if ids else {}


def likely(session: Session, actor: Actor, locale: str, words: str, limit: int) -> list[Card]:
    """Return what may fit a subject, by one query of the database: for pages that must not wait for it."""
    return _look(session, actor, locale, words[:500], limit, some=True)


def _look(session: Session, actor: Actor, locale: str, words: str, limit: int, *, some: bool = False) -> list[Card]:
    """Look for the words in the database; all have to be there, with `some` enough of them.

    A word counts most in the title. With `some`, ends of long words are left off, so that other forms are found too.
    """
    common = _COMMON.split()
    given = list(dict.fromkeys(_WORD.findall(words.casefold())))
    wanted = [word for word in given if word not in common][:_MOST_WORDS] or given[:_MOST_WORDS]
    if some:
        wanted = [word[:-2] if len(word) > 6 else word for word in wanted if len(word) > 2]
    if not wanted:
        return []
    values = {f"word_{place}": word.replace("_", "/_") for place, word in enumerate(wanted)}
    values |= {"locale": locale, "language": _language(locale)}
    looking = _looking(reader_of(actor), len(wanted), some=some)
    found = [Card(*row) for row in session.connection().execute(looking, values)]

    def points(card: Card) -> int:
        title, summary = card.title.casefold(), card.summary.casefold()
        return sum(6 * (word in title) + 3 * (word in summary) for word in wanted)

    if some:
        found = [card for card in found if points(card) >= _ENOUGH]
    return sorted(found, key=points, reverse=True)[:limit]


@lru_cache(_KEPT)
def _looking(reader: Reader, words: int, *, some: bool) -> Select[*tuple[Any, ...]]:
    """Return the query for articles with so many words, or with some of them; the parameters `word_0` and on."""
    given = [bindparam(f"word_{place}", type_=String) for place in range(words)]
    hits = [Text.folded.contains(word, escape="/") for word in given]
    times: Any = sum((case((hit, 1), else_=0) for hit in hits), start=literal(0))
    query = _cards(published_for(reader), _LOCALE, _LANGUAGE).where(or_(*hits) if some else and_(*hits))
    return query.order_by(times.desc(), Text.live_at.desc(), Text.id).limit(_CANDIDATES)


def source(find: Callable[[SearchQuery, Actor, int], Sequence[FoundPage]]) -> SearchSource:
    """Return what a plugin with an index needs to keep one of the articles, and what the desk's search asks."""
    return SearchSource(SOURCE, _documents, _keys, _changed, find)


def _documents(session: Session, keys: Sequence[str]) -> list[SearchDocument]:
    ids = [int(key) for key in keys if key.isdigit()]
    query = select(Text, Article).join(Article, Article.id == Text.article_id)
    return [
        SearchDocument(str(text.id), text.title, f"{text.summary}\n{text.plain}", labels_of(article))
        for text, article in session.execute(query.where(Text.id.in_(ids), Text.live.is_not(None)))
    ]


def _keys(session: Session) -> Iterator[str]:
    for key in session.scalars(select(Text.id).where(Text.live.is_not(None)).order_by(Text.id)):
        yield str(key)


def _changed(event: Event) -> Sequence[str]:
    return [str(each) for each in event.data().get("texts", ())] if event.type == "kb.article_changed" else []
