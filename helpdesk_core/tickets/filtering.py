"""Which tickets: the filter that lists, counts, saved searches and the API share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, false, or_, select, true

from helpdesk_core.actor import Actor
from helpdesk_core.errors import Invalid
from helpdesk_core.texts import lazy as _l
from helpdesk_core.tickets.models import OPEN_STATES, Participant, Ticket, TicketTag
from helpdesk_core.tickets.rights import Side, visible
from helpdesk_core.tickets.searching import read_search, text_conditions
from helpdesk_core.tickets.vocabulary import Vocabulary
from helpdesk_core.users.models import Organisation, User

ME: Final = "me"
NOBODY: Final = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFilter:
    """Which tickets to list; everything given has to hold, several values of one field are alternatives.

    `number` are numbers of tickets; `status`, `department`, `priority`, `type` are keys; `state` is one of the five
    states, or `open` or `closed` for all of that kind; `assignee` and `requester` are uids, `me`, or (assignee) `none`;
    `text` is looked for in number, subject, messages and the requester's name and address, and may use the language of
    searches. Internal notes are searched only for the desk. `x` are filters of plugins as `<plugin id>.<key>:<value>`;
    they find only tickets that one works, and nothing while their plugin is off.
    """

    number: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    state: tuple[str, ...] = ()
    department: tuple[str, ...] = ()
    priority: tuple[str, ...] = ()
    type: tuple[str, ...] = ()
    assignee: tuple[str, ...] = ()
    requester: tuple[str, ...] = ()
    organisation: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    waiting_on: tuple[str, ...] = ()
    follower: tuple[str, ...] = ()
    x: tuple[str, ...] = ()
    text: str = ""
    created_from: datetime | None = None
    created_to: datetime | None = None
    updated_since: datetime | None = None

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "TicketFilter":
        """Return a filter from stored or submitted values: lists, or texts with commas; unknown names are left out."""
        known = {each.name for each in fields(cls)}
        taken: dict[str, Any] = {}
        for name, value in values.items():
            if name not in known or value in (None, "", [], ()):
                continue
            if name == "text":
                taken[name] = str(value).strip()
            elif name in ("created_from", "created_to", "updated_since"):
                taken[name] = _moment(name, value)
            else:
                parts = value.split(",") if isinstance(value, str) else value
                taken[name] = tuple(str(part).strip() for part in parts if str(part).strip())
        return cls(**taken)

    def as_dict(self) -> dict[str, Any]:
        """Return what is set, as JSON can hold it."""
        found: dict[str, Any] = {}
        for each in fields(self):
            value = getattr(self, each.name)
            if value:
                found[each.name] = value.isoformat() if isinstance(value, datetime) else value
        return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()}


def conditions(
    wanted: TicketFilter, words: Vocabulary, actor: Actor, side: Side, found_ids: Sequence[int] | None = None
) -> list[ColumnElement[bool]]:
    """Return the SQL conditions of a filter, rights not included.

    `found_ids` are the tickets in which a plugin has found the text; without them the database looks for it.
    """
    found: list[ColumnElement[bool]] = []
    if wanted.number:
        found.append(Ticket.number.in_(wanted.number))
    if wanted.status:
        found.append(_one_of(Ticket.status_id, [words.status(key).id for key in wanted.status]))
    if wanted.state:
        found.append(_in_states(wanted.state, words))
    if wanted.department:
        # Who asks as a customer learns of no department whether it is there.
        keys = [key for key in wanted.department if side == "desk" or key in words.departments]
        found.append(_one_of(Ticket.department_id, [words.department(key).id for key in keys]))
    if wanted.priority:
        found.append(_one_of(Ticket.priority_id, [words.priority(key).id for key in wanted.priority]))
    if wanted.type:
        found.append(Ticket.type_id.in_([kind.id for key in wanted.type if (kind := words.type(key))]))
    if wanted.waiting_on:
        found.append(_one_of(Ticket.waiting_on, wanted.waiting_on))
    if wanted.assignee:
        found.append(_person(Ticket.assignee_id, wanted.assignee, actor))
    if wanted.requester:
        found.append(_person(Ticket.requester_id, wanted.requester, actor))
    if wanted.organisation:
        found.append(
            Ticket.organisation_id.in_(select(Organisation.id).where(Organisation.uid.in_(wanted.organisation)))
        )
    if wanted.follower:
        who = _person(Participant.user_id, wanted.follower, actor)
        found.append(Ticket.id.in_(select(Participant.ticket_id).where(Participant.role == "follower", who)))
    found += [Ticket.id.in_(select(TicketTag.ticket_id).where(TicketTag.tag == tag.lower())) for tag in wanted.tag]
    if wanted.tag and side != "desk":  # who is not shown tags shall not learn of them by asking
        found.append(visible(actor, "desk"))
    if wanted.created_from:
        found.append(Ticket.created_at >= wanted.created_from)
    if wanted.created_to:
        found.append(Ticket.created_at < wanted.created_to)
    if wanted.updated_since:
        found.append(Ticket.updated_at >= wanted.updated_since)
    if wanted.x:
        found += [visible(actor, "desk"), *_of_plugins(wanted.x, words)]
    if wanted.text:
        found += text_conditions(read_search(wanted.text, actor, words), words, actor, side, found_ids)
    return found


def _one_of(column: Any, values: Sequence[Any]) -> ColumnElement[bool]:
    """Return the condition that a column has one of some values; a list of one is no list, which is sent sooner."""
    condition: ColumnElement[bool] = column == values[0] if len(values) == 1 else column.in_(values)
    return condition


def _of_plugins(asked: Sequence[str], words: Vocabulary) -> list[ColumnElement[bool]]:
    """Return a condition for each filter; several values of one are alternatives."""
    ways: dict[str, list[ColumnElement[bool]]] = {}
    for each in asked:
        key, _colon, value = each.partition(":")
        ways.setdefault(key, []).append(words.narrowing.condition(key, value))
    return [or_(*found) for found in ways.values()]


def _in_states(states: Sequence[str], words: Vocabulary) -> ColumnElement[bool]:
    if set(states) == {"open"} or set(states) == set(OPEN_STATES):
        return Ticket.is_open == true()  # MariaDB takes no index for IS
    if set(states) == {"closed"} or set(states) == {"resolved", "closed"}:
        return Ticket.is_open == false()
    ids = [each.id for each in words.statuses.values() if each.state in states]
    return Ticket.status_id.in_(ids)


def _person(column: Any, wanted: Sequence[str], actor: Actor) -> ColumnElement[bool]:
    clauses: list[ColumnElement[bool]] = []
    uids = [each for each in wanted if each not in (ME, NOBODY)]
    if ME in wanted:
        clauses.append(column == actor.user_id if actor.user_id is not None else column.is_(None) & column.isnot(None))
    if NOBODY in wanted:
        clauses.append(column.is_(None))
    if uids:
        clauses.append(column.in_(select(User.id).where(User.uid.in_(uids))))
    return or_(*clauses)


def _moment(name: str, value: Any) -> datetime:
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        raise Invalid(
            {name: [_l("“%(value)s” is no date. Write it as 2026-03-31 or 2026-03-31T12:00Z.", value=value)]}
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
