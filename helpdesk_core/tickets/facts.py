"""What plugins keep about tickets, read for all of them with one query, so that a page costs the same with twelve."""

import json
from collections import defaultdict, namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    CompoundSelect,
    DateTime,
    Integer,
    Select,
    String,
    Text,
    cast,
    literal_column,
    null,
    select,
    union_all,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from helpdesk_core.db.among import among
from helpdesk_core.db.base import JSONText, UTCDateTime
from helpdesk_core.glance import Glance
from helpdesk_core.runtime import Helpdesk

Read = Callable[[str], Any]
Rows = Mapping[int, Sequence[Any]]
"""Rows by the ticket's id; each a named tuple of the columns after the first."""
_Found = dict[tuple[tuple[str, str], int], list[Any]]

MOST_ROWS_AT_ONCE: Final = 500
"""Databases limit how many values a statement takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFacts:
    """Rows that a plugin keeps about tickets; `key` is unique within the plugin.

    The first column of `statement` is the ticket's id, the others are its texts, whole numbers, truths, moments and
    `JSONText`, by name. It is a plain SELECT with joins and conditions: without grouping, order or limit. With `lists`
    the rows are also wanted for many tickets at once, as by a column of lists.
    """

    key: str
    statement: Select[*tuple[Any, ...]]
    lists: bool = False

    def __post_init__(self) -> None:
        """Refuse what could not be read together with other rows."""
        first, *others = self.statement.selected_columns
        if not isinstance(first.type, Integer):
            raise TypeError(f"The first column of the facts “{self.key}” has to be a ticket's id.")
        if not others:
            raise ValueError(f"The facts “{self.key}” have no column besides the ticket's id.")
        _row(self)
        for each in others:
            _reader(each.type)
        plain = select(*self.statement.selected_columns).select_from(*self.statement.get_final_froms())
        if self.statement.whereclause is not None:
            plain = plain.where(self.statement.whereclause)
        if str(plain) != str(self.statement):
            raise ValueError(f"The facts “{self.key}” have to be a plain SELECT, without grouping, order or limit.")

    @property
    def names(self) -> list[str]:
        """The names of the columns after the first."""
        return [str(each.key) for each in list(self.statement.selected_columns)[1:]]


@dataclass(frozen=True, slots=True)
class _Kept:
    """Facts with what reads them; the statement's arm in a union is numbered by `number`."""

    plugin_id: str
    facts: TicketFacts
    number: int
    make: Callable[..., Any]
    readers: tuple[Read, ...]

    @property
    def name(self) -> tuple[str, str]:
        """What tells the facts from all others."""
        return self.plugin_id, self.facts.key

    def row(self, values: Sequence[str | None]) -> Any:
        """Return the row that these texts stand for."""
        read = zip(self.readers, values, strict=False)  # the values of narrow facts end in empty ones
        return self.make(*[None if value is None else reader(value) for reader, value in read])


@dataclass(frozen=True, slots=True)
class _Shelf:
    """The facts of all plugins, with the statements that read them: of one, of those for lists, of all."""

    kept: Mapping[tuple[str, str], _Kept]
    width: int
    dialect: str
    statements: dict[tuple[int, ...], Any] = field(default_factory=dict)

    def statement(self, wanted: Sequence[_Kept]) -> Any:
        """Return the query for some of the facts; made once."""
        numbers = tuple(each.number for each in wanted)
        if numbers not in self.statements:
            self.statements[numbers] = _union(wanted, self.width, self.dialect)
        return self.statements[numbers]


def facts_of(desk: Helpdesk, plugin_id: str, key: str, ticket_ids: Iterable[int]) -> Rows:
    """Return the rows that a plugin keeps about tickets, by the ticket's id; tickets without one are left out.

    While a page is made, the first plugin that asks about some tickets has those of all plugins read. In a unit of
    work it is what the unit has written so far. KeyError for facts that no active plugin has.
    """
    ids = list(dict.fromkeys(ticket_ids))
    shelf = _shelf(desk)
    asked = shelf.kept[plugin_id, key]
    page = desk.glanced()
    if page is None:
        return _one(desk, shelf, asked, ids)
    found = page.found
    name = asked.name
    if missing := [each for each in ids if (name, each) not in found]:
        with suppress(SQLAlchemyError):  # one plugin's mistake; who asks is told of no mistake but its own
            _read_all(desk, shelf, asked, missing, page)
        if any((name, each) not in found for each in missing):
            alone = _one(desk, shelf, asked, missing)
            found.update({(name, each): alone.get(each, ()) for each in missing})
    return {each: rows for each in ids if (rows := found[name, each])}


