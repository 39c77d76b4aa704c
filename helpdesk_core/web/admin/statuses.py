"""Statuses and the steps between them."""

from typing import Any

from flask import flash, redirect, request, url_for
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from helpdesk_core.errors import NotFound
from helpdesk_core.tickets import workflow
from helpdesk_core.tickets.models import Status, Ticket
from helpdesk_core.tickets.workflow import StatusDraft
from helpdesk_core.web.admin.common import act, attempt, moved, new_routes, show, typed
from helpdesk_core.web.context import current_actor, current_desk, db, words
from helpdesk_core.web.localisation import gettext as _

routes = new_routes()


def states() -> list[tuple[str, str, str]]:
    """Return the five states: value, words, and what they mean."""
    return [
        ("new", _("New"), _("Nobody has looked at it yet.")),
        ("open", _("Open"), _("Somebody works on it.")),
        ("waiting", _("Waiting"), _("Nothing can be done until something happens.")),
        ("resolved", _("Resolved"), _("Done, as far as we know.")),
        ("closed", _("Closed"), _("Done. An answer opens it again, or a follow-up, as its department says.")),
    ]


def turns() -> list[tuple[str, str, str]]:
    """Return whose turn it can be: value, words, and what follows from it."""
    return [
        ("us", _("Ours"), _("It counts as waiting for us, and service clocks run.")),
        ("customer", _("The customer’s"), _("The customer reads that an answer of theirs is needed.")),
        ("nobody", _("Nobody’s"), _("Neither side has to do anything now.")),
    ]


@routes.get("/statuses", permission="settings.manage")
def statuses() -> Any:
    """List the statuses, with the steps between them."""
    return _list()


@routes.post("/statuses/_steps", permission="settings.manage")
def save_steps() -> Response:
    """Save which status may follow which; a row with all boxes ticked has no limits."""
    keys = list(words().statuses)
    steps = {}
    for key in keys:
        others = [each for each in keys if each != key]
        chosen = [to for to in request.form.getlist(f"to.{key}") if to in others]
        if len(chosen) < len(others) and chosen:
            steps[key] = chosen
    return act(
        lambda: workflow.set_transitions(current_desk(), current_actor(), steps),
        _("The steps are saved. A status without any box ticked may go anywhere.")
        if any(not request.form.getlist(f"to.{key}") for key in keys)
        else _("The steps are saved."),
        url_for("admin.statuses", _anchor="steps"),
    )


@routes.form("/statuses/_new", permission="settings.manage")
def new_status() -> Any:
    """Make a status."""
    errors: dict[str, list[str]] = {}
    draft = _typed(None)
    if request.method == "POST":
        errors = attempt(lambda: workflow.create_status(current_desk(), current_actor(), draft))
        if not errors:
            flash(_("The status “%(name)s” can be given to tickets now.", name=draft.name.strip()), "success")
            return redirect(url_for("admin.statuses"))
    return show("status", errors, status=None, draft=draft, states=states(), turns=turns(), in_use=0)


@routes.form("/statuses/<key>", permission="settings.manage")
def status(key: str) -> Any:
    """Change a status."""
    there = words().statuses.get(key)
    if there is None:
        raise NotFound(_("There is no such status."))
    in_use = db().scalar(select(func.count()).select_from(Ticket).where(Ticket.status_id == there.id)) or 0
    errors: dict[str, list[str]] = {}
    draft = _typed(there)
    if request.method == "POST":
        errors = attempt(lambda: workflow.change_status(current_desk(), current_actor(), key, draft))
        if not errors:
            flash(_("The status “%(name)s” is saved.", name=draft.name.strip()), "success")
            return redirect(url_for("admin.statuses"))
    return show("status", errors, status=there, draft=draft, states=states(), turns=turns(), in_use=in_use)


@routes.post("/statuses/<key>/move", permission="settings.manage")
def move_status(key: str) -> Response:
    """Put a status a place further up or down."""
    keys = moved(list(words().statuses), key, request.form.get("to", ""))
    return act(
        lambda: workflow.reorder_statuses(current_desk(), current_actor(), keys),
        _("The order is saved."),
        url_for("admin.statuses"),
    )


@routes.post("/statuses/<key>/active", permission="settings.manage")
def switch_status(key: str) -> Response:
    """Take a status into use or out of it."""
    on = request.form.get("active") == "1"
    change = workflow.reactivate_status if on else workflow.deactivate_status
    done = _("The status is in use again.") if on else _("The status is out of use; tickets that have it keep it.")
    return act(lambda: change(current_desk(), current_actor(), key), done, url_for("admin.statuses"))


@routes.post("/statuses/<key>/delete", permission="settings.manage")
def delete_status(key: str) -> Response:
    """Delete a status that no ticket has."""
    return act(
        lambda: workflow.delete_status(current_desk(), current_actor(), key),
        _("The status is deleted."),
        url_for("admin.statuses"),
    )


def _list() -> Any:
    known = words()
    counted = select(Ticket.status_id, func.count()).group_by(Ticket.status_id)
    everything = {each.id for each in known.statuses.values()}
    return show(
        "statuses",
        statuses=list(known.statuses.values()),
        used={row[0]: row[1] for row in db().execute(counted)},
        follows={each.id: known.transitions.get(each.id, everything) for each in known.statuses.values()},
        limited=bool(known.transitions),
        state_words={value: label for value, label, _hint in states()},
        turn_words={value: label for value, label, _hint in turns()},
    )


def _typed(there: Status | None) -> StatusDraft:
    return StatusDraft(
        name=typed("name", there.name if there else ""),
        state=typed("state", there.state if there else "open"),
        turn=typed("turn", there.turn if there else "us"),
        key=typed("key").strip() if there is None else "",
    )
