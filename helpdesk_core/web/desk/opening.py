"""Opening a ticket for somebody: a call, a visit, a letter."""

from collections.abc import Sequence
from typing import Any, Final

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.exc import IntegrityError
from werkzeug.wrappers import Response

from helpdesk_core.attachments.inputs import Upload
from helpdesk_core.errors import Conflict, Invalid
from helpdesk_core.tickets.inputs import NewMessage, NewTicket, Requester
from helpdesk_core.tickets.opening import open_ticket
from helpdesk_core.users.accounts import find_by_address
from helpdesk_core.web.channels import BY_HAND, CHANNELS
from helpdesk_core.web.context import close_session, current_actor, current_desk, db, words
from helpdesk_core.web.desk.lists import choices
from helpdesk_core.web.desk.rail import rail_context
from helpdesk_core.web.hooks import ticket_form_fields
from helpdesk_core.web.localisation import gettext as _
from helpdesk_core.web.oversize import refuse_left_out
from helpdesk_core.web.portal.questions import Question, answers, labels, questions
from helpdesk_core.web.resent import MARK, OTHER_CONTENT, SentBefore, content_mark, sent_before
from helpdesk_core.web.routing import Routes
from helpdesk_core.web.submitted import (
    EXPECTED,
    begin_anew,
    form_uid,
    keep_files,
    problems_of,
    received_files,
    refuse_unusable,
    waiting_files,
)

routes = Routes("desk", "/desk")
NAMES: Final = {"text": "body", "requester": "email", "address": "email", "attachments": "files"}


@routes.get("/tickets/new", permission="ticket.open")
def new_ticket() -> str:
    """Show the form."""
    return _form({})


@routes.post("/tickets/new", permission="ticket.open", shows_again=True)
def create_ticket() -> Response | tuple[str, int]:
    """Open the ticket for its requester; the same form sent twice opens one."""
    desk, actor, uid, form = current_desk(), current_actor(), form_uid(), request.form
    if form.get("then") == "questions":
        return _form({}, form.getlist("kept")), 200
    uploads = received_files()
    before, mark = sent_before(db(), uid), content_mark(db(), uploads)
    if before is not None:
        return _once_more(before, mark, uploads)
    extra, problems = answers(_asked())
    if problems:
        return _form_again(problems, uploads)
    assignee = form.get("assignee") or None
    new = NewTicket(
        subject=form.get("subject", ""),
        message=NewMessage(
            uid=uid,
            text=form.get("body", ""),
            uploads=uploads,
            attachments=tuple(form.getlist("kept")),
            details={MARK: mark},
        ),
        department=form.get("department", ""),
        requester=Requester(email=form.get("email", "").strip(), name=form.get("name", "").strip()),
        priority=None if form.get("priority") in ("", None, words().priority(None).key) else form["priority"],
        type=form.get("type") or None,
        assignee=actor.uid if assignee == "me" else assignee,
        tags=tuple(each.strip() for each in form.get("tags", "").split(",") if each.strip()),
        cc=tuple(each.strip() for each in form.get("cc", "").replace(";", ",").split(",") if each.strip()),
        extra=extra,
    )
    channel = form.get("channel", "")
    close_session()
    try:
        refuse_left_out()
        refuse_unusable(request.form)
        posted = open_ticket(desk, actor.through(channel if channel in BY_HAND else "phone"), new)
    except IntegrityError:
        before = sent_before(db(), uid)  # the same form twice in the same moment
        if before is None:
            raise
        return _once_more(before, mark, uploads)
    except EXPECTED as error:
        return _form_again(problems_of(error, NAMES), uploads)
    opened = posted.ticket
    if actor.may("ticket.read", opened.department_id):
        return redirect(url_for("desk.ticket", number=opened.number))
    flash(_("#%(number)s is with “%(name)s” now.", number=opened.number, name=opened.department.name), "success")
    return redirect(url_for("desk.home"))


def _once_more(before: SentBefore, mark: str, uploads: tuple[Upload, ...]) -> Response | tuple[str, int]:
    """Answer a form that has made a ticket: as the first time if it says the same, else with what is not sent yet."""
    if before.says(mark):
        return redirect(url_for("desk.ticket", number=before.number))
    begin_anew()
    close_session()
    return _form_again(problems_of(Conflict(OTHER_CONTENT)), uploads, 409)


def _form_again(problems: dict[str, list[str]], uploads: tuple[Upload, ...], status: int = 422) -> tuple[str, int]:
    """Return the form with what is wrong; the files that came along are kept."""
    kept, wrong = keep_files(current_desk(), current_actor(), uploads)
    if wrong:
        problems["files"] = wrong
    return _form(problems, [*request.form.getlist("kept"), *(each.uid for each in kept)]), status


def _asked() -> list[Question]:
    """Return the fields of plugins, for the account that the address belongs to."""
    desk, address = current_desk(), request.form.get("email", "").strip()
    if not desk.hooks.implementers(ticket_form_fields):
        return []
    department = request.form.get("department") or next((key for key, _name in choices()["all_departments"]), None)
    try:
        customer = find_by_address(db(), address) if address else None
    except Invalid:  # said when the ticket is to be opened
        customer = None
    return questions(
        desk,
        current_actor(),
        department,
        request.form,
        fresh=not request.form,
        customer_id=customer.id if customer else None,
    )


def _form(problems: dict[str, list[str]], kept: Sequence[str] = ()) -> str:
    given: dict[str, Any] = request.form.to_dict()
    asked = _asked()
    return render_template(
        "desk/new.html",
        asked=asked,
        asks=bool(current_desk().hooks.implementers(ticket_form_fields)),
        labels=labels(asked),
        problems=problems,
        given=given,
        choices=choices(),
        channels=[(name, CHANNELS[name]) for name in BY_HAND],
        kept=waiting_files(db(), current_actor(), kept),
        form_uid=form_uid(),
        **rail_context(),
    )
