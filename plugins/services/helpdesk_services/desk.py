"""The part of a ticket's page that shows services: loaded after the page, and without a script a page by itself."""

from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for

from helpdesk_core.api import STAFF, Helpdesk, Route
from helpdesk_core.api.errors import Invalid, Unavailable
from helpdesk_core.api.services import find_customer
from helpdesk_core.api.tickets import Ticket, find_ticket
from helpdesk_core.api.web import close_session, current_actor, db, rail_context, said

from . import choosing, keeping
from .texts import _


class Desk:
    """Views over one helpdesk."""

    def __init__(self, desk: Helpdesk) -> None:
        self.desk = desk

    def routes(self) -> Sequence[Route]:
        """Return the pages."""
        return [Route("/tickets/<number>", self.services, STAFF, methods=("GET", "POST"), name="services")]

    def services(self, number: str) -> Any:
        """Show what the ticket is about and what the customer has, or say that it is about something else."""
        actor = current_actor()
        ticket = find_ticket(db(), actor, number, "desk")
        if request.method == "POST":
            close_session()
            try:
                keeping.change(self.desk, actor, number, request.form.get("service", ""))
            except Invalid as error:
                flash(said(error), "error")
            else:
                flash(_("Saved."), "success")
            return redirect(url_for("desk.ticket", number=number))
        if request.headers.get("HX-Request"):
            return render_template("services/inner.html", **self._shown(ticket))
        return render_template("services/page.html", ticket=ticket, **self._shown(ticket), **rail_context())

    def _shown(self, ticket: Ticket) -> dict[str, Any]:
        history = keeping.history(db(), ticket.id)
        close_session()
        answers = choosing.answers_for(self.desk, ticket.requester_id, for_staff=True)
        known = choosing.by_key(answers)
        now = next((each for each in history if each.is_current), None)
        options = [(key, choosing.said(service)) for key, (_answer, service) in known.items()]
        if now is not None and now.key not in known and now.key not in (choosing.NONE, choosing.OTHER):
            options.insert(0, (now.key, now.name))
        return {
            "number": ticket.number,
            "row": now,
            "live": known[now.key][1] if now and now.key in known else None,
            "answers": answers,
            "problems": {each.source: said(Unavailable(each.problem)) for each in answers if each.problem},
            "earlier": [each for each in history if not each.is_current],
            "options": [
                *options,
                (choosing.OTHER, _("One that is not listed here")),
                (choosing.NONE, _("Not about a product")),
            ],
            "may_change": current_actor().may("ticket.change", ticket.department_id),
            "is_proved": self._is_proved(ticket.requester_id),
        }

    def _is_proved(self, user_id: int) -> bool:
        customer = find_customer(self.desk, db(), user_id, for_staff=True)
        return customer is None or customer.is_proved