def _one(desk: Helpdesk, shelf: _Shelf, asked: _Kept, ids: Sequence[int]) -> Rows:
    with desk.read() as session:
        session.flush()  # a unit of work is told of what it has written so far
        rows: dict[int, list[Any]] = defaultdict(list)
        for _, ticket_id, values in _rows(session, shelf.statement([asked]), ids):
            rows[ticket_id].append(asked.row(values))
    return dict(rows)


def _read_all(desk: Helpdesk, shelf: _Shelf, asked: _Kept, ids: Sequence[int], page: Glance) -> None:
    along = [each for each in _along(shelf, page, ids) if each is not asked]
    wanted = sorted([asked, *along], key=lambda each: each.number)
    with desk.read(with_page=True) as session:
        page.found.update(_read(session, shelf, wanted, ids))


def _along(shelf: _Shelf, page: Glance, ids: Sequence[int]) -> list[_Kept]:
    """Return what is read for a page together with whatever is asked for, as far as it was not read yet."""
    shown = (each for each in shelf.kept.values() if len(ids) == 1 or page.shows_all or each.facts.lists)
    return [each for each in shown if (each.name, ids[0]) not in page.found]


def _read(session: Session, shelf: _Shelf, wanted: Sequence[_Kept], ids: Sequence[int]) -> _Found:
    """Return rows, without those of facts of which one cannot be read: that is for whoever asks for them to know."""
    by_number = {each.number: each for each in wanted}
    read: _Found = {(each.name, ticket_id): [] for each in wanted for ticket_id in ids}
    unreadable = set()
    for number, ticket_id, values in _rows(session, shelf.statement(wanted), ids):
        kept = by_number[number]
        try:
            read[kept.name, ticket_id].append(kept.row(values))
        except (TypeError, ValueError):
            unreadable.add(kept.name)
    return {key: rows for key, rows in read.items() if key[0] not in unreadable} if unreadable else read


def _rows(session: Session, statement: Any, ids: Sequence[int]) -> Iterator[tuple[int, int, Sequence[str | None]]]:
    """Return what the database has, as it is: there is nothing in it for the session to keep."""
    connection = session.connection()
    for begin in range(0, len(ids), MOST_ROWS_AT_ONCE):
        given = {"ids": ids[begin : begin + MOST_ROWS_AT_ONCE]}
        for number, ticket_id, *values in connection.execute(statement, given):
            yield number, ticket_id, values


def _shelf(desk: Helpdesk) -> _Shelf:
    from helpdesk_core.tickets import hooks  # its contracts name the class above

    gathered = [(plugin_id, each) for plugin_id, facts in desk.gather(hooks.ticket_facts) for each in facts]

    def make() -> _Shelf:
        kept = {
            (plugin_id, each.key): _Kept(
                plugin_id,
                each,
                number,
                _row(each),
                tuple(_reader(column.type) for column in list(each.statement.selected_columns)[1:]),
            )
            for number, (plugin_id, each) in enumerate(gathered)
        }
        return _Shelf(kept, max((len(each.names) for _, each in gathered), default=0), desk.engine.dialect.name)

    return desk.worked_out(("facts", *(id(each) for _, each in gathered)), make)


def _row(facts: TicketFacts) -> Callable[..., Any]:
    """Return what makes rows; ValueError for names that no attribute can have."""
    return namedtuple("Fact", facts.names)


def _union(wanted: Sequence[_Kept], width: int, dialect: str) -> Select[*tuple[Any, ...]] | CompoundSelect[Any]:
    """Return one statement for all: which facts, the ticket's id, and as many texts as the widest needs.

    It is kept short, with the widest arm first, which tells the types: drivers read very long statements anew.
    """
    arms: list[Select[*tuple[Any, ...]]] = []
    for each in sorted(wanted, key=lambda each: -len(each.facts.names)):
        ticket, *others = each.facts.statement.selected_columns
        nothing = literal_column("NULL", Text) if arms else cast(null(), Text)
        texts: list[Any] = [cast(column, Text).label(f"c{at}") for at, column in enumerate(others)]
        texts += [nothing] * (width - len(others))
        number = literal_column(str(each.number), Integer)
        arm = each.facts.statement.with_only_columns(number, ticket, *texts, maintain_column_froms=True)
        arms.append(arm.where(among(dialect, ticket, "ids")))
    return arms[0] if len(arms) == 1 else union_all(*arms)


def _reader(kind: TypeEngine[Any]) -> Read:
    """Return what turns the text of a value into the value; TypeError for a type that facts cannot have."""
    if isinstance(kind, JSONText):
        return json.loads
    if isinstance(kind, UTCDateTime | DateTime):
        return _moment
    if isinstance(kind, Boolean):
        return lambda text: text in ("1", "true", "t")
    if isinstance(kind, Integer):
        return int
    if isinstance(kind, String):
        return str
    raise TypeError(f"Facts are texts, whole numbers, truths, moments and JSONText; {kind!r} is none of them.")


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
