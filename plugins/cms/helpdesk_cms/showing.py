"""What came from a site, as agents and programs see it: the account's data then and now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import and_, select

from helpdesk_core.api import Helpdesk, Panel
from helpdesk_core.api.tickets import Ticket, TicketFacts, facts_of

from .answers import merged_into
from .models import FromSite, Person
from .texts import ID, _


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a ticket is from; `now` is what the site's account page said last, if the person has been seen since."""

    site: str
    page: str
    page_title: str
    data: Mapping[str, str]
    comment: str | None = None
    now: Mapping[str, str] = field(default_factory=dict)

    @property
    def changed(self) -> Mapping[str, str]:
        """What is different by now, by name."""
        return {name: value for name, value in self.now.items() if self.data.get(name) != value}


ORIGINS: Final = TicketFacts(
    key="origins",
    statement=select(
        FromSite.ticket_id,
        FromSite.site_name,
        FromSite.page,
        FromSite.page_title,
        FromSite.data,
        FromSite.comment,
        Person.data.label("now"),
        Person.seen_at,
    )
    .join(Ticket, Ticket.id == FromSite.ticket_id)
    .outerjoin(Person, and_(Person.site_id == FromSite.site_id, Person.user_id == Ticket.requester_id)),
)
"""What came along; of somebody who has several accounts at the site there are several rows."""

MERGED: Final = TicketFacts(
    key="merged",
    statement=select(Ticket.merged_into_id, Ticket.id.label("ticket_id")).where(Ticket.merged_into_id.is_not(None)),
)
"""What was merged into a ticket itself: with nothing there is no need to look for what was merged into that before."""


def origins(desk: Helpdesk, ticket_ids: Sequence[int]) -> dict[int, Origin]:
    """Return where tickets are from, by their ids; read with what other plugins keep about them."""
    found: dict[int, Origin] = {}
    for ticket_id, rows in facts_of(desk, ID, ORIGINS.key, ticket_ids).items():
        if rows:
            row = max(rows, key=lambda each: each.seen_at.timestamp() if each.seen_at else 0.0)
            found[ticket_id] = Origin(row.site_name, row.page, row.page_title, row.data, row.comment, row.now or {})
    return found


def beside_ticket(desk: Helpdesk, ticket: Ticket) -> Panel | None:
    """Return what stands beside a ticket on the desk; nothing for those from elsewhere."""
    origin = origins(desk, [ticket.id]).get(ticket.id)
    merged = _comments_merged_into(desk, ticket.id) if facts_of(desk, ID, MERGED.key, [ticket.id]) else ()
    if origin is None and not merged:
        return None
    title = _("From %(site)s", site=origin.site) if origin else _("Comments merged into this")
    context = {"origin": origin, "merged": merged, "is_public": origin is not None and origin.comment is not None}
    return Panel(title=title, template="cms/origin.html", context=context)


def _comments_merged_into(desk: Helpdesk, ticket_id: int) -> Sequence[Any]:
    """Return the comments whose tickets are part of one by now: as many as an answer on it may be for."""
    query = select(FromSite.site_name, FromSite.page, FromSite.page_title).order_by(FromSite.id)
    with desk.read() as session:
        theirs = FromSite.ticket_id.in_(merged_into(session, ticket_id)), FromSite.comment.is_not(None)
        return session.execute(query.where(*theirs)).all()


def extras(desk: Helpdesk, ticket_ids: Sequence[int]) -> Mapping[int, Any]:
    """Return what the API shows under `x.cms`."""
    return {
        ticket_id: {
            "site": origin.site,
            "page": origin.page or None,
            "comment": origin.comment,
            "data": dict(origin.data),
            "now": dict(origin.now),
        }
        for ticket_id, origin in origins(desk, ticket_ids).items()
    }
