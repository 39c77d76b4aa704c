"""Events, as the API shows them."""

from marshmallow import fields, validate

from helpdesk_core.schemas import Input, Moment, Output, PageQuery, Words, page_of

LAST_ID = 2**63 - 1


class Event(Output):
    """Something that happened; it never changes."""

    id = fields.Integer(metadata={"description": "Grows from event to event; names the event for ever."})
    type = fields.String(metadata={"example": "ticket.opened"})
    ticket = fields.String(allow_none=True, metadata={"description": "Number of the ticket it belongs to."})
    message = fields.String(allow_none=True, metadata={"description": "Id of the message it is about."})
    actor = fields.String(allow_none=True, metadata={"description": "Id of who did it; null for the system."})
    actor_name = fields.String()
    channel = fields.String(metadata={"example": "web"})
    data = fields.Dict(fields.String(), fields.Raw(), metadata={"description": "The event's own fields."})
    created_at = Moment()


EventPage = page_of(Event, "EventPage")


class EventQuery(Input):
    """Which events."""

    limit = fields.Integer(
        load_default=50, validate=validate.Range(1, 200), metadata={"description": "How many items at most."}
    )
    after = fields.Integer(
        load_default=0,
        validate=validate.Range(0, LAST_ID),
        metadata={"description": "Id of the last event you have; those after it follow."},
    )


class FeedQuery(EventQuery):
    """Which events of all."""

    type = Words(metadata={"description": "Types of events, such as `ticket.opened`."})


class BrokenPlace(Output):
    """A place where a ticket's history is not what was recorded."""

    ticket = fields.String(
        metadata={"description": "Number of the ticket; `?` if the message belongs to none any more."}
    )
    what = fields.String(metadata={"example": "event 3 (ticket.changed) was altered"})


class Verification(Output):
    """What came of looking through the histories of some tickets."""

    checked = fields.Integer(metadata={"description": "How many tickets were looked through."})
    broken = fields.List(fields.Nested(BrokenPlace))
    next = fields.String(
        allow_none=True, metadata={"description": "Give it as `after` to look at further tickets; null at the end."}
    )


class VerificationQuery(Input):
    """Which tickets' histories."""

    limit = fields.Integer(
        load_default=200, validate=validate.Range(1, 1000), metadata={"description": "How many tickets at most."}
    )
    after = fields.String(metadata={"description": "The `next` of the answer before."})


class ParkedDelivery(Output):
    """An event that a subscriber could not handle; it was given up after many tries."""

    id = fields.Integer()
    subscriber = fields.String(metadata={"description": "Id of the plugin, or a part of core.", "example": "webhooks"})
    event = fields.Nested(Event)
    attempts = fields.Integer()
    error = fields.String(allow_none=True)


DeliveryPage = page_of(ParkedDelivery, "DeliveryPage")


class DeliveryQuery(PageQuery):
    """Which deliveries."""

    subscriber = fields.String(metadata={"description": "Those of one subscriber only."})
