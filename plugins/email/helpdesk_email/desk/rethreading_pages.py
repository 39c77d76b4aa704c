"""Moving a mail that landed on the wrong ticket: the page that a ticket's menu leads to."""

from collections.abc import Callable, Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from helpdesk_core.api import STAFF, HelpdeskError, Route
from helpdesk_core.api.errors import Forbidden, Invalid
from helpdesk_core.api.portal import refuse_unusable
from helpdesk_core.api.tickets import conversation, find_ticket
from helpdesk_core.api.users import require
from helpdesk_core.api.web import close_session, current_actor, current_desk, db, rail_context, said, words

from ..receiving import Gateway
from ..senders import CHANNEL
from ..texts import texts
from .rethreading import move_mails

_ = texts.gettext
Errors = dict[str, list[str]]


class RethreadPages:
    """The views; the services ask for the rights on both tickets."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway

    def routes(self) -> Sequence[Route]:
        """Return the page."""
        table: Sequence[tuple[Callable[..., Any], str, str]] = (
            (self.choose, "GET", "elsewhere"),
            (self.move, "POST", "move_elsewhere"),
        )
        return [Route("/elsewhere/<number>", view, STAFF, (method,), name) for view, method, name in table]

    def choose(self, number: str) -> Any:
        """Ask which mails, and where to."""
        return self._form(number, {})

    def move(self, number: str) -> Any:
        """Move them."""
        form = request.form
        chosen, into = form.getlist("message"), form.get("into", "")
        subject, department = form.get("subject", ""), form.get("department") or None
        find_ticket(db(), current_actor(), number, "desk")
        close_session()
        try:
            refuse_unusable(form)
            target = move_mails(
                current_desk(), current_actor(), number, chosen, into=into, subject=subject, department=department
            )
        except Invalid as error:
            return self._form(number, error.problems)
        except Forbidden:
            raise
        except HelpdeskError as error:
            return self._form(number, {"": [said(error)]})
        flash(_("Moved to #%(number)s. It can be undone under “Links”.", number=target), "success")
        try:
            find_ticket(db(), current_actor(), target, "desk")
        except HelpdeskError:
            return redirect(url_for("desk.ticket", number=number))
        return redirect(url_for("desk.ticket", number=target))

    def _form(self, number: str, errors: Errors) -> Response | tuple[str, int]:
        actor = current_actor()
        ticket = find_ticket(db(), actor, number, "desk")
        require(actor, "ticket.merge", ticket.department_id)
        mails = [each for each in conversation(db(), ticket, internal=True) if each.channel == CHANNEL]
        wanted = request.values.getlist("message")
        departments = [(each.key, each.name) for each in words().departments.values() if each.is_active]
        page = render_template(
            "email/elsewhere.html",
            **rail_context(),
            ticket=ticket,
            mails=mails,
            wanted=wanted,
            errors=errors,
            into=request.form.get("into", ""),
            subject=request.form.get("subject", ticket.subject),
            department=request.form.get("department", ticket.department.key),
            departments=departments,
        )
        return page, 422 if errors else 200
