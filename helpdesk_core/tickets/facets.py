"""Ways of narrowing a search: how many of the tickets found are in a department, an agent's, of the last week."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from sqlalchemy import CompoundSelect, Select, bindparam, case, func, literal, select, union_all
from sqlalchemy.orm import Session

from helpdesk_core.db.among import among, dialect_of
from helpdesk_core.texts import LazyText
from helpdesk_core.texts import lazy as _l
from helpdesk_core.tickets.models import Ticket, TicketTag
from helpdesk_core.tickets.rights import Side
from helpdesk_core.tickets.searching import NOBODY
from helpdesk_core.tickets.vocabulary import Vocabulary
from helpdesk_core.users.models import User

MOST: Final = 8
"""So many values of a field are offered, the commonest."""
AGES: Final = ((7, "7d", _l("Last 7 days")), (30, "30d", _l("Last 30 days")), (365, "1y", _l("Last 12 months")))
"""Days since a ticket was opened; each range holds the ones before it, as a search for `after:30d` does."""
OLDER: Final = _l("Older")


@dataclass(frozen=True, slots=True)
class Facet:
    """One way of narrowing a search: adding `field:key` leaves `count` tickets."""

    field: str
    key: str
    name: str | LazyText
    count: int


_ages: Final = [
    (Ticket.created_at >= bindparam(f"since_{key}"), place) for place, (_days, key, _name) in enumerate(AGES)
]
AGE: Final = case(*_ages, else_=len(AGES)).label("age")
OF_FOUND: Final[Select[Any]] = select(Ticket.id, Ticket.department_id, Ticket.status_id, Ticket.assignee_id, AGE)
"""What is counted: id, department, status, agent, and which of `AGES` a ticket has; it takes `bounds`."""


@cache
def _agents_and_tags_of(dialect: str) -> CompoundSelect[Any]:
    """Return the statement that reads names of `agents` and the commonest tags of tickets that were `found`.

    It is kept, as making it takes longer than running it.
    """
    tagged = func.count().label("tagged")
    tags = (
        select(literal("").label("address"), TicketTag.tag.label("name"), tagged, literal(0).label("agent"))
        .where(among(dialect, TicketTag.ticket_id, "found"))
        .group_by(TicketTag.tag)
        .order_by(tagged.desc(), TicketTag.tag)
        .limit(MOST)
    )
    agents = select(User.primary_email, User.name, literal(0), User.id).where(among(dialect, User.id, "agents"))
    return union_all(select(tags.subquery()), agents)


def bounds(now: datetime) -> dict[str, datetime]:
    """Return the moments from which on a ticket has each of `AGES`."""
    return {f"since_{key}": now - timedelta(days=days) for days, key, _name in AGES}


@dataclass(frozen=True, slots=True)
class Named:
    """What facets of the desk are called: address and name of agents by id, and how often there is which tag."""

    agents: Mapping[int, tuple[str, str]]
    tags: Sequence[tuple[str, int]]


def facets(
    session: Session, words: Vocabulary, found: Sequence[Any], side: Side, named: Named | None = None
) -> list[Facet]:
    """Return the ways of narrowing what was `found` (rows of `OF_FOUND`); one query, none if all is `named`.

    Tags and agents are for the desk: others are not shown them.
    """
    departments, statuses, agents, ages = (Counter(each[place] for each in found) for place in range(1, 5))
    ways = [*_named("department", departments, words.departments), *_named("status", statuses, words.statuses)]
    if side == "desk" and found:
        busiest = [id_ for id_, _ in agents.most_common(MOST)]
        named = named or _read_names(session, busiest, [each[0] for each in found])
        ways += [*_of_agents(agents, busiest, named), *(Facet("tag", tag, tag, count) for tag, count in named.tags)]
    return [*ways, *_by_age(ages)]


def named_of(agents: Iterable[tuple[int | None, str | None, str | None]], tags: Iterable[str]) -> Named:
    """Return the names of what was read with the tickets: id, address and name of agents, and each ticket's tags."""
    most = sorted(Counter(tags).items(), key=lambda each: (-each[1], each[0]))[:MOST]
    return Named({id_: (address, name or "") for id_, address, name in agents if id_ is not None and address}, most)


def _named(field: str, counts: Counter[int], rows: Mapping[str, Any]) -> Iterator[Facet]:
    named = {row.id: row for row in rows.values()}
    for id_, count in counts.most_common(MOST):
        yield Facet(field, named[id_].key, named[id_].name, count)


def _read_names(session: Session, busiest: Sequence[int | None], ids: Sequence[int]) -> Named:
    """Return the names of the busiest agents and the commonest tags, which one query reads together."""
    asked = {"found": ids, "agents": [each for each in busiest if each is not None]}
    read = session.connection().execute(_agents_and_tags_of(dialect_of(session)), asked).all()
    agents = {row.agent: (row.address, row.name) for row in read if row.agent and row.address}
    return Named(agents, [(row.name, row.tagged) for row in read if not row.agent])


def _of_agents(counts: Counter[int | None], busiest: Sequence[int | None], named: Named) -> Iterator[Facet]:
    for id_ in busiest:
        if id_ is None:
            yield Facet("assignee", NOBODY, _l("Nobody"), counts[id_])
        elif id_ in named.agents:
            yield Facet("assignee", *named.agents[id_], counts[id_])


def _by_age(ages: Counter[int]) -> Iterator[Facet]:
    """Return the ranges of days that hold more than the range before."""
    count = 0
    for place, (_days, key, name) in enumerate(AGES):
        if ages[place]:
            count += ages[place]
            yield Facet("after", key, name, count)
    if ages[len(AGES)]:
        yield Facet("before", AGES[-1][1], OLDER, ages[len(AGES)])
