"""The search page of the desk."""

from typing import Final
from urllib.parse import quote_plus

from flask import render_template, request, url_for

from helpdesk_core.actor import EVERYWHERE
from helpdesk_core.departments.models import Department
from helpdesk_core.errors import Invalid
from helpdesk_core.search.marking import READ, around, marks, whole
from helpdesk_core.search.query import SearchQuery, narrowed, widened
from helpdesk_core.search.service import find_pages, finders
from helpdesk_core.texts import lazy as _l
from helpdesk_core.tickets.facets import Facet
from helpdesk_core.tickets.results import SORTS, SearchPage, search_tickets
from helpdesk_core.tickets.searching import read_search
from helpdesk_core.web.context import current_actor, current_desk, db, signed_in, words
from helpdesk_core.web.desk.rail import rail_context
from helpdesk_core.web.localisation import gettext as _
from helpdesk_core.web.routing import STAFF, Routes

routes = Routes("desk", "/desk")
FIELDS = ("from", "to", "agent", "subject", "department", "status", "tag", "after", "before")
"""What the form asks for; the page puts it into the language of searches."""
GROUPS: Final = {
    "department": _l("Department"), "status": _l("Status"), "assignee": _l("Assignee"), "tag": _l("Tag"),
    "after": _l("Opened"), "before": _l("Opened"),
}  # fmt: skip


@routes.get("/search", permission=STAFF)
def search() -> str:
    """Show what a search finds, with the places that fit, and ways of narrowing it."""
    text = _asked()
    sort = request.args.get("sort", "best")
    if sort not in SORTS:
        raise Invalid({"sort": [_("Choose one of: %(list)s.", list=", ".join(SORTS))]})
    offset = request.args.get("from_hit", 0, type=int)
    signed = signed_in()
    found = search_tickets(
        current_desk(),
        db(),
        current_actor(),
        text,
        side="desk",
        sort=sort,
        offset=offset,
        generation=signed.generation if signed else None,
    )
    return render_template(
        "desk/search.html",
        q=text,
        found=found,
        sort=sort,
        departments=[(each.key, each.name) for each in _readable()],
        statuses=[(each.key, each.name) for each in words().statuses.values()],
        narrowing=_narrowing(text, sort, found),
        correction=_link(found.correction, sort) if found.correction else "",
        sorts=[(each, _link(text, each)) for each in SORTS],
        elsewhere=_elsewhere(found.query, text) if not offset else "",
        older=_link(text, sort, found.next_offset) if found.next_offset else "",
        newer=_link(text, sort) if offset else "",
        **rail_context(""),
    )


@routes.get("/search/pages", permission=STAFF)
def pages() -> str:
    """Show what of other sources than tickets fits: a part of the search page for its script, or a page of its own."""
    text, desk, actor = _asked(), current_desk(), current_actor()
    query = read_search(text, actor, words(), desk.now())
    found = find_pages(desk, actor, query)
    texts = [each.title for each in found] + [each.body[:READ] for each in found]
    places = marks(desk, query, texts)
    shown = [
        (page, whole(page.title, title), around(page.body, inside) if inside else [(page.text, False)])
        for page, title, inside in zip(found, places, places[len(found) :], strict=False)
    ]
    if "HX-Request" in request.headers:
        return render_template("desk/found_pages.html", pages=shown)
    return render_template(
        "desk/search_pages.html", q=text, pages=shown, tickets=url_for("desk.search", q=text), **rail_context("")
    )


def _elsewhere(query: SearchQuery, text: str) -> str:
    """Return where to ask for pages of other sources; nothing if there are none, or the search is for fields only."""
    return url_for("desk.pages", q=text) if query.words and finders(current_desk()) else ""


def _narrowing(text: str, sort: str, found: SearchPage) -> list[tuple[str, list[tuple[Facet, str, bool]]]]:
    """Return the facets in groups with a name; each with the search it leads to, and whether it holds already."""
    groups: dict[str, list[tuple[Facet, str, bool]]] = {}
    here = text.casefold()
    for facet in found.facets:
        without = widened(text, facet.field, facet.key) if f"{facet.field}:" in here else None
        other = narrowed(text, facet.field, facet.key) if without is None else without
        groups.setdefault(GROUPS[facet.field], []).append((facet, _link(other, sort), without is not None))
    return list(groups.items())


def _readable() -> list[Department]:
    where = current_actor().departments("ticket.read")
    return [each for each in words().departments.values() if where is EVERYWHERE or each.id in where]


def _asked() -> str:
    """Return the search; what the form's fields say is written behind the words."""
    parts = [request.args.get("q", "").strip()]
    for name in FIELDS:
        value = request.args.get(name, "").strip().replace('"', "")
        if value:
            parts.append(f'{name}:"{value}"' if " " in value else f"{name}:{value}")
    if request.args.get("has"):
        parts.append("has:attachment")
    return " ".join(part for part in parts if part)[:1000]


def _link(text: str, sort: str, from_hit: int | None = None) -> str:
    """Return the address of a search; a page has some twenty, so it is put together here instead of by the router."""
    link = f"{request.path}?q={quote_plus(text, ':')}"
    if sort != SORTS[0]:
        link += f"&sort={quote_plus(sort)}"
    return link if from_hit is None else f"{link}&from_hit={from_hit}"
