"""Workspaces: keeping, changing, sharing, ordering, hiding and watching them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from helpdesk_core.actor import EVERYWHERE
from helpdesk_core.errors import HelpdeskError, Invalid, NotFound
from helpdesk_core.tickets.arranging import ChoiceChange, choose, order_workspaces
from helpdesk_core.tickets.filtering import TicketFilter
from helpdesk_core.tickets.models import TURNS
from helpdesk_core.tickets.searches import SHARE, WorkspaceChange, change_search, delete_search, save_search
from helpdesk_core.users.models import Role
from helpdesk_core.web.context import close_session, current_actor, current_desk, db, words
from helpdesk_core.web.desk.columns import every_column, usual_columns
from helpdesk_core.web.desk.lists import DATES, FILTERS, choices, narrowed
from helpdesk_core.web.desk.rail import View, all_views, rail_context
from helpdesk_core.web.localisation import gettext as _
from helpdesk_core.web.localisation import said
from helpdesk_core.web.routing import STAFF, Routes
from helpdesk_core.web.security import local_path

routes = Routes("desk", "/desk")
SORTS: Final[Mapping[str, Callable[[], str]]] = {
    "-updated": lambda: _("Changed last first"),
    "updated": lambda: _("Changed longest ago first"),
    "-created": lambda: _("Newest first"),
    "created": lambda: _("Oldest first"),
    "-priority": lambda: _("Most urgent first"),
}


@routes.get("/workspaces", permission=STAFF)
def arrange() -> str:
    """Show all workspaces, to be ordered, hidden, watched and changed."""
    views = all_views()
    return render_template("desk/workspaces.html", views=list(views.values()), **rail_context(views=views))


@routes.post("/workspaces/order", permission=STAFF)
def order_views() -> Response:
    """Move one a place up or down; a script sends the whole order at once."""
    keys = request.form.getlist("key") or list(all_views())
    moved, _sep, where = request.form.get("move", "").partition(":")
    try:
        order_workspaces(current_desk(), current_actor(), _moved(keys, moved, where))
    except HelpdeskError as error:
        flash(said(error), "error")
    return redirect(url_for("desk.arrange"))


@routes.post("/workspaces", permission=STAFF)
def save_workspace() -> Response:
    """Keep the search at hand under a name."""
    wanted = TicketFilter.of(
        {name: request.form.getlist(name) for name in FILTERS}
        | {name: request.form.get(name) for name in ("text", *DATES)}
    )
    back = local_path(request.form.get("back"), url_for("desk.tickets"))
    try:
        kept = save_search(
            current_desk(),
            current_actor(),
            request.form.get("name", ""),
            wanted,
            sort=request.form.get("sort", "-updated"),
            columns=request.form.getlist("column"),
        )
    except HelpdeskError as error:
        flash(said(error), "error")
        return redirect(back)
    flash(_("The workspace “%(name)s” is kept in the rail.", name=kept.name), "success")
    return redirect(url_for("desk.tickets", view=kept.uid))


@routes.get("/workspaces/<key>", permission=STAFF)
def edit_workspace(key: str) -> str:
    """Show what makes a workspace."""
    return _form(_view(key))


@routes.post("/workspaces/<key>", permission=STAFF)
def change_workspace(key: str) -> Response | tuple[str, int]:
    """Change a workspace, or only one's own way with it where it is not one's to change."""
    view = _view(key)
    columns = _columns()
    if request.form.get("move"):
        return _form(view, columns=columns), 200
    try:
        if view.space is not None and view.may_change:
            _change(view, columns)
            _choose(key, ChoiceChange(columns=(), sort=""))
        else:
            _choose(key, ChoiceChange(columns=_unless_usual(view, columns), sort=_sort(view)))
    except Invalid as error:
        return _form(view, columns=columns, problems=error.problems), 422
    except HelpdeskError as error:
        flash(said(error), "error")
        return redirect(url_for("desk.edit_workspace", key=key))
    flash(_("Changed."), "success")
    return redirect(url_for("desk.tickets", view=key))


@routes.post("/workspaces/<key>/watch", permission=STAFF)
def watch_workspace(key: str) -> Response:
    """Say whether new messages there are heard and seen, and whether it stands in the rail."""
    wanted: dict[str, Any] = {
        name: bool(request.form.get(name)) for name in ("sound", "notify", "hidden") if f"has_{name}" in request.form
    }
    _choose(key, ChoiceChange(**wanted))
    flash(_("Changed."), "success")
    return redirect(local_path(request.form.get("back"), url_for("desk.arrange")))


@routes.post("/workspaces/<uid>/delete", permission=STAFF)
def delete_workspace(uid: str) -> Response:
    """Forget a workspace."""
    delete_search(current_desk(), current_actor(), uid)
    flash(_("The workspace is gone; its tickets are where they were."), "success")
    return redirect(url_for("desk.arrange"))


def _form(view: View, *, columns: Sequence[str] | None = None, problems: dict[str, list[str]] | None = None) -> str:
    again = request.method == "POST"
    chosen = list(columns if columns is not None else view.columns or usual_columns())
    known = every_column()
    given = request.form
    kept = narrowed(TicketFilter(), *_given()) if again and not problems else view.filter
    return render_template(
        "desk/workspace.html",
        view=view,
        name=given.get("name", "") if again else str(view.name),
        filter=kept,
        sort=given.get("sort", view.sort) if again else view.sort,
        sorts=_sorts(),
        turns=list(zip(TURNS, (_("Us"), _("The customer"), _("Nobody")), strict=True)),
        chosen=[known[key] for key in chosen if key in known],
        others=[column for key, column in known.items() if key not in chosen],
        audience=given.get("audience", "") if again else _audience(view),
        audiences=_audiences(view) if view.may_change else [],
        choices=choices(),
        problems=problems or {},
        **rail_context(view.key),
    )


def _sorts() -> list[tuple[str, Any]]:
    """Return the orders there are, with their names; plugins' come last."""
    plugins: list[tuple[str, Any]] = [(key, order.label) for key, order in words().narrowing.orders.items()]
    return [(key, said_()) for key, said_ in SORTS.items()] + plugins


