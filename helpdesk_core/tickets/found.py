"""What of a search's finds may be seen, with what facets count: one query, however much was found."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from helpdesk_core.actor import Actor
from helpdesk_core.db.among import among, dialect_of
from helpdesk_core.search.query import SearchQuery
from helpdesk_core.tickets.facets import AGE, OF_FOUND, Named, bounds, named_of
from helpdesk_core.tickets.listing import ASSIGNEE, ROW_COLUMNS, TicketRow, read_rows
from helpdesk_core.tickets.models import Ticket, TicketTag
from helpdesk_core.tickets.queries import KEPT_STATEMENTS
from helpdesk_core.tickets.rights import Reach, Side, shared_reach, visible, within_reach
from helpdesk_core.tickets.searching import conditions_on_found, text_conditions
from helpdesk_core.tickets.vocabulary import Vocabulary

BREAK: Final = "\x1f"
"""Stands between the tags of a ticket; there is none in a tag."""
NOTHING: Final = Named({}, [])


class Seen:
    """The tickets that an actor may see, among those that a search finds.

    With `counted` they are read with what facets count; without, ids and what a page shows of them suffice.
    """

    def __init__(
        self,
        session: Session,
        now: datetime,
        actor: Actor,
        query: SearchQuery,
        words: Vocabulary,
        side: Side,
        *,
        counted: bool = True,
    ) -> None:
        """Prepare to ask."""
        self._session, self._moments, self._actor = session, bounds(now) if counted else {}, actor
        self._query, self._words, self._side, self._counted = query, words, side, counted

    def all_(self, limit: int) -> list[Any]:
        """Return `OF_FOUND` of what the database itself finds, the last changed first, at most `limit`."""
        found = text_conditions(self._query, self._words, self._actor, self._side)
        asked = (OF_FOUND if self._counted else _IDS).where(visible(self._actor, self._side), *found)
        latest = asked.order_by(Ticket.updated_at.desc(), Ticket.id.desc()).limit(limit)
        return list(self._session.execute(latest, self._moments))

    def of(self, ids: Sequence[int]) -> list[Any]:
        """Return `OF_FOUND` of tickets that a plugin found, in their order."""
        if not ids:
            return []
        asked, values = self._among(_facts, ids)
        found = self._session.connection().execute(asked, values)
        by_id = {row[0]: row for row in found}
        return [by_id[each] for each in dict.fromkeys(ids) if each in by_id]

    def few(self, ids: Sequence[int]) -> tuple[list[Any], list[TicketRow], Named]:
        """Return the same of so few tickets that one page shows them all, them as lists show them, and their names."""
        if not ids:
            return [], [], NOTHING
        read = read_rows(self._session, self._words, self._actor, *self._among(_whole, ids))
        by_id = {row.id: (row, raw) for row, raw in read}
        found = [by_id[each] for each in dict.fromkeys(ids) if each in by_id]
        rows = [row for row, _raw in found]
        if not self._counted:
            return rows, rows, NOTHING
        counted = [(raw.id, raw.department_id, raw.status_id, raw.assignee_id, raw.age) for _row, raw in found]
        if self._side != "desk":
            return counted, rows, NOTHING
        agents = [(raw.assignee_id, raw.assignee_email, raw.assignee_name) for _row, raw in found]
        tags = [tag for _row, raw in found for tag in (raw.tags or "").split(BREAK) if tag]
        return counted, rows, named_of(agents, tags)

    def _among(self, kept: Any, ids: Sequence[int]) -> tuple[Select[*tuple[Any, ...]], dict[str, Any]]:
        reach, values = shared_reach(self._actor, self._side)
        dialect = dialect_of(self._session)
        asked: Select[*tuple[Any, ...]] = kept(reach, self._side, dialect, counted=self._counted)
        more = conditions_on_found(self._query, self._words, self._actor, self._side)
        return asked.where(*more) if more else asked, {**self._moments, **values, "found": list(ids)}


_IDS: Final[Select[Any]] = select(Ticket.id)


@lru_cache(KEPT_STATEMENTS)
def _facts(reach: Reach, side: Side, dialect: str, *, counted: bool) -> Select[*tuple[Any, ...]]:
    asked = OF_FOUND if counted else _IDS
    return asked.where(within_reach(reach, side), among(dialect, Ticket.id, "found"))


@lru_cache(KEPT_STATEMENTS)
def _whole(reach: Reach, side: Side, dialect: str, *, counted: bool) -> Select[*tuple[Any, ...]]:
    asked = ROW_COLUMNS
    if counted:
        asked = asked.add_columns(Ticket.assignee_id, AGE)
    if counted and side == "desk":  # others are not shown tags and agents
        tags = select(func.aggregate_strings(TicketTag.tag, BREAK)).where(TicketTag.ticket_id == Ticket.id)
        email = ASSIGNEE.primary_email.label("assignee_email")
        asked = asked.add_columns(email, tags.scalar_subquery().label("tags"))
    return asked.where(within_reach(reach, side), among(dialect, Ticket.id, "found"))
