"""The search page of the desk."""

from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext as _

from helpdesk_core.actor import EVERYWHERE
from helpdesk_core.departments.models import Department
from helpdesk_core.errors import Invalid
from helpdesk_core.tickets.results import SORTS, search_tickets
from helpdesk_core.web.context import current_actor, current_desk, db, signed_in, words
from helpdesk_core.web.desk.rail import rail_context
from helpdesk_core.web.routing import STAFF, Routes

routes = Routes("desk", "/desk")
FIELDS = ("from", "to", "agent", "subject", "department", "status", "tag", "after", "before")
"""What the form asks for; the page puts it into the language of searches."""


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
        facets=[
            (each, url_for("desk.search", q=f"{text} {each.field}:{each.key}", sort=sort)) for each in found.facets
        ],
        correction=_link(q=found.correction) if found.correction else "",
        sorts=[(each, _link(sort=each)) for each in SORTS],
        older=_link(from_hit=found.next_offset) if found.next_offset else "",
        newer=_link(from_hit=None) if offset else "",
        **rail_context(""),
    )


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


def _link(**changed: Any) -> str:
    given = {"q": _asked(), "sort": request.args.get("sort")} | changed
    return url_for("desk.search", **{name: value for name, value in given.items() if value is not None})
