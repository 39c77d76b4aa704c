"""What belongs to an account, as the API takes and shows it: addresses, browsers, signatures, passwords, erasing."""

from marshmallow import fields

from helpdesk_core.schemas import Input, Moment, Output, page_of

ADDRESS_STATES = ("proved", "unproved", "waiting")


class AddressOf(Output):
    """An address of a person, or one that waits for its link to be followed."""

    address = fields.String(metadata={"example": "customer@example.com"})
    state = fields.String(
        metadata={
            "enum": list(ADDRESS_STATES),
            "description": "`waiting`: the person was sent a link there, and has not followed it yet.",
        }
    )
    is_primary = fields.Boolean(metadata={"description": "Whether mail goes there."})
    verified_at = Moment(allow_none=True)


AddressPage = page_of(AddressOf, "AddressPage")


class AddressNew(Input):
    """An address to add."""

    address = fields.String(required=True, metadata={"example": "customer@example.com"})


class Browser(Output):
    """A browser that somebody is signed in with."""

    id = fields.String(attribute="uid")
    device = fields.String(metadata={"description": "What the browser calls itself."})
    created_at = Moment()
    last_used_at = Moment()
    expires_at = Moment()


BrowserPage = page_of(Browser, "BrowserPage")


class SignatureOf(Output):
    """How a person signs in a department."""

    department = fields.String(metadata={"description": "Key.", "example": "support"})
    text = fields.String(metadata={"description": "Plain text; empty: as the department does."})


SignaturePage = page_of(SignatureOf, "SignaturePage")


class SignatureNew(Input):
    """How to sign from now on."""

    text = fields.String(
        required=True,
        metadata={"description": "Plain text; empty: as the department does.", "example": "Adam, Support"},
    )


class PasswordNew(Input):
    """A password to set."""

    password = fields.String(required=True, load_only=True)
    current = fields.String(
        load_only=True, metadata={"description": "The present one, if it is your own and you have one."}
    )


class OwnerChange(Input):
    """Whether somebody is an owner, who may do everything."""

    is_owner = fields.Boolean(required=True)


class Erasure(Input):
    """The confirmation that a person's data are to be erased."""

    confirm = fields.String(required=True, metadata={"description": "The person's name, as the API shows it."})
    with_messages = fields.Boolean(
        load_default=False, metadata={"description": "Redact what the person wrote as well, which leaves marks."}
    )
