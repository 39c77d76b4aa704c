"""What came along with a ticket from a site; kept as it was when the ticket was opened."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from helpdesk_core.api import Transaction
from helpdesk_core.api.tickets import NewTicket, Ticket

from .models import FromSite
from .texts import ID


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Rides in `NewTicket.extra`; a type of its own, so that nobody can send one through the API."""

    site_id: int
    site_name: str
    page: str = ""
    data: Mapping[str, str] = field(default_factory=dict)
    comment: str | None = None
    page_title: str = ""


def write(tx: Transaction, ticket: Ticket, draft: NewTicket) -> None:
    """Write what came along; nothing if the ticket is from elsewhere."""
    snapshot: Any = draft.extra.get(ID)
    if isinstance(snapshot, Snapshot):
        tx.session.add(
            FromSite(
                ticket_id=ticket.id,
                site_id=snapshot.site_id,
                site_name=snapshot.site_name,
                page=snapshot.page[:2000],
                data=dict(snapshot.data),
                comment=snapshot.comment,
                page_title=snapshot.page_title,
            )
        )
