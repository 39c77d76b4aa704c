"""Tickets, messages and what belongs to them, as the API takes and shows them."""

import re
from typing import Any, Final

from marshmallow import ValidationError, fields, validate

from helpdesk_core.attachments.schemas import AttachmentShown
from helpdesk_core.schemas import Input, Moment, Output, PageQuery, Words, page_of
from helpdesk_core.tickets.inputs import MAX_SUBJECT
from helpdesk_core.tickets.linking import KINDS
from helpdesk_core.tickets.models import PARTICIPANT_ROLES, STATES, TURNS
from helpdesk_core.tickets.ordering import SORTS
from helpdesk_core.users.schemas import OrganisationNamed, PersonNamed

_OF_PLUGIN: Final = re.compile(r"-?[a-z][a-z0-9_-]*\.[a-z][a-z0-9_]*")


def sort_field(also: tuple[str, ...] = (), **options: Any) -> fields.String:
    """Return a field for the order of a list; which of plugins there are, the service knows, and refuses others."""

    def check(sort: str) -> None:
        if sort not in (*SORTS, *also) and not _OF_PLUGIN.fullmatch(sort):
            raise ValidationError(f"Choose among: {', '.join(SORTS)}, or an order of a plugin.")

    said = f"One of `{'`, `'.join(SORTS)}`, or an order of a plugin: `<plugin id>.<key>`, with `-` the other way round."
    return fields.String(metadata={"description": said, "example": SORTS[0]}, validate=check, **options)


class Ticket(Output):
    """One matter of one requester, from opening to closing."""

    number = fields.String(metadata={"example": "10001"})
    subject = fields.String(metadata={"example": "Shop does not answer"})
    status = fields.String(metadata={"description": "Key of a status.", "example": "open"})
    priority = fields.String(metadata={"description": "Key of a priority.", "example": "normal"})
    type = fields.String(allow_none=True, metadata={"description": "Key of a type.", "example": "fault"})
    department = fields.String(metadata={"description": "Key of a department.", "example": "support"})
    requester = fields.Nested(PersonNamed)
    assignee = fields.Nested(PersonNamed, allow_none=True)
    organisation = fields.Nested(OrganisationNamed, allow_none=True)
    tags = fields.List(fields.String(), metadata={"description": "For those who work the ticket; else none."})
    waiting_on = fields.String(metadata={"description": "Whose turn it is.", "enum": list(TURNS)})
    created_at = Moment()
    updated_at = Moment()
    closed_at = Moment(allow_none=True)
    x = fields.Dict(fields.String(), fields.Raw(), metadata={"description": "What plugins add, by plugin."})


TicketPage = page_of(Ticket, "TicketPage")


class TicketQuery(PageQuery):
    """Which tickets; everything given has to hold, several words of one field are alternatives."""

    status = Words(metadata={"description": "Keys of statuses."})
    state = Words(
        STATES,
        metadata={"description": f"Any of {', '.join(STATES)}; `open` and `closed` alone mean all of that kind."},
    )
    department = Words(metadata={"description": "Keys of departments."})
    priority = Words(metadata={"description": "Keys of priorities."})
    type = Words(metadata={"description": "Keys of types."})
    assignee = Words(metadata={"description": "Ids of people, `me`, or `none`."})
    requester = Words(metadata={"description": "Ids of people, or `me`."})
    organisation = Words(metadata={"description": "Ids of organisations."})
    tag = Words(metadata={"description": "Tags; the ticket has all of them."})
    waiting_on = Words(TURNS, metadata={"description": f"Any of {', '.join(TURNS)}."})
    follower = Words(metadata={"description": "Ids of people, or `me`."})
    text = fields.String(
        metadata={"description": "Looked for in number, subject, messages and the requester's name and address."}
    )
    created_from = Moment()
    created_to = Moment()
    updated_since = Moment()
    side = fields.String(
        load_default="any",
        validate=validate.OneOf(("any", "desk", "portal")),
        metadata={"description": "`desk`: those you work (`text` looks into internal notes too); `portal`: your own."},
    )
    x = Words(metadata={"description": "Filters of plugins, each as `<plugin id>.<key>:<value>`; for staff."})
    sort = sort_field(load_default=SORTS[0])


class MessageContent(Input):
    """What a message says."""

    body_text = fields.String(
        load_default="",
        metadata={"description": "Markdown, unless `markdown` is false.", "example": "The shop answers with an error."},
    )
    body_html = fields.String(metadata={"description": "Your own HTML instead; it is cleaned before it is stored."})
    markdown = fields.Boolean(load_default=True)
    attachments = fields.List(
        fields.String(), metadata={"description": "Ids that `POST /attachments` gave you.", "example": []}
    )


class RequesterGiven(Input):
    """For whom a ticket is: an account by id, or an address (an account is made if it is new)."""

    id = fields.String(allow_none=True)
    email = fields.String(allow_none=True, metadata={"example": "customer@example.com"})
    name = fields.String(load_default="")


