"""What can happen to a mail once it is composed.

Events are never changed, so they name the mail by its uid; whom it went to and what a server answered is in its row.
"""

from dataclasses import dataclass
from typing import ClassVar

from helpdesk_core.events.base import Event
from helpdesk_core.texts import lazy as _l


@dataclass(frozen=True, kw_only=True)
class MailEvent(Event):
    """Something that happened to one outgoing mail; `message_ref` is the id of the message it carried, if any."""

    type: ClassVar[str] = "mail"
    mail: str
    template: str
    message_ref: int | None = None

    @property
    def stream(self) -> str:
        """Keep the events of one ticket, or else of one mail, in order."""
        return f"ticket:{self.ticket_id}" if self.ticket_id is not None else f"mail:{self.mail}"


@dataclass(frozen=True, kw_only=True)
class MailSent(MailEvent):
    """A mail was taken by the transport; not part of a ticket's timeline, where its message stands already."""

    type: ClassVar[str] = "mail.sent"


@dataclass(frozen=True, kw_only=True)
class MailFailed(MailEvent):
    """A mail was given up; in its ticket's timeline, so that an agent sees that somebody was not reached."""

    type: ClassVar[str] = "mail.failed"
    sentence: ClassVar[object] = _l("did not reach everybody by mail")
