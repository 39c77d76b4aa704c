"""Mail that leaves: composing it, and other ways out."""

from helpdesk_core.mail.compose import compose, queue
from helpdesk_core.mail.draft import OutgoingDraft
from helpdesk_core.mail.links import desk_url
from helpdesk_core.mail.mailbox import Mailbox, is_address, one_line
from helpdesk_core.mail.models import OutgoingMail
from helpdesk_core.mail.outbox import find_by_message_id
from helpdesk_core.mail.people import own_addresses, site_address
from helpdesk_core.mail.smtp import SmtpTransport
from helpdesk_core.mail.templates import MailTemplates, Rendered
from helpdesk_core.mail.threading import new_message_id, references, root_id, subject_tag
from helpdesk_core.mail.transport import Connection, Envelope, MailRefused, Receipt, Refusal, Transport, TransportDown

__all__ = [
    "Connection",
    "Envelope",
    "MailRefused",
    "MailTemplates",
    "Mailbox",
    "OutgoingDraft",
    "OutgoingMail",
    "Receipt",
    "Refusal",
    "Rendered",
    "SmtpTransport",
    "Transport",
    "TransportDown",
    "compose",
    "desk_url",
    "find_by_message_id",
    "is_address",
    "new_message_id",
    "one_line",
    "own_addresses",
    "queue",
    "references",
    "root_id",
    "site_address",
    "subject_tag",
]
