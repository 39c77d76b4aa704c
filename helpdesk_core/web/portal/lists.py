"""A customer's tickets: what waits for them first, then what is open, then what is closed."""

from dataclasses import dataclass, replace
from typing import Any, Final

from flask import render_template, request, url_for

from helpdesk_core.actor import Actor
from helpdesk_core.tickets.filtering import TicketFilter
from helpdesk_core.tickets.listing import Page, list_tickets
from helpdesk_core.users.models import Organisation
from helpdesk_core.web.asking_ahead import ask_ahead
from helpdesk_core.web.context import current_actor, current_desk, db, signed_in
from helpdesk_core.web.localisation import gettext as _
from helpdesk_core.web.portal.words import ListedTicket, listed
from helpdesk_core.web.routing import SIGNED_IN, Routes
from helpdesk_core.web.slots import of_layout

routes = Routes("portal")

GROUPS: Final = {
    "waiting": TicketFilter(state=("open",), waiting_on=("customer",)),
    "open": TicketFilter(state=("open",), waiting_on=("us", "nobody")),
    "closed": TicketFilter(state=("closed",)),
}
FEW: Final = {"waiting": 20, "open": 20, "closed": 10}
"""How many of each group stand on the first page."""
PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class Group:
    """Tickets under one heading; `more` is where the rest of them is, `newer` the page before, if there are such."""

    key: str
    title: str
    rows: list[ListedTicket]
    more: str = ""
    newer: str = ""


@routes.get("/tickets", permission=SIGNED_IN)
def tickets() -> Any:
    """Show the groups, or with `show` one of them page by page; `of=organisation` shows those of colleagues too."""
    actor = current_actor()
    shared = actor.organisation_id is not None and request.args.get("of") == "organisation"
    reader = actor if shared else replace(actor, organisation_id=None)
    wanted: dict[str, Any] = {key: request.args[key] for key in ("q", "of") if request.args.get(key)}
    show = request.args.get("show", "")
    if show in GROUPS:
        groups = [_whole(reader, show, wanted)]
    else:
        show, groups = "", [_beginning(reader, key, wanted) for key in GROUPS]
    ask_ahead(of_layout())
    return render_template(
        "portal/tickets.html",
        groups=[group for group in groups if group.rows or show],
        show=show,
        q=wanted.get("q", ""),
        of=wanted.get("of", ""),
        shared=shared,
        views=_views(actor, shared, wanted),
        back=url_for("portal.tickets", **wanted),
    )


def _beginning(actor: Actor, key: str, wanted: dict[str, Any]) -> Group:
    page = _read(actor, key, wanted, FEW[key])
    more = url_for("portal.tickets", show=key, **wanted) if page.next else ""
    return Group(key, _titles(actor)[key], [listed(actor, row) for row in page.rows], more)


def _whole(actor: Actor, key: str, wanted: dict[str, Any]) -> Group:
    page = _read(actor, key, wanted, PAGE, request.args.get("after"), request.args.get("before"))
    more = url_for("portal.tickets", show=key, after=page.next, **wanted) if page.next else ""
    newer = url_for("portal.tickets", show=key, before=page.previous, **wanted) if page.previous else ""
    return Group(key, _titles(actor)[key], [listed(actor, row) for row in page.rows], more, newer)


def _read(
    actor: Actor, key: str, wanted: dict[str, Any], limit: int, after: str | None = None, before: str | None = None
) -> Page:
    signed = signed_in()
    return list_tickets(
        current_desk(),
        db(),
        actor,
        replace(GROUPS[key], text=wanted.get("q", "").strip()),
        side="portal",
        limit=limit,
        after=after,
        before=before,
        generation=signed.generation if signed else None,
    )


def _titles(actor: Actor) -> dict[str, str]:
    waiting = _("Waiting for you") if actor.organisation_id is None else _("Waiting for an answer from your side")
    return {"waiting": waiting, "open": _("Open"), "closed": _("Closed")}


def _views(actor: Actor, shared: bool, wanted: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the tabs of somebody whose organisation shares its tickets; nobody else has any."""
    if actor.organisation_id is None:
        return []
    organisation = db().get(Organisation, actor.organisation_id)
    kept: dict[str, Any] = {key: value for key, value in wanted.items() if key != "of"}
    return [
        {"label": _("Mine"), "href": url_for("portal.tickets", **kept), "current": not shared},
        {
            "label": organisation.name if organisation else _("My organisation"),
            "href": url_for("portal.tickets", of="organisation", **kept),
            "current": shared,
        },
    ]
