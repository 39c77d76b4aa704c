"""People, organisations, roles and tokens, as the API takes and shows them."""

from marshmallow import fields, validate

from helpdesk_core.schemas import Input, Moment, Output, PageQuery, page_of
from helpdesk_core.users.profiles import THEME_MODES


class PersonNamed(Output):
    """Somebody, by name."""

    id = fields.String(allow_none=True)
    name = fields.String(metadata={"example": "Carla Customer"})
    email = fields.String(allow_none=True, metadata={"description": "For those who may see it."})


class OrganisationNamed(Output):
    """An organisation, by name."""

    id = fields.String()
    name = fields.String()


class OrganisationRef(Output):
    """An organisation, by name."""

    id = fields.String(attribute="uid")
    name = fields.String()


class Address(Output):
    """An address of a person."""

    address = fields.String(metadata={"example": "customer@example.com"})
    verified_at = Moment(allow_none=True)


class User(Output):
    """A person."""

    id = fields.String(attribute="uid")
    name = fields.String()
    email = fields.String(attribute="primary_email", allow_none=True)
    addresses = fields.List(fields.Nested(Address), attribute="emails")
    organisation = fields.Nested(OrganisationRef, allow_none=True)
    locale = fields.String(allow_none=True)
    timezone = fields.String(allow_none=True)
    theme_mode = fields.String(allow_none=True)
    is_active = fields.Boolean()
    is_owner = fields.Boolean()
    created_at = Moment()
    last_seen_at = Moment(allow_none=True)


UserPage = page_of(User, "UserPage")


class UserQuery(PageQuery):
    """Which people."""

    query = fields.String(load_default="", metadata={"description": "Words in name or address; all must be there."})
    organisation = fields.String(metadata={"description": "Id of an organisation."})
    staff = fields.Boolean(metadata={"description": "Only those who work tickets, or only those who do not."})
    active = fields.Boolean()


class UserChange(Input):
    """What to change about a person; what is left out stays."""

    name = fields.String()
    organisation = fields.String(allow_none=True, metadata={"description": "Id of an organisation, or null for none."})
    locale = fields.String(allow_none=True, metadata={"example": "de"})
    timezone = fields.String(allow_none=True, metadata={"example": "Europe/Berlin"})
    theme_mode = fields.String(allow_none=True, validate=validate.OneOf(THEME_MODES))


class UserNew(UserChange):
    """A person to make an account for."""

    name = fields.String(required=True, metadata={"example": "Carla Customer"})
    email = fields.String(required=True, metadata={"example": "customer@example.com"})
    password = fields.String(allow_none=True, load_only=True)
    is_owner = fields.Boolean(load_default=False)
    invite = fields.Boolean(load_default=False, metadata={"description": "Send a link to choose a password."})


class Grant(Output):
    """A role that a person has."""

    role = fields.String(metadata={"description": "Key.", "example": "agent"})
    department = fields.String(allow_none=True, metadata={"description": "Key, or null for everywhere."})


GrantPage = page_of(Grant, "GrantPage")


class GrantNew(Input):
    """A role to give to a person."""

    role = fields.String(required=True, metadata={"description": "Key.", "example": "agent"})
    department = fields.String(allow_none=True, metadata={"description": "Key, or null for everywhere."})


class GrantQuery(Input):
    """Where a role is taken away."""

    department = fields.String(metadata={"description": "Key; left out: everywhere, as it was given."})


class RolePermission(Output):
    """One permission of a role."""

    permission = fields.String()


class Role(Output):
    """A named set of permissions."""

    key = fields.String()
    name = fields.String()
    permissions = fields.List(fields.Pluck(RolePermission, "permission"))


RolePage = page_of(Role, "RolePage")


class RoleChange(Input):
    """What to change about a role; `permissions` are all of them from now on."""

    name = fields.String()
    permissions = fields.List(fields.String(), metadata={"example": ["ticket.read", "ticket.reply"]})


class RoleNew(RoleChange):
    """A role to make."""

    key = fields.String(required=True, metadata={"example": "second-line"})
    name = fields.String(required=True)


class PermissionShown(Output):
    """Something that a role can allow."""

    name = fields.String()
    title = fields.String(metadata={"description": "Completes “may …”."})
    owner = fields.String(metadata={"description": "`core`, or the id of a plugin."})
    reading = fields.Boolean(metadata={"description": "Whether it changes nothing."})
    per_department = fields.Boolean()


PermissionPage = page_of(PermissionShown, "PermissionPage")


class Organisation(Output):
    """A company whose members may share their tickets."""

    id = fields.String(attribute="uid")
    name = fields.String()
    domain = fields.String(allow_none=True)
    shares_tickets = fields.Boolean()
    note = fields.String(allow_none=True)
    created_at = Moment()


OrganisationPage = page_of(Organisation, "OrganisationPage")


class OrganisationQuery(PageQuery):
    """Which organisations."""

    query = fields.String(load_default="", metadata={"description": "Words in name or domain; all must be there."})


class OrganisationChange(Input):
    """What to change about an organisation; what is left out stays."""

    name = fields.String()
    domain = fields.String(
        allow_none=True, metadata={"description": "People with a proved address there join.", "example": "example.com"}
    )
    shares_tickets = fields.Boolean(metadata={"description": "Whether members see each other's tickets."})
    note = fields.String(allow_none=True)


class OrganisationNew(OrganisationChange):
    """An organisation to make."""

    name = fields.String(required=True)


class Me(User):
    """Whose token it is, and what it may do."""

    permissions = fields.Dict(
        fields.String(),
        fields.List(fields.String(), allow_none=True),
        metadata={"description": "Each with the keys of the departments where it holds; null for everywhere."},
    )
    limited = fields.Boolean(metadata={"description": "Whether the token may less than its owner."})
    read_only = fields.Boolean(metadata={"description": "Whether the token may change nothing."})


class Token(Output):
    """A key to the API; the key itself is not kept."""

    id = fields.String(attribute="uid")
    name = fields.String()
    scopes = fields.List(fields.String())
    created_at = Moment()
    expires_at = Moment(allow_none=True)
    last_used_at = Moment(allow_none=True)


TokenPage = page_of(Token, "TokenPage")


class TokenMade(Token):
    """A token just made; `token` is shown this once."""

    token = fields.String(metadata={"description": "Send it as `Authorization: Bearer …`."})


class TokenNew(Input):
    """A token to make."""

    name = fields.String(required=True, metadata={"description": "What uses it.", "example": "Billing system"})
    scopes = fields.List(
        fields.String(),
        metadata={
            "description": "`read`, or permissions; left out or empty: all that you may do, now and later.",
            "example": ["read"],
        },
    )
    expires_at = Moment(allow_none=True)
