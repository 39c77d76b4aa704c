"""The one clause that says who sees which ticket."""

from typing import Literal

from sqlalchemy import ColumnElement, and_, false, literal_column, or_, select, true, union_all
from sqlalchemy.orm import aliased

from helpdesk_core.actor import EVERYWHERE, Actor
from helpdesk_core.tickets.models import Participant, Ticket

Side = Literal["portal", "desk", "any"]

_asked = aliased(Ticket, name="asked")


def visible(actor: Actor, side: Side = "any") -> ColumnElement[bool]:
    """Return the SQL condition on `Ticket` under which the actor may see it.

    `desk` is the view of those who work tickets (internal notes included), `portal` that of those who ask; `any` is
    either.
    """
    if actor.kind == "system":
        return true()
    if side == "desk":
        return _desk(actor)
    if side == "portal":
        return _portal(actor)
    return or_(_desk(actor), _portal(actor))


def works(actor: Actor, ticket: Ticket, participants: frozenset[int] = frozenset()) -> bool:
    """Tell, for a loaded ticket, whether the actor sees it from the desk; `participants` are its specialists."""
    return actor.may("ticket.read", ticket.department_id) or actor.user_id in participants


def _desk(actor: Actor) -> ColumnElement[bool]:
    where = actor.departments("ticket.read")
    if where is EVERYWHERE:
        return true()
    if actor.kind != "user" or actor.user_id is None:
        return false()
    brought_in = select(Participant.ticket_id).where(
        Participant.user_id == actor.user_id, Participant.role == "specialist"
    )
    if not where:
        return Ticket.id.in_(brought_in)
    return or_(Ticket.department_id.in_(sorted(where)), Ticket.id.in_(brought_in))


def _portal(actor: Actor) -> ColumnElement[bool]:
    if actor.user_id is None:
        return false()
    ways = [
        select(_asked.id).where(_asked.requester_id == actor.user_id),
        select(Participant.ticket_id).where(Participant.user_id == actor.user_id, Participant.role == "cc"),
    ]
    if actor.organisation_id is not None and actor.kind != "guest":
        ways.append(select(_asked.id).where(_asked.organisation_id == actor.organisation_id))
    # With OR, databases would look at every ticket there is; without the subquery, MariaDB would ask again for each.
    own = Ticket.id.in_(select(literal_column("mine.id")).select_from(union_all(*ways).subquery("mine")))
    if actor.kind == "guest":  # the link outlives neither the ticket nor the part that its holder has in it
        return and_(Ticket.id.in_(sorted(actor.ticket_ids)), own)
    return own
