"""Lists of tickets: filtered, sorted, a page at a time, with one query whatever the page shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, select
from sqlalchemy.orm import Session, aliased

from helpdesk_core.actor import Actor
from helpdesk_core.db.among import among, dialect_of
from helpdesk_core.db.rows import BY_NAME
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.tickets.filtering import TicketFilter, conditions
from helpdesk_core.tickets.models import Ticket, TicketSeen
from helpdesk_core.tickets.ordering import SORTS, Place, Stretch, check_sort, read_place, stretches
from helpdesk_core.tickets.rights import Side, reach_of, visible
from helpdesk_core.tickets.searching import found_by_plugin, read_search
from helpdesk_core.tickets.vocabulary import Vocabulary, vocabulary
from helpdesk_core.users.models import Organisation, User

MAX_LIMIT: Final = 200
MOST_QUESTIONS: Final = 500
"""Kept statements of lists; a few kilobytes each. Then they are made anew."""


_ById = Mapping[str, Mapping[int, Any]]


_requester, ASSIGNEE = aliased(User), aliased(User)
ROW_COLUMNS: Final[Select[*tuple[Any, ...]]] = (
    select(
        Ticket.id, Ticket.number, Ticket.subject, Ticket.preview, Ticket.status_id, Ticket.is_open,
        Ticket.waiting_on, Ticket.priority_id, Ticket.type_id, Ticket.department_id,
        _requester.uid.label("requester_uid"), _requester.name.label("requester_name"),
        _requester.primary_email.label("requester_email"),
        ASSIGNEE.uid.label("assignee_uid"), ASSIGNEE.name.label("assignee_name"),
        Organisation.name.label("organisation"), Ticket.message_count, Ticket.created_at, Ticket.updated_at,
        Ticket.closed_at, Ticket.last_customer_at, Ticket.last_agent_at, TicketSeen.seen_at,
    )
    .join(_requester, _requester.id == Ticket.requester_id)
    .outerjoin(ASSIGNEE, ASSIGNEE.id == Ticket.assignee_id)
    .outerjoin(Organisation, Organisation.id == Ticket.organisation_id)
    .outerjoin(TicketSeen, and_(TicketSeen.ticket_id == Ticket.id, TicketSeen.user_id == bindparam("reader")))
    .execution_options(**BY_NAME)
)  # fmt: skip
"""Made once, because making it takes longer than running it; `reader` is a user's id."""


_OTHERS: Final = len(ROW_COLUMNS.selected_columns) - 10
"""How many columns, at the end, a row has as they are."""


