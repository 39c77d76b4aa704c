"""Writing on a ticket: replies, notes, their preview, and taking a reply back before it has gone out."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from flask import flash, redirect, request, url_for
from sqlalchemy.exc import IntegrityError
from werkzeug.wrappers import Response

from helpdesk_core.attachments.inputs import Upload
from helpdesk_core.drafts.service import drop_draft, keep_draft
from helpdesk_core.errors import Conflict, HelpdeskError, NotFound
from helpdesk_core.tickets import changing, people
from helpdesk_core.tickets.holding import draft_of, send_reply, undo_send
from helpdesk_core.tickets.inputs import Change, NewMessage
from helpdesk_core.tickets.mentions import note_with_mentions
from helpdesk_core.tickets.models import Message, Ticket
from helpdesk_core.tickets.posting import Posted
from helpdesk_core.tickets.queries import conversation as messages_of
from helpdesk_core.tickets.queries import find_ticket
from helpdesk_core.web import hooks
from helpdesk_core.web.context import close_session, current_actor, current_desk, db, words
from helpdesk_core.web.desk.composer import READ_TO, Composer, draft_name, from_form, kind_of, preview_html
from helpdesk_core.web.desk.ticket import show
from helpdesk_core.web.drafts import drafted
from helpdesk_core.web.localisation import gettext as _
from helpdesk_core.web.localisation import said
from helpdesk_core.web.oversize import left_out, refuse_left_out
from helpdesk_core.web.resent import MARK, OTHER_CONTENT, SentBefore, content_mark, sent_before
from helpdesk_core.web.routing import STAFF, Routes
from helpdesk_core.web.submitted import (
    EXPECTED,
    begin_anew,
    form_uid,
    keep_files,
    problems_of,
    received_files,
    refuse_unusable,
)

routes = Routes("desk", "/desk")

Answer = Response | str | tuple[str, int]


@routes.post("/tickets/<number>/messages", permission=STAFF, shows_again=True)
def post_message(number: str) -> Answer:
    """Send a reply or add a note; the same form sent twice makes one message."""
    uid, uploads = form_uid(), received_files()
    before = sent_before(db(), uid, internal=True)
    if before is not None:
        return _once_more(number, uid, before, content_mark(db(), uploads), uploads)
    for name, act in _OTHER_BUTTONS.items():
        if name in request.form:
            return act(number, uploads)
    if kind_of(request.form.get("kind", "")) == "internal":
        return _sending(number, _note, uploads)
    answered = _answered_meanwhile(number)
    if answered is not None:
        composer = _shown_again(uploads)
        composer.warning = _(
            "%(name)s answered while you were writing. Your text is kept: read the answer above, then send yours "
            "again if it still holds.",
            name=answered.author_name,
        )
        return show(number, composer), 409
    return _sending(number, _reply, uploads)


@routes.post("/tickets/<number>/preview", permission=STAFF)
def preview(number: str) -> str:
    """Return what a text will look like when it is sent; for the script of the composer."""
    find_ticket(db(), current_actor(), number, "desk")
    return preview_html(request.form.get("body", ""))


@routes.post("/tickets/<number>/insert", permission=STAFF)
def insert(number: str) -> str:
    """Return the text that a plugin's button puts into the composer; for the script of the composer."""
    return _text_to_insert(number)


@routes.post("/tickets/<number>/held/<uid>/undo", permission=STAFF)
def take_back(number: str, uid: str) -> Response:
    """Take a reply back that has not gone out; it is in the composer again."""
    desk, actor = current_desk(), current_actor()
    close_session()
    try:
        message = draft_of(undo_send(desk, actor, uid))
        begun = {"body": [message.text], "kind": ["public"], "attachments": list(message.attachments)}
        keep_draft(desk, actor, draft_name(number), {name: values for name, values in begun.items() if any(values)})
    except NotFound:
        raise
    except HelpdeskError as error:
        flash(said(error), "error")
    else:
        flash(_("Taken back. Nothing was sent; your reply is in the composer again."), "success")
    return redirect(url_for("desk.ticket", number=number, _anchor="composer"))


def _once_more(number: str, uid: str, before: SentBefore, mark: str, uploads: Sequence[Upload]) -> Answer:
    """Answer a form that has made a message: as the first time if it says the same, else with what is not sent yet."""
    if before.says(mark):
        return redirect(url_for("desk.ticket", number=number, _anchor=f"m-{uid}"))
    begin_anew()
    composer = _shown_again(uploads)
    composer.warning = said(Conflict(OTHER_CONTENT))
    return show(number, composer), 409


def _sending(number: str, send: Callable[[str, NewMessage], str], uploads: tuple[Upload, ...]) -> Answer:
    """Send what the form brought; on any problem show it again, with everything that was typed and attached."""
    desk, actor, uid = current_desk(), current_actor(), form_uid()
    mark = content_mark(db(), uploads)
    message = NewMessage(
        uid=uid,
        text=request.form.get("body", ""),
        attachments=tuple(request.form.getlist("attachments")),
        uploads=uploads,
        status=_status_after(request.form.get("then", "")),
        details={MARK: mark},
    )
    close_session()
    try:
        refuse_left_out()
        refuse_unusable(request.form)
        where = send(number, message)
    except IntegrityError:
        before = sent_before(db(), uid, internal=True)  # the same form twice in the same moment
        if before is None:
            raise
        return _once_more(number, uid, before, mark, uploads)
    except EXPECTED as error:
        kept, wrong = keep_files(desk, actor, uploads)
        problems = [*(text for texts in problems_of(error).values() for text in texts), *wrong]
        return show(number, from_form(db(), actor, [each.uid for each in kept], problems)), 422
    drop_draft(desk, actor, draft_name(number))
    return redirect(url_for("desk.ticket", number=where, _anchor=f"m-{message.uid}"))


