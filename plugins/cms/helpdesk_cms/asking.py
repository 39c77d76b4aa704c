"""The form for a new ticket in another site's page."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy.exc import IntegrityError
from werkzeug.datastructures import MultiDict

from helpdesk_core.api.attachments import Attachment, Upload
from helpdesk_core.api.db import new_uid
from helpdesk_core.api.departments import Department
from helpdesk_core.api.errors import HelpdeskError, Invalid
from helpdesk_core.api.hooks import answer_promise, ticket_form_fields
from helpdesk_core.api.portal import (
    EXPECTED,
    Question,
    answers,
    answers_to,
    keep_files,
    labels,
    questions,
    received_files,
    refuse_left_out,
    refuse_unusable,
    sent_before,
    visible_departments,
    waiting_files,
)
from helpdesk_core.api.tickets import NewMessage, NewTicket, Requester, open_ticket
from helpdesk_core.api.users import check_visitor, normalise
from helpdesk_core.api.web import close_session, db, language, said

from .fragments import Asked, Fragment, note, show
from .snapshots import Snapshot
from .texts import ID, _

NAMES: Final = {"text": "body", "attachments": "files"}
FORM_LASTS: Final = 300
SHORT: Final = 5


@dataclass
class Form:
    """The form as it was filled in so far."""

    departments: Sequence[Department]
    department: str | None
    asked: Sequence[Question]
    entered: Mapping[str, str]
    kept: Sequence[Attachment] = ()
    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)


def new(asked: Asked) -> Fragment:
    """Show the form, or open the ticket that it asks for."""
    departments = visible_departments(asked.desk, db(), asked.actor)
    if not departments:
        return note(asked, _("Ask for help"), _("We take no questions here at the moment. Write us a mail."))
    form = _form(asked, departments)
    if asked.form is None:
        return _page(asked, form, max_age=FORM_LASTS)
    if asked.form.get("then") == "questions":
        return _page(asked, _kept(asked, form, received_files()))
    return _open(asked, form, asked.form)


def sent(asked: Asked, number: str) -> Fragment:
    """Tell a visitor that the ticket is there, and that the way to it is in their mail."""
    return show(asked, "cms/sent.html", _("We have your question"), number=number)


def uid_of(form: MultiDict[str, str], uploads: Sequence[Upload], *more: str) -> str:
    """Return the mark by which the same form, sent twice, counts once.

    A shell may show a form that it has kept to somebody for some minutes, so the mark in it is not enough: whoever
    sends something else with the same form means something else.
    """
    digest = hashlib.sha256(repr(more).encode())
    for name in sorted(form):
        digest.update(repr((name, form.getlist(name))).encode("utf-8", "surrogatepass"))
    for upload in uploads:
        digest.update(hashlib.sha256(upload.content).digest())
    return base64.urlsafe_b64encode(digest.digest()[:16]).decode().rstrip("=")


def problems_of(error: HelpdeskError, fields: Sequence[str], names: Mapping[str, str]) -> dict[str, list[str]]:
    """Return what is wrong by field of the form; what belongs to none of them stands under an empty name."""
    if not isinstance(error, Invalid):
        return {"": [said(error)]}
    found: dict[str, list[str]] = {}
    for name, texts in error.problems.items():
        own = names.get(name, name)
        found.setdefault(own if own in fields else "", []).extend(texts)
    return found


def _form(asked: Asked, departments: Sequence[Department]) -> Form:
    entered: Mapping[str, str] = asked.form if asked.form is not None else asked.query
    by_id = {department.id: department.key for department in departments}
    own = by_id.get(asked.site.department_id) if asked.site.department_id else None
    wanted, keys = entered.get("department", "") or own or "", list(by_id.values())
    chosen = keys[0] if len(keys) == 1 else wanted if wanted in keys else None
    found = questions(asked.desk, asked.actor, chosen, entered, fresh=asked.form is None)
    waiting = asked.form.getlist("attachments") if asked.form is not None else []
    return Form(departments, chosen, found, entered, waiting_files(db(), asked.actor, waiting))


def _open(asked: Asked, form: Form, entered: MultiDict[str, str]) -> Fragment:
    desk, actor, uploads = asked.desk, asked.actor, received_files()
    uid = uid_of(entered, uploads, asked.site.key, actor.uid or "")
    if done := sent_before(db(), uid):
        return _arrived(asked, done.number)
    wanted = _read(asked, form, uid, uploads, entered)
    close_session()
    if wanted is None:
        return _page(asked, _kept(asked, form, uploads), status=422)
    try:
        refuse_left_out()
        refuse_unusable(entered)
        if wanted.requester is not None:
            check_visitor(desk, wanted.requester.email or "", asked.who.ip)
        posted = open_ticket(desk, actor, wanted)
    except IntegrityError:
        if done := sent_before(db(), uid):  # the same form, sent twice in the same moment
            return _arrived(asked, done.number)
        raise
    except EXPECTED as error:
        form.errors = problems_of(
            error, [*labels(form.asked), "subject", "body", "department", "email", "files"], NAMES
        )
        return _page(asked, _kept(asked, form, uploads), status=422)
    return _arrived(asked, posted.ticket.number or "")


def _arrived(asked: Asked, number: str) -> Fragment:
    return Fragment(go=f"tickets/{number}" if asked.who.signed else f"sent/{number}", status=303)


def _read(
    asked: Asked, form: Form, uid: str, uploads: tuple[Upload, ...], entered: MultiDict[str, str]
) -> NewTicket | None:
    """Return the ticket that was asked for, or None when the form alone tells that something is missing."""
    extra, problems = answers(form.asked)
    if form.department is None:
        problems["department"] = [_("Choose what it is about.")]
    if not entered.get("subject", "").strip():
        problems["subject"] = [_("Write a few words that say what it is about.")]
    if not entered.get("body", "").strip():
        problems["body"] = [_("Write what happened, or what you need.")]
    requester = None
    if asked.who.signed is None:
        requester = Requester(email=entered.get("email", ""), name=entered.get("name", ""))
        try:
            normalise(requester.email or "")
        except Invalid as error:
            problems["email"] = list(error.problems["address"])
    if problems:
        form.errors = problems
        return None
    snapshot = Snapshot(asked.site.id, asked.site.name, asked.place.page, dict(asked.who.data))
    return NewTicket(
        subject=entered.get("subject", ""),
        message=NewMessage(
            text=entered.get("body", ""), uploads=uploads, attachments=tuple(each.uid for each in form.kept), uid=uid
        ),
        department=form.department or "",
        requester=requester,
        locale=language(),
        extra={**extra, ID: snapshot},
    )


def _kept(asked: Asked, form: Form, uploads: tuple[Upload, ...]) -> Form:
    """Keep the files of a form that is shown again; a visitor has to choose them again, and is told so."""
    close_session()
    if not uploads:
        return form
    if asked.who.signed is None:
        again = _("Choose the files once more; they could not be kept.")
        form.errors = {**form.errors, "files": [*form.errors.get("files", ()), again]}
        return form
    stored, problems = keep_files(asked.desk, asked.actor, uploads)
    form.kept = [*form.kept, *stored]
    if problems:
        form.errors = {**form.errors, "files": problems}
    return form


def _page(asked: Asked, form: Form, *, status: int = 200, max_age: int = 0) -> Fragment:
    named: dict[str, Any] = {
        "department": _("About"), "subject": _("Subject"), "body": _("Message"), "email": _("E-mail address"),
        "files": _("Files"), **labels(form.asked),
    }  # fmt: skip
    subject = form.entered.get("subject", "").strip()
    return show(
        asked,
        "cms/new.html",
        _("Ask for help"),
        status=status,
        max_age=max_age,
        form=form,
        name=form.entered.get("name", asked.who.name),
        email=form.entered.get("email", asked.who.email),
        form_uid=form.entered.get("form_uid") or new_uid(),
        labels=named,
        asks_more=_asks_more(asked, form),
        promise=asked.desk.hooks.pick(answer_promise, actor=asked.actor, department=form.department),
        answers=answers_to(subject, form.department, SHORT) if status == 200 else [],
        max_mb=asked.desk.settings.site().attachment_max_mb,
    )


def _asks_more(asked: Asked, form: Form) -> bool:
    """Tell whether a choice may bring further questions, so that there has to be a button to show them."""
    if not asked.desk.hooks.implementers(ticket_form_fields):
        return False
    return len(form.departments) > 1 or any(each.field.asks_again for each in form.asked)
