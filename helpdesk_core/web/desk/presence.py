"""What an open ticket page says and asks in the background: who is there, what is new, which panels are folded."""

import re
from typing import Any

from flask import make_response, render_template, request
from sqlalchemy import select
from werkzeug.wrappers import Response

from helpdesk_core.errors import Invalid, NotFound
from helpdesk_core.texts import lazy as _l
from helpdesk_core.tickets.models import Ticket
from helpdesk_core.tickets.presence import be_here, leave, others_here
from helpdesk_core.tickets.rights import visible
from helpdesk_core.users.preferences import keep_preference
from helpdesk_core.web.context import close_session, current_actor, current_desk, db
from helpdesk_core.web.routing import STAFF, Routes

routes = Routes("desk", "/desk")


@routes.get("/tickets/<number>/live", permission=STAFF)
def ticket_live(number: str) -> Response:
    """Return who else has the ticket open, and a mark that changes with it; 304 while neither has changed."""
    found = _ticket(number)
    here = others_here(db(), current_actor(), found, current_desk().now())
    mark = mark_of(found)
    response = make_response(
        {"mark": mark, "here": render_template("desk/ticket_presence.html", here=here), "others": len(here)}
    )
    response.set_etag(f"{mark}-" + "-".join(f"{each.uid}{int(each.is_writing)}" for each in here), weak=True)
    response.headers["Cache-Control"] = "private, no-cache"
    return response.make_conditional(request.environ)


@routes.post("/tickets/<number>/presence", permission=STAFF)
def here(number: str) -> Any:
    """Note that the page is open before the agent, that they are writing, or that they leave."""
    found = _ticket(number)
    close_session()
    if request.form.get("leaving"):
        leave(current_desk(), current_actor(), found)
    else:
        be_here(current_desk(), current_actor(), found, writing=bool(request.form.get("writing")))
    return "", 204


@routes.post("/panels", permission=STAFF)
def fold_panel() -> Any:
    """Remember of a panel whether it is open, for this person, on every device."""
    key = request.form.get("key", "")
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,80}", key):
        raise Invalid(_l("A panel's key is 1 to 80 letters, digits, dots, - and _."))
    close_session()
    keep_preference(current_desk(), current_actor(), "panels", key, request.form.get("open") == "1")
    return "", 204


def mark_of(ticket: Ticket) -> str:
    """Return what changes whenever something happens to the ticket."""
    return f"{ticket.version}.{ticket.event_count}"


def _ticket(number: str) -> Ticket:
    """Return the ticket without what belongs to it: this is asked every few seconds."""
    found = db().scalar(select(Ticket).where(Ticket.number == number, visible(current_actor(), "desk")))
    if found is None:
        raise NotFound(_l("There is no ticket #%(number)s, or you may not see it.", number=number))
    return found
