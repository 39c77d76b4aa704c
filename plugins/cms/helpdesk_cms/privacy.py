"""What the plugin keeps about people: who they are at sites, and what came along with their tickets."""

from collections.abc import Sequence

from sqlalchemy import delete, select, update

from helpdesk_core.api import Helpdesk, Transaction
from helpdesk_core.api.db import affect
from helpdesk_core.api.tickets import Ticket
from helpdesk_core.api.users import PersonalData, User

from .models import Begun, Frame, FromSite, Person, Site


def data_of(desk: Helpdesk, user: User) -> Sequence[PersonalData]:
    """Return the person's accounts at sites and what their tickets brought along."""
    with desk.read() as session:
        accounts = session.execute(
            select(Site.name, Person.sub, Person.data, Person.seen_at)
            .join(Site, Site.id == Person.site_id)
            .where(Person.user_id == user.id)
        ).all()
        tickets = session.execute(
            select(Ticket.number, FromSite.site_name, FromSite.page, FromSite.data)
            .join(Ticket, Ticket.id == FromSite.ticket_id)
            .where(Ticket.requester_id == user.id)
        ).all()
    found = {
        "accounts": [{"site": row[0], "id": row[1], "data": row[2], "seen": row[3].isoformat()} for row in accounts],
        "tickets": [{"ticket": row[0], "site": row[1], "page": row[2], "data": row[3]} for row in tickets],
    }
    return [PersonalData(name=name, data=rows) for name, rows in found.items() if rows]


def forget(tx: Transaction, user: User) -> None:
    """Delete who the person is at sites, and what their tickets brought along."""
    for kept in (Person, Begun, Frame):
        affect(tx.session, delete(kept).where(kept.user_id == user.id))
    theirs = FromSite.ticket_id.in_(select(Ticket.id).where(Ticket.requester_id == user.id))
    affect(tx.session, update(FromSite).where(theirs).values(data={}, page="", page_title=""))
