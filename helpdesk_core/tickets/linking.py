"""Links between tickets."""

from sqlalchemy import delete, or_, select

from helpdesk_core.actor import Actor
from helpdesk_core.errors import Invalid, NotFound
from helpdesk_core.runtime import Helpdesk, Transaction
from helpdesk_core.texts import lazy as _l
from helpdesk_core.tickets.events import TicketLinked, TicketUnlinked
from helpdesk_core.tickets.models import Ticket, TicketLink
from helpdesk_core.tickets.queries import lock_pair
from helpdesk_core.users.permissions import require

KINDS = ("related", "blocks", "duplicate", "split", "follow_up", "possibly")


def link(desk: Helpdesk, actor: Actor, number: str, other: str, kind: str = "related") -> None:
    """Link two tickets that the actor works; linking twice changes nothing."""
    if kind not in KINDS:
        raise Invalid(
            {
                "kind": [
                    _l(
                        "There is no kind of link “%(kind)s”. Choose one of: %(kinds)s.",
                        kind=kind,
                        kinds=", ".join(KINDS),
                    )
                ]
            }
        )
    if number == other:
        raise Invalid({"other": [_l("A ticket cannot be linked to itself. Give another number.")]})
    with desk.begin(actor) as tx:
        first, second = lock_pair(tx.session, actor, number, other)
        require(actor, "ticket.merge", first.department_id)
        write_link(tx, first, second, kind)


def unlink(desk: Helpdesk, actor: Actor, number: str, other: str) -> None:
    """Take away all links between two tickets, in either direction."""
    with desk.begin(actor) as tx:
        first, second = lock_pair(tx.session, actor, number, other)
        require(actor, "ticket.merge", first.department_id)
        between = or_(
            (TicketLink.from_id == first.id) & (TicketLink.to_id == second.id),
            (TicketLink.from_id == second.id) & (TicketLink.to_id == first.id),
        )
        kinds = tx.session.scalars(select(TicketLink.kind).where(between)).all()
        if not kinds:
            raise NotFound(_l("#%(number)s and #%(other)s are not linked.", number=number, other=other))
        tx.session.execute(delete(TicketLink).where(between))
        for kind in kinds:
            tx.record(TicketUnlinked(other=second.number or "", kind=kind), first)
            tx.record(TicketUnlinked(other=first.number or "", kind=kind), second)


def write_link(tx: Transaction, first: Ticket, second: Ticket, kind: str) -> None:
    """Add the link and record it on both tickets, which the caller has locked (or just made)."""
    query = select(TicketLink.id).where(
        TicketLink.from_id == first.id, TicketLink.to_id == second.id, TicketLink.kind == kind
    )
    if tx.session.scalar(query) is not None:
        return
    tx.session.add(TicketLink(from_id=first.id, to_id=second.id, kind=kind, created_at=tx.now))
    tx.record(TicketLinked(other=second.number or "", kind=kind), first)
    tx.record(TicketLinked(other=first.number or "", kind=kind), second)
