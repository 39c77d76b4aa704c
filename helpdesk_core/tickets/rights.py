"""The one clause that says who sees which ticket."""

from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, and_, bindparam, false, literal_column, or_, select, true, union_all
from sqlalchemy.orm import aliased

from helpdesk_core.actor import EVERYWHERE, Actor
from helpdesk_core.tickets.models import Participant, Ticket

Side = Literal["portal", "desk", "any"]

_asked = aliased(Ticket, name="asked")
_PERSON: Final[Any] = bindparam("reach_person", type_=BigInteger)
_ORGANISATION: Final[Any] = bindparam("reach_organisation", type_=BigInteger)


class Reach(NamedTuple):
    """All that the clause asks of an actor: whoever has the same sees the same tickets."""

    kind: str
    user_id: int | None
    organisation_id: int | None
    ticket_ids: frozenset[int]
    departments: frozenset[int] | None


_CUSTOMER: Final = Reach("user", _PERSON, None, frozenset(), frozenset())
_MEMBER: Final = Reach("user", _PERSON, _ORGANISATION, frozenset(), frozenset())


def reach_of(actor: Actor) -> Reach:
    """Return what decides which tickets the actor sees; a statement may be kept under it, for it holds their rights."""
    departments = actor.departments("ticket.read")
    return Reach(actor.kind, actor.user_id, actor.organisation_id, actor.ticket_ids, departments)


def shared_reach(actor: Actor, side: Side) -> tuple[Reach, dict[str, Any]]:
    """Return a reach under which a statement may be kept for many actors, and the parameters that make it this one's.

    All customers of a site share one, so that there is no statement for each of them; others have their own.
    """
    reach = reach_of(actor)
    if side != "portal" or reach.kind != "user" or reach.user_id is None:
        return reach, {}
    if reach.organisation_id is None:
        return _CUSTOMER, {"reach_person": reach.user_id}
    return _MEMBER, {"reach_person": reach.user_id, "reach_organisation": reach.organisation_id}


def visible(actor: Actor, side: Side = "any") -> ColumnElement[bool]:
    """Return the SQL condition on `Ticket` under which the actor may see it.

    `desk` is the view of those who work tickets (internal notes included), `portal` that of those who ask; `any` is
    either.
    """
    return within_reach(reach_of(actor), side)


def within_reach(reach: Reach, side: Side = "any") -> ColumnElement[bool]:
    """Return that condition for everybody who has the same reach."""
    if reach.kind == "system":
        return true()
    if side == "desk":
        return _desk(reach)
    if side == "portal":
        return _portal(reach)
    return or_(_desk(reach), _portal(reach))


def works(actor: Actor, ticket: Ticket, participants: frozenset[int] = frozenset()) -> bool:
    """Tell, for a loaded ticket, whether the actor sees it from the desk; `participants` are its specialists."""
    return actor.may("ticket.read", ticket.department_id) or actor.user_id in participants


def _desk(reach: Reach) -> ColumnElement[bool]:
    where = reach.departments
    if where is EVERYWHERE:
        return true()
    if reach.kind != "user" or reach.user_id is None:
        return false()
    brought_in = select(Participant.ticket_id).where(
        Participant.user_id == reach.user_id, Participant.role == "specialist"
    )
    if not where:
        return Ticket.id.in_(brought_in)
    return or_(Ticket.department_id.in_(sorted(where)), Ticket.id.in_(brought_in))


def _portal(reach: Reach) -> ColumnElement[bool]:
    if reach.user_id is None:
        return false()
    ways = [
        select(_asked.id).where(_asked.requester_id == reach.user_id),
        select(Participant.ticket_id).where(Participant.user_id == reach.user_id, Participant.role == "cc"),
    ]
    if reach.organisation_id is not None and reach.kind != "guest":
        ways.append(select(_asked.id).where(_asked.organisation_id == reach.organisation_id))
    # With OR, databases would look at every ticket there is; without the subquery, MariaDB would ask again for each.
    own = Ticket.id.in_(select(literal_column("mine.id")).select_from(union_all(*ways).subquery("mine")))
    if reach.kind == "guest":  # the link outlives neither the ticket nor the part that its holder has in it
        return and_(Ticket.id.in_(sorted(reach.ticket_ids)), own)
    return own
