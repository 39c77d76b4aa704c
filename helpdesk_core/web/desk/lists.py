"""Lists of tickets on the desk: workspaces, narrowed by filters and a search."""

from collections.abc import Hashable, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, quote_plus, urlencode, urlsplit

from flask import redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from helpdesk_core.errors import Invalid
from helpdesk_core.tickets.bulk import bulk_result
from helpdesk_core.tickets.filtering import TicketFilter
from helpdesk_core.tickets.listing import Page, TicketRow, list_tickets
from helpdesk_core.tickets.ordering import can_sort
from helpdesk_core.tickets.searches import may_share
from helpdesk_core.tickets.vocabulary import Vocabulary, narrowing
from helpdesk_core.users.staff import colleagues
from helpdesk_core.web.asking_ahead import ask_ahead
from helpdesk_core.web.context import current_actor, current_desk, db, signed_in, words
from helpdesk_core.web.desk.columns import ListColumn, cells, chosen_columns, keys, of_columns
from helpdesk_core.web.desk.rail import View, all_views, of_rail, rail_context
from helpdesk_core.web.localisation import gettext as _
from helpdesk_core.web.routing import STAFF, Routes
from helpdesk_core.web.slots import of_slot

routes = Routes("desk", "/desk")
FILTERS = (
    "state",
    "status",
    "department",
    "priority",
    "type",
    "assignee",
    "tag",
    "waiting_on",
    "requester",
    "organisation",
    "follower",
    "x",
)
DATES = ("created_from", "created_to")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a list's address asks for: a workspace if any, what narrows it, order and columns."""

    view: View | None
    given: Mapping[str, list[str]]
    text: str
    sort: str
    columns: Sequence[ListColumn]

    def filter(self) -> TicketFilter:
        """Return which tickets; raises `Invalid` for what is no date."""
        base = self.view.filter if self.view else TicketFilter()
        return narrowed(base, self.given, self.text)


@routes.get("/", permission=STAFF)
def home() -> Response:
    """Begin with what waits for me."""
    return redirect(url_for("desk.tickets", view="turn"))


@routes.get("/tickets", permission=STAFF)
def tickets() -> str:
    """Show a list: a workspace, narrowed by what the filter bar says."""
    views = all_views()
    asked = read_address(request.args, views)
    view, problems = asked.view, dict[str, list[str]]()
    wanted = view.filter if view else TicketFilter()
    try:
        wanted = asked.filter()
        page = find_page(wanted, asked.sort, request.args.get("after"))
    except Invalid as error:
        problems, page = error.problems, Page([])
    result = request.args.get("result")
    sorts = _sort_links(asked.columns)
    values = of_columns(page.rows, asked.columns)
    ask_ahead([*of_rail(), *values, of_slot("desk.home")])
    shown, names, chosen = cells(page.rows, asked.columns, values), drawing(), choices()
    return render_template(
        "desk/list.html",
        view=view,
        title=view.name if view else (_("Search") if asked.text or asked.given else _("Tickets")),
        page=page,
        q=asked.text,
        given=asked.given,
        filter=wanted,
        sort=asked.sort,
        older=_link(after=page.next) if page.next else "",
        newer=_link(after=None) if request.args.get("after") else "",
        sorts=sorts,
        heads=None if asked.text else (tuple(each.key for each in asked.columns), asked.sort, *sorts.values()),
        problems=problems,
        choices=chosen,
        columns=asked.columns,
        cells=shown,
        keys=keys(page.rows, asked.columns, shown, names),
        bar=_bar(asked, chosen),
        drawing=names,
        result=bulk_result(db(), current_actor(), result) if result else None,
        may_share=may_share(current_actor()),
        here=_link(result=None),
        **rail_context(view.key if view else "", views),
    )


def _bar(asked: Asked, chosen: Mapping[str, Any]) -> Hashable:
    """Return what goes into the bars above and below a list; None for a search, which nobody else asks for."""
    if asked.text:
        return None
    given = tuple((name, *values) for name, values in asked.given.items())
    return chosen["mark"], asked.view.key if asked.view else None, asked.text, given


def read_address(args: "MultiDict[str, str]", views: Mapping[str, View] | None = None) -> Asked:
    """Return what the query part of a list's address asks for."""
    view = (views or all_views()).get(args.get("view", ""))
    given = {name: args.getlist(name) for name in (*FILTERS, *DATES) if any(args.getlist(name))}
    kept = view.sort if view and can_sort(view.sort, narrowing(current_desk())) else "-updated"
    sort = args.get("sort") or kept
    return Asked(view, given, args.get("q", "").strip(), sort, chosen_columns(view.columns if view else ()))


