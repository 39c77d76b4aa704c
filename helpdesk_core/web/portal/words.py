"""How tickets are spoken of to the people who ask: in words, not in statuses."""

from dataclasses import dataclass
from datetime import datetime

from helpdesk_core.actor import Actor
from helpdesk_core.tickets.listing import TicketRow
from helpdesk_core.tickets.models import Ticket
from helpdesk_core.web.localisation import gettext as _


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a ticket stands: words for a person, and the state that gives the words their colour and icon."""

    words: str
    state: str


def standing(actor: Actor, ticket: Ticket) -> Standing:
    """Return where a ticket stands, for the one who reads."""
    return _standing(ticket.status.state, ticket.waiting_on, actor.user_id == ticket.requester_id)


@dataclass(frozen=True, slots=True)
class ListedTicket:
    """A ticket as a customer's list shows it; nothing here moves when colleagues write notes."""

    number: str
    subject: str
    preview: str
    requester: str
    standing: Standing
    when: datetime
    """When somebody last wrote to the other side."""
    is_unread: bool
    is_own: bool


def listed(actor: Actor, row: TicketRow) -> ListedTicket:
    """Return a row of a list as its reader sees it."""
    own = row.requester_uid == actor.uid
    spoken = [moment for moment in (row.last_customer_at, row.last_agent_at) if moment is not None]
    return ListedTicket(
        number=row.number,
        subject=row.subject,
        preview=row.preview,
        requester=row.requester_name,
        standing=_standing(row.state, row.waiting_on, own),
        when=max(spoken, default=row.created_at),
        is_unread=row.last_agent_at is not None and (row.seen_at is None or row.last_agent_at > row.seen_at),
        is_own=own,
    )


def _standing(state: str, waiting_on: str, own: bool) -> Standing:
    if state == "closed":
        return Standing(_("Closed"), "closed")
    if state == "resolved":
        return Standing(_("Solved"), "resolved")
    if waiting_on == "customer":
        return Standing(_("Waiting for you") if own else _("Waiting for an answer"), "waiting")
    if state == "waiting":
        return Standing(_("On hold"), "waiting")
    return Standing(_("Received"), "new") if state == "new" else Standing(_("In progress"), "open")
