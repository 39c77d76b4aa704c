"""The first page: a question, then at most three ways on; and the search that stands on it."""

from typing import Any, Final

from flask import render_template, request

from helpdesk_core.tickets.filtering import TicketFilter
from helpdesk_core.tickets.listing import Page, count_tickets, list_tickets
from helpdesk_core.web import hooks
from helpdesk_core.web.context import current_actor, current_desk, db, signed_in
from helpdesk_core.web.parts import Answer
from helpdesk_core.web.portal.words import listed
from helpdesk_core.web.routing import PUBLIC, Routes

routes = Routes("portal")

WAITING: Final = TicketFilter(state=("open",), waiting_on=("customer",))
SHORT: Final = 6
"""How many tickets, and how many answers, are shown while somebody is still typing."""
LONG: Final = 20
"""How many stand on the page of results."""


@routes.get("/", permission=PUBLIC)
def home() -> Any:
    """Show the ways on, and how many tickets wait for the person."""
    actor, signed = current_actor(), signed_in()
    counts = {"waiting": 0}
    if actor.is_signed_in and signed is not None:
        counts = count_tickets(
            current_desk(), db(), actor, {"waiting": WAITING}, side="portal", generation=signed.generation
        )
    searches = actor.is_signed_in or finds_answers()
    return render_template("portal/home.html", waiting=counts["waiting"], searches=searches, finds=finds_answers())


@routes.get("/search", permission=PUBLIC)
def search() -> Any:
    """Answer the search field: for the script that asks while somebody types a short list, else a page."""
    text, short = request.args.get("q", "").strip(), "HX-Request" in request.headers
    if not text and short:
        return ""
    limit = SHORT if short else LONG
    actor = current_actor()
    found = _own(text, limit) if text else Page(())
    return render_template(
        "portal/results.html" if short else "portal/search.html",
        q=text,
        rows=[listed(actor, row) for row in found.rows],
        answers=answers_to(text, None, limit),
        more=found.next is not None,
        finds=finds_answers(),
    )


@routes.get("/search/answers", permission=PUBLIC)
def suggestions() -> str:
    """Return what may answer the subject that somebody is typing, as a part of the page for a new ticket."""
    text = request.args.get("subject", "").strip()
    found = answers_to(text, request.args.get("department") or None, SHORT)
    return render_template("portal/suggestions.html", answers=found)


def finds_answers() -> bool:
    """Tell whether any plugin has pages to suggest."""
    return bool(current_desk().hooks.implementers(hooks.portal_answers))


def answers_to(text: str, department: str | None, limit: int) -> list[Answer]:
    """Return what plugins suggest for a text, at most `limit`; nothing for less than three letters."""
    if len(text) < 3 or not finds_answers():
        return []
    found = current_desk().hooks.collect(
        hooks.portal_answers, text=text, actor=current_actor(), department=department, limit=limit
    )
    return found[:limit]


def _own(text: str, limit: int) -> Page:
    signed = signed_in()
    if signed is None or not current_actor().is_signed_in:
        return Page(())
    return list_tickets(
        current_desk(),
        db(),
        current_actor(),
        TicketFilter(text=text),
        side="portal",
        limit=limit,
        generation=signed.generation,
    )
