"""Looking for tickets by words: what a search means here, who answers it, and how the database alone does."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, exists, false, not_, or_, select

from helpdesk_core.actor import Actor
from helpdesk_core.attachments.models import Attachment
from helpdesk_core.db.text import contains
from helpdesk_core.errors import Invalid
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.search.query import FIELDS, FOR_STAFF, SearchQuery, SearchTerm, parse_query
from helpdesk_core.texts import LazyText
from helpdesk_core.texts import lazy as _l
from helpdesk_core.tickets import hooks
from helpdesk_core.tickets.models import STATES, Message, Participant, Ticket, TicketTag
from helpdesk_core.tickets.narrowing import Unknown
from helpdesk_core.tickets.rights import Side, visible
from helpdesk_core.tickets.vocabulary import Vocabulary
from helpdesk_core.users.models import EmailAddress, Organisation, User

MAX_FOUND: Final = 1000
"""How many tickets a search looks at; more would be of no use to a reader."""
ME: Final = "me"
NOBODY: Final = "none"


def read_search(text: str, actor: Actor, words: Vocabulary, now: datetime | None = None) -> SearchQuery:
    """Return what a person's words mean: names have become keys, `me` an address; what does not exist is said."""
    zone = ZoneInfo(actor.timezone) if actor.timezone else UTC
    query = parse_query(text, now=now or datetime.now(UTC), zone=zone, more=tuple(words.narrowing.words))
    problems: list[LazyText] = []
    terms = [_resolved(term, actor, words, problems) for term in query.terms]
    return replace(query, terms=tuple(terms), problems=(*query.problems, *problems))


def found_by_plugin(
    desk: Helpdesk, actor: Actor, query: SearchQuery, side: Side, *, newest: bool = False, limit: int = MAX_FOUND
) -> Sequence[int] | None:
    """Return the ids of the tickets that a searching plugin finds, best or newest first; None if there is none.

    It is asked for what core knows; what fields of plugins ask for, `text_conditions` has.
    """
    known = tuple(term for term in query.terms if not term.field or term.field in FIELDS)
    if known != query.terms:
        query = replace(query, terms=known)
        if query.is_empty:
            return None
    found = desk.hooks.pick_valid(
        hooks.ticket_search,
        _check_ids,
        query=query,
        actor=actor,
        internal=side == "desk",
        newest=newest,
        limit=limit,
    )
    return found[:limit] if found is not None else None


def text_conditions(
    query: SearchQuery, words: Vocabulary, actor: Actor, side: Side, found_ids: Sequence[int] | None = None
) -> list[ColumnElement[bool]]:
    """Return what the database looks for when nobody keeps an index: the words as they stand, anywhere.

    With `found_ids`, what a searching plugin has found, only what it was not asked for is left to look for.
    """
    if found_ids is not None:
        return [*conditions_on_found(query, words, actor, side), Ticket.id.in_(found_ids)]
    found = _of_terms(query, words, actor, side, all_of_them=True)
    if query.after:
        found.append(Ticket.created_at >= query.after)
    if query.before:
        found.append(Ticket.created_at < query.before)
    return found


def conditions_on_found(
    query: SearchQuery, words: Vocabulary, actor: Actor, side: Side
) -> Sequence[ColumnElement[bool]]:
    """Return what is left to look for in the tickets that a searching plugin has found: what it was not asked for."""
    return _of_terms(query, words, actor, side, all_of_them=False)


def _of_terms(
    query: SearchQuery, words: Vocabulary, actor: Actor, side: Side, *, all_of_them: bool
) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    own = words.narrowing.words
    for term in query.terms:
        if term.field in own:
            ways = [_of_plugin(words, own[term.field], value) for value in term.values]
        elif all_of_them:
            ways = [way for value in term.values for way in _ways(term.field, value, words, side)]
        else:
            continue
        either = or_(*ways) if ways else false()
        found.append(not_(either) if term.negated else either)
    if any(term.field in own or term.field in FOR_STAFF for term in query.terms) and side != "desk":
        found.append(visible(actor, "desk"))  # who is not shown tags and the like shall not learn of them by asking
    return found


def _of_plugin(words: Vocabulary, key: str, value: str) -> ColumnElement[bool]:
    try:
        return words.narrowing.condition(key, value)
    except Unknown:
        return false()  # the reader is told so as a problem of the search


def _check_ids(found: Sequence[int]) -> None:
    if found and not 0 < min(found) <= max(found) < 2**63:
        raise Invalid(_l("These are not ids of tickets."))


