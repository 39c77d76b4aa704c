"""Departments, as the API takes and shows them."""

from marshmallow import fields, validate

from helpdesk_core.departments.models import REOPEN_POLICIES, VISIBILITIES
from helpdesk_core.schemas import Input, Moment, Output, page_of


class Department(Output):
    """A queue with an address, a signature and rules of its own."""

    key = fields.String(metadata={"example": "support"})
    name = fields.String()
    description = fields.String(allow_none=True)
    address = fields.String(allow_none=True)
    signature = fields.String(allow_none=True)
    visibility = fields.String(metadata={"enum": list(VISIBILITIES)})
    reopen_policy = fields.String(metadata={"enum": list(REOPEN_POLICIES)})
    reopen_days = fields.Integer()
    is_active = fields.Boolean()
    created_at = Moment()


DepartmentPage = page_of(Department, "DepartmentPage")


class _Written(Input):
    name = fields.String()
    description = fields.String(allow_none=True)
    address = fields.String(allow_none=True, metadata={"example": "support@example.com"})
    signature = fields.String(allow_none=True)
    visibility = fields.String(validate=validate.OneOf(VISIBILITIES))
    reopen_policy = fields.String(validate=validate.OneOf(REOPEN_POLICIES))
    reopen_days = fields.Integer(strict=True, validate=validate.Range(0, 3650))


class DepartmentNew(_Written):
    """A department to make."""

    name = fields.String(required=True, metadata={"example": "Support"})
    key = fields.String(metadata={"description": "Made from the name if left out; it never changes."})


class DepartmentChange(_Written):
    """What to change about a department; what is left out stays."""

    is_active = fields.Boolean(metadata={"description": "False takes it out of use; its tickets stay."})
