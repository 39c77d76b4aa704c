"""A mail that is about to be queued, as plugins may change it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from helpdesk_core.mail.mailbox import Mailbox


@dataclass(frozen=True, kw_only=True)
class OutgoingDraft:
    """A composed mail. Message-IDs are with angle brackets, `references` oldest first.

    `automatic` is False for what a person wrote (an agent's reply) and True for notices, which say so in their header.
    `message_ref` is the id of the message that the mail carries or quotes, `attachment_ids` are of files
    of that message. With `dropped` set, the mail is kept for admins
    to see and not sent; it holds the reason.
    """

    template: str
    sender: Mailbox
    to: tuple[Mailbox, ...]
    cc: tuple[Mailbox, ...] = ()
    reply_to: Mailbox | None = None
    subject: str
    text: str
    html: str | None = None
    message_id: str
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    attachment_ids: tuple[int, ...] = ()
    automatic: bool = True
    ticket_id: int | None = None
    message_ref: int | None = None
    department_id: int | None = None
    dropped: str | None = None

    def drop(self, reason: str) -> Self:
        """Return the draft as one that is not to be sent."""
        return replace(self, dropped=reason)

    def with_header(self, name: str, value: str) -> Self:
        """Return the draft with one more header; those that are fields of the draft cannot be set this way."""
        return replace(self, headers={**self.headers, name: value})
