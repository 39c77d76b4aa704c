"""The knowledge base's operations in the API."""

from datetime import timedelta
from typing import Any

from marshmallow import fields, validate
from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk_core.api.rest import (
    PUBLIC,
    Answer,
    Endpoints,
    Input,
    Moment,
    Output,
    PageQuery,
    current_actor,
    current_desk,
    cursor,
    db,
    etag_of,
    page_of,
    read_cursor,
    still_as_seen,
)

from . import categories, reading, statistics, writing
from .models import Article, Category, Text, Version
from .rights import PUBLISH, VISIBILITIES, WRITE, require_for
from .writing import Placing, TextDraft

endpoints = Endpoints("Knowledge base", "Articles that answer before a ticket is written.")


class KbArticle(Output):
    """A live article in one language."""

    uid = fields.String()
    locale = fields.String()
    slug = fields.String()
    title = fields.String()
    summary = fields.String()
    visibility = fields.String()
    published_at = Moment(allow_none=True)
    updated_at = Moment()


class KbArticleText(KbArticle):
    """The same with its words, as safe HTML and as plain text."""

    html = fields.String()
    text = fields.String()


class KbSearch(PageQuery):
    """What to list: all, or what fits `q`; in the language that fits `locale` best."""

    q = fields.String(validate=validate.Length(max=500))
    locale = fields.String(load_default="en", validate=validate.Length(max=16))


class KbDraft(Input):
    """What an editor writes. `category` is a slug, `department` a key."""

    title = fields.String(required=True, validate=validate.Length(1, 200))
    body = fields.String(required=True)
    summary = fields.String(load_default="", validate=validate.Length(max=500))
    note = fields.String(load_default="", validate=validate.Length(max=500))


class KbNewArticle(KbDraft):
    """A new article; it begins as a draft."""

    locale = fields.String(load_default="en", validate=validate.Length(max=16))
    visibility = fields.String(load_default="public", validate=validate.OneOf(VISIBILITIES))
    category = fields.String(load_default="")
    department = fields.String(load_default="")


class KbWriting(Output):
    """An article in a language as its editors see it: how far it has come, and the words of its newest version.

    `newest` is the number of that version, `live` of the one that readers see.
    """

    uid = fields.String()
    locale = fields.String()
    slug = fields.String()
    state = fields.String()
    newest = fields.Integer()
    live = fields.Integer(allow_none=True)
    title = fields.String()
    summary = fields.String()
    body = fields.String()


class KbVersion(Output):
    """A version of a text, with its Markdown."""

    number = fields.Integer()
    title = fields.String()
    summary = fields.String()
    body = fields.String()
    note = fields.String()
    created_at = Moment()


class KbCategory(Output):
    """A category; `count` is of live articles in it and below that the caller may read."""

    slug = fields.String()
    name = fields.String()
    description = fields.String()
    parent = fields.String(allow_none=True)
    count = fields.Integer()


class KbShelves(PageQuery):
    """The language of names and descriptions; a category that has none in it shows its first ones."""

    locale = fields.String(load_default="en", validate=validate.Length(max=16))


class KbFigures(Output):
    """The counts of an article in one language over the last `days`."""

    uid = fields.String()
    locale = fields.String()
    title = fields.String()
    views = fields.Integer()
    helpful = fields.Integer()
    unhelpful = fields.Integer()
    deflected = fields.Integer()
    asked = fields.Integer()


class KbPeriod(PageQuery):
    """How many days back."""

    days = fields.Integer(load_default=30, validate=validate.Range(1, 3650))


KbArticlePage = page_of(KbArticle, "KbArticlePage")
KbCategoryPage = page_of(KbCategory, "KbCategoryPage")
KbVersionPage = page_of(KbVersion, "KbVersionPage")
KbFiguresPage = page_of(KbFigures, "KbFiguresPage")


@endpoints.get("/articles", permission=PUBLIC, query=KbSearch, returns=KbArticlePage)
def list_articles(query: dict[str, Any]) -> Any:
    """List the live articles that the caller may read, or search them.

    Search results are one page, best first; without `q` all are listed, page by page.
    """
    actor, limit = current_actor(), query["limit"]
    if query.get("q"):
        found = reading.search(current_desk(), db(), actor, query["locale"], query["q"], limit)
        return {"items": found, "next": None}
    after = read_cursor(query["after"], int)[0] if "after" in query else 0
    listing = reading.cards(actor, query["locale"], Article.id > after).order_by(Article.id).limit(limit + 1)
    cards = reading.listed(db(), listing)
    following = None
    if len(cards) > limit:
        last = db().scalar(select(Article.id).where(Article.uid == cards[limit - 1].uid))
        following = cursor(last) if last is not None else None
    return {"items": cards[:limit], "next": following}


@endpoints.get("/articles/<locale>/<slug>", permission=PUBLIC, returns=KbArticleText)
def read_article(locale: str, slug: str) -> Any:
    """Read a live article."""
    article, text = reading.find_live(db(), current_actor(), locale, slug)
    return {
        "uid": article.uid,
        "locale": text.locale,
        "slug": text.slug,
        "title": text.title,
        "summary": text.summary,
        "visibility": article.visibility,
        "published_at": text.published_at,
        "updated_at": text.live_at,
        "html": text.html,
        "text": text.plain,
    }


