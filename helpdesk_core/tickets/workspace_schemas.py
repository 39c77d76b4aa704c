"""Workspaces and changes of many tickets, as the API takes and shows them."""

from typing import Any

from marshmallow import fields, validate

from helpdesk_core.schemas import Input, Moment, Output, page_of
from helpdesk_core.tickets.bulk import MAX_BULK
from helpdesk_core.tickets.models import STATES, TURNS
from helpdesk_core.tickets.ordering import SORTS
from helpdesk_core.tickets.schemas import sort_field
from helpdesk_core.tickets.searches import MAX_COLUMNS
from helpdesk_core.tickets.standing import STANDING

COLUMNS = {
    "description": "Columns of the list in order, those of plugins as `<plugin id>.<key>`; none for the usual ones.",
    "example": ["status", "updated"],
}


def _words(description: str, choices: tuple[str, ...] = ()) -> fields.List[Any]:
    each = fields.String(validate=validate.OneOf(choices)) if choices else fields.String()
    return fields.List(each, metadata={"description": description})


def _columns(**options: Any) -> fields.List[Any]:
    return fields.List(fields.String(), validate=validate.Length(max=MAX_COLUMNS), metadata=COLUMNS, **options)


def _department() -> fields.String:
    return fields.String(
        allow_none=True, metadata={"description": "Key of the department with whose people it is shared."}
    )


def _role() -> fields.String:
    return fields.String(allow_none=True, metadata={"description": "Key of the role with whose holders it is shared."})


class SearchFilter(Input):
    """Which tickets; the filters of `GET /tickets`, as lists of alternatives."""

    number = _words("Numbers of tickets.")
    status = _words("Keys of statuses.")
    state = _words("What statuses mean; `open` and `closed` alone mean all of that kind.", tuple(STATES))
    department = _words("Keys of departments.")
    priority = _words("Keys of priorities.")
    type = _words("Keys of types.")
    assignee = _words("Ids of people, `me`, or `none`.")
    requester = _words("Ids of people, or `me`.")
    organisation = _words("Ids of organisations.")
    tag = _words("The ticket has all of them.")
    waiting_on = _words("Whose turn it is.", tuple(TURNS))
    follower = _words("Ids of people, or `me`.")
    x = _words("Filters of plugins, each as `<plugin id>.<key>:<value>`.")
    text = fields.String()
    created_from = Moment()
    created_to = Moment()
    updated_since = Moment()


class Choice(Output):
    """What the caller made of a workspace; nobody else has it so."""

    sound = fields.Boolean(metadata={"description": "Whether the desk sounds when a customer writes there."})
    notify = fields.Boolean(metadata={"description": "Whether the browser shows a notification of it."})
    hidden = fields.Boolean(metadata={"description": "Whether it is left out of the rail."})
    columns = fields.List(fields.String(), metadata=COLUMNS)
    sort = fields.String(metadata={"description": "Own order; empty for that of the workspace."})


class Workspace(Output):
    """A search that is kept under a name, or one of those that everybody has."""

    id = fields.String(attribute="uid", metadata={"description": f"One of `{'`, `'.join(STANDING)}`, or an id."})
    name = fields.String()
    filter = fields.Dict(
        fields.String(),
        fields.Raw(),
        attribute="filter_given",
        metadata={"description": "What was given of the filters of `GET /tickets`.", "example": {"assignee": ["me"]}},
    )
    sort = sort_field()
    columns = fields.List(fields.String(), metadata=COLUMNS)
    is_standing = fields.Boolean(metadata={"description": "Whether everybody has it and nobody can change it."})
    is_shared = fields.Boolean(metadata={"description": "Whether colleagues have it too."})
    department = _department()
    role = _role()
    may_change = fields.Boolean(metadata={"description": "Whether the caller may change and delete it."})
    mine = fields.Nested(Choice)
    count = fields.Integer(
        allow_none=True,
        metadata={"description": "How many tickets are in it, 1000 at most; null where it is not counted."},
    )


WorkspacePage = page_of(Workspace, "WorkspacePage")


class WorkspaceNew(Input):
    """A search to keep."""

    name = fields.String(required=True, metadata={"example": "Mine, waiting for us"})
    filter = fields.Nested(
        SearchFilter, required=True, metadata={"example": {"assignee": ["me"], "waiting_on": ["us"]}}
    )
    sort = sort_field(load_default=SORTS[0])
    columns = _columns(load_default=list)
    is_shared = fields.Boolean(
        load_default=False,
        metadata={"description": "For colleagues: of a department, with a role, or all; needs `workspace.share`."},
    )
    department = _department()
    role = _role()


class WorkspaceChange(Input):
    """What is to be different; with `is_shared` also `department` and `role` are as given, or nobody's."""

    name = fields.String()
    filter = fields.Nested(SearchFilter)
    sort = sort_field()
    columns = _columns()
    is_shared = fields.Boolean()
    department = _department()
    role = _role()


class ChoiceChange(Input):
    """What is to be different about the caller's way with a workspace."""

    sound = fields.Boolean()
    notify = fields.Boolean()
    hidden = fields.Boolean()
    columns = _columns()
    sort = sort_field(("",))


class WorkspaceOrder(Input):
    """Ids of workspaces in the caller's order; those not named stand behind."""

    ids = fields.List(fields.String(), required=True, metadata={"example": ["turn", "open"]})


class BulkChange(Input):
    """What is to be different about all of the tickets."""

    tickets = fields.List(
        fields.String(),
        required=True,
        validate=validate.Length(1, MAX_BULK),
        metadata={"description": "Their numbers.", "example": ["10001", "10002"]},
    )
    status = fields.String(metadata={"description": "Key of a status."})
    priority = fields.String(metadata={"description": "Key of a priority."})
    type = fields.String(allow_none=True, metadata={"description": "Key of a type; null for none."})
    assignee = fields.String(allow_none=True, metadata={"description": "Id of an agent; null for nobody."})
    department = fields.String(metadata={"description": "Key of the department they are moved to."})


class Refusal(Output):
    """A ticket that stayed as it is."""

    number = fields.String()
    reason = fields.String()


class BulkResult(Output):
    """What became of each ticket; the id undoes it within a day."""

    id = fields.String(attribute="uid")
    done = fields.List(fields.String(), metadata={"description": "Numbers of the tickets that were changed."})
    unchanged = fields.List(fields.String(), metadata={"description": "Those that were so already."})
    refused = fields.List(fields.Nested(Refusal))
    is_undone = fields.Boolean()
