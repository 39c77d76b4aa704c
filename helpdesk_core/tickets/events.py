"""What can happen to a ticket."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from helpdesk_core.events.base import Event
from helpdesk_core.texts import lazy as _l


@dataclass(frozen=True, kw_only=True)
class TicketOpened(Event):
    """A ticket was opened; its first message follows as `message.posted`."""

    type: ClassVar[str] = "ticket.opened"
    number: str
    subject: str
    department_id: int
    requester_id: int


@dataclass(frozen=True, kw_only=True)
class MessagePosted(Event):
    """A message was added. `content_hash` seals what it says; `kind` is `public` or `internal`, `side` who speaks."""

    type: ClassVar[str] = "message.posted"
    message_id: int
    kind: str
    side: str
    content_hash: str
    first: bool = False
    notify: bool = True
    """False when nobody is to be told, as when history is imported."""
    written_at: str | None = None
    """When it was really written (ISO 8601, UTC), for imported history; None when that is when it was recorded."""


@dataclass(frozen=True, kw_only=True)
class TicketChanged(Event):
    """Fields changed: each maps to what it was and what it is, as keys or names (`{"status": ["open", "closed"]}`)."""

    type: ClassVar[str] = "ticket.changed"
    changes: dict[str, list[Any]]
    closed: bool = False
    reopened: bool = False


@dataclass(frozen=True, kw_only=True)
class TicketFactsChanged(Event):
    """What a plugin knows of the ticket changed, and its condition fields may say something else by now.

    The parent of events of plugins that have such fields; core records none of its own.
    """

    type: ClassVar[str] = "ticket_facts"


@dataclass(frozen=True, kw_only=True)
class TicketMoved(Event):
    """The ticket went to another department."""

    type: ClassVar[str] = "ticket.moved"
    from_department_id: int
    to_department_id: int
    from_name: str
    to_name: str


@dataclass(frozen=True, kw_only=True)
class ParticipantAdded(Event):
    """Somebody was added as `cc`, `follower` or `specialist`."""

    type: ClassVar[str] = "participant.added"
    user_id: int
    role: str


@dataclass(frozen=True, kw_only=True)
class ParticipantRemoved(Event):
    """Somebody was taken off."""

    type: ClassVar[str] = "participant.removed"
    user_id: int
    role: str


@dataclass(frozen=True, kw_only=True)
class TicketSplit(Event):
    """Messages moved from one ticket to a new one; recorded on both, `side` is `source` or `target`."""

    type: ClassVar[str] = "ticket.split"
    operation: str
    side: str
    other: str
    message_ids: list[int] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class TicketMerged(Event):
    """All messages of one ticket moved to another; recorded on both, `side` is `source` or `target`."""

    type: ClassVar[str] = "ticket.merged"
    operation: str
    side: str
    other: str
    message_ids: list[int] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class OperationUndone(Event):
    """A split or merge was undone; recorded on both tickets."""

    type: ClassVar[str] = "operation.undone"
    operation: str
    kind: str
    other: str
    message_ids: list[int] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class TicketLinked(Event):
    """The ticket was linked to another."""

    type: ClassVar[str] = "ticket.linked"
    other: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class TicketUnlinked(Event):
    """A link was taken away."""

    type: ClassVar[str] = "ticket.unlinked"
    other: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class MessageRedacted(Event):
    """A message's content was replaced by a mark; `content_hash` seals what it says now."""

    type: ClassVar[str] = "message.redacted"
    message_id: int
    reason: str
    content_hash: str


@dataclass(frozen=True, kw_only=True)
class QuoteRedacted(Event):
    """What a message quotes of a redacted one was replaced by a mark; `content_hash` seals what it says now."""

    type: ClassVar[str] = "message.quote_redacted"
    sentence: ClassVar[object] = _l("took what was removed out of a message that quotes it")
    message_id: int
    reason: str
    content_hash: str


@dataclass(frozen=True, kw_only=True)
class WorkflowChanged(Event):
    """The site's statuses, types or priorities changed.

    `subject` is `status`, `type` or `priority`; `key` names the one, or is empty for all of them. `what` is `created`,
    `changed`, `deactivated`, `reactivated`, `deleted`, `default`, `ordered` or `steps` (between statuses).
    """

    type: ClassVar[str] = "workflow.changed"
    subject: str
    key: str
    what: str
