"""Asking: the form for a new ticket, for customers and for visitors without an account."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from flask import flash, redirect, render_template, request, session, url_for
from sqlalchemy.exc import IntegrityError
from werkzeug.datastructures import MultiDict

from helpdesk_core.actor import ANONYMOUS, Actor
from helpdesk_core.attachments.inputs import Upload
from helpdesk_core.attachments.models import Attachment
from helpdesk_core.departments.models import Department
from helpdesk_core.departments.queries import visible_departments
from helpdesk_core.drafts.service import drop_draft, find_draft, keep_draft
from helpdesk_core.errors import Conflict, Invalid, RateLimited
from helpdesk_core.tickets.inputs import NewMessage, NewTicket, Requester
from helpdesk_core.tickets.opening import open_ticket
from helpdesk_core.users.addresses import normalise
from helpdesk_core.users.visitors import check_visitor
from helpdesk_core.web import hooks
from helpdesk_core.web.asking_ahead import ask_ahead
from helpdesk_core.web.context import close_session, current_actor, current_desk, db
from helpdesk_core.web.drafts import drafted
from helpdesk_core.web.localisation import gettext as _
from helpdesk_core.web.localisation import language
from helpdesk_core.web.oversize import left_out, refuse_left_out
from helpdesk_core.web.portal.home import SHORT, answers_to, finds_answers
from helpdesk_core.web.portal.questions import Question, answers, labels, questions
from helpdesk_core.web.resent import MARK, OTHER_CONTENT, SentBefore, content_mark, sent_before
from helpdesk_core.web.routing import PUBLIC, Routes
from helpdesk_core.web.slots import of_layout, of_slot
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

routes = Routes("portal")

NAMES: Final = {"subject": "subject", "text": "body", "attachments": "files", "department": "department"}
DRAFT: Final = "new-ticket"
NEW_NUMBER: Final = "new_number"
"""Under this name the browser's own cookie keeps the number that a visitor's next page repeats."""


@dataclass
class Form:
    """The form as it was filled in so far."""

    departments: Sequence[Department]
    department: str | None
    asked: Sequence[Question]
    entered: MultiDict[str, str]
    """What the fields hold: what was sent, what the address says, or the draft."""
    drafted_at: datetime | None = None
    """When the draft that is shown was written."""
    kept: Sequence[Attachment] = ()
    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)


@routes.form("/tickets/new", permission=PUBLIC, shows_again=True)
def new_ticket() -> Any:
    """Open a ticket, or show the form for it."""
    actor, desk, uid = _asker(), current_desk(), form_uid()
    departments = visible_departments(desk, db(), actor)
    if not departments:
        return render_template("portal/closed.html")
    form = _form(actor, departments)
    if request.method == "GET":
        form.kept = waiting_files(db(), actor, form.entered.getlist("attachments"))
        return _page(form)
    match request.form.get("then"):
        case "questions":
            return _page(_kept(actor, form, received_files()))
        case "keep" if actor.is_signed_in:
            return _keep(actor, form)
        case "discard" if actor.is_signed_in:
            close_session()
            drop_draft(desk, actor, DRAFT)
            return redirect(url_for("portal.new_ticket"))
    uploads = received_files()
    done, mark = sent_before(db(), uid), content_mark(db(), uploads)
    form.kept = waiting_files(db(), actor, request.form.getlist("attachments"))
    close_session()
    if done is not None:
        return _once_more(actor, done, mark, form, uploads)
    new = _read(actor, form, uid, uploads, mark)
    if new is None:
        return _page(_kept(actor, form, uploads)), 422
    try:
        refuse_left_out()
        refuse_unusable(request.form)
        if new.requester is not None:
            check_visitor(desk, new.requester.email or "", request.remote_addr)
        posted = open_ticket(desk, actor, new)
    except IntegrityError:
        done = sent_before(db(), uid)  # the same form, sent twice in the same moment
        if done is None:
            raise
        return _once_more(actor, done, mark, form, uploads)
    except EXPECTED as error:
        done = sent_before(db(), uid) if isinstance(error, RateLimited) else None
        if done is not None:  # it is its double that was counted
            return _once_more(actor, done, mark, form, uploads)
        form.errors = problems_of(error, NAMES)
        return _page(_kept(actor, form, uploads)), error.status
    return _arrived(actor, SentBefore(posted.ticket.number or "", posted.message.author_id))


@routes.get("/tickets/sent", permission=PUBLIC)
def sent() -> Any:
    """Tell a visitor that the ticket is there, and that the way to it is in their mail."""
    return render_template("portal/sent.html", number=session.get(NEW_NUMBER, ""))


def _asker() -> Actor:
    """Return who asks; a guest's link is for its one ticket, so its holder asks like any visitor."""
    actor = current_actor()
    return actor if actor.is_signed_in else replace(ANONYMOUS, locale=actor.locale)


