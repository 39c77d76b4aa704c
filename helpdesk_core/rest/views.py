"""What the API shows of tickets and messages: gathered for a whole page at once, never row by row."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import json
from sqlalchemy import case, select

from helpdesk_core.actor import Actor
from helpdesk_core.attachments.models import Attachment
from helpdesk_core.rest.context import current_actor, current_desk, db
from helpdesk_core.tickets import hooks
from helpdesk_core.tickets.listing import TicketRow
from helpdesk_core.tickets.models import Message, Ticket, TicketTag
from helpdesk_core.tickets.rights import visible
from helpdesk_core.users.models import Organisation, User

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, as all lists are answered."""

    items: Sequence[Any]
    next: str | None = None


@dataclass(frozen=True, slots=True)
class PersonView:
    """Somebody by name; without an id if there is no account (any more).

    Without an address for those who may not see it.
    """

    id: str | None
    name: str
    email: str | None = None


@dataclass(frozen=True, slots=True)
class RefView:
    """Something by name."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketView:
    """A ticket as one person sees it through the API."""

    id: int
    number: str
    subject: str
    status: str
    priority: str
    type: str | None
    department: str
    requester: PersonView
    assignee: PersonView | None
    organisation: RefView | None
    tags: tuple[str, ...]
    waiting_on: str
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None
    x: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageView:
    """A message as one person sees it through the API."""

    id: str
    kind: str
    author: PersonView
    body_text: str
    body_html: str | None
    attachments: tuple[Attachment, ...]
    channel: str
    created_at: datetime


@dataclass(slots=True)
class _More:
    """What a ticket shows besides its own row; `works` tells that the actor sees it from the desk."""

    organisation: RefView | None
    works: bool
    tags: list[str] = field(default_factory=list)
    x: dict[str, Any] = field(default_factory=dict)


def tickets_shown(rows: Sequence[TicketRow]) -> list[TicketView]:
    """Return the rows of a list as the API shows them."""
    actor, more = current_actor(), _more([row.id for row in rows])
    return [
        TicketView(
            id=row.id,
            number=row.number,
            subject=row.subject,
            status=row.status,
            priority=row.priority,
            type=row.type,
            department=row.department,
            requester=_requester(actor, row.requester_uid, row.requester_name, row.requester_email, more[row.id]),
            assignee=PersonView(row.assignee_uid, row.assignee_name or "") if row.assignee_uid else None,
            organisation=more[row.id].organisation,
            tags=tuple(more[row.id].tags),
            waiting_on=row.waiting_on,
            created_at=row.created_at,
            updated_at=row.updated_at,
            closed_at=row.closed_at,
            x=more[row.id].x,
        )
        for row in rows
    ]


def ticket_shown(ticket: Ticket) -> TicketView:
    """Return a loaded ticket as the API shows it."""
    actor, more, requester = current_actor(), _more([ticket.id])[ticket.id], ticket.requester
    return TicketView(
        id=ticket.id,
        number=ticket.number or "",
        subject=ticket.subject,
        status=ticket.status.key,
        priority=ticket.priority.key,
        type=ticket.type.key if ticket.type else None,
        department=ticket.department.key,
        requester=_requester(actor, requester.uid, requester.name, requester.primary_email, more),
        assignee=PersonView(ticket.assignee.uid, ticket.assignee.name) if ticket.assignee else None,
        organisation=more.organisation,
        tags=tuple(more.tags),
        waiting_on=ticket.waiting_on,
        created_at=ticket.created_at,
        updated_at=ticket.updated_at,
        closed_at=ticket.closed_at,
        x=more.x,
    )


def messages_shown(messages: Sequence[Message], *, works: bool) -> list[MessageView]:
    """Return messages as the API shows them; addresses of authors only to those who work the ticket."""
    uids = _uids({message.author_id for message in messages})
    me = current_actor().user_id
    return [
        MessageView(
            id=message.uid,
            kind=message.kind,
            author=PersonView(
                uids.get(message.author_id),
                message.author_name,
                message.author_email if works or (me is not None and message.author_id == me) else None,
            ),
            body_text=message.body_text,
            body_html=message.body_html,
            attachments=tuple(message.attachments),
            channel=message.channel,
            created_at=message.created_at,
        )
        for message in messages
    ]


def _more(ids: Sequence[int]) -> dict[int, _More]:
    actor = current_actor()
    works = case((visible(actor, "desk"), 1), else_=0)
    query = (
        select(Ticket.id, Organisation.uid, Organisation.name, works)
        .outerjoin(Organisation, Organisation.id == Ticket.organisation_id)
        .where(Ticket.id.in_(ids))
    )
    found = {
        ticket_id: _More(RefView(uid, name) if uid else None, bool(is_mine))
        for ticket_id, uid, name, is_mine in db().execute(query)
    }
    worked = [ticket_id for ticket_id, more in found.items() if more.works]
    tags = select(TicketTag.ticket_id, TicketTag.tag).where(TicketTag.ticket_id.in_(worked)).order_by(TicketTag.tag)
    for ticket_id, tag in db().execute(tags):
        found[ticket_id].tags.append(tag)
    _ask_plugins(ids, actor, found)
    return found


def _ask_plugins(ids: Sequence[int], actor: Actor, found: dict[int, _More]) -> None:
    if not ids:
        return
    for rendered in current_desk().hooks.render(hooks.ticket_extras, ticket_ids=ids, actor=actor):
        for ticket_id, value in (rendered.value or {}).items():
            if ticket_id in found and _is_json(rendered.plugin_id, value):
                found[ticket_id].x[rendered.plugin_id] = value


def _is_json(plugin_id: str, value: object) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        log.error("plugin %s: ticket_extras returned what JSON cannot hold: %s", plugin_id, error)
        return False
    return True


def _requester(actor: Actor, uid: str, name: str, email: str | None, more: _More) -> PersonView:
    return PersonView(uid, name, email if more.works or uid == actor.uid else None)


def _uids(user_ids: Iterable[int | None]) -> dict[int | None, str]:
    query = select(User.id, User.uid).where(User.id.in_(_known(user_ids)))
    return dict(db().execute(query).all())


def _known(ids: Iterable[Any]) -> list[int]:
    return sorted(each for each in ids if isinstance(each, int))
