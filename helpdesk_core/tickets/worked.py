"""Which of some tickets somebody works, asked once for all plugins that show more to staff than to customers."""

from collections.abc import Iterable

from sqlalchemy import select

from helpdesk_core.actor import Actor
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.tickets.models import Ticket
from helpdesk_core.tickets.rights import reach_of, visible


def worked(desk: Helpdesk, actor: Actor, ticket_ids: Iterable[int]) -> frozenset[int]:
    """Return the ids of those of the tickets that the actor sees from the desk."""
    page, ids = desk.glanced(), frozenset(ticket_ids)
    key = ("worked", reach_of(actor), ids)
    if page is not None and key in page.found:
        known: frozenset[int] = page.found[key]
        return known
    with desk.read() as session:
        found = frozenset(session.scalars(select(Ticket.id).where(Ticket.id.in_(ids), visible(actor, "desk"))))
    if page is not None:
        page.found[key] = found
    return found