def _note(number: str, message: NewMessage) -> str:
    noted = note_with_mentions(current_desk(), current_actor(), number, message)
    if noted.mentioned:
        names = ", ".join(each.name for each in noted.mentioned)
        flash(_("Note added. It is told to %(names)s, who can follow the ticket now.", names=names), "success")
    else:
        flash(_("Note added."), "success")
    if noted.left_out:
        names = ", ".join(each.name for each in noted.left_out)
        text = _("%(names)s may not read this ticket and was not told. Bring them in under “People”.", names=names)
        flash(text, "warning")
    return noted.posted.ticket.number or number


def _reply(number: str, message: NewMessage) -> str:
    desk, actor = current_desk(), current_actor()
    _arrange_copies(number)
    sent = send_reply(desk, actor, number, message)
    if isinstance(sent, Posted):
        flash(_("Reply sent."), "success")
        _take(sent.ticket)
        return sent.ticket.number or number
    with desk.read() as session:
        _take(find_ticket(session, actor, number))
    return number


def _arrange_copies(number: str) -> None:
    """Let those get a copy whom the form names, and nobody else; it shows who got one so far."""
    desk, actor = current_desk(), current_actor()
    for uid in set(request.form.getlist("cc_was")) - set(request.form.getlist("cc")):
        people.remove_participant(desk, actor, number, "cc", uid)
    for address in re.split(r"[,;\s]+", request.form.get("cc_add", "")):
        if address:
            people.add_participant(desk, actor, number, "cc", email=address)


def _take(answered: Ticket) -> None:
    """Let who answers a ticket that nobody has become its assignee, if they may; a courtesy that may fail."""
    actor = current_actor()
    if answered.assignee_id is not None or not actor.may("ticket.assign", answered.department_id):
        return
    try:
        changing.change(current_desk(), actor, answered.number or "", Change(assignee=actor.uid))
    except HelpdeskError as error:
        flash(said(error), "warning")


def _answered_meanwhile(number: str) -> Message | None:
    """Return somebody else's public message that came after the last one that the form's page showed."""
    read_to, actor = request.form.get(READ_TO, ""), current_actor()
    messages: Sequence[Message] = messages_of(db(), find_ticket(db(), actor, number, "desk"), internal=True)
    read = next((each for each in messages if each.uid == read_to), None)
    if read is None:
        return None
    later = (each for each in messages if each.id > read.id and each.kind == "public")
    return next((each for each in later if each.author_id != actor.user_id), None)


def _status_after(then: str) -> str | None:
    return then if then in words().statuses else None


def _shown_again(uploads: Sequence[Upload]) -> Composer:
    """Return the composer as the form brought it, its files taken in so that nobody has to choose them twice."""
    desk, actor = current_desk(), current_actor()
    close_session()
    kept, wrong = keep_files(desk, actor, uploads)
    return from_form(db(), actor, [each.uid for each in kept], [*wrong, *left_out()])


def _previewed(number: str, uploads: Sequence[Upload]) -> Answer:
    """Show the page with a preview, where no script fetches one."""
    composer = _shown_again(uploads)
    composer.preview = preview_html(composer.body)
    return show(number, composer)


def _inserted(number: str, uploads: Sequence[Upload]) -> Answer:
    """Show the page with a plugin's text at the end of what was written, where no script puts it to the cursor."""
    composer = _shown_again(uploads)
    composer.body = "\n\n".join(part for part in (composer.body.rstrip(), _text_to_insert(number)) if part)
    return show(number, composer)


def _kept(number: str, uploads: Sequence[Upload]) -> Answer:
    """Keep the draft, where no script keeps it by itself."""
    composer = _shown_again(uploads)
    fields = {**drafted(), "attachments": [each.uid for each in composer.attachments]}
    try:
        keep_draft(current_desk(), current_actor(), draft_name(number), _writing(fields))
    except EXPECTED as error:
        composer.problems = [said(error)]
        return show(number, composer), error.status
    flash(_("Your draft is kept. It waits for you here, on every device."), "success")
    return redirect(url_for("desk.ticket", number=number, _anchor="composer"))


def _writing(fields: dict[str, Any]) -> dict[str, list[str]]:
    names = ("body", "kind", "attachments", "cc_add")
    kept = {name: fields[name] for name in names if fields.get(name)}
    return kept if kept.keys() - {"kind"} else {}


def _text_to_insert(number: str) -> str:
    desk, actor = current_desk(), current_actor()
    found = find_ticket(db(), actor, number, "desk")
    text = desk.hooks.pick(hooks.composer_text, key=request.form.get("insert", ""), ticket=found, actor=actor)
    if text is None:
        raise NotFound(_("There is no such text any more. Reload the page and choose another."))
    return text


_OTHER_BUTTONS: dict[str, Callable[[str, Sequence[Upload]], Answer]] = {
    "insert": _inserted,
    "preview": _previewed,
    "keep": _kept,
}
"""What else the composer's form can be sent for, by the name of the button; nothing is posted then."""
