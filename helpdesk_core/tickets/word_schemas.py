"""Statuses with the steps between them, types and priorities, as the API takes and shows them."""

from marshmallow import fields, validate

from helpdesk_core.schemas import Input, Output, page_of
from helpdesk_core.tickets.models import STATES, TURNS

KEY = "Made from the name if left out; it never changes."
IN_USE = "False takes it out of use; tickets that have it keep it."


class Status(Output):
    """Where a ticket can stand."""

    key = fields.String()
    name = fields.String()
    state = fields.String(metadata={"enum": list(STATES)})
    turn = fields.String(metadata={"enum": list(TURNS)})
    is_active = fields.Boolean()


StatusPage = page_of(Status, "StatusPage")


class StatusNew(Input):
    """A status to make."""

    name = fields.String(required=True, metadata={"example": "Waiting for parts"})
    key = fields.String(load_default="", metadata={"description": KEY})
    state = fields.String(required=True, validate=validate.OneOf(STATES), metadata={"example": "waiting"})
    turn = fields.String(
        required=True, validate=validate.OneOf(TURNS), metadata={"description": "Whose turn it is.", "example": "us"}
    )


class StatusChange(Input):
    """What to change about a status; what it means stays as long as tickets have it."""

    name = fields.String()
    state = fields.String(validate=validate.OneOf(STATES))
    turn = fields.String(validate=validate.OneOf(TURNS))
    is_active = fields.Boolean(metadata={"description": IN_USE})


class Transitions(Output):
    """The steps that tickets may take between statuses."""

    steps = fields.Dict(
        fields.String(),
        fields.List(fields.String()),
        metadata={"description": "Keys of statuses, each with the keys that may follow; one that is not here is free."},
    )


class TransitionsNew(Input):
    """All steps from now on."""

    steps = fields.Dict(
        fields.String(),
        fields.List(fields.String()),
        required=True,
        metadata={
            "description": "Keys of statuses, each with the keys that may follow; others may go anywhere.",
            "example": {"new": ["open", "waiting"]},
        },
    )


class Order(Input):
    """An order of things."""

    keys = fields.List(fields.String(), required=True, metadata={"description": "The keys of all of them, in order."})


class Priority(Output):
    """How urgent a ticket can be; the higher level comes first."""

    key = fields.String()
    name = fields.String()
    level = fields.Integer()
    is_default = fields.Boolean()


PriorityPage = page_of(Priority, "PriorityPage")


class PriorityNew(Input):
    """A priority to make; it is more urgent than all others until it is put in its place."""

    name = fields.String(required=True, metadata={"example": "Emergency"})
    key = fields.String(load_default="", metadata={"description": KEY})


class PriorityChange(Input):
    """What to change about a priority."""

    name = fields.String()
    is_default = fields.Boolean(
        validate=validate.Equal(True, error="Make another priority the default one instead."),
        metadata={"description": "True gives it to new tickets, instead of the one that was the default."},
    )


class TicketType(Output):
    """What kind of thing a ticket can be."""

    key = fields.String()
    name = fields.String()
    is_active = fields.Boolean()


TicketTypePage = page_of(TicketType, "TicketTypePage")


class TicketTypeNew(Input):
    """A type to make."""

    name = fields.String(required=True, metadata={"example": "Fault"})
    key = fields.String(load_default="", metadata={"description": KEY})


class TicketTypeChange(Input):
    """What to change about a type."""

    name = fields.String()
    is_active = fields.Boolean(metadata={"description": IN_USE})