def _form(actor: Actor, departments: Sequence[Department]) -> Form:
    """Return the form at hand: what was sent, else what a link fills in, else what the person began before."""
    entered, drafted_at = MultiDict(request.values), None
    if not entered and (draft := find_draft(db(), actor, DRAFT)) is not None:
        entered, drafted_at = MultiDict(draft.content), draft.updated_at
    wanted, keys = entered.get("department", ""), [department.key for department in departments]
    chosen = keys[0] if len(keys) == 1 else wanted if wanted in keys else None
    asked = questions(current_desk(), actor, chosen, entered, fresh=not entered)
    return Form(departments, chosen, asked, entered, drafted_at)


def _keep(actor: Actor, form: Form) -> Any:
    """Keep the form for later without a script; with one it keeps itself."""
    form = _kept(actor, form, received_files())
    if form.errors:
        return _page(form), 422
    try:
        keep_draft(current_desk(), actor, DRAFT, {**drafted(), "attachments": [each.uid for each in form.kept]})
    except EXPECTED as error:
        form.errors = problems_of(error)
        return _page(form), error.status
    flash(_("Your draft is kept. It waits for you here, on every device."), "success")
    return redirect(url_for("portal.new_ticket"))


def _read(actor: Actor, form: Form, uid: str, uploads: tuple[Upload, ...], mark: str) -> NewTicket | None:
    """Return the ticket that was asked for, or None when the form alone tells that something is missing."""
    extra, problems = answers(form.asked)
    if form.department is None:
        problems["department"] = [_("Choose what it is about.")]
    subject, body = request.form.get("subject", ""), request.form.get("body", "")
    if not subject.strip():
        problems["subject"] = [_("Write a few words that say what it is about.")]
    if not body.strip():
        problems["body"] = [_("Write what happened, or what you need.")]
    requester = None
    if not actor.is_signed_in:
        requester = Requester(email=request.form.get("email", ""), name=request.form.get("name", ""))
        problems |= _address_problems(requester.email or "")
    if problems:
        form.errors = problems
        return None
    return NewTicket(
        subject=subject,
        message=NewMessage(
            text=body,
            uploads=uploads,
            attachments=tuple(each.uid for each in form.kept),
            details={MARK: mark},
            uid=uid,
        ),
        department=form.department or "",
        requester=requester,
        locale=language(),
        extra=extra,
    )


def _address_problems(address: str) -> dict[str, list[str]]:
    try:
        normalise(address)
    except Invalid as error:
        return {"email": error.problems["address"]}
    return {}


def _kept(actor: Actor, form: Form, uploads: tuple[Upload, ...]) -> Form:
    """Keep the files of a form that is shown again; a visitor has to choose them again, and is told so."""
    form.kept = form.kept or waiting_files(db(), actor, request.form.getlist("attachments"))
    close_session()
    refused = form.errors.get("files", ())
    if texts := left_out():
        form.errors = {**form.errors, "files": texts}
    if not actor.is_signed_in:
        if uploads:
            again = _("Choose the files once more; they could not be kept.")
            form.errors = {**form.errors, "files": [*refused, again]}
        return form
    stored, problems = keep_files(current_desk(), actor, uploads)
    form.kept = [*form.kept, *stored]
    if problems:
        form.errors = {**form.errors, "files": problems}
    return form


def _page(form: Form) -> str:
    """Return the page with the form; with `subject` and `department` in the address a link can fill them in."""
    actor, desk = current_actor(), current_desk()
    asks = bool(desk.hooks.implementers(hooks.ticket_form_fields))
    named = {"department": _("About"), "subject": _("Subject"), "body": _("Message"), "email": _("E-mail address")}
    ask_ahead([*of_layout(), of_slot("portal.ticket.new")])
    return render_template(
        "portal/new_ticket.html",
        form=form,
        entered=form.entered,
        name=request.form.get("name", actor.name),
        email=request.form.get("email", actor.email),
        form_uid=form_uid(),
        labels={**named, "files": _("Files"), **labels(form.asked)},
        asks_more=asks and (len(form.departments) > 1 or any(each.field.asks_again for each in form.asked)),
        promise=desk.hooks.pick(hooks.answer_promise, actor=actor, department=form.department),
        answers=answers_to(form.entered.get("subject", "").strip(), form.department, SHORT),
        finds=finds_answers(),
        max_mb=desk.settings.site().attachment_max_mb,
    )


def _once_more(actor: Actor, done: SentBefore, mark: str, form: Form, uploads: tuple[Upload, ...]) -> Any:
    """Answer a form that has made a ticket: as the first time if it says the same, else with what is not sent yet."""
    if done.says(mark):
        return _arrived(actor, done)
    begin_anew()
    form.errors = problems_of(Conflict(OTHER_CONTENT))
    return _page(_kept(actor, form, uploads)), 409


def _arrived(actor: Actor, done: SentBefore) -> Any:
    """Return where somebody goes whose ticket is open: to the ticket, or as a visitor to a page that promises mail."""
    if not actor.is_signed_in:
        session[NEW_NUMBER] = done.number
        return redirect(url_for("portal.sent"))
    drop_draft(current_desk(), actor, DRAFT)
    if done.author_id != actor.user_id:
        return redirect(url_for("portal.new_ticket"))  # somebody else's form; this one has to begin anew
    flash(_("We have your question. You hear from us here and by mail."), "success")
    return redirect(url_for("portal.ticket", number=done.number))