def _change(view: View, columns: Sequence[str]) -> None:
    kind, _sep, key = request.form.get("audience", _audience(view)).partition(":")
    desk, actor = current_desk(), current_actor()
    base = TicketFilter.of(
        {
            name: value
            for name, value in view.filter.as_dict().items()
            if name in ("follower", "requester", "organisation")
        }
    )
    wanted = WorkspaceChange(
        name=request.form.get("name", ""),
        filter=narrowed(base, *_given()),
        sort=request.form.get("sort", view.sort),
        columns=columns,
        shared=kind != "me",
        department=key if kind == "department" else None,
        role=key if kind == "role" else None,
    )
    close_session()
    change_search(desk, actor, view.key, wanted)


def _given() -> tuple[dict[str, list[str]], str]:
    given = {name: [each for each in request.form.getlist(name) if each] for name in (*FILTERS, *DATES)}
    if given["tag"]:
        given["tag"] = [tag.strip() for tag in given["tag"][0].split(",") if tag.strip()]
    return {name: values for name, values in given.items() if values}, request.form.get("text", "").strip()


def _choose(key: str, wanted: ChoiceChange) -> None:
    desk, actor = current_desk(), current_actor()
    close_session()
    choose(desk, actor, key, wanted)


def _view(key: str) -> View:
    found = all_views().get(key)
    if found is None:
        raise NotFound(_("There is no such workspace."))
    return found


def _columns() -> list[str]:
    """Return the columns that are ticked, in the order in which they stand; one of them moved where asked for."""
    moved, _sep, where = request.form.get("move", "").partition(":")
    return _moved(request.form.getlist("column"), moved, where)


def _moved(keys: Sequence[str], moved: str, where: str) -> list[str]:
    found = list(dict.fromkeys(keys))
    if moved in found and where in ("up", "down"):
        place = found.index(moved)
        other = min(max(place + (-1 if where == "up" else 1), 0), len(found) - 1)
        found[place], found[other] = found[other], found[place]
    return found


def _unless_usual(view: View, columns: Sequence[str]) -> Sequence[str]:
    usual = list(view.space.columns) if view.space and view.space.columns else usual_columns()
    return () if list(columns) == usual else columns


def _sort(view: View) -> str:
    wanted = request.form.get("sort", "")
    usual = view.space.sort if view.space else "-updated"
    return "" if wanted == usual else wanted


def _audience(view: View) -> str:
    if view.space is None or not view.space.is_shared:
        return "me"
    if view.space.department:
        return f"department:{view.space.department}"
    return f"role:{view.space.role}" if view.space.role else "all"


def _audiences(view: View) -> list[Any]:
    """Return with whom the person may share."""
    actor = current_actor()
    found: list[Any] = [("me", _("Only me"))]
    where = actor.departments(SHARE)
    if where is EVERYWHERE:
        found.append(("all", _("All colleagues")))
    here = [
        (f"department:{each.key}", each.name)
        for each in words().departments.values()
        if each.is_active and actor.may(SHARE, each.id) and actor.may("ticket.read", each.id)
    ]
    if here:
        found.append((_("Who works in"), here))
    if where is EVERYWHERE:
        roles = db().execute(select(Role.key, Role.name).order_by(Role.name))
        found.append((_("Who has the role"), [(f"role:{key}", name) for key, name in roles]))
    return found
