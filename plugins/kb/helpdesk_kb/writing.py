"""The life of an article: write, submit, publish, restore, archive."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk_core.api import Actor, Helpdesk, Transaction
from helpdesk_core.api.departments import Department
from helpdesk_core.api.errors import Conflict, Forbidden, Invalid, NotFound
from helpdesk_core.api.i18n import known_locale
from helpdesk_core.api.tickets import Ticket, clean_line
from helpdesk_core.api.users import require

from . import relating
from .events import ArticleChanged
from .models import Article, Category, Text, Version
from .rendering import checked_body, plain, render, slug_of
from .rights import PUBLISH, VISIBILITIES, WRITE, readable, require_for
from .texts import lazy


@dataclass(frozen=True, slots=True, kw_only=True)
class TextDraft:
    """What an editor writes in one language. `body` is Markdown, `note` says what changed and why."""

    title: str
    body: str
    summary: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placing:
    """Where an article stands, and for whom: a category's slug, a department's key, uids of related articles."""

    visibility: str = "public"
    category: str = ""
    department: str = ""
    related: tuple[str, ...] = ()


def find_article(session: Session, actor: Actor, uid: str) -> Article:
    """Return an article by its uid, live or not; `NotFound` for what the actor may not read."""
    article = session.scalar(select(Article).where(Article.uid == uid, readable(actor)))
    if article is None:
        raise NotFound(lazy("There is no such article, or it is not for you."))
    return article


def find_text(session: Session, article: Article, locale: str) -> Text:
    """Return the article in a language; `NotFound` if it is not written in it."""
    text = session.scalar(select(Text).where(Text.article_id == article.id, Text.locale == locale))
    if text is None:
        raise NotFound(lazy("The article is not written in this language."))
    return text


def placing_of(session: Session, actor: Actor, article: Article) -> Placing:
    """Return where an article stands; of the related ones those that the actor may read."""
    category = session.get(Category, article.category_id) if article.category_id is not None else None
    department = session.get(Department, article.department_id) if article.department_id is not None else None
    return Placing(
        visibility=article.visibility,
        category=category.slug if category is not None else "",
        department=department.key if department is not None else "",
        related=relating.known_to(session, actor, article.related),
    )


def texts_of(session: Session, article: Article) -> Sequence[Text]:
    """Return the article in all its languages, the first one first."""
    rows = session.scalars(select(Text).where(Text.article_id == article.id).order_by(Text.locale)).all()
    return sorted(rows, key=lambda each: each.locale != article.locale)


def version_of(session: Session, text: Text, number: int) -> Version:
    """Return a version by its number; `NotFound` if there is none."""
    found = session.scalar(select(Version).where(Version.text_id == text.id, Version.number == number))
    if found is None:
        raise NotFound(lazy("There is no such version."))
    return found


def is_behind(text: Text, texts: Sequence[Text], article: Article) -> bool:
    """Tell whether a translation was last compared with an older version of the first language than is live now."""
    first = next((each for each in texts if each.locale == article.locale), None)
    if first is None or first is text or first.live is None:
        return False
    return (text.follows or 0) < first.live


def create_article(
    desk: Helpdesk, actor: Actor, locale: str, draft: TextDraft, placing: Placing, ticket: Ticket | None = None
) -> tuple[Article, Text]:
    """Make an article with its first text, a draft. `ticket` is what it was made of."""
    require(actor, WRITE)
    draft = _checked(draft)
    with desk.begin(actor) as tx:
        article = Article(locale=_checked_locale(locale), created_at=tx.now, ticket_id=ticket.id if ticket else None)
        _place(tx, actor, article, placing)
        tx.session.add(article)
        tx.session.flush()
        text = _new_text(tx, article, locale, draft)
        _add_version(tx, text, draft)
    return article, text


def place_article(desk: Helpdesk, actor: Actor, uid: str, placing: Placing) -> Article:
    """Change where an article stands and who may read it, at once; what is live needs the right to publish."""
    with desk.begin(actor) as tx:
        article = find_article(tx.session, actor, uid)
        texts = texts_of(tx.session, article)
        needed = PUBLISH if any(each.live for each in texts) else WRITE
        require_for(actor, needed, article)
        _place(tx, actor, article, placing)
        require_for(actor, needed, article)
        tx.record(ArticleChanged(article=uid, what="placed", texts=[each.id for each in texts]))
    return article


def save_text(
    desk: Helpdesk,
    actor: Actor,
    uid: str,
    locale: str,
    draft: TextDraft,
    *,
    base: int | None = None,
    follows: bool | None = True,
) -> Text:
    """Save a new version as a draft; what readers see stays until it is published.

    `base` is the version the editor began with: `Conflict` if there is a newer one. `follows` says that a translation
    was compared with what is live in the first language (None: if it is a new version). Nothing changed, no version.
    """
    draft = _checked(draft)
    with desk.begin(actor) as tx:
        article = find_article(tx.session, actor, uid)
        require_for(actor, WRITE, article)
        tx.session.scalar(select(Article.id).where(Article.id == article.id).with_for_update())
        texts = {each.locale: each for each in texts_of(tx.session, article)}
        text = texts.get(_checked_locale(locale))
        first, says_more = texts.get(article.locale), True
        if text is None:
            text = _new_text(tx, article, locale, draft)
            _add_version(tx, text, draft)
        else:
            tx.session.refresh(text)
            if base is not None and base != text.newest:
                raise Conflict(
                    lazy("Somebody saved another version meanwhile. What you wrote is still here: compare, save again.")
                )
            if says_more := _differs(version_of(tx.session, text, text.newest), draft):
                text.newest += 1
                _add_version(tx, text, draft)
                text.state = "draft"
                if text.live is None:
                    text.title, text.summary = draft.title, draft.summary
        if (says_more if follows is None else follows) and first is not None and first is not text:
            text.follows = first.live or 0
        text.updated_at = tx.now if says_more else text.updated_at
    return text


def submit(desk: Helpdesk, actor: Actor, uid: str, locale: str) -> Text:
    """Ask for a review of the newest version."""
    return _turn(desk, actor, uid, locale, WRITE, "review", ("draft",))


def send_back(desk: Helpdesk, actor: Actor, uid: str, locale: str) -> Text:
    """Make a draft of what is in review, or was archived."""
    return _turn(desk, actor, uid, locale, WRITE, "draft", ("review", "archived"))


def publish(desk: Helpdesk, actor: Actor, uid: str, locale: str, *, second_pair: bool = False) -> Text:
    """Let readers see the newest version; with `second_pair` only if somebody else wrote it."""
    with desk.begin(actor) as tx:
        _article, text = _found(tx, actor, uid, locale, PUBLISH)
        version = version_of(tx.session, text, text.newest)
        if second_pair and version.author_id is not None and version.author_id == actor.user_id:
            raise Forbidden(lazy("Somebody else has to publish what you wrote. Ask for a review."))
        _go_live(tx, text, version)
        tx.record(ArticleChanged(article=uid, what="published", texts=[text.id]))
    return text


def archive(desk: Helpdesk, actor: Actor, uid: str, locale: str) -> Text:
    """Take a text away from readers; its versions stay."""
    with desk.begin(actor) as tx:
        _article, text = _found(tx, actor, uid, locale, PUBLISH)
        text.live, text.state, text.updated_at = None, "archived", tx.now
        text.html = text.plain = text.folded = ""
        tx.record(ArticleChanged(article=uid, what="archived", texts=[text.id]))
    return text


def restore(desk: Helpdesk, actor: Actor, uid: str, locale: str, number: int) -> Text:
    """Save the words of an older version as a new one, a draft."""
    with desk.read() as session:
        article = find_article(session, actor, uid)
        old = version_of(session, find_text(session, article, locale), number)
    note = f"← {number}"
    draft = TextDraft(title=old.title, summary=old.summary, body=old.body, note=note)
    return save_text(desk, actor, uid, locale, draft, follows=False)


def delete_article(desk: Helpdesk, actor: Actor, uid: str) -> None:
    """Delete an article in all its languages, with versions, files, votes and visits."""
    with desk.begin(actor) as tx:
        article = find_article(tx.session, actor, uid)
        require_for(actor, PUBLISH, article)
        ids = [each.id for each in texts_of(tx.session, article)]
        tx.session.delete(article)
        tx.record(ArticleChanged(article=uid, what="deleted", texts=ids))


def _turn(
    desk: Helpdesk, actor: Actor, uid: str, locale: str, permission: str, state: str, allowed: Sequence[str]
) -> Text:
    with desk.begin(actor) as tx:
        _article, text = _found(tx, actor, uid, locale, permission)
        if text.state not in allowed:
            raise Conflict(lazy("The article is in another state by now. Look at it again."))
        text.state, text.updated_at = state, tx.now
    return text


def _found(tx: Transaction, actor: Actor, uid: str, locale: str, permission: str) -> tuple[Article, Text]:
    article = find_article(tx.session, actor, uid)
    require_for(actor, permission, article)
    text = find_text(tx.session, article, locale)
    tx.session.refresh(text, with_for_update=True)
    return article, text


def _go_live(tx: Transaction, text: Text, version: Version) -> None:
    text.html = render(version.body)
    text.plain = plain(text.html)
    text.title, text.summary = version.title, version.summary
    text.folded = "\n".join((text.title, text.summary, text.plain)).casefold()
    text.live, text.state = version.number, "published"
    text.published_at = text.published_at or tx.now
    text.updated_at = text.live_at = tx.now


def _new_text(tx: Transaction, article: Article, locale: str, draft: TextDraft) -> Text:
    taken = set(tx.session.scalars(select(Text.slug).where(Text.locale == locale)))
    slug, number = slug_of(draft.title), 2
    while slug in taken:
        slug, number = f"{slug_of(draft.title)}-{number}", number + 1
    text = Text(article_id=article.id, locale=locale, slug=slug, state="draft", newest=1, updated_at=tx.now)
    text.title, text.summary = draft.title, draft.summary
    tx.session.add(text)
    tx.session.flush()
    return text


def _add_version(tx: Transaction, text: Text, draft: TextDraft) -> None:
    version = Version(text_id=text.id, number=text.newest, author_id=tx.actor.user_id, created_at=tx.now)
    version.title, version.summary, version.body, version.note = draft.title, draft.summary, draft.body, draft.note
    tx.session.add(version)


def _place(tx: Transaction, actor: Actor, article: Article, placing: Placing) -> None:
    problems: dict[str, Sequence[Any]] = {}
    related: list[str] = []
    department = category = None
    if placing.visibility not in VISIBILITIES:
        problems["visibility"] = [lazy("Choose who may read it.")]
    if placing.department:
        department = tx.session.scalar(select(Department).where(Department.key == placing.department))
    if placing.department and department is None:
        problems["department"] = [lazy("There is no such department. Choose another one.")]
    elif placing.visibility == "department" and department is None:
        problems["department"] = [lazy("Choose the department that may read it.")]
    if placing.category:
        category = tx.session.scalar(select(Category).where(Category.slug == placing.category))
    if placing.category and category is None:
        problems["category"] = [lazy("There is no such category. Choose another one.")]
    try:
        related = relating.beside(tx.session, actor, article, placing.related)
    except Invalid as error:
        problems |= error.problems
    if problems:
        raise Invalid(problems)
    if placing.visibility == "department" and department is not None:
        require(actor, WRITE, department.id)
    article.visibility = placing.visibility
    article.department_id = department.id if department is not None else None
    article.category_id = category.id if category is not None else None
    article.related = related


def _checked(draft: TextDraft) -> TextDraft:
    title = clean_line(draft.title)
    if not title:
        raise Invalid({"title": [lazy("Give the article a title.")]})
    if len(title) > 200:
        raise Invalid({"title": [lazy("A title can have %(most)s characters. Shorten it.", most=200)]})
    summary, note = clean_line(draft.summary)[:500], clean_line(draft.note)[:500]
    return replace(draft, title=title, summary=summary, note=note, body=checked_body(draft.body))


def _checked_locale(locale: str) -> str:
    if str(known_locale(locale)) != locale:
        raise Invalid({"locale": [lazy("There is no such language. Write it like en or pt_BR.")]})
    return locale


def _differs(version: Version, draft: TextDraft) -> bool:
    return (version.title, version.summary, version.body) != (draft.title, draft.summary, draft.body)