def address_of(path: str) -> "MultiDict[str, str]":
    """Return the query part of a path, as `request.args` has it."""
    query = parse_qs(urlsplit(path).query)
    return MultiDict([(name, value) for name, values in query.items() for value in values])


def choices() -> Mapping[str, Any]:
    """Return what can be chosen in filters and changes; remembered between requests, and the same object until then."""
    signed, readable = signed_in(), current_actor().departments("ticket.read")
    generation = signed.generation if signed else None
    people = colleagues(current_desk(), db(), generation)

    def make(_session: Session) -> Mapping[str, Any]:
        return _choices(words(), readable, people)

    return current_desk().remember(db(), ("choices", readable), make, generation)


def _choices(vocabulary: Vocabulary, readable: Set[int] | None, people: Sequence[Any]) -> Mapping[str, Any]:
    return {
        "statuses": [(each.key, each.name) for each in vocabulary.statuses.values() if each.is_active],
        "priorities": [(each.key, each.name) for each in vocabulary.priorities.values()],
        "types": [(each.key, each.name) for each in vocabulary.types.values() if each.is_active],
        "departments": [
            (each.key, each.name)
            for each in vocabulary.departments.values()
            if each.is_active and (readable is None or each.id in readable)
        ],
        "all_departments": [(each.key, each.name) for each in vocabulary.departments.values() if each.is_active],
        "people": people,
        "more": [
            (each.label, [(f"{key}:{value}", name) for value, name in each.choices])
            for key, each in vocabulary.narrowing.filters.items()
        ],
        "mark": object(),
    }


def find_page(wanted: TicketFilter, sort: str, after: str | None = None, limit: int = 50) -> Page:
    """Return a page of tickets that the person works on."""
    signed = signed_in()
    return list_tickets(
        current_desk(),
        db(),
        current_actor(),
        wanted,
        side="desk",
        sort=sort,
        limit=limit,
        after=after or None,
        generation=signed.generation if signed else None,
    )


def render_rows(rows: Sequence[TicketRow], columns: Sequence[ListColumn]) -> dict[str, str]:
    """Return rows of the table by ticket number, for pages that are open already."""
    found, names = cells(rows, columns), drawing()
    return {
        row.number: render_template("desk/row.html", row=row, columns=columns, cells=found, drawing=names).strip()
        for row in rows
    }


def drawing() -> dict[str, Any]:
    """Return the names that rows show for keys."""
    return {
        "types": {each.key: each.name for each in words().types.values()},
        "turns": {"us": _("Us"), "customer": _("The customer"), "nobody": _("Nobody")},
    }


def narrowed(base: TicketFilter, given: Mapping[str, Sequence[str]], text: str) -> TicketFilter:
    """Return a filter that asks for what a form gives in place of the same fields of another one."""
    merged = base.as_dict() | {name: list(values) for name, values in given.items() if name not in DATES}
    merged |= {name: values[0] for name, values in given.items() if name in DATES}
    asked = {each.partition(":")[0] for each in given.get("x", ())}
    merged["x"] = [each for each in base.x if each.partition(":")[0] not in asked] + list(given.get("x", ()))
    last = str(merged.get("created_to", ""))
    with suppress(ValueError):  # what is no date is told by the filter itself
        if len(last) == len("2026-03-31"):
            merged["created_to"] = datetime.fromisoformat(last) + timedelta(days=1)  # that day is meant too
    if text:
        merged["text"] = text
    return TicketFilter.of(merged)


def _sort_links(columns: Sequence[ListColumn]) -> dict[str, str]:
    """Return the addresses of this list by the order that it is in there."""
    base = _link(sort=None, after=None)
    base = base if base.endswith("?") else f"{base}&"
    keys = {column.sort for column in columns if column.sort}
    orders = [f"-{key}" for key in keys] + [key for key in keys if key != "priority"]
    return {each: f"{base}sort={quote_plus(each)}" for each in orders}


def _link(**changes: str | None) -> str:
    query = [(name, value) for name, value in request.args.items(multi=True) if name not in changes]
    query += [(name, value) for name, value in changes.items() if value is not None]
    return f"{request.path}?{urlencode(query)}"