class TicketRow(NamedTuple):
    """A ticket as lists show it: names instead of keys, nothing left to load."""

    id: int
    number: str
    subject: str
    preview: str
    status: str
    status_name: str
    state: str
    is_open: bool
    waiting_on: str
    priority: str
    priority_name: str
    priority_level: int
    type: str | None
    department: str
    department_name: str
    requester_uid: str
    requester_name: str
    requester_email: str | None
    assignee_uid: str | None
    assignee_name: str | None
    organisation: str | None
    message_count: int
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None
    last_customer_at: datetime | None
    last_agent_at: datetime | None
    seen_at: datetime | None

    @property
    def is_unread(self) -> bool:
        """Whether something happened since the reader last opened it."""
        return self.seen_at is None or self.updated_at > self.seen_at


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list; `next` continues it and `previous` leads back; each is None where there is no such page."""

    rows: Sequence[TicketRow]
    next: str | None = None
    previous: str | None = None


def list_tickets(
    desk: Helpdesk,
    session: Session,
    actor: Actor,
    wanted: TicketFilter,
    *,
    side: Side = "any",
    sort: str = "-updated",
    limit: int = 50,
    after: str | None = None,
    before: str | None = None,
    generation: int | None = None,
) -> Page:
    """Return one page of the tickets the actor may see that pass the filter.

    `after` is the `next` of another page, `before` the `previous` of one; at most one of them counts. Raises `Invalid`
    for words that do not exist, naming those that do.
    """
    words = vocabulary(desk, session, generation)
    check_sort(sort, words.narrowing)
    limit = max(1, min(limit, MAX_LIMIT))
    question = _question(desk, actor, wanted, side, sort, limit + 1, words)
    parts = question.parts
    back = before is not None and after is None
    token = before if back else after
    place = read_place(token, sort, parts) if token is not None else None
    rows = _read(session, question, actor, place, limit + 1, back=back)
    by_id = _names(words)
    shown = list(reversed(rows[:limit])) if back else rows[:limit]
    more = len(rows) > limit

    def place_of(found: tuple[int, Any]) -> str:
        number, row = found
        return Place(number, parts[number].position(row)).text(sort)

    return Page(
        [_row(row, by_id) for _number, row in shown],
        next=place_of(shown[-1]) if shown and (more or back) else None,
        previous=place_of(shown[0]) if shown and (more if back else after is not None) else None,
    )


@dataclass(frozen=True, slots=True)
class _Question:
    """Which tickets pass, the parts of the list, and the statement that its first page begins with."""

    passing: Sequence[ColumnElement[bool]]
    parts: Sequence[Stretch]
    first: Select[Any]


def _question(
    desk: Helpdesk, actor: Actor, wanted: TicketFilter, side: Side, sort: str, limit: int, words: Vocabulary
) -> _Question:
    """Return what to ask for; kept for lists that are looked at again and again, as making it takes half of asking.

    They are kept with the words that they are made of. What is searched for and what plugins ask about may be another
    thing the next time, so that is made anew.
    """

    def make() -> _Question:
        found_ids = None
        if wanted.text:
            found_ids = found_by_plugin(desk, actor, read_search(wanted.text, actor, words, desk.now()), side)
        passing = (visible(actor, side), *conditions(wanted, words, actor, side, found_ids))
        parts = stretches(sort, words, actor)
        return _Question(passing, parts, parts[0].of(ROW_COLUMNS, passing, None, limit, back=False))

    if wanted.text or wanted.x or sort not in SORTS:
        return make()
    known: dict[Any, _Question] = words.made
    key = (reach_of(actor), side, wanted, sort, limit)
    found = known.get(key)
    if found is None:
        if len(known) >= MOST_QUESTIONS:
            known.clear()
        found = known[key] = make()
    return found


def _read(
    session: Session, question: _Question, actor: Actor, place: Place | None, limit: int, *, back: bool
) -> list[tuple[int, Any]]:
    """Return rows, each with the number of its part, from one part of the list after the other until it is enough.

    They come from the database as they are, as there is nothing in them for the session to keep.
    """
    rows: list[tuple[int, Any]] = []
    connection = session.connection()
    parts, passing = question.parts, question.passing
    numbers = range(place.stretch if place else 0, len(parts))
    if back and place is not None:
        numbers = range(place.stretch, -1, -1)
    for number in numbers:
        reached = place.position if place is not None and place.stretch == number else None
        if number == 0 and reached is None and not rows and not back:
            asked = question.first
        else:
            asked = parts[number].of(ROW_COLUMNS, passing, reached, limit - len(rows), back=back)
        found = connection.execute(asked, {"reader": actor.user_id or 0}).all()
        rows += [(number, row) for row in found]
        if len(rows) >= limit:
            break
    return rows


def rows_of(session: Session, words: Vocabulary, actor: Actor, ids: Sequence[int]) -> list[TicketRow]:
    """Return these tickets as lists show them, in this order; whoever asks has applied the rights."""
    if not ids:
        return []
    read = read_rows(session, words, actor, _rows_among(dialect_of(session)), {"ids": list(ids)})
    by_id = {row.id: row for row, _ in read}
    return [by_id[each] for each in ids if each in by_id]


@cache
def _rows_among(dialect: str) -> Select[*tuple[Any, ...]]:
    return ROW_COLUMNS.where(among(dialect, Ticket.id, "ids"))


def read_rows(
    session: Session, words: Vocabulary, actor: Actor, asked: Select[*tuple[Any, ...]], values: Mapping[str, Any]
) -> list[tuple[TicketRow, Any]]:
    """Return what a statement made of `ROW_COLUMNS` finds, each with the row of the database that it was made of.

    It goes to the database as it is, as there is nothing in it for the session to keep.
    """
    names = _names(words)
    found = session.connection().execute(asked, {**values, "reader": actor.user_id or 0}).all()
    return [(_row(row, names), row) for row in found]


def _names(words: Vocabulary) -> _ById:
    """Return what rows show for ids, in the order in which they have it."""
    return {
        "status": {each.id: (each.key, each.name, each.state) for each in words.statuses.values()},
        "priority": {each.id: (each.key, each.name, each.level) for each in words.priorities.values()},
        "type": {each.id: each.key for each in words.types.values()},
        "department": {each.id: (each.key, each.name) for each in words.departments.values()},
    }


def count_tickets(
    desk: Helpdesk,
    session: Session,
    actor: Actor,
    filters: Mapping[str, TicketFilter],
    *,
    side: Side = "desk",
    generation: int | None = None,
    limit: int | None = None,
) -> dict[str, int]:
    """Return for each named filter how many tickets pass it; one query for all of them.

    With a `limit` counting ends there. Each is counted for itself, so that it takes the index that fits it; the rail's
    lists have one of their own. For the desk the statement is kept, since every page asks for the same few lists.
    """
    if not filters:
        return {}

    def make(session: Session) -> Select[*tuple[Any, ...]]:
        words = vocabulary(desk, session, generation)
        passing = [visible(actor, side)]
        counts = [
            _count((*passing, *conditions(each, words, actor, side)), limit).scalar_subquery()
            for each in filters.values()
        ]
        return select(*counts).execution_options(**BY_NAME)

    if side != "desk" or generation is None:
        query = make(session)
    else:
        who = (actor.kind, actor.user_id, actor.departments("ticket.read"))
        query = desk.remember(session, ("counts", limit, *who, *filters.values()), make, generation)
    return dict(zip(filters, session.connection().execute(query).one(), strict=True))


def _count(passing: Sequence[ColumnElement[bool]], limit: int | None) -> Select[int]:
    if limit is None:
        return select(func.count()).select_from(Ticket).where(*passing)
    found = select(Ticket.id).where(*passing).limit(limit).subquery()
    return select(func.count()).select_from(found)


def _row(row: Any, by_id: _ById) -> TicketRow:
    """Return a row of `ROW_COLUMNS` with names; a list's own columns behind them are left out."""
    id, number, subject, preview, status, is_open, waiting_on, priority, kind, department, *others = row
    return TicketRow._make(
        (
            id, number or "", subject, preview, *by_id["status"][status], is_open,
            waiting_on, *by_id["priority"][priority], by_id["type"].get(kind),
            *by_id["department"][department], *others[:_OTHERS],
        )
    )  # fmt: skip
