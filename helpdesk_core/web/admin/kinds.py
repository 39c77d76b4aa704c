"""Types of tickets, and priorities."""

from typing import Any

from flask import request, url_for
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from helpdesk_core.tickets import kinds as service
from helpdesk_core.tickets.models import Ticket
from helpdesk_core.web.admin.common import Errors, act, attempt, moved, new_routes, show
from helpdesk_core.web.context import current_actor, current_desk, db, words
from helpdesk_core.web.localisation import gettext as _

routes = new_routes()


@routes.get("/types", permission="settings.manage")
def types() -> Any:
    """List the types of tickets."""
    return _types({})


@routes.post("/types", permission="settings.manage")
def new_type() -> Any:
    """Make a type."""
    name = request.form.get("name", "")
    errors = attempt(lambda: service.create_type(current_desk(), current_actor(), name))
    return _types(errors) if errors else _done(_("The type “%(name)s” is there.", name=name.strip()), "admin.types")


@routes.post("/types/<key>", permission="settings.manage")
def rename_type(key: str) -> Response:
    """Give a type another name."""
    name = request.form.get("name", "")
    return _act(lambda: service.rename_type(current_desk(), current_actor(), key, name), _("The name is saved."))


@routes.post("/types/<key>/move", permission="settings.manage")
def move_type(key: str) -> Response:
    """Put a type a place further up or down."""
    keys = moved(list(words().types), key, request.form.get("to", ""))
    return _act(lambda: service.reorder_types(current_desk(), current_actor(), keys), _("The order is saved."))


@routes.post("/types/<key>/active", permission="settings.manage")
def switch_type(key: str) -> Response:
    """Take a type into use or out of it."""
    on = request.form.get("active") == "1"
    change = service.reactivate_type if on else service.deactivate_type
    done = _("The type is in use again.") if on else _("The type is out of use; tickets that have it keep it.")
    return _act(lambda: change(current_desk(), current_actor(), key), done)


@routes.post("/types/<key>/delete", permission="settings.manage")
def delete_type(key: str) -> Response:
    """Delete a type that no ticket has."""
    return _act(lambda: service.delete_type(current_desk(), current_actor(), key), _("The type is deleted."))


@routes.get("/priorities", permission="settings.manage")
def priorities() -> Any:
    """List the priorities, the most urgent first."""
    return _priorities({})


@routes.post("/priorities", permission="settings.manage")
def new_priority() -> Any:
    """Make a priority."""
    name = request.form.get("name", "")
    errors = attempt(lambda: service.create_priority(current_desk(), current_actor(), name))
    if errors:
        return _priorities(errors)
    return _done(
        _("The priority “%(name)s” is there, as the most urgent one. Move it to its place.", name=name.strip()),
        "admin.priorities",
    )


@routes.post("/priorities/<key>", permission="settings.manage")
def rename_priority(key: str) -> Response:
    """Give a priority another name."""
    name = request.form.get("name", "")
    return _act(
        lambda: service.rename_priority(current_desk(), current_actor(), key, name),
        _("The name is saved."),
        "admin.priorities",
    )


@routes.post("/priorities/<key>/move", permission="settings.manage")
def move_priority(key: str) -> Response:
    """Make a priority more or less urgent than its neighbour; the page shows the most urgent one first."""
    keys = moved(list(words().priorities)[::-1], key, request.form.get("to", ""))[::-1]
    return _act(
        lambda: service.reorder_priorities(current_desk(), current_actor(), keys),
        _("The order is saved."),
        "admin.priorities",
    )


@routes.post("/priorities/<key>/default", permission="settings.manage")
def default_priority(key: str) -> Response:
    """Give new tickets this priority."""
    return _act(
        lambda: service.set_default_priority(current_desk(), current_actor(), key),
        _("New tickets get this priority from now on."),
        "admin.priorities",
    )


@routes.post("/priorities/<key>/delete", permission="settings.manage")
def delete_priority(key: str) -> Response:
    """Delete a priority that no ticket has."""
    return _act(
        lambda: service.delete_priority(current_desk(), current_actor(), key),
        _("The priority is deleted."),
        "admin.priorities",
    )


def _types(errors: Errors) -> Any:
    counted = select(Ticket.type_id, func.count()).group_by(Ticket.type_id)
    used = {row[0]: row[1] for row in db().execute(counted)}
    return show("types", errors, types=list(words().types.values()), used=used, name=request.form.get("name", ""))


def _priorities(errors: Errors) -> Any:
    counted = select(Ticket.priority_id, func.count()).group_by(Ticket.priority_id)
    used = {row[0]: row[1] for row in db().execute(counted)}
    ordered = list(words().priorities.values())[::-1]
    return show("priorities", errors, priorities=ordered, used=used, name=request.form.get("name", ""))


def _act(change: Any, done: str, endpoint: str = "admin.types") -> Response:
    return act(change, done, url_for(endpoint))


def _done(text: str, endpoint: str) -> Response:
    return act(lambda: None, text, url_for(endpoint))
