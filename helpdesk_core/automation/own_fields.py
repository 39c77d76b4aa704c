"""The fields of conditions that every helpdesk has."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, aliased

from helpdesk_core.automation.fields import ConditionField
from helpdesk_core.db.text import contains
from helpdesk_core.departments.models import Department
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.texts import lazy as _l
from helpdesk_core.tickets.models import STATES, TURNS, Message, Priority, Status, Ticket, TicketTag, TicketType
from helpdesk_core.tickets.vocabulary import vocabulary
from helpdesk_core.users.addresses import domain_of
from helpdesk_core.users.models import Organisation, User

Found = Mapping[int, Mapping[str, Sequence[str]]]
_MOMENTS: Final = ("created_at", "updated_at", "last_customer_at", "last_agent_at", "closed_at")


def _own(session: Session, ticket_ids: Sequence[int]) -> Found:
    assignee = aliased(User)
    query = (
        select(
            Ticket, Status.key, Status.state, Priority.key, TicketType.key, Department.key, Organisation.uid,
            User.primary_email, User.last_seen_at, assignee.primary_email,
        )
        .join(Status, Status.id == Ticket.status_id)
        .join(Priority, Priority.id == Ticket.priority_id)
        .join(Department, Department.id == Ticket.department_id)
        .join(User, User.id == Ticket.requester_id)
        .outerjoin(TicketType, TicketType.id == Ticket.type_id)
        .outerjoin(Organisation, Organisation.id == Ticket.organisation_id)
        .outerjoin(assignee, assignee.id == Ticket.assignee_id)
        .where(Ticket.id.in_(ticket_ids))
    )  # fmt: skip
    rows: Sequence[Any] = session.execute(query).all()
    return {row[0].id: _standing(*row) for row in rows}


def _standing(
    ticket: Ticket,
    status: str,
    state: str,
    priority: str,
    kind: str | None,
    department: str,
    organisation: str | None,
    requester: str | None,
    seen_at: datetime | None,
    assignee: str | None,
) -> Mapping[str, Sequence[str]]:
    values = {
        "status": status,
        "state": state,
        "priority": priority,
        "type": kind,
        "department": department,
        "organisation": organisation,
        "requester": requester,
        "requester_domain": domain_of(requester) if requester else None,
        "signed_in": "yes" if seen_at else "no",
        "assignee": assignee or ("?" if ticket.assignee_id is not None else None),
        "channel": ticket.channel,
        "waiting_on": ticket.waiting_on,
        "language": ticket.locale,
        "subject": ticket.subject,
        "messages": str(ticket.message_count),
        **{name: _iso(getattr(ticket, name)) for name in _MOMENTS},
    }
    return {name: (value,) for name, value in values.items() if value}


def _iso(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None


def _tags(session: Session, ticket_ids: Sequence[int]) -> Found:
    found: dict[int, dict[str, list[str]]] = {}
    query = select(TicketTag.ticket_id, TicketTag.tag).where(TicketTag.ticket_id.in_(ticket_ids))
    for ticket_id, tag in session.execute(query.order_by(TicketTag.tag)):
        found.setdefault(ticket_id, {"tag": []})["tag"].append(tag)
    return found


def _last_message(session: Session, ticket_ids: Sequence[int]) -> Found:
    last = select(func.max(Message.id)).where(Message.ticket_id.in_(ticket_ids)).group_by(Message.ticket_id)
    found: dict[int, dict[str, Sequence[str]]] = {}
    for message in session.scalars(select(Message).where(Message.id.in_(last.scalar_subquery()))):
        found[message.ticket_id] = {
            "message": (message.body_text,),
            "sender": (message.author_email,) if message.author_email else (),
            "message_channel": (message.channel,),
            "automatic": ("yes" if message.details.get("automatic") else "no",),
        }
    return found


def _by_key(column: Any, model: Any, key: Any) -> Callable[[Sequence[str]], ColumnElement[bool]]:
    """Return the condition that the row which a column of tickets points at has one of the keys."""
    return lambda values: column.in_(select(model.id).where(key.in_(values)))


def _by_address(column: Any) -> Callable[[Sequence[str]], ColumnElement[bool]]:
    return lambda values: column.in_(
        select(User.id).where(func.lower(User.primary_email).in_([each.lower() for each in values]))
    )


def _by_word(column: Any) -> Callable[[Sequence[str]], ColumnElement[bool]]:
    return lambda values: column.in_(values)


def _by_text(column: Any) -> Callable[[Sequence[str]], ColumnElement[bool]]:
    return lambda values: or_(*(contains(column, each) for each in values))


def _tagged(values: Sequence[str]) -> ColumnElement[bool]:
    return Ticket.id.in_(select(TicketTag.ticket_id).where(TicketTag.tag.in_([each.lower() for each in values])))


def _words_of(name: str) -> Callable[[Helpdesk, Session], Sequence[tuple[str, str]]]:
    def choices(desk: Helpdesk, session: Session) -> Sequence[tuple[str, str]]:
        return [(key, each.name) for key, each in getattr(vocabulary(desk, session), name).items()]

    return choices


def _fixed(*values: str) -> Callable[[Helpdesk, Session], Sequence[tuple[str, str]]]:
    return lambda _desk, _session: [(each, each) for each in values]


def _organisations(_desk: Helpdesk, session: Session) -> Sequence[tuple[str, str]]:
    return [(uid, name) for uid, name in session.execute(select(Organisation.uid, Organisation.name))]


def _organisations_with(_desk: Helpdesk, session: Session, uids: Sequence[str]) -> Sequence[tuple[str, str]]:
    names = select(func.lower(Organisation.name)).where(Organisation.uid.in_(uids))
    query = select(Organisation.uid, Organisation.name).where(func.lower(Organisation.name).in_(names))
    return [(uid, name) for uid, name in session.execute(query)]


_ADDRESS: Final = _l("An address; several are parted by commas.")
_SPAN: Final = _l("A time such as 30m, 4h or 3d.")

OWN_FIELDS: Final = (
    ConditionField(
        key="department",
        label=_l("Department"),
        load=_own,
        choices=_words_of("departments"),
        among=_by_key(Ticket.department_id, Department, Department.key),
    ),
    ConditionField(
        key="status",
        label=_l("Status"),
        load=_own,
        choices=_words_of("statuses"),
        among=_by_key(Ticket.status_id, Status, Status.key),
    ),
    ConditionField(
        key="state",
        label=_l("State"),
        load=_own,
        choices=_fixed(*STATES),
        among=_by_key(Ticket.status_id, Status, Status.state),
    ),
    ConditionField(
        key="waiting_on",
        label=_l("Whose turn it is"),
        load=_own,
        choices=_fixed(*TURNS),
        among=_by_word(Ticket.waiting_on),
    ),
    ConditionField(
        key="priority",
        label=_l("Priority"),
        load=_own,
        choices=_words_of("priorities"),
        among=_by_key(Ticket.priority_id, Priority, Priority.key),
    ),
    ConditionField(
        key="type",
        label=_l("Type"),
        load=_own,
        choices=_words_of("types"),
        among=_by_key(Ticket.type_id, TicketType, TicketType.key),
        absent=Ticket.type_id.is_(None),
    ),
    ConditionField(
        key="organisation",
        label=_l("Organisation"),
        load=_own,
        choices=_organisations,
        named=_organisations_with,
        among=_by_key(Ticket.organisation_id, Organisation, Organisation.uid),
        absent=Ticket.organisation_id.is_(None),
    ),
    ConditionField(
        key="tag", label=_l("Tag"), load=_tags, among=_tagged,
        absent=Ticket.id.not_in(select(TicketTag.ticket_id)),
    ),
    ConditionField(
        key="assignee",
        label=_l("Assignee"),
        hint=_ADDRESS,
        load=_own,
        among=_by_address(Ticket.assignee_id),
        absent=Ticket.assignee_id.is_(None),
    ),
    ConditionField(
        key="requester",
        label=_l("Requester"),
        hint=_ADDRESS,
        load=_own,
        among=_by_address(Ticket.requester_id),
    ),
    ConditionField(key="requester_domain", label=_l("Requester’s mail domain"), load=_own),
    ConditionField(
        key="signed_in", label=_l("Requester has signed in once"), load=_own, choices=_fixed("yes", "no"),
        among=lambda values: Ticket.requester_id.in_(
            select(User.id).where(or_(*(User.last_seen_at.is_not(None) if each == "yes" else User.last_seen_at.is_(None)
                                        for each in values)))
        ),
    ),
    ConditionField(
        key="channel",
        label=_l("Channel"),
        hint=_l("How the ticket came, such as web, email or api."),
        load=_own,
        among=_by_word(Ticket.channel),
    ),
    ConditionField(
        key="language",
        label=_l("Language"),
        load=_own,
        among=_by_word(Ticket.locale),
        absent=Ticket.locale.is_(None),
    ),
    ConditionField(key="subject", label=_l("Subject"), kind="text", load=_own, among=_by_text(Ticket.subject)),
    ConditionField(key="message", label=_l("Last message"), kind="text", load=_last_message),
    ConditionField(key="sender", label=_l("Sender of the last message"), hint=_ADDRESS, load=_last_message),
    ConditionField(key="message_channel", label=_l("Channel of the last message"), load=_last_message),
    ConditionField(
        key="automatic", label=_l("Last message was sent by a machine"), load=_last_message,
        choices=_fixed("yes", "no"),
    ),
    ConditionField(
        key="messages", label=_l("Number of messages"), kind="number", load=_own, column=Ticket.message_count
    ),
    ConditionField(
        key="created_at", label=_l("Time since it was opened"), kind="time", hint=_SPAN, load=_own,
        column=Ticket.created_at,
    ),
    ConditionField(
        key="updated_at", label=_l("Time since the last change"), kind="time", hint=_SPAN, load=_own,
        column=Ticket.updated_at,
    ),
    ConditionField(
        key="last_customer_at", label=_l("Time since the customer wrote"), kind="time", hint=_SPAN, load=_own,
        column=Ticket.last_customer_at, absent=Ticket.last_customer_at.is_(None),
    ),
    ConditionField(
        key="last_agent_at", label=_l("Time since an agent answered"), kind="time", hint=_SPAN, load=_own,
        column=Ticket.last_agent_at, absent=Ticket.last_agent_at.is_(None),
    ),
    ConditionField(
        key="closed_at", label=_l("Time since it was closed"), kind="time", hint=_SPAN, load=_own,
        column=Ticket.closed_at, absent=Ticket.closed_at.is_(None),
    ),
)  # fmt: skip
