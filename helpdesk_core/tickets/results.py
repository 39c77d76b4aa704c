"""A page of what a search finds: tickets with the place that fits, how many, and how to narrow it down."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from helpdesk_core.actor import Actor
from helpdesk_core.db.among import among, dialect_of
from helpdesk_core.errors import Invalid
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.search import hooks
from helpdesk_core.search.marking import READ, Parts, Spans, around, marks, whole
from helpdesk_core.search.query import SearchQuery
from helpdesk_core.search.service import find_pages
from helpdesk_core.texts import LazyText
from helpdesk_core.texts import lazy as _l
from helpdesk_core.tickets.facets import Facet, facets
from helpdesk_core.tickets.found import Seen
from helpdesk_core.tickets.listing import TicketRow, rows_of
from helpdesk_core.tickets.models import Message
from helpdesk_core.tickets.rights import Side
from helpdesk_core.tickets.searching import MAX_FOUND, found_by_plugin, read_search
from helpdesk_core.tickets.vocabulary import Vocabulary, vocabulary

Sort = Literal["best", "newest"]
SORTS: Final = ("best", "newest")
MAX_PAGE: Final = 50
MAX_MESSAGES: Final = 400


@dataclass(frozen=True, slots=True)
class Hit:
    """A ticket that was found; `subject` and `snippet` in pieces, marked where they fit."""

    row: TicketRow
    subject: Parts
    snippet: Parts
    is_note: bool = False


@dataclass(frozen=True, slots=True)
class SearchPage:
    """What was found. `total` counts what the reader may see, up to 1,000: `capped` says that there may be more."""

    query: SearchQuery
    hits: Sequence[Hit] = ()
    total: int = 0
    capped: bool = False
    facets: Sequence[Facet] = ()
    correction: str | None = None
    next_offset: int | None = None

    @property
    def problems(self) -> Sequence[LazyText]:
        """Return what could not be understood."""
        return self.query.problems


def search_tickets(
    desk: Helpdesk,
    session: Session,
    actor: Actor,
    text: str,
    *,
    side: Side = "any",
    sort: str = "best",
    limit: int = 20,
    offset: int = 0,
    generation: int | None = None,
    counted: bool = True,
) -> SearchPage:
    """Return one page of the tickets that the actor may see and that fit; rights are those of every list.

    `offset` is 0 or the `next_offset` of the page before. Without `counted` there are no facets, for pages that show
    none. Raises `Invalid` for an order that does not exist.
    """
    if sort not in SORTS:
        raise Invalid({"sort": [_l("Choose one of: %(list)s.", list=", ".join(SORTS))]})
    words = vocabulary(desk, session, generation)
    query = read_search(text, actor, words, desk.now())
    if query.is_empty:
        return SearchPage(query)
    limit, offset = max(1, min(limit, MAX_PAGE)), max(0, min(offset, MAX_FOUND))
    ids = found_by_plugin(desk, actor, query, side, newest=sort == "newest")
    seen = Seen(session, desk.now(), actor, query, words, side, counted=counted)
    if ids is not None and len(ids) <= limit and not offset:
        found, rows, named = seen.few(ids)
    else:
        named = None
        found = seen.all_(MAX_FOUND) if ids is None else seen.of(ids)
        rows = rows_of(session, words, actor, [each[0] for each in found[offset : offset + limit]])
    total = len(found)
    return SearchPage(
        query,
        hits=_hits(desk, session, query, rows, side),
        total=total,
        capped=len(found if ids is None else ids) >= MAX_FOUND,
        facets=facets(session, words, found, side, named) if counted else (),
        correction=None if total else _correction(desk, session, actor, query, words, side),
        next_offset=offset + limit if total > offset + limit else None,
    )


def _correction(
    desk: Helpdesk, session: Session, actor: Actor, query: SearchQuery, words: Vocabulary, side: Side
) -> str | None:
    """Return another way to write a search, if the actor finds anything by it: no word of others is given away."""
    proposed = desk.hooks.pick(hooks.search_correction, query=query, internal=side == "desk")
    if not proposed:
        return None
    query = read_search(proposed, actor, words, desk.now())
    ids = found_by_plugin(desk, actor, query, side)
    seen = Seen(session, desk.now(), actor, query, words, side, counted=False)
    found = seen.all_(1) if ids is None else seen.of(ids)
    return proposed if found or find_pages(desk, actor, query, 1) else None


def _hits(desk: Helpdesk, session: Session, query: SearchQuery, rows: Sequence[TicketRow], side: Side) -> list[Hit]:
    if not rows:
        return []
    messages = _messages(session, rows, side) if query.words else []
    texts = [row.subject for row in rows] + [each.body[:READ] for each in messages]
    places = marks(desk, query, texts)
    best: dict[int, tuple[int, Any, Spans]] = {}
    for message, spans in zip(messages, places[len(rows) :], strict=True):
        kinds = len({message.body[span[0] : span[1]].casefold() for span in spans})
        if spans and kinds > best.get(message.ticket_id, (0,))[0]:
            best[message.ticket_id] = (kinds, message, spans)
    hits = []
    for row, spans in zip(rows, places, strict=False):
        subject = whole(row.subject, spans)
        if row.id in best:
            _, message, inside = best[row.id]
            hits.append(Hit(row, subject, around(message.body[:READ], inside), message.kind == "internal"))
        else:
            hits.append(Hit(row, subject, [(row.preview, False)]))
    return hits


def _messages(session: Session, rows: Sequence[TicketRow], side: Side) -> Sequence[Any]:
    asked = _messages_of(dialect_of(session), internal=side == "desk")
    return session.connection().execute(asked, {"tickets": [row.id for row in rows]}).all()


@cache
def _messages_of(dialect: str, *, internal: bool) -> Select[int, str, str]:
    asked = select(Message.ticket_id, Message.kind, Message.body_text.label("body"))
    asked = asked.where(among(dialect, Message.ticket_id, "tickets"))
    if not internal:
        asked = asked.where(Message.kind == "public")
    return asked.order_by(Message.id.desc()).limit(MAX_MESSAGES)
