"""Tickets, their messages, and the data that gives them meaning (statuses, types, priorities)."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk_core.attachments.models import Attachment
from helpdesk_core.db.base import Base, BigId, HasUid, JSONText, LongText
from helpdesk_core.departments.models import Department
from helpdesk_core.users.models import User

STATES = ("new", "open", "waiting", "resolved", "closed")
TURNS = ("us", "customer", "nobody")
OPEN_STATES = ("new", "open", "waiting")


class Status(Base):
    """Where a ticket stands: a name of the site's own, one of the five states, and whose turn it is."""

    __tablename__ = "statuses"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str]
    state: Mapped[str] = mapped_column(String(16))
    turn: Mapped[str] = mapped_column(String(16))
    position: Mapped[int] = mapped_column(default=0)
    is_active: Mapped[bool] = mapped_column(default=True)

    @property
    def is_open(self) -> bool:
        """Whether a ticket in this status still wants something from somebody."""
        return self.state in OPEN_STATES


class StatusTransition(Base):
    """An allowed step from one status to another; a status without any step may go anywhere."""

    __tablename__ = "status_transitions"

    from_id: Mapped[int] = mapped_column(ForeignKey("statuses.id", ondelete="CASCADE"), primary_key=True)
    to_id: Mapped[int] = mapped_column(ForeignKey("statuses.id", ondelete="CASCADE"), primary_key=True, index=True)


class TicketType(Base):
    """What kind of thing a ticket is: question, request, fault…"""

    __tablename__ = "ticket_types"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str]
    position: Mapped[int] = mapped_column(default=0)
    is_active: Mapped[bool] = mapped_column(default=True)


class Priority(Base):
    """How urgent a ticket is; a higher `level` comes first."""

    __tablename__ = "priorities"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str]
    level: Mapped[int]
    is_default: Mapped[bool] = mapped_column(default=False)


class Ticket(Base):
    """One matter of one requester, from opening to closing.

    `version` guards against two people changing it at once. `event_count` and `event_hash` are the end of its event
    chain, `event_seal` is the proof of it that only the site's secret key makes. `is_open`, `waiting_on`, `preview` and
    the times are copies of what statuses and messages say, so that lists need neither.
    """

    __tablename__ = "tickets"
    __table_args__ = (
        Index("ix_tickets_open_updated", "is_open", "updated_at", "id"),
        # All that the counts of the desk's rail need, so that they read no rows.
        Index("ix_tickets_open_assignee", "is_open", "assignee_id", "waiting_on", "department_id", "id"),
        Index("ix_tickets_department_open_updated", "department_id", "is_open", "updated_at", "id"),
        Index("ix_tickets_department_updated", "department_id", "updated_at", "id"),
        Index("ix_tickets_assignee_open_updated", "assignee_id", "is_open", "updated_at", "id"),
        Index("ix_tickets_requester_open_updated", "requester_id", "is_open", "updated_at", "id"),
        Index("ix_tickets_organisation_updated", "organisation_id", "updated_at", "id"),
        Index("ix_tickets_status_updated", "status_id", "updated_at", "id"),
        Index("ix_tickets_updated", "updated_at", "id"),
        # By these, what happens as time passes finds the tickets that have come of age since it last looked.
        Index("ix_tickets_created", "created_at", "id"),
        Index("ix_tickets_last_customer", "last_customer_at", "id"),
        Index("ix_tickets_last_agent", "last_agent_at", "id"),
        Index("ix_tickets_closed", "closed_at", "id"),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str | None] = mapped_column(String(32), unique=True)
    subject: Mapped[str] = mapped_column(String(500))
    status_id: Mapped[int] = mapped_column(ForeignKey("statuses.id"))
    priority_id: Mapped[int] = mapped_column(ForeignKey("priorities.id"))
    type_id: Mapped[int | None] = mapped_column(ForeignKey("ticket_types.id", ondelete="SET NULL"))
    department_id: Mapped[int] = mapped_column(ForeignKey("departments.id"))
    requester_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id", ondelete="SET NULL"))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    channel: Mapped[str] = mapped_column(String(32))
    locale: Mapped[str | None] = mapped_column(String(16))
    is_open: Mapped[bool] = mapped_column(default=True)
    waiting_on: Mapped[str] = mapped_column(String(16), default="us")
    preview: Mapped[str] = mapped_column(String(255), default="")
    """The beginning of the last public message, one line."""
    message_count: Mapped[int] = mapped_column(default=0)
    """Public messages."""
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    first_replied_at: Mapped[datetime | None]
    last_customer_at: Mapped[datetime | None]
    last_agent_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id", ondelete="SET NULL"), index=True)
    event_count: Mapped[int] = mapped_column(default=0)
    event_hash: Mapped[str] = mapped_column(String(64), default="")
    event_seal: Mapped[str] = mapped_column(String(500), default="")
    version: Mapped[int] = mapped_column(default=1)

    status: Mapped[Status] = relationship(lazy="raise")
    priority: Mapped[Priority] = relationship(lazy="raise")
    type: Mapped[TicketType | None] = relationship(lazy="raise")
    department: Mapped[Department] = relationship(lazy="raise")
    requester: Mapped[User] = relationship(lazy="raise", foreign_keys=[requester_id])
    assignee: Mapped[User | None] = relationship(lazy="raise", foreign_keys=[assignee_id])
    tags: Mapped[list["TicketTag"]] = relationship(lazy="raise", cascade="all, delete-orphan", order_by="TicketTag.tag")
    participants: Mapped[list["Participant"]] = relationship(
        lazy="raise", cascade="all, delete-orphan", order_by="Participant.id"
    )

    __mapper_args__ = {"version_id_col": version}