class TicketNew(Input):
    """A ticket to be opened."""

    subject = fields.String(
        required=True, metadata={"description": f"At most {MAX_SUBJECT} characters.", "example": "Shop does not answer"}
    )
    department = fields.String(required=True, metadata={"description": "Key.", "example": "support"})
    message = fields.Nested(MessageContent, required=True)
    requester = fields.Nested(
        RequesterGiven, allow_none=True, metadata={"description": "Yourself if left out; others need `ticket.open`."}
    )
    priority = fields.String(allow_none=True, metadata={"description": "Key; for staff."})
    type = fields.String(allow_none=True, metadata={"description": "Key."})
    status = fields.String(allow_none=True, metadata={"description": "Key; for staff."})
    assignee = fields.String(allow_none=True, metadata={"description": "Id of an agent; for staff."})
    tags = fields.List(fields.String(), metadata={"description": "For staff."})
    cc = fields.List(fields.String(), metadata={"description": "Addresses."})
    locale = fields.String(allow_none=True)
    x = fields.Dict(
        fields.String(), fields.Raw(), metadata={"description": "What plugins' form fields would bring, by plugin."}
    )


class TicketChange(Input):
    """What to change; what is left out stays. All of it is done, or nothing."""

    subject = fields.String()
    status = fields.String(metadata={"description": "Key.", "example": "waiting"})
    priority = fields.String(metadata={"description": "Key."})
    type = fields.String(allow_none=True, metadata={"description": "Key, or null for none."})
    assignee = fields.String(allow_none=True, metadata={"description": "Id of an agent, or null for nobody."})
    tags = fields.List(fields.String(), metadata={"description": "All tags from now on."})
    department = fields.String(metadata={"description": "Key. Moving comes after the other changes."})


class Move(Input):
    """Where a ticket goes."""

    department = fields.String(required=True, metadata={"description": "Key.", "example": "billing"})
    note = fields.String(load_default="", metadata={"description": "An internal note for the colleagues there."})


class Split(Input):
    """What goes to a new ticket."""

    messages = fields.List(fields.String(), required=True, metadata={"description": "Ids of messages."})
    subject = fields.String(required=True)
    department = fields.String(allow_none=True, metadata={"description": "Key; the same department if left out."})


class Merge(Input):
    """Where everything goes."""

    into = fields.String(required=True, metadata={"description": "Number of the other ticket.", "example": "10002"})


class Message(Output):
    """One letter of a conversation; it never changes, but for redaction."""

    id = fields.String()
    kind = fields.String(metadata={"enum": ["public", "internal"]})
    author = fields.Nested(PersonNamed)
    body_text = fields.String()
    body_html = fields.String(allow_none=True, metadata={"description": "Cleaned; null for plain text."})
    attachments = fields.List(fields.Nested(AttachmentShown))
    channel = fields.String(metadata={"example": "web"})
    created_at = Moment()


MessagePage = page_of(Message, "MessagePage")


class MessageNew(MessageContent):
    """A message to be posted: a public reply, or an internal note."""

    kind = fields.String(load_default="public", validate=validate.OneOf(("public", "internal")))
    status = fields.String(
        allow_none=True, metadata={"description": "Key of the status to set along with a reply; else turns decide."}
    )


class HeldReply(Output):
    """A reply that will go out shortly, and may still be taken back by who wrote it."""

    id = fields.String(metadata={"description": "The message will have it too."})
    author = fields.Nested(PersonNamed)
    body_text = fields.String(metadata={"description": "As it was written: Markdown, unless `markdown` was false."})
    status = fields.String(allow_none=True, metadata={"description": "Key of the status that is set along with it."})
    attachments = fields.List(fields.String(), metadata={"description": "Ids of its files; wait again once undone."})
    due_at = Moment(allow_none=True, metadata={"description": "When it goes out; null if it could not."})
    error = fields.String(allow_none=True, metadata={"description": "Why it could not be posted."})
    created_at = Moment()


HeldReplyPage = page_of(HeldReply, "HeldReplyPage")


class HeldReplyNew(MessageContent):
    """A public reply to be held."""

    status = fields.String(allow_none=True, metadata={"description": "Key of the status to set along with it."})


class Redaction(Input):
    """Why a message's content is removed; the reason stays visible."""

    reason = fields.String(required=True, metadata={"example": "Password in plain text"})


class Participant(Output):
    """Somebody else on a ticket."""

    role = fields.String(metadata={"enum": list(PARTICIPANT_ROLES)})
    user = fields.Nested(PersonNamed)
    created_at = Moment()


ParticipantPage = page_of(Participant, "ParticipantPage")


class ParticipantNew(Input):
    """Somebody to put on a ticket: an account by id, or for a cc an address."""

    role = fields.String(required=True, validate=validate.OneOf(PARTICIPANT_ROLES))
    user = fields.String(allow_none=True, metadata={"description": "Id of an account."})
    email = fields.String(allow_none=True, metadata={"example": "colleague@example.com"})


class Link(Output):
    """Another ticket that belongs to this one."""

    number = fields.String()
    subject = fields.String()
    kind = fields.String()
    outgoing = fields.Boolean(metadata={"description": "Whether the link starts from this ticket."})
    is_open = fields.Boolean()


LinkPage = page_of(Link, "LinkPage")


class LinkNew(Input):
    """A link to make."""

    number = fields.String(required=True, metadata={"description": "Number of the other ticket.", "example": "10002"})
    kind = fields.String(load_default="related", validate=validate.OneOf(KINDS))


class Operation(Output):
    """A split or merge that can be undone."""

    id = fields.String()
    kind = fields.String(metadata={"enum": ["split", "merge"]})
    source = fields.String(metadata={"description": "Number of the ticket that messages were taken from."})
    target = fields.String(metadata={"description": "Number of the ticket that has them now."})
    created_at = Moment()


OperationPage = page_of(Operation, "OperationPage")
