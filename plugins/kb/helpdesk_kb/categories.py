"""The shelves: reading them as a tree, and arranging them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk_core.api import Actor, Helpdesk
from helpdesk_core.api.errors import Invalid, NotFound
from helpdesk_core.api.tickets import clean_line
from helpdesk_core.api.users import require

from .events import ArticleChanged
from .models import Article, Category, Text
from .rendering import slug_of
from .rights import PUBLISH, published
from .texts import lazy

DEEPEST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryDraft:
    """What is written about a category. `parent` is a slug.

    `names` and `descriptions` are the name and the description in other languages, by locale.
    """

    name: str
    parent: str = ""
    description: str = ""
    names: dict[str, str] = field(default_factory=dict)
    descriptions: dict[str, str] = field(default_factory=dict)
    position: int = 0


@dataclass(slots=True)
class Shelf:
    """A category in the tree, in the reader's language. `count` is of articles in it and below."""

    category: Category
    name: str
    description: str = ""
    depth: int = 0
    count: int = 0
    children: list["Shelf"] = field(default_factory=list)

    def walk(self) -> Iterator["Shelf"]:
        """Yield this shelf and all below."""
        yield self
        for child in self.children:
            yield from child.walk()


def named(category: Category, locale: str) -> str:
    """Return a category's name in a language, else as it was first named."""
    return _in_language(category.names, locale) or category.name


def described(category: Category, locale: str) -> str:
    """Return a category's description in a language, else as it was first written."""
    return _in_language(category.descriptions, locale) or category.description


def _in_language(texts: Mapping[str, str], locale: str) -> str:
    return texts.get(locale) or texts.get(locale.partition("_")[0]) or ""


def tree(session: Session, actor: Actor, locale: str) -> list[Shelf]:
    """Return the top shelves with all below, and how many articles the actor finds on each; two queries."""
    rows = session.scalars(select(Category).order_by(Category.position, Category.name, Category.id)).all()
    counted = (
        select(Article.category_id, func.count(Article.id.distinct()))
        .join(Text, Text.article_id == Article.id)
        .where(published(actor))
        .group_by(Article.category_id)
    )
    counts: dict[int | None, int] = {row[0]: row[1] for row in session.execute(counted)}
    shelves = {row.id: Shelf(row, named(row, locale), described(row, locale)) for row in rows}
    top: list[Shelf] = []
    for row in rows:
        parent = shelves.get(row.parent_id) if row.parent_id is not None else None
        (parent.children if parent is not None else top).append(shelves[row.id])
    for shelf in top:
        _count(shelf, counts, 0)
    return top


def _count(shelf: Shelf, counts: dict[int | None, int], depth: int) -> int:
    shelf.depth = depth
    shelf.count = counts.get(shelf.category.id, 0) + sum(_count(each, counts, depth + 1) for each in shelf.children)
    return shelf.count


def path_to(session: Session, category_id: int | None) -> list[Category]:
    """Return the categories from the top down to this one; one query."""
    if category_id is None:
        return []
    rows = {row.id: row for row in session.scalars(select(Category))}
    found: list[Category] = []
    at = rows.get(category_id)
    while at is not None and at not in found:
        found.insert(0, at)
        at = rows.get(at.parent_id) if at.parent_id is not None else None
    return found


def find_category(session: Session, slug: str) -> Category:
    """Return a category by its slug; `NotFound` if there is none."""
    category = session.scalar(select(Category).where(Category.slug == slug))
    if category is None:
        raise NotFound(lazy("There is no such category. It may have been removed."))
    return category


def save_category(desk: Helpdesk, actor: Actor, draft: CategoryDraft, slug: str = "") -> Category:
    """Make a category, or change the one with that slug; `Invalid` for a name that is empty or taken, or a circle."""
    require(actor, PUBLISH)
    name = clean_line(draft.name)[:120]
    if not name:
        raise Invalid({"name": [lazy("Give the category a name.")]})
    with desk.begin(actor) as tx:
        rows = list(tx.session.scalars(select(Category).with_for_update()))
        by_slug = {row.slug: row for row in rows}
        parent = by_slug.get(draft.parent)
        if draft.parent and parent is None:
            raise Invalid({"parent": [lazy("There is no such category. Choose another one.")]})
        if slug and slug not in by_slug:
            raise NotFound(lazy("There is no such category. It may have been removed."))
        category = by_slug.get(slug)
        _check_place(rows, category, parent)
        if category is None:
            category = Category(slug=_free(slug_of(name), set(by_slug)))
            tx.session.add(category)
        category.name, category.parent_id = name, parent.id if parent is not None else None
        category.description = clean_line(draft.description)[:500]
        category.names = _cleaned(draft.names, 120)
        category.descriptions = _cleaned(draft.descriptions, 500)
        category.position = draft.position
        tx.session.flush()
    return category


def delete_category(desk: Helpdesk, actor: Actor, slug: str) -> None:
    """Remove a category; what is in it goes to the one above."""
    require(actor, PUBLISH)
    with desk.begin(actor) as tx:
        category = find_category(tx.session, slug)
        for child in tx.session.scalars(select(Category).where(Category.parent_id == category.id)):
            child.parent_id = category.parent_id
        for article in tx.session.scalars(select(Article).where(Article.category_id == category.id)):
            article.category_id = category.parent_id
            tx.record(ArticleChanged(article=article.uid, what="moved"))
        tx.session.flush()
        tx.session.delete(category)


def cleaned_path(names: Sequence[str]) -> list[str]:
    """Return the names of categories, from the top down, as they are kept."""
    return [clean_line(each)[:120] for each in names[:DEEPEST]]


def ensure_path(desk: Helpdesk, actor: Actor, names: Sequence[str]) -> Category | None:
    """Return the category that these names lead to from the top, made as far as there is none; for imports."""
    found: Category | None = None
    for wanted in cleaned_path(names):
        with desk.read() as session:
            above = Category.parent_id == found.id if found is not None else Category.parent_id.is_(None)
            known = session.scalar(select(Category).where(Category.name == wanted, above))
        draft = CategoryDraft(name=wanted, parent=found.slug if found is not None else "")
        found = known or save_category(desk, actor, draft)
    return found


def _cleaned(texts: Mapping[str, str], most: int) -> dict[str, str]:
    return {key: clean_line(value)[:most] for key, value in texts.items() if clean_line(value)}


def _check_place(rows: Sequence[Category], category: Category | None, parent: Category | None) -> None:
    by_id = {row.id: row for row in rows}
    depth, at = _levels(rows, category), parent
    while at is not None:
        if category is not None and at.id == category.id:
            raise Invalid({"parent": [lazy("A category cannot stand in itself. Choose another one.")]})
        depth += 1
        if depth > DEEPEST:
            raise Invalid(
                {"parent": [lazy("Categories go %(deepest)s levels deep. Choose one above.", deepest=DEEPEST)]}
            )
        at = by_id.get(at.parent_id) if at.parent_id is not None else None


def _levels(rows: Sequence[Category], category: Category | None) -> int:
    """Return how many levels a category takes with those below it; 1 for a new one."""
    if category is None:
        return 1
    levels, level = 0, {category.id}
    while level and levels <= DEEPEST:
        levels, level = levels + 1, {row.id for row in rows if row.parent_id in level}
    return levels


def _free(slug: str, taken: set[str]) -> str:
    wanted, number = slug, 2
    while wanted in taken:
        wanted, number = f"{slug}-{number}", number + 1
    return wanted