class TicketTag(Base):
    """A free word put on a ticket, lower case."""

    __tablename__ = "ticket_tags"

    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"), primary_key=True)
    tag: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)


PARTICIPANT_ROLES = ("cc", "follower", "specialist")


class Participant(Base):
    """Somebody else on a ticket.

    `cc` takes part as a customer (sees and answers public messages); `follower` is a colleague who gets notices,
    without any right;
    `specialist` is a colleague brought in, who sees the ticket whatever its department.
    """

    __tablename__ = "participants"
    __table_args__ = (UniqueConstraint("ticket_id", "user_id", "role"), Base.__table_args__)

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    role: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime]

    user: Mapped[User] = relationship(lazy="raise")


class Message(HasUid, Base):
    """One letter of a conversation; its content is written once. `ticket_id` says where it stands now."""

    __tablename__ = "messages"
    __table_args__ = (Index("ix_messages_ticket_id_id", "ticket_id", "id"), Base.__table_args__)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(16))
    """`public` or `internal`."""
    side: Mapped[str] = mapped_column(String(16))
    """Who speaks: `customer` or `agent`."""
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    author_name: Mapped[str]
    author_email: Mapped[str | None] = mapped_column(String(320))
    body_text: Mapped[str] = mapped_column(LongText)
    body_html: Mapped[str | None] = mapped_column(LongText)
    """Sanitised when it was written; None for plain text."""
    channel: Mapped[str] = mapped_column(String(32))
    message_id: Mapped[str | None] = mapped_column(
        String(998).with_variant(String(700), "mysql", "mariadb"), index=True
    )
    """The Message-ID header, with angle brackets: the sender's for mail that came in, ours for what goes out."""
    details: Mapped[dict[str, Any]] = mapped_column(JSONText, default=dict)
    """What a channel knows besides: recipients, where the quote begins."""
    content_hash: Mapped[str] = mapped_column(String(64))
    redacted_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    attachments: Mapped[list[Attachment]] = relationship(lazy="raise", order_by="Attachment.id")


class HeldReply(HasUid, Base):
    """A reply that its author may still take back: no message yet, so customers and plugins know nothing of it.

    `uid` will be that of the message. It is posted from `due_at` on; None means that it could not be posted, `error`
    says why, and it waits for its author.
    """

    __tablename__ = "held_replies"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    channel: Mapped[str] = mapped_column(String(32))
    draft: Mapped[dict[str, Any]] = mapped_column(JSONText)
    due_at: Mapped[datetime | None] = mapped_column(index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(LongText)
    created_at: Mapped[datetime]

    author: Mapped[User] = relationship(lazy="raise")


class TicketLink(Base):
    """Two tickets that belong together: `related`, `split` (source split off target), `follow_up`, `possibly`."""

    __tablename__ = "ticket_links"
    __table_args__ = (UniqueConstraint("from_id", "to_id", "kind"), Base.__table_args__)

    id: Mapped[int] = mapped_column(primary_key=True)
    from_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"))
    to_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[datetime]


class Operation(HasUid, Base):
    """A split or merge, with all that is needed to undo it."""

    __tablename__ = "operations"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    source_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"), index=True)
    target_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"), index=True)
    data: Mapped[dict[str, Any]] = mapped_column(JSONText)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]
    undone_at: Mapped[datetime | None]


class SavedSearch(HasUid, Base):
    """A workspace: a search under a name, with its own columns.

    It is its owner's alone; without an owner it is shared: with who works in a department, with who has a role, or
    (neither is set) with all staff.
    """

    __tablename__ = "saved_searches"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    department_id: Mapped[int | None] = mapped_column(ForeignKey("departments.id", ondelete="CASCADE"), index=True)
    role_id: Mapped[int | None] = mapped_column(ForeignKey("roles.id", ondelete="CASCADE"), index=True)
    query: Mapped[dict[str, Any]] = mapped_column(JSONText)
    columns: Mapped[list[str]] = mapped_column(JSONText, default=list)
    position: Mapped[int] = mapped_column(default=0)


class BulkChange(HasUid, Base):
    """What one change of many tickets did, kept for a day: shown to who made it, and enough to undo it."""

    __tablename__ = "bulk_changes"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    data: Mapped[dict[str, Any]] = mapped_column(JSONText)
    created_at: Mapped[datetime]
    undone_at: Mapped[datetime | None]


class TicketSeen(Base):
    """Up to where a person has read a ticket, and when they last had it open before them or typed on it."""

    __tablename__ = "ticket_seen"

    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True)
    seen_at: Mapped[datetime]
    here_at: Mapped[datetime | None]
    typed_at: Mapped[datetime | None]
