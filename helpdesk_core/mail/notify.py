"""Who gets a mail when something happens: the core's own consumer of events.

Internal notes reach staff only. Nobody is told of what they did themselves, except for the confirmation of a new
ticket.
"""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from helpdesk_core.events.base import CoreSubscriber, Event
from helpdesk_core.events.models import EventRow
from helpdesk_core.mail.compose import Outdated, compose, last_redaction
from helpdesk_core.mail.draft import OutgoingDraft
from helpdesk_core.mail.links import address_url, password_url
from helpdesk_core.mail.notices import Writer
from helpdesk_core.mail.people import People, can_be_written_to
from helpdesk_core.mail.retention import forget_message, forget_person
from helpdesk_core.mail.templates import MailTemplates
from helpdesk_core.mail.texts import templates_of
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.tickets.events import MessagePosted, MessageRedacted, TicketChanged, TicketMoved
from helpdesk_core.tickets.models import Message, Ticket
from helpdesk_core.users.events import AddressConfirmationRequested, PasswordLinkRequested, UserErased
from helpdesk_core.users.models import AddressRequest, User

Drafts = Iterator[OutgoingDraft]
TemplatesFor = Callable[[Helpdesk], MailTemplates]


def instance_templates(desk: Helpdesk) -> MailTemplates:
    """Return the templates of core, with what the site says differently before them: on the page, or in files."""
    return templates_of(desk)


def notifier(templates_for: TemplatesFor = instance_templates) -> CoreSubscriber:
    """Return the consumer that composes mails; `templates_for` makes the templates, once for each helpdesk."""

    def handle(desk: Helpdesk, event: Event) -> None:
        if isinstance(event, MessageRedacted):
            return forget_message(desk, event.message_id)
        if isinstance(event, UserErased):
            return forget_person(desk, event.user_id)
        while not written(desk, event):
            pass
        return None

    def written(desk: Helpdesk, event: Event) -> bool:
        """Write and queue the mails of an event; False if they were overtaken by a redaction."""
        with desk.read() as session:
            redaction = last_redaction(session, event.ticket_id)
            desk.settings.refresh(session)
            templates = desk.remember(session, ("mail.templates", templates_for), lambda _session: templates_for(desk))
            drafts = list(_HANDLERS[type(event)](Writer(desk, session, templates), event))
        try:
            compose(desk, event, drafts, redaction=redaction)
        except Outdated:
            return False
        return True

    return CoreSubscriber("core.mail", (*_HANDLERS, MessageRedacted, UserErased), handle)


def _message_posted(writer: Writer, event: MessagePosted) -> Drafts:
    query = select(Message).where(Message.id == event.message_id).options(selectinload(Message.attachments))
    message = writer.session.scalar(query)
    if message is None or message.redacted_at is not None or not event.notify:
        return
    ticket = _ticket(writer, message.ticket_id)
    people = People(writer.desk, writer.session, ticket, acted=message.author_id)
    internal = message.kind == "internal"
    if not internal and message.side == "agent":
        to = [*people.requester(), *people.copied()]
        if to:
            yield writer.reply(ticket, message, to[:1], to[1:], first=event.first)
    elif not internal and event.first:
        for user in people.requester(even_if_acted=True):
            yield writer.notice("ticket_opened", ticket, user, {"text": message.body_text}, carries=message.id)
    if internal and _happened_with(writer, event, TicketMoved):
        return  # the notice of the move carries the note
    for user in people.watching():
        values = {
            "internal": internal,
            "first": event.first,
            "author": message.author_name,
            "text": message.body_text,
        }
        yield writer.notice("staff_message", ticket, user, values, staff=True, carries=message.id)


def _ticket_changed(writer: Writer, event: TicketChanged) -> Drafts:
    ticket = _ticket(writer, event.ticket_id)
    people = People(writer.desk, writer.session, ticket, acted=event.actor_id)
    assignee = event.changes.get("assignee", [None, None])[1]
    if assignee is not None:
        for user in people.staff(assignee):
            values = {"actor": _actor_name(writer, event), "requester": ticket.requester.name}
            yield writer.notice("assigned", ticket, user, values, staff=True)
    # A reply that closes says so itself, and a ticket that was merged goes on elsewhere.
    if event.closed and ticket.merged_into_id is None and not _replied_with(writer, event):
        for user in people.requester():
            yield writer.notice("ticket_closed", ticket, user, {"resolved": ticket.status.state == "resolved"})


def _ticket_moved(writer: Writer, event: TicketMoved) -> Drafts:
    ticket = _ticket(writer, event.ticket_id)
    people = People(writer.desk, writer.session, ticket, acted=event.actor_id)
    note = writer.session.scalar(
        select(Message)
        .where(Message.ticket_id == ticket.id, Message.kind == "internal", Message.created_at == event.at)
        .limit(1)
    )
    values = {
        "actor": _actor_name(writer, event),
        "source": event.from_name,
        "target": event.to_name,
        "note": note.body_text if note is not None else "",
    }
    for user in people.watching():
        carries = note.id if note is not None else None
        yield writer.notice("ticket_moved", ticket, user, values, staff=True, carries=carries)


def _password_link(writer: Writer, event: PasswordLinkRequested) -> Drafts:
    user = writer.session.get(User, event.user_id)
    if user is not None and can_be_written_to(user):
        values = {"reason": event.reason, "url": password_url(writer.desk, user, event.reason)}
        yield writer.personal("password_link", user, user.primary_email or "", values)


def _address_confirmation(writer: Writer, event: AddressConfirmationRequested) -> Drafts:
    request = writer.session.get(AddressRequest, event.request_id)
    user = writer.session.get(User, event.user_id)
    if request is not None and user is not None and user.is_active:
        yield writer.personal("address_confirmation", user, request.address, {"url": address_url(writer.desk, request)})


def _ticket(writer: Writer, ticket_id: int | None) -> Ticket:
    query = select(Ticket).where(Ticket.id == ticket_id)
    return writer.session.scalars(query.options(joinedload(Ticket.status), joinedload(Ticket.requester))).one()


def _actor_name(writer: Writer, event: Event) -> str:
    return event.actor_name or writer.desk.settings.site().name


def _happened_with(writer: Writer, event: Event, kind: type[Event]) -> bool:
    """Tell whether something of that kind was recorded in the same transaction as the event."""
    query = select(EventRow.id).where(
        EventRow.ticket_id == event.ticket_id, EventRow.type == kind.type, EventRow.created_at == event.at
    )
    return writer.session.scalar(query.limit(1)) is not None


def _replied_with(writer: Writer, event: Event) -> bool:
    """Tell whether an agent's public message was posted in the same transaction as the event."""
    query = select(Message.id).where(
        Message.ticket_id == event.ticket_id,
        Message.kind == "public",
        Message.side == "agent",
        Message.created_at == event.at,
    )
    return writer.session.scalar(query.limit(1)) is not None


_HANDLERS: Final[Mapping[type[Event], Callable[[Writer, Any], Drafts]]] = MappingProxyType(
    {
        MessagePosted: _message_posted,
        TicketChanged: _ticket_changed,
        TicketMoved: _ticket_moved,
        PasswordLinkRequested: _password_link,
        AddressConfirmationRequested: _address_confirmation,
    }
)

NOTIFIER: Final = notifier()
