"""The orders of ticket lists, and the places in them from which a page goes on."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, case, or_, select

from helpdesk_core.actor import Actor
from helpdesk_core.db.base import UTCDateTime
from helpdesk_core.errors import Invalid
from helpdesk_core.texts import lazy as _l
from helpdesk_core.tickets.models import Ticket
from helpdesk_core.tickets.narrowing import ListOrder, Narrowing
from helpdesk_core.tickets.rights import visible
from helpdesk_core.tickets.vocabulary import Vocabulary

SORTS: Final = ("-updated", "updated", "-created", "created", "-priority")
"""Core's own; those of plugins are `<plugin id>.<key>`, and with `-` the other way round."""
Passing = Sequence[ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Key:
    """One thing to sort by: `of` takes it from a row, `show` makes it JSON, and `read` is the way back."""

    column: Any
    of: Callable[[Any], Any]
    read: Callable[[Any], Any]
    show: Callable[[Any], Any] = lambda value: value


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a list that one query reads in order: most lists have one. With `also` only tickets that pass it."""

    keys: Sequence[Key]
    descending: bool
    also: Passing = ()

    def of(
        self, columns: Select[Any], passing: Passing, reached: Sequence[Any] | None, limit: int, *, back: bool
    ) -> Select[Any]:
        """Return the query for the tickets that pass behind a position, or before it, going backwards."""
        query = columns.where(*passing, *self.also, *self._behind(reached, back=back))
        return query.order_by(*self._order(self._columns, back=back)).limit(limit)

    @property
    def _columns(self) -> list[Any]:
        return [key.column for key in self.keys]

    def _behind(self, reached: Sequence[Any] | None, *, back: bool) -> Passing:
        if reached is None:
            return ()
        return (_beyond(self._columns, reached, descending=self.descending != back),)

    def _order(self, columns: Sequence[Any], *, back: bool) -> list[Any]:
        return [column.desc() if self.descending != back else column for column in columns]

    def position(self, row: Any) -> list[Any]:
        """Return where a row stands, as JSON can hold it."""
        return [key.show(key.of(row)) for key in self.keys]

    def read(self, position: Sequence[Any]) -> list[Any]:
        """Return a position's values; raises `ValueError` or `TypeError` for what is none."""
        return [key.read(value) for key, value in zip(self.keys, position, strict=True)]


@dataclass(frozen=True, slots=True)
class Ranked(Stretch):
    """The tickets that have a value in a table of a plugin, read along the index of that value."""

    def of(
        self, columns: Select[Any], passing: Passing, reached: Sequence[Any] | None, limit: int, *, back: bool
    ) -> Select[Any]:
        """Return the query; which tickets are on the page is found first, because a join would be sorted as a whole."""
        value, ticket = self._columns
        seen = select(Ticket.id).where(Ticket.id == ticket, *passing, *self.also).correlate(value.class_).exists()
        chosen = (
            select(ticket.label("ticket_id"))
            .where(value.is_not(None), seen, *self._behind(reached, back=back))
            .order_by(*self._order((value, ticket), back=back))
            .limit(limit)
            .subquery("ranked")
        )
        # MariaDB takes a limit only one level below IN; with IN, unlike with a join, all of them begin with these few.
        few = Ticket.id.in_(select(chosen.c.ticket_id))
        query = columns.join(value.class_, ticket == Ticket.id).add_columns(value.label("sorted_by")).where(few)
        return query.order_by(*self._order((value, ticket), back=back))


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a list: in which of its parts, and where there."""

    stretch: int
    position: Sequence[Any]

    def text(self, sort: str) -> str:
        """Return it as text, which is good for that order only."""
        return base64.urlsafe_b64encode(json.dumps([sort, self.stretch, *self.position]).encode()).decode().rstrip("=")


def read_place(text: str, sort: str, parts: Sequence[Stretch]) -> Place:
    """Return a place with the values of its part; raises `Invalid` for what is none of this list."""
    try:
        made_for, number, *position = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if made_for != sort or not isinstance(number, int) or not 0 <= number < len(parts):
            raise ValueError(made_for)
        return Place(number, parts[number].read(position))
    except (ValueError, TypeError, binascii.Error):
        raise Invalid(
            {"after": [_l("This is no place in this list. Take the `next` of the page before, unchanged.")]}
        ) from None


def check_sort(sort: str, added: Narrowing) -> None:
    """Raise `Invalid` unless lists can be sorted that way."""
    if not can_sort(sort, added):
        known = ", ".join((*SORTS, *added.orders))
        raise Invalid(
            {"sort": [_l("One cannot sort by “%(sort)s”. Choose one of: %(sorts)s.", sort=sort, sorts=known)]}
        )


def can_sort(sort: str, added: Narrowing) -> bool:
    """Tell whether lists can be sorted that way; not by the order of a plugin that is off."""
    return sort in SORTS or sort.removeprefix("-") in added.orders


def stretches(sort: str, words: Vocabulary, actor: Actor) -> list[Stretch]:
    """Return the parts of a list in that order."""
    name, descending = sort.removeprefix("-"), sort.startswith("-")
    if name in words.narrowing.orders:
        return _by_plugin(words.narrowing.orders[name], actor, descending=descending)
    if name == "priority":
        rows = {each.id: each.level for each in words.priorities.values()}
        level = Key(case(rows, value=Ticket.priority_id), lambda row: rows[row.priority_id], int)
        return [Stretch((level, _UPDATED, _ID), True)]
    return [Stretch((_CREATED if name == "created" else _UPDATED, _ID), descending)]


_UPDATED: Final = Key(Ticket.updated_at, lambda row: row.updated_at, datetime.fromisoformat, datetime.isoformat)
_CREATED: Final = Key(Ticket.created_at, lambda row: row.created_at, datetime.fromisoformat, datetime.isoformat)
_ID: Final = Key(Ticket.id, lambda row: row.id, int)


def _by_plugin(order: ListOrder, actor: Actor, *, descending: bool) -> list[Stretch]:
    """Return first the tickets that have a value, along its index, then the others, the last changed first.

    One query for both would have to sort all tickets: no index has those that lack a row.
    """
    kind = order.column.type
    is_moment = isinstance(kind, UTCDateTime)
    first = Key(
        order.column,
        lambda row: row.sorted_by,
        datetime.fromisoformat if is_moment else kind.python_type,
        datetime.isoformat if is_moment else lambda given: given,
    )
    seen = visible(actor, "desk")  # who does not work a ticket shall not learn how it stands by its place in a list
    valued = select(order.ticket).where(order.ticket == Ticket.id, order.column.is_not(None)).correlate(Ticket)
    return [
        Ranked((first, Key(order.ticket, lambda row: row.id, int)), descending, (seen,)),
        Stretch((_UPDATED, _ID), True, (seen, ~valued.exists())),
    ]


def _beyond(keys: Sequence[Any], reached: Sequence[Any], *, descending: bool) -> ColumnElement[bool]:
    """Return the condition for rows behind a position; written so that every database takes its index for it."""
    key, value = keys[0], reached[0]
    further: ColumnElement[bool] = key < value if descending else key > value
    if len(keys) == 1:
        return further
    not_before: ColumnElement[bool] = key <= value if descending else key >= value
    return and_(not_before, or_(further, _beyond(keys[1:], reached[1:], descending=descending)))
