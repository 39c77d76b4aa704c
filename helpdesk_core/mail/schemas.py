"""Mails that are to leave or have left, as the API shows them."""

from marshmallow import fields, validate

from helpdesk_core.mail.outbox import STATES
from helpdesk_core.schemas import Moment, Output, PageQuery, page_of


class Mail(Output):
    """A mail that is to leave, or has left."""

    id = fields.String()
    state = fields.String(
        metadata={
            "enum": list(STATES),
            "description": "`failed`: given up after many tries; `dropped`: left out on purpose.",
        }
    )
    template = fields.String(metadata={"example": "reply"})
    subject = fields.String()
    sender = fields.String()
    recipients = fields.List(fields.String())
    cc = fields.List(fields.String())
    ticket = fields.String(allow_none=True, metadata={"description": "Number of the ticket it belongs to."})
    message_id = fields.String(metadata={"description": "With angle brackets, as in its header."})
    attempts = fields.Integer()
    due_at = Moment(metadata={"description": "When it is tried next, while it waits."})
    error = fields.String(allow_none=True)
    created_at = Moment()
    sent_at = Moment(allow_none=True)


MailPage = page_of(Mail, "MailPage")


class MailWhole(Mail):
    """A mail with what it says."""

    headers = fields.Dict(fields.String(), fields.Raw())
    body_text = fields.String(
        allow_none=True,
        metadata={"description": "Null for a mail of no ticket: it may hold a link that opens somebody's account."},
    )
    body_html = fields.String(allow_none=True)


class MailQuery(PageQuery):
    """Which mails."""

    state = fields.String(validate=validate.OneOf(STATES))
