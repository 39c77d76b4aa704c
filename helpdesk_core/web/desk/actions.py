"""What can be done to a ticket from its page, besides writing."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from helpdesk_core.errors import Conflict, HelpdeskError, NotFound
from helpdesk_core.tickets import changing, linking, people, redacting
from helpdesk_core.tickets.inputs import Change
from helpdesk_core.tickets.queries import find_ticket
from helpdesk_core.tickets.surroundings import surroundings
from helpdesk_core.web.context import close_session, current_actor, current_desk, db, words
from helpdesk_core.web.desk.lists import choices
from helpdesk_core.web.desk.story import Known, told
from helpdesk_core.web.desk.ticket import show
from helpdesk_core.web.localisation import gettext as _
from helpdesk_core.web.localisation import said
from helpdesk_core.web.routing import STAFF, Routes

routes = Routes("desk", "/desk")
FIELDS = ("subject", "status", "priority", "type", "assignee", "tags")


def done(number: str, act: Callable[[], object], text: str = "") -> Response:
    """Do it, tell how it went, and show the ticket again; or the list, when the ticket is out of sight by now."""
    close_session()
    try:
        act()
    except NotFound:
        raise
    except HelpdeskError as error:
        flash(said(error), "error")
    else:
        if text:
            flash(text, "success")
    return redirect(url_for("desk.ticket", number=number))


@routes.post("/tickets/<number>/change", permission=STAFF)
def change(number: str) -> Response | tuple[str, int]:
    """Change what the form brings; where somebody else was faster, show both values and let the agent choose."""
    given = {name: request.form[name] for name in FIELDS if name in request.form}
    touched = {name: value for name, value in given.items() if request.form.get(f"was_{name}") != value}
    if not touched:
        return done(number, lambda: None, _("Nothing to change."))
    fields = {name: _as_value(name, value) for name, value in touched.items()}
    if fields.get("assignee") == "me":
        fields["assignee"] = current_actor().uid
    expected = {name: _as_seen(name, request.form[f"was_{name}"]) for name in fields if f"was_{name}" in request.form}
    close_session()
    try:
        changing.change(current_desk(), current_actor(), number, Change(**fields, expected=expected))
    except Conflict as error:
        rows = _conflict(number, fields)
        if not rows:
            flash(said(error), "error")
            return redirect(url_for("desk.ticket", number=number))
        return show(number, conflict=rows), 409
    except NotFound:
        raise
    except HelpdeskError as error:
        flash(said(error), "error")
        return redirect(url_for("desk.ticket", number=number))
    flash(_("Undone.") if request.form.get("undoing") else _("Changed."), "success")
    return redirect(url_for("desk.ticket", number=number))


def _as_value(name: str, text: str) -> Any:
    if name == "tags":
        return tuple(text.replace(";", ",").split(","))
    return text or None if name in ("type", "assignee") else text


def _as_seen(name: str, text: str) -> Any:
    """Return what the form said that the field was, as the service compares it."""
    return (
        sorted({each.strip() for each in text.replace(";", ",").split(",")} - {""}) if name == "tags" else text or None
    )


def _conflict(number: str, fields: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return, for each field of a refused change, what it is now and what the agent wanted, in words and as sent."""
    session = db()
    found = find_ticket(session, current_actor(), number, "desk")
    around = surroundings(session, current_actor(), found, "desk", current_desk().now())
    now = {
        "subject": found.subject,
        "status": found.status.key,
        "priority": found.priority.key,
        "type": found.type.key if found.type else "",
        "assignee": found.assignee.uid if found.assignee else "",
        "tags": ", ".join(around.tags),
    }
    names = {each.uid: each.name for each in choices()["people"]}
    rows = []
    for name, value in fields.items():
        sent = ", ".join(value) if name == "tags" else value or ""
        if sent != now[name]:
            label, before, after = told(name, now[name], sent, Known(words(), names))
            rows.append({"field": name, "label": label, "now": before, "yours": after, "value": sent, "was": now[name]})
    return rows


@routes.post("/tickets/<number>/move", permission=STAFF)
def move(number: str) -> Response:
    """Move to another department, which the agent may not even read."""
    desk, actor, department = current_desk(), current_actor(), request.form.get("department", "")
    close_session()
    try:
        moved = changing.move(desk, actor, number, department, request.form.get("note", ""))
    except HelpdeskError as error:
        flash(said(error), "error")
        return redirect(url_for("desk.ticket", number=number))
    flash(_("#%(number)s is with “%(name)s” now.", number=number, name=moved.department.name), "success")
    if actor.may("ticket.read", moved.department_id):
        return redirect(url_for("desk.ticket", number=number))
    return redirect(url_for("desk.home"))


@routes.post("/tickets/<number>/close", permission=STAFF)
def close(number: str) -> Response:
    """Close it."""
    return done(number, lambda: changing.close(current_desk(), current_actor(), number), _("Closed."))


@routes.post("/tickets/<number>/reopen", permission=STAFF)
def reopen(number: str) -> Response:
    """Open it again."""
    return done(number, lambda: changing.reopen(current_desk(), current_actor(), number), _("Open again."))


@routes.post("/tickets/<number>/follow", permission=STAFF)
def follow(number: str) -> Response:
    """Follow, or stop following."""
    act = people.unfollow if request.form.get("stop") else people.follow
    text = _("You get no more notices of this ticket.") if request.form.get("stop") else _("You follow this ticket.")
    return done(number, lambda: act(current_desk(), current_actor(), number), text)


@routes.post("/tickets/<number>/people", permission=STAFF)
def add_person(number: str) -> Response:
    """Add somebody: a copy recipient by address, a colleague by name."""
    role, uid, email = request.form.get("role", "cc"), request.form.get("uid"), request.form.get("email")
    return done(
        number,
        lambda: people.add_participant(
            current_desk(), current_actor(), number, role, uid=uid or None, email=email or None
        ),
        _("Added."),
    )


@routes.post("/tickets/<number>/people/remove", permission=STAFF)
def remove_person(number: str) -> Response:
    """Take somebody off."""
    role, uid = request.form.get("role", ""), request.form.get("uid", "")
    return done(
        number, lambda: people.remove_participant(current_desk(), current_actor(), number, role, uid), _("Removed.")
    )


@routes.post("/tickets/<number>/link", permission=STAFF)
def link(number: str) -> Response:
    """Link to another ticket."""
    other, kind = request.form.get("other", "").strip().lstrip("#"), request.form.get("kind", "related")
    return done(number, lambda: linking.link(current_desk(), current_actor(), number, other, kind), _("Linked."))


@routes.post("/tickets/<number>/unlink", permission=STAFF)
def unlink(number: str) -> Response:
    """Take a link away."""
    other = request.form.get("other", "")
    return done(number, lambda: linking.unlink(current_desk(), current_actor(), number, other), _("The link is gone."))


@routes.post("/tickets/<number>/messages/<uid>/redact", permission=STAFF)
def redact(number: str, uid: str) -> Response:
    """Remove a message's content, leaving a mark."""
    reason = request.form.get("reason", "")
    return done(
        number,
        lambda: redacting.redact(current_desk(), current_actor(), number, uid, reason),
        _("The content is removed; the timeline keeps who did it and why."),
    )
