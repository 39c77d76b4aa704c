"""Searches, as the API takes and shows them."""

from marshmallow import fields, validate

from helpdesk_core.schemas import Input, Output
from helpdesk_core.tickets.results import MAX_PAGE, SORTS
from helpdesk_core.tickets.schemas import Ticket


class SearchQuery(Input):
    """What to look for."""

    q = fields.String(
        required=True,
        metadata={
            "description": 'Words, `"phrases"`, `-without`, and fields: `from: to: agent: assignee: department: '
            "status: state: priority: type: tag: organisation: number: subject: has:attachment before: after:`.",
            "example": 'invoice "not paid" status:open after:2026-03',
        },
    )
    side = fields.String(
        load_default="any",
        validate=validate.OneOf(("portal", "desk", "any")),
        metadata={"description": "`desk` also looks into internal notes, and only among tickets one works."},
    )
    sort = fields.String(load_default="best", validate=validate.OneOf(SORTS))
    limit = fields.Integer(load_default=20, validate=validate.Range(1, MAX_PAGE))
    after = fields.String(metadata={"description": "The `next` of the page before."})


class SearchHit(Output):
    """A ticket that was found."""

    ticket = fields.Nested(Ticket)
    snippet = fields.String(metadata={"description": "The place that fits, as plain text."})
    is_note = fields.Boolean(metadata={"description": "Whether the place is in an internal note."})


class SearchFacet(Output):
    """One way of narrowing the search: add `field:key`."""

    field = fields.String(metadata={"example": "status"})
    key = fields.String(metadata={"example": "open"})
    name = fields.String(metadata={"example": "Open"})
    count = fields.Integer()


class SearchResult(Output):
    """What was found."""

    items = fields.List(fields.Nested(SearchHit))
    next = fields.String(allow_none=True)
    total = fields.Integer(metadata={"description": "Tickets found, counted up to 1,000."})
    capped = fields.Boolean(metadata={"description": "Whether there may be more than were counted."})
    facets = fields.List(fields.Nested(SearchFacet))
    problems = fields.List(fields.String(), metadata={"description": "What could not be understood."})
    correction = fields.String(allow_none=True, metadata={"description": "Another spelling that finds something."})
