"""Suggestions while somebody types into the search of the desk: tickets by number, subject and requester."""

from typing import Final

from flask import jsonify, render_template, request, url_for
from sqlalchemy import Select, select, union_all
from werkzeug.wrappers import Response

from helpdesk_core.db.text import contains, starts_with
from helpdesk_core.tickets.models import Ticket
from helpdesk_core.tickets.rights import visible
from helpdesk_core.tickets.searching import found_by_plugin, read_search, text_conditions
from helpdesk_core.users.models import EmailAddress, User
from helpdesk_core.web.context import current_actor, current_desk, db, words
from helpdesk_core.web.routing import STAFF, Routes

routes = Routes("desk", "/desk")
MOST: Final = 8
LATELY: Final = 2000
"""Among so many tickets, those changed last, subjects are looked through; a whole search is one key away."""


@routes.get("/tickets/suggestions", permission=STAFF)
def suggestions() -> str | Response:
    """Return a few tickets that begin like what is typed, as a list for the page, or as JSON for the palette."""
    text = request.args.get("q", "").strip()
    found = suggest(text) if len(text) > 1 else []
    if request.headers.get("Accept", "").startswith("application/json"):
        return jsonify(
            [
                {"label": f"#{each.number} {each.subject}", "href": url_for("desk.ticket", number=each.number)}
                for each in found
            ]
        )
    return render_template("desk/suggestions.html", q=text, found=found)


def suggest(text: str) -> list[Ticket]:
    """Return the best few; with a plugin that searches, what it finds comes behind numbers."""
    actor, session = current_actor(), db()
    number = text.lstrip("#")
    ways: list[Select[int]] = [select(Ticket.id).where(Ticket.number == number)]
    wanted = read_search(text, actor, words(), current_desk().now())
    ids = found_by_plugin(current_desk(), actor, wanted, "desk", limit=MOST)
    if ids is not None:
        ways.append(select(Ticket.id).where(*text_conditions(wanted, words(), actor, "desk", ids)))
    else:
        lately = select(Ticket.id, Ticket.subject).where(visible(actor, "desk")).order_by(Ticket.updated_at.desc())
        recent = lately.limit(LATELY).subquery()
        ways.append(select(recent.c.id).where(contains(recent.c.subject, text)).limit(MOST))
        addresses = select(EmailAddress.user_id.label("id")).where(starts_with(EmailAddress.address, text)).limit(MOST)
        names = select(User.id).where(starts_with(User.name, text)).limit(MOST)
        for people in (addresses.subquery(), names.subquery()):
            theirs = select(Ticket.id).where(Ticket.requester_id.in_(select(people.c.id)))
            ways.append(theirs.order_by(Ticket.updated_at.desc()).limit(MOST))
    parts = [select(way.subquery().c.id) for way in ways]
    query = (
        select(Ticket)
        .where(Ticket.id.in_(select(union_all(*parts).subquery().c.id)), visible(actor, "desk"))
        .order_by((Ticket.number == number).desc(), Ticket.is_open.desc(), Ticket.updated_at.desc())
        .limit(MOST)
    )
    return list(session.scalars(query))
