"""What the pages of the admin area share: running a change that may be refused, and choosing what may be seen."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import flash, redirect, render_template, request
from werkzeug.wrappers import Response

from helpdesk_core.actor import EVERYWHERE, Actor
from helpdesk_core.departments.models import Department
from helpdesk_core.errors import HelpdeskError, NotFound
from helpdesk_core.web.context import close_session, current_actor, words
from helpdesk_core.web.localisation import gettext as _
from helpdesk_core.web.localisation import said
from helpdesk_core.web.routing import Routes
from helpdesk_core.web.submitted import EXPECTED, problems_of

Errors = dict[str, list[str]]


def new_routes() -> Routes:
    """Return an empty table of routes of this area."""
    return Routes("admin", "/admin")


def attempt(change: Callable[[], object], names: Mapping[str, str] | None = None) -> Errors:
    """Run a service, and return what is wrong by field of the form; nothing if it has done what was asked.

    `names` maps the service's fields to those of the form where they differ.
    """
    close_session()
    try:
        change()
    except EXPECTED as error:
        return problems_of(error, names)
    return {}


def act(change: Callable[[], object], done: str, to: str) -> Response:
    """Run a service for a button without a form of its own: say that it is done, or why not, and go on to `to`."""
    close_session()
    try:
        change()
    except (*EXPECTED, NotFound) as error:
        flash(said(error), "error")
    else:
        flash(done, "success")
    return redirect(to)


def show(template: str, errors: Mapping[str, Sequence[str]] | None = None, /, **context: Any) -> tuple[str, int]:
    """Return the page; with errors its status says that nothing was changed."""
    return render_template(f"admin/{template}.html", errors=errors or {}, **context), 422 if errors else 200


def typed(name: str, otherwise: str | None = "") -> str:
    """Return what was typed into a field of the form that was sent, else what is there already."""
    return request.form.get(name, "") if request.method == "POST" else otherwise or ""


def ticked(name: str, otherwise: bool = False) -> bool:
    """Return whether a box of the form that was sent is ticked, else what is there already."""
    return name in request.form if request.method == "POST" else otherwise


def moved(keys: Sequence[str], key: str, by: str) -> list[str]:
    """Return the keys with one of them a place further up or down; as they were if it cannot go there."""
    ordered = list(keys)
    if key in ordered:
        place = ordered.index(key)
        other = place + (-1 if by == "up" else 1)
        if 0 <= other < len(ordered):
            ordered[place], ordered[other] = ordered[other], ordered[place]
    return ordered


def departments_for(permission: str, actor: Actor | None = None) -> list[Department]:
    """Return the departments where the person holds the permission, in the site's order."""
    where = (actor or current_actor()).departments(permission)
    return [each for each in words().departments.values() if where is EVERYWHERE or each.id in where]


def everywhere(permission: str) -> bool:
    """Tell whether the person holds the permission in every department."""
    return current_actor().departments(permission) is EVERYWHERE


def reason(error: HelpdeskError) -> str:
    """Return an error as one sentence for the page, which begins with a capital and ends with a stop."""
    text = said(error).strip()
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '!', '?')) else '.'}" if text else _("It failed.")
