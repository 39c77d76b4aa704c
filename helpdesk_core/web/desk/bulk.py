"""Changing tickets from the list: one in its row, or many at once, with what became of each."""

from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from helpdesk_core.errors import HelpdeskError
from helpdesk_core.tickets import bulk
from helpdesk_core.tickets.filtering import TicketFilter
from helpdesk_core.tickets.inputs import Change
from helpdesk_core.web.context import close_session, current_actor, current_desk
from helpdesk_core.web.desk.lists import address_of, find_page, read_address, render_rows
from helpdesk_core.web.localisation import gettext as _
from helpdesk_core.web.localisation import said
from helpdesk_core.web.routing import STAFF, Routes
from helpdesk_core.web.security import local_path

routes = Routes("desk", "/desk")
SHOWN = 20
"""How many refusals are told one by one."""


@routes.post("/tickets/bulk", permission=STAFF)
def bulk_change() -> Response:
    """Change all chosen tickets, each for itself; what cannot be changed is told and stays as it is."""
    return _answer(
        lambda: bulk.change_many(
            current_desk(),
            current_actor(),
            request.form.getlist("ticket"),
            _change(),
            request.form.get("department") or None,
            say=said,
        )
    )


@routes.post("/tickets/bulk/<uid>/undo", permission=STAFF)
def undo_bulk(uid: str) -> Response:
    """Put all tickets of a change back as they were."""
    return _answer(lambda: bulk.undo_many(current_desk(), current_actor(), uid, say=said))


def _answer(act: Any) -> Response:
    """Do it; a script gets what became of it and the new rows, else the list is shown again."""
    back = local_path(request.form.get("back"), url_for("desk.tickets"))
    scripted = request.headers.get("Accept", "").startswith("application/json")
    close_session()
    try:
        result: bulk.BulkResult = act()
    except HelpdeskError as error:
        if scripted:
            answer = jsonify(error=said(error))
            answer.status_code = error.status
            return answer
        flash(said(error), "warning")
        return redirect(back)
    if scripted:
        return jsonify(
            result=render_template("desk/result.html", result=result, here=back, shown=SHOWN),
            rows=rows_of([*result.done, *result.unchanged, *(each.number for each in result.refused)], back),
            refused={each.number: each.reason for each in result.refused},
        )
    if result.is_undone:
        flash(_("Undone."), "success")
        for each in result.refused[:SHOWN]:
            flash(f"#{each.number}: {each.reason}", "error")
        return redirect(back)
    return redirect(f"{back}{'&' if '?' in back else '?'}result={result.uid}")


def rows_of(numbers: list[str], address: str) -> dict[str, str]:
    """Return rows by number, as the list at the address shows them; empty for tickets that are out of sight."""
    asked = read_address(address_of(address))
    page = find_page(TicketFilter(number=tuple(numbers)), "-updated", limit=bulk.MAX_BULK)
    made = render_rows(page.rows, asked.columns)
    return {number: made.get(number, "") for number in numbers}


def _change() -> Change:
    fields: dict[str, Any] = {
        name: value for name in ("status", "priority", "type") if (value := request.form.get(name))
    }
    if assignee := request.form.get("assignee"):
        own = current_actor().uid if assignee == "me" else assignee
        fields["assignee"] = None if assignee == "none" else own
    expected = {name: request.form[f"was_{name}"] or None for name in fields if f"was_{name}" in request.form}
    return Change(**fields, expected=expected)
