"""What stands around a ticket, read with one query: tags, people, links, other tickets of who asks, who is there."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Integer,
    Select,
    String,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal_column,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from helpdesk_core.actor import Actor
from helpdesk_core.db.base import UTCDateTime
from helpdesk_core.drafts.models import Draft
from helpdesk_core.tickets.models import (
    PARTICIPANT_ROLES,
    HeldReply,
    Operation,
    Participant,
    Status,
    Ticket,
    TicketLink,
    TicketSeen,
    TicketTag,
)
from helpdesk_core.tickets.presence import HERE, WRITING, Present
from helpdesk_core.tickets.queries import KEPT_STATEMENTS, Linked
from helpdesk_core.tickets.rights import Reach, Side, reach_of, within_reach
from helpdesk_core.users.models import Organisation, User

MOST_OTHERS: Final = 6
"""How many other tickets are told of: the requester's, and as many of their organisation."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody else on a ticket."""

    id: int
    role: str
    uid: str
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Undoable:
    """A split or merge that can be undone; `other` is the number of the ticket at its other end."""

    uid: str
    kind: str
    other: str


@dataclass(frozen=True, slots=True)
class Other:
    """Another ticket of the same requester, or of a colleague of theirs; `status` is a key."""

    number: str
    subject: str
    status: str
    requester: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What stands around a ticket; `is_seen` tells whether the reader has opened it since it last changed.

    `theirs` are the newest other tickets of the requester, `organisations` those of other people of the organisation
    whose name is `organisation`; `here` are colleagues who have the ticket open; `has_held` and `has_draft` tell
    whether replies wait to be sent, and whether the reader has begun one. These are for the desk only.
    """

    tags: tuple[str, ...]
    people: tuple[Person, ...]
    links: tuple[Linked, ...]
    operations: tuple[Undoable, ...]
    is_seen: bool
    organisation: str = ""
    theirs: tuple[Other, ...] = ()
    organisations: tuple[Other, ...] = ()
    here: tuple[Present, ...] = ()
    has_held: bool = False
    has_draft: bool = False


def surroundings(
    session: Session, actor: Actor, ticket: Ticket, side: Side, now: datetime, draft: str = ""
) -> Surroundings:
    """Return all of it with one query; tickets that the actor may not see are left out.

    `draft` is the name under which the reader's draft would be kept.
    """
    given = {"here": ticket.id, "reader": actor.user_id or 0, "changed": ticket.updated_at}
    if side == "desk":
        given |= {"since": now - HERE, "writing": now - WRITING, "draft": draft}
        given |= {"requester": ticket.requester_id, "organisation": ticket.organisation_id or 0}
    rows = session.execute(_statement(reach_of(actor), side, ticket.organisation_id is not None), given).all()
    return Surroundings(
        tags=tuple(sorted(row[1] for row in rows if row[0] == "tag")),
        people=tuple(Person(int(row[4]), *row[:4]) for row in rows if row[0] in PARTICIPANT_ROLES),
        links=tuple(
            Linked(row[1], row[2], row[3], row[4] == "out", row[5] == "open") for row in rows if row[0] == "link"
        ),
        operations=tuple(Undoable(row[1], row[2], row[3]) for row in rows if row[0] == "operation"),
        is_seen=any(row[0] == "seen" for row in rows),
        organisation=next((row[1] for row in rows if row[0] == "organisation"), ""),
        theirs=tuple(Other(row[1], row[2], row[3], row[4]) for row in rows if row[0] == "theirs"),
        organisations=tuple(Other(row[1], row[2], row[3], row[4]) for row in rows if row[0] == "organisations"),
        here=tuple(Present(row[1], row[2], bool(row[3])) for row in rows if row[0] == "here"),
        has_held=any(row[0] == "held" for row in rows),
        has_draft=any(row[0] == "draft" for row in rows),
    )


@lru_cache(KEPT_STATEMENTS)
def _statement(reach: Reach, side: Side, of_organisation: bool) -> CompoundSelect[*tuple[Any, ...]]:
    may_see = exists().where(Ticket.id == _other.id, within_reach(reach, side))
    parts = [*_PARTS, *(part.where(may_see) for part in _LINKS)]
    if side == "desk":
        parts += [_HERE, _ORGANISATION, _HELD, _DRAFT, *_others(reach, of_organisation)]
    return union_all(*parts)


def _others(reach: Reach, of_organisation: bool) -> list[Select[*tuple[Any, ...]]]:
    """Return the newest other tickets of the requester, and of others of the organisation, open ones first."""
    same = [("theirs", Ticket.requester_id == _requester)]
    if of_organisation:
        same.append(("organisations", (Ticket.organisation_id == _organisation) & (Ticket.requester_id != _requester)))
    parts = []
    for kind, condition in same:
        newest = (
            select(Ticket.number, Ticket.subject, Status.key, User.name)
            .join(Status, Status.id == Ticket.status_id)
            .join(User, User.id == Ticket.requester_id)
            .where(condition, Ticket.id != _here, within_reach(reach, "desk"))
            .order_by(Ticket.is_open.desc(), Ticket.updated_at.desc(), Ticket.id.desc())
            .limit(MOST_OTHERS)
            .subquery(f"newest_{kind}")
        )
        parts.append(_part(kind, newest.c.number, newest.c.subject, newest.c.key, newest.c.name))
    return parts


def _part(*columns: Any) -> Select[*tuple[Any, ...]]:
    """Return a select of six text columns, filled up with empty ones, so that unlike rows can share a query.

    Words are written out: drivers read statements of more than some 4,000 characters or 50 values anew each time.
    """
    texts = [_word(column) if isinstance(column, str) else cast(column, String(500)) for column in columns]
    part: Select[*tuple[Any, ...]] = select(*texts, *(_word("") for _ in range(6 - len(columns))))
    return part


def _word(text: str) -> ColumnElement[str]:
    return literal_column(f"'{text}'", String)


def _links(direction: str, here: Any, there: Any) -> Select[*tuple[Any, ...]]:
    is_open = case((_other.is_open, "open"), else_="")
    part = _part("link", _other.number, _other.subject, TicketLink.kind, direction, is_open)
    return part.join(_other, _other.id == there).where(here == _here)


# Made once, because making them takes longer than running them.
_other, _end = aliased(Ticket), aliased(Ticket)
_here, _reader = bindparam("here", type_=Integer), bindparam("reader", type_=Integer)
_requester, _organisation = bindparam("requester", type_=Integer), bindparam("organisation", type_=Integer)
_PARTS: Final = (
    _part("tag", TicketTag.tag).where(TicketTag.ticket_id == _here),
    _part(Participant.role, User.uid, User.name, func.coalesce(User.primary_email, ""), User.id)
    .join(User, User.id == Participant.user_id)
    .where(Participant.ticket_id == _here),
    _part("operation", Operation.uid, Operation.kind, _end.number)
    .join(_end, _end.id == case((Operation.source_id == _here, Operation.target_id), else_=Operation.source_id))
    .where(or_(Operation.source_id == _here, Operation.target_id == _here), Operation.undone_at.is_(None)),
    _part("seen")
    .select_from(TicketSeen)
    .where(
        TicketSeen.ticket_id == _here,
        TicketSeen.user_id == _reader,
        TicketSeen.seen_at >= bindparam("changed", type_=UTCDateTime),
    ),
)
_LINKS: Final = (
    _links("out", TicketLink.from_id, TicketLink.to_id),
    _links("in", TicketLink.to_id, TicketLink.from_id),
)
_HERE: Final = (
    _part(
        "here",
        User.uid,
        User.name,
        case((TicketSeen.typed_at > bindparam("writing", type_=UTCDateTime), "1"), else_=""),
    )
    .join(TicketSeen, TicketSeen.user_id == User.id)
    .where(
        TicketSeen.ticket_id == _here,
        TicketSeen.here_at > bindparam("since", type_=UTCDateTime),
        User.id != _reader,
    )
)
_ORGANISATION: Final = _part("organisation", Organisation.name).where(Organisation.id == _organisation)
_HELD: Final = _part("held").select_from(HeldReply).where(HeldReply.ticket_id == _here)
_DRAFT: Final = (
    _part("draft").select_from(Draft).where(Draft.user_id == _reader, Draft.name == bindparam("draft", type_=String))
)