def _resolved(term: SearchTerm, actor: Actor, words: Vocabulary, problems: list[LazyText]) -> SearchTerm:
    if term.field in ("from", "agent", "assignee"):
        return replace(term, values=tuple(actor.email if each.casefold() == ME else each for each in term.values))
    if term.field in words.narrowing.words:
        for value in term.values:
            try:
                words.narrowing.condition(words.narrowing.words[term.field], value)
            except Unknown as error:
                problems.append(error.sentence)
        return term
    rows: Mapping[str, Any] = {
        "status": words.statuses, "priority": words.priorities, "type": words.types, "department": words.departments,
    }.get(term.field, {})  # fmt: skip
    if term.field == "state":
        rows = dict.fromkeys((*STATES, "open", "closed"))
    if not rows:
        return term
    keys: list[str] = []
    for value in term.values:
        key = next((key for key, row in rows.items() if value in (key, row and row.name.casefold())), None)
        keys.append(key or value)
        if key is None:
            problems.append(_unknown(term.field, value, rows))
    return replace(term, values=tuple(keys))


def _unknown(field: str, value: str, rows: Mapping[str, Any]) -> LazyText:
    if field == "department":  # departments may be hidden from the person who asks, so they are not listed
        return _l("There is no department “%(key)s”.", key=value)
    return _l(
        "There is nothing for “%(field)s:%(key)s”. Choose one of: %(list)s.",
        field=field, key=value, list=", ".join(rows),
    )  # fmt: skip


def _ways(field: str, value: str, words: Vocabulary, side: Side) -> Sequence[ColumnElement[bool]]:
    if field in _BY_KEY:
        return _BY_KEY[field](value, words)
    return _BY_TEXT[field](value, side)


def _anywhere(text: str, side: Side) -> Sequence[ColumnElement[bool]]:
    said = _said(side).where(contains(Message.body_text, text))
    number = Ticket.number == text.lstrip("#")
    return number, contains(Ticket.subject, text), Ticket.requester_id.in_(_people(text)), said


def _by_requester(text: str, side: Side) -> Sequence[ColumnElement[bool]]:
    return (Ticket.requester_id.in_(_people(text)),)


def _by_agent(text: str, side: Side) -> Sequence[ColumnElement[bool]]:
    wrote = _said(side).where(Message.side == "agent", contains(Message.author_name, text))
    return Ticket.assignee_id.in_(_people(text)), wrote


def _by_recipient(text: str, side: Side) -> Sequence[ColumnElement[bool]]:
    copied = select(Participant.ticket_id).where(Participant.role == "cc", Participant.user_id.in_(_people(text)))
    return (Ticket.id.in_(copied),)


def _by_organisation(text: str, side: Side) -> Sequence[ColumnElement[bool]]:
    return (Ticket.organisation_id.in_(select(Organisation.id).where(contains(Organisation.name, text))),)


def _by_subject(text: str, side: Side) -> Sequence[ColumnElement[bool]]:
    return (contains(Ticket.subject, text),)


def _by_attachment(text: str, side: Side) -> Sequence[ColumnElement[bool]]:
    return (_said(side).where(Attachment.message_id == Message.id),)


def _by_assignee(key: str, words: Vocabulary) -> Sequence[ColumnElement[bool]]:
    if key == NOBODY:
        return (Ticket.assignee_id.is_(None),)
    return (Ticket.assignee_id.in_(select(EmailAddress.user_id).where(EmailAddress.address == key)),)


def _by_state(key: str, words: Vocabulary) -> Sequence[ColumnElement[bool]]:
    if key in ("open", "closed"):
        return (Ticket.is_open == (key == "open"),)
    return (Ticket.status_id.in_([each.id for each in words.statuses.values() if each.state == key]),)


def _row_is(column: Any, rows: Mapping[str, Any], key: str) -> Sequence[ColumnElement[bool]]:
    return (column == rows[key].id,) if key in rows else ()


def _people(text: str) -> Any:
    known = select(User.id).outerjoin(EmailAddress, EmailAddress.user_id == User.id)
    return known.where(or_(contains(User.name, text), contains(EmailAddress.address, text)))


def _said(side: Side) -> Any:
    said = exists().where(Message.ticket_id == Ticket.id)
    return said if side == "desk" else said.where(Message.kind == "public")


_BY_KEY: Final[Mapping[str, Callable[[str, Vocabulary], Sequence[ColumnElement[bool]]]]] = {
    "assignee": _by_assignee,
    "state": _by_state,
    "status": lambda key, words: _row_is(Ticket.status_id, words.statuses, key),
    "priority": lambda key, words: _row_is(Ticket.priority_id, words.priorities, key),
    "type": lambda key, words: _row_is(Ticket.type_id, words.types, key),
    "department": lambda key, words: _row_is(Ticket.department_id, words.departments, key),
    "number": lambda key, words: (Ticket.number == key,),
    "tag": lambda key, words: (exists().where(TicketTag.ticket_id == Ticket.id, TicketTag.tag == key),),
}
_BY_TEXT: Final[Mapping[str, Callable[[str, Side], Sequence[ColumnElement[bool]]]]] = {
    "": _anywhere,
    "from": _by_requester,
    "to": _by_recipient,
    "agent": _by_agent,
    "organisation": _by_organisation,
    "subject": _by_subject,
    "has": _by_attachment,
}