@endpoints.get("/categories", permission=PUBLIC, query=KbShelves, returns=KbCategoryPage)
def list_categories(query: dict[str, Any]) -> Any:
    """List the categories in which the caller finds articles, each below the one that it stands in."""
    tops = categories.tree(db(), current_actor(), query["locale"])
    shelves = [each for top in tops for each in top.walk() if each.count]
    slugs = {row[0]: row[1] for row in db().execute(select(Category.id, Category.slug))}
    start = read_cursor(query["after"], int)[0] if "after" in query else 0
    end = start + query["limit"]
    items = [
        {
            "slug": each.category.slug,
            "name": each.name,
            "description": each.description,
            "parent": slugs.get(each.category.parent_id or 0),
            "count": each.count,
        }
        for each in shelves[start:end]
    ]
    return {"items": items, "next": cursor(end) if end < len(shelves) else None}


@endpoints.post("/articles", permission=WRITE, body=KbNewArticle, returns=KbWriting, status=201, versioned=True)
def create_article(body: dict[str, Any]) -> Answer:
    """Write an article; it begins as a draft."""
    placing = Placing(visibility=body["visibility"], category=body["category"], department=body["department"])
    article, text = writing.create_article(current_desk(), current_actor(), body["locale"], _draft(body), placing)
    shown = _answer(article.uid, text)
    return Answer(shown.body, etag=shown.etag, location=f"/x/kb/articles/{article.uid}/texts/{text.locale}")


@endpoints.get("/articles/<uid>/texts/<locale>", permission=WRITE, returns=KbWriting, versioned=True)
def read_writing(uid: str, locale: str) -> Answer:
    """Read what editors work on: the newest version of an article in a language, live or not."""
    return _answer(uid, _text(db(), uid, locale))


@endpoints.put(
    "/articles/<uid>/texts/<locale>",
    permission=WRITE,
    body=KbDraft,
    returns=KbWriting,
    versioned=True,
    problems=(412,),
)
def save_article(uid: str, locale: str, body: dict[str, Any]) -> Answer:
    """Save a new version as a draft, or the article in a new language; readers see it once it is published."""

    def version(session: Session) -> str:
        session.scalar(select(Article.id).where(Article.uid == uid).with_for_update())
        text = _text(session, uid, locale)
        session.refresh(text)
        return etag_of(KbWriting, _shown(session, uid, text))

    with still_as_seen(version):
        text = writing.save_text(current_desk(), current_actor(), uid, locale, _draft(body))
    return _answer(uid, text)


@endpoints.post("/articles/<uid>/texts/<locale>/publish", permission=PUBLISH, returns=KbWriting, versioned=True)
def publish_article(uid: str, locale: str) -> Answer:
    """Let readers see the newest version."""
    pair = bool(current_desk().settings.effective("kb").values["review"])
    return _answer(uid, writing.publish(current_desk(), current_actor(), uid, locale, second_pair=pair))


@endpoints.post("/articles/<uid>/texts/<locale>/archive", permission=PUBLISH, returns=KbWriting, versioned=True)
def archive_article(uid: str, locale: str) -> Answer:
    """Take a text away from readers; its versions stay."""
    return _answer(uid, writing.archive(current_desk(), current_actor(), uid, locale))


@endpoints.get("/articles/<uid>/texts/<locale>/versions", permission=WRITE, query=PageQuery, returns=KbVersionPage)
def list_versions(uid: str, locale: str, query: dict[str, Any]) -> Any:
    """List the versions of a text, the newest first."""
    text = _text(db(), uid, locale)
    listing = select(Version).where(Version.text_id == text.id).order_by(Version.number.desc())
    if "after" in query:
        listing = listing.where(Version.number < read_cursor(query["after"], int)[0])
    found = db().scalars(listing.limit(query["limit"] + 1)).all()
    page = found[: query["limit"]]
    return {"items": page, "next": cursor(page[-1].number) if len(found) > len(page) else None}


@endpoints.get("/figures", permission=WRITE, query=KbPeriod, returns=KbFiguresPage)
def list_figures(query: dict[str, Any]) -> Any:
    """List how the articles do, those that are read most first."""
    since = current_desk().now().date() - timedelta(days=query["days"] - 1)
    rows = statistics.figures(db(), current_actor(), since)
    start = read_cursor(query["after"], int)[0] if "after" in query else 0
    end = start + query["limit"]
    return {"items": rows[start:end], "next": cursor(end) if end < len(rows) else None}


def _draft(body: dict[str, Any]) -> TextDraft:
    return TextDraft(**{key: body[key] for key in ("title", "body", "summary", "note")})


def _text(session: Session, uid: str, locale: str) -> Text:
    article = writing.find_article(session, current_actor(), uid)
    require_for(current_actor(), WRITE, article)
    return writing.find_text(session, article, locale)


def _shown(session: Session, uid: str, text: Text) -> dict[str, Any]:
    version = writing.version_of(session, text, text.newest)
    names = ("locale", "slug", "state", "newest", "live")
    words = {name: getattr(version, name) for name in ("title", "summary", "body")}
    return {"uid": uid} | {name: getattr(text, name) for name in names} | words


def _answer(uid: str, text: Text) -> Answer:
    with current_desk().read() as session:
        shown = _shown(session, uid, text)
    return Answer(shown, etag=etag_of(KbWriting, shown))
