"""The first page: a question, then at most three ways on; and the search that stands on it."""

from typing import Any, Final

from flask import render_template, request
from markupsafe import Markup

from helpdesk_core.errors import NotFound
from helpdesk_core.search.marking import READ, around, marks, whole
from helpdesk_core.texts import lazy as _l
from helpdesk_core.tickets.content import clean_line
from helpdesk_core.tickets.filtering import TicketFilter
from helpdesk_core.tickets.listing import Page, count_tickets, list_tickets
from helpdesk_core.tickets.results import SearchPage, search_tickets
from helpdesk_core.tickets.searching import read_search
from helpdesk_core.web import hooks
from helpdesk_core.web.asking_ahead import ask_ahead
from helpdesk_core.web.context import current_actor, current_desk, db, signed_in, words
from helpdesk_core.web.parts import Answer
from helpdesk_core.web.portal.words import listed
from helpdesk_core.web.routing import PUBLIC, Routes
from helpdesk_core.web.slots import of_layout, of_slot

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
    ask_ahead([*of_layout(), of_slot("portal.status"), of_slot("portal.home")])
    return render_template("portal/home.html", waiting=counts["waiting"], searches=searches, finds=finds_answers())


@routes.get("/search", permission=PUBLIC)
def search() -> Any:
    """Answer the search field: for the script that asks while somebody types a short list, else a page."""
    text, short = request.args.get("q", "").strip(), "HX-Request" in request.headers
    if not text and short:
        return ""
    if short:
        found = _own(text)
        return render_template(
            "portal/results.html",
            q=text,
            rows=[listed(current_actor(), row) for row in found.rows],
            answers=answers_to(text, None, SHORT),
            more=found.next is not None,
        )
    results = _results(text)
    ask_ahead(of_layout())
    return render_template("portal/search.html", q=text, finds=finds_answers(), **results)


def _results(text: str) -> dict[str, Any]:
    """Return what the page of results shows: tickets and answers with what fits marked, or what may have been meant."""
    actor, desk, signed = current_actor(), current_desk(), signed_in()
    if text and signed is not None and actor.is_signed_in:
        found = search_tickets(
            desk, db(), actor, text, side="portal", limit=LONG, generation=signed.generation, counted=False
        )
    else:
        found = SearchPage(read_search(text, actor, words(), desk.now()))
    answers = answers_to(text, None, LONG)
    texts = [each.title for each in answers] + [each.body[:READ] for each in answers]
    places = marks(desk, found.query, texts)
    return {
        "found": found,
        "hits": [(listed(actor, hit.row), hit) for hit in found.hits],
        "answers": [
            (answer, whole(answer.title, title), around(answer.body, inside) if inside else [(answer.text, False)])
            for answer, title, inside in zip(answers, places, places[len(answers) :], strict=False)
        ],
    }


@routes.get("/search/answers", permission=PUBLIC)
def suggestions() -> str:
    """Return what may answer the subject that somebody is typing, as a part of the page for a new ticket."""
    text = request.args.get("subject", "").strip()
    found = answers_to(text, request.args.get("department") or None, SHORT)
    return render_template("portal/suggestions.html", answers=found)


@routes.get("/answers/<path:slug>", permission=PUBLIC)
def answer(slug: str) -> str:
    """Show an answer of a plugin in full; for those that have no page of their own for it."""
    found = current_desk().hooks.pick(hooks.portal_article, slug=slug, actor=current_actor())
    if found is None:
        raise NotFound(_l("There is no such answer. Search for what you need."))
    body = Markup(found.html)  # noqa: S704 - the plugin has cleaned it
    return render_template("portal/answer.html", title=found.title, body=body)


def finds_answers() -> bool:
    """Tell whether any plugin has pages to suggest."""
    return bool(current_desk().hooks.implementers(hooks.portal_answers))


def answers_to(text: str, department: str | None, limit: int) -> list[Answer]:
    """Return what plugins suggest for a text, at most `limit`; nothing for less than three letters."""
    text = clean_line(text)  # databases of plugins do not take every control character
    if len(text) < 3 or not finds_answers():
        return []
    found = current_desk().hooks.collect(
        hooks.portal_answers, text=text, actor=current_actor(), department=department, limit=limit
    )
    return found[:limit]


def _own(text: str) -> Page:
    signed = signed_in()
    if signed is None or not current_actor().is_signed_in:
        return Page(())
    return list_tickets(
        current_desk(),
        db(),
        current_actor(),
        TicketFilter(text=text),
        side="portal",
        limit=SHORT,
        generation=signed.generation,
    )
