"""Splitting, merging, and taking either back."""

from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from helpdesk_core.errors import HelpdeskError
from helpdesk_core.tickets import rearranging
from helpdesk_core.web.context import close_session, current_actor, current_desk
from helpdesk_core.web.localisation import gettext as _
from helpdesk_core.web.localisation import said
from helpdesk_core.web.routing import STAFF, Routes

routes = Routes("desk", "/desk")


@routes.post("/tickets/<number>/split", permission=STAFF)
def split(number: str) -> Response:
    """Move chosen messages to a ticket of their own."""
    chosen = request.form.getlist("message")
    subject, department = request.form.get("subject", ""), request.form.get("department") or None
    close_session()
    try:
        made = rearranging.split(current_desk(), current_actor(), number, chosen, subject, department)
    except HelpdeskError as error:
        flash(said(error), "error")
        return redirect(url_for("desk.ticket", number=number))
    flash(_("Split off as #%(number)s. It can be undone under “Links”.", number=made.number), "success")
    return redirect(url_for("desk.ticket", number=made.number))


@routes.post("/tickets/<number>/merge", permission=STAFF)
def merge(number: str) -> Response:
    """Move everything into another ticket."""
    into = request.form.get("into", "").strip().lstrip("#")
    close_session()
    try:
        target = rearranging.merge(current_desk(), current_actor(), number, into)
    except HelpdeskError as error:
        flash(said(error), "error")
        return redirect(url_for("desk.ticket", number=number))
    flash(_("#%(a)s is part of this ticket now. It can be undone under “Links”.", a=number), "success")
    return redirect(url_for("desk.ticket", number=target.number))


@routes.post("/operations/<uid>/undo", permission=STAFF)
def undo(uid: str) -> Response:
    """Take a split or merge back."""
    back = request.form.get("number", "")
    close_session()
    try:
        source = rearranging.undo(current_desk(), current_actor(), uid)
    except HelpdeskError as error:
        flash(said(error), "error")
        return redirect(url_for("desk.ticket", number=back) if back else url_for("desk.home"))
    flash(_("Undone."), "success")
    return redirect(url_for("desk.ticket", number=source.number))
