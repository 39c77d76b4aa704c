"""What a member of staff has to do, for a panel in the site where they work anyway."""

from typing import Any, Final

from helpdesk_core.api import Helpdesk
from helpdesk_core.api.tickets import TicketFilter, count_tickets, list_tickets
from helpdesk_core.api.users import SignedIn
from helpdesk_core.api.web import db

from .texts import _

FEW: Final = 10
WAITING: Final = TicketFilter(state=("open",), waiting_on=("us",))


def overview(desk: Helpdesk, signed: SignedIn) -> dict[str, Any]:
    """Return counts and the tickets that wait longest for an answer, of those the person may see."""
    actor, generation, here = signed.actor, signed.generation, desk.settings.site().url
    mine = TicketFilter(state=("open",), assignee=(actor.uid or "",))
    nobodys = TicketFilter(state=("open",), assignee=("none",))
    wanted = {"waiting": WAITING, "mine": mine, "nobodys": nobodys}
    labels = {"waiting": _("Waiting for us"), "mine": _("Mine"), "nobodys": _("Nobody's")}
    counts = count_tickets(desk, db(), actor, wanted, side="desk", generation=generation)
    page = list_tickets(desk, db(), actor, WAITING, side="desk", sort="updated", limit=FEW, generation=generation)
    return {
        "counts": [{"label": labels[key], "count": counts[key], "url": f"{here}/desk/"} for key in wanted],
        "tickets": [
            {
                "number": row.number,
                "subject": row.subject,
                "status": row.status_name,
                "requester": row.requester_name,
                "waiting_on": row.waiting_on,
                "updated_at": row.updated_at.isoformat(),
                "url": f"{here}/desk/tickets/{row.number}",
            }
            for row in page.rows
        ],
    }
