"""Who may read what: one clause, for pages, feeds, search, API and suggestions alike.

`public` is for everybody, `customers` for everybody with an account, `department` for those who work in the article's
department, `internal` for all who work tickets. Guests with a signed link read what is public. A search index keeps the
same rule as labels: a document bears those of its article, a reader those that they may read.
"""

from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, and_, false, or_, true

from helpdesk_core.api import EVERYWHERE, Actor
from helpdesk_core.api.users import require

from .models import Article, Text

WRITE: Final = "kb.write"
PUBLISH: Final = "kb.publish"
VISIBILITIES: Final = ("public", "customers", "department", "internal")
FOR_CUSTOMERS: Final = ("public", "customers")


class Reader(NamedTuple):
    """All that the rule asks of an actor: whoever has the same reads the same, so a statement may be kept under it."""

    is_system: bool
    is_signed_in: bool
    is_staff: bool
    departments: frozenset[int] | None


def reader_of(actor: Actor) -> Reader:
    """Return what decides which articles the actor reads."""
    return Reader(actor.kind == "system", actor.is_signed_in, actor.is_staff, actor.departments("ticket.read"))


def readable(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on `Article` that it is for the actor."""
    return _readable_by(reader_of(actor))


def _readable_by(reader: Reader) -> ColumnElement[bool]:
    if reader.is_system:
        return true()
    plain = ["public"]
    if reader.is_signed_in:
        plain.append("customers")
    if reader.is_staff:
        plain.append("internal")
    where = reader.departments
    if where is EVERYWHERE:
        own: ColumnElement[bool] = Article.visibility == "department"
    elif where:
        own = and_(Article.visibility == "department", Article.department_id.in_(sorted(where)))
    else:
        own = false()
    return or_(Article.visibility.in_(plain), own)


def published(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on `Article` and `Text` that the actor finds it: live, and for them."""
    return published_for(reader_of(actor))


def published_for(reader: Reader) -> ColumnElement[bool]:
    """Return that condition for everybody who reads the same."""
    return and_(Text.live.is_not(None), _readable_by(reader))


def labels_of(article: Article) -> frozenset[str]:
    """Return the labels of an article's documents in a search index."""
    if article.visibility == "department":
        return frozenset({"departments", f"department:{article.department_id}"})
    return frozenset({article.visibility})


def labels_for(actor: Actor) -> frozenset[str]:
    """Return the labels of what the actor may read."""
    if actor.kind == "system":
        return frozenset({"public", "customers", "internal", "departments"})
    found = {"public"}
    if actor.is_signed_in:
        found.add("customers")
    if actor.is_staff:
        found.add("internal")
    where = actor.departments("ticket.read")
    found |= {"departments"} if where is EVERYWHERE else {f"department:{each}" for each in where}
    return frozenset(found)


def require_for(actor: Actor, permission: str, article: Article) -> None:
    """Raise unless the actor holds the permission for this article: in its department, if it is for one only."""
    require(actor, permission, article.department_id if article.visibility == "department" else None)
