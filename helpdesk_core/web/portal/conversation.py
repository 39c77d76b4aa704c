"""A customer's ticket: what was written, and what one can do."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from werkzeug.wrappers import Response

from helpdesk_core.actor import Actor
from helpdesk_core.attachments.inputs import Upload
from helpdesk_core.attachments.models import Attachment
from helpdesk_core.drafts.service import drop_draft, find_draft
from helpdesk_core.errors import Conflict, HelpdeskError
from helpdesk_core.tickets import changing, people
from helpdesk_core.tickets.conversation import needs_follow_up
from helpdesk_core.tickets.conversation import reply as post_reply
from helpdesk_core.tickets.inputs import NewMessage
from helpdesk_core.tickets.models import Message, Participant, Ticket
from helpdesk_core.tickets.posting import Posted
from helpdesk_core.tickets.queries import conversation, find_ticket, participants
from helpdesk_core.tickets.rights import visible
from helpdesk_core.tickets.seen import mark_seen, seen_at
from helpdesk_core.web.asking_ahead import ask_ahead
from helpdesk_core.web.context import close_session, current_actor, current_desk, db, signed_in
from helpdesk_core.web.letters import as_letter
from helpdesk_core.web.localisation import gettext as _
from helpdesk_core.web.localisation import said
from helpdesk_core.web.message_parts import message_parts, of_messages
from helpdesk_core.web.oversize import refuse_left_out
from helpdesk_core.web.portal.words import standing
from helpdesk_core.web.resent import MARK, OTHER_CONTENT, content_mark, sent_before
from helpdesk_core.web.routing import CUSTOMER, Routes
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

NAMES = {"text": "body", "attachments": "body", "email": "address"}


@routes.get("/tickets/<number>", permission=CUSTOMER)
def ticket(number: str) -> Any:
    """Show the conversation; a merged ticket leads to where it went."""
    actor = current_actor()
    found = find_ticket(db(), actor, number, "portal")
    if found.merged_into_id is not None and (goes_on := _where_it_went(actor, found)):
        return redirect(url_for("portal.ticket", number=goes_on))
    return _page(actor, found)


@routes.post("/tickets/<number>/reply", permission=CUSTOMER, shows_again=True)
def reply(number: str) -> Any:
    """Send an answer; the same form sent twice is one answer."""
    actor, desk, uid = current_actor(), current_desk(), form_uid()
    found = find_ticket(db(), actor, number, "portal")
    uploads = received_files()
    done, mark = sent_before(db(), uid), content_mark(db(), uploads)
    kept = waiting_files(db(), actor, request.form.getlist("attachments"))
    close_session()
    if done is not None and done.says(mark):
        return redirect(url_for("portal.ticket", number=done.number))
    draft = NewMessage(
        text=request.form.get("body", ""),
        uploads=uploads,
        attachments=tuple(each.uid for each in kept),
        details={MARK: mark},
        uid=uid,
    )
    try:
        if done is not None:
            begin_anew()
            raise Conflict(OTHER_CONTENT)
        refuse_left_out()
        refuse_unusable(request.form)
        posted = post_reply(desk, actor, number, draft)
    except IntegrityError:
        done = sent_before(db(), uid)
        if done is None:
            raise
        if done.says(mark):
            return redirect(url_for("portal.ticket", number=number))
        begin_anew()
        return _page_again(actor, found, Conflict(OTHER_CONTENT), uploads, kept)
    except EXPECTED as error:
        return _page_again(actor, found, error, uploads, kept)
    drop_draft(desk, actor, f"reply-{number}")
    return _answered(actor, number, posted)


@routes.post("/tickets/<number>/close", permission=CUSTOMER)
def close(number: str) -> Response:
    """Close one's own ticket."""
    return _turn(number, to_open=False)


@routes.post("/tickets/<number>/reopen", permission=CUSTOMER)
def reopen(number: str) -> Response:
    """Open one's own ticket again."""
    return _turn(number, to_open=True)


@routes.post("/tickets/<number>/people", permission=CUSTOMER)
def invite(number: str) -> Any:
    """Let somebody take part, by their address."""
    actor, address, colleague = current_actor(), request.form.get("address", "").strip(), request.form.get("colleague")
    found = find_ticket(db(), actor, number, "portal")
    close_session()
    try:
        people.add_participant(current_desk(), actor, number, "cc", uid=colleague or None, email=address)
    except EXPECTED as error:
        return _page(actor, found, error), error.status
    flash(_("They take part now.") if colleague else _("%(address)s takes part now.", address=address), "success")
    return redirect(url_for("portal.ticket", number=number))


@routes.post("/tickets/<number>/people/remove", permission=CUSTOMER)
def uninvite(number: str) -> Response:
    """Take somebody off, or oneself."""
    actor, uid = current_actor(), request.form.get("uid", "")
    find_ticket(db(), actor, number, "portal")
    close_session()
    people.remove_participant(current_desk(), actor, number, "cc", uid)
    flash(_("Done."), "success")
    return redirect(url_for("portal.tickets") if uid == actor.uid else url_for("portal.ticket", number=number))


def _turn(number: str, *, to_open: bool) -> Response:
    actor, desk = current_actor(), current_desk()
    find_ticket(db(), actor, number, "portal")
    close_session()
    try:
        if to_open:
            changing.reopen(desk, actor, number)
        else:
            changing.close(desk, actor, number)
    except EXPECTED as error:
        flash(said(error), "error")
    else:
        flash(_("The ticket is open again.") if to_open else _("The ticket is closed."), "success")
    return redirect(url_for("portal.ticket", number=number))


def _page_again(
    actor: Actor, ticket: Ticket, error: HelpdeskError, uploads: Sequence[Upload], kept: Sequence[Attachment]
) -> tuple[str, int]:
    """Return the page with what was typed and attached, and with what is wrong."""
    close_session()
    stored: list[Attachment] = keep_files(current_desk(), actor, uploads)[0] if actor.is_signed_in else []
    return _page(actor, ticket, error, [*kept, *stored]), error.status


def _answered(actor: Actor, number: str, posted: Posted) -> Response:
    at = posted.ticket.number or number
    if not posted.followed_up:
        return redirect(url_for("portal.ticket", number=at, _anchor=f"m-{posted.message.uid}"))
    if actor.is_signed_in:
        flash(_("That ticket is closed, so your answer has opened this new one."), "success")
        return redirect(url_for("portal.ticket", number=at))
    flash(_("This ticket is closed, so your answer has opened a new one. We sent you a mail about it."), "success")
    return redirect(url_for("portal.ticket", number=number))


def _page(actor: Actor, ticket: Ticket, error: HelpdeskError | None = None, kept: Sequence[Attachment] = ()) -> str:
    desk, session = current_desk(), db()
    messages = conversation(session, ticket, internal=False)
    others = [each for each in participants(session, ticket) if each.role == "cc"]
    read = seen_at(session, actor, ticket)
    draft = find_draft(session, actor, f"reply-{ticket.number}") if request.method == "GET" else None
    own = actor.user_id == ticket.requester_id
    signed = signed_in()
    to_invite = people.colleagues(session, actor, ticket, signed.user.organisation_id) if own and signed else ()
    begun: Mapping[str, Sequence[str]] = draft.content if draft else {}
    kept = kept or waiting_files(session, actor, begun.get("attachments", ()))
    close_session()
    if read is None or read < ticket.updated_at:
        mark_seen(desk, actor, ticket)
    late = needs_follow_up(ticket, desk.now())
    slots = [of_slot(name, ticket=ticket) for name in ("portal.ticket.foot", "portal.ticket.sidebar")]
    ask_ahead([*of_layout(), of_messages(messages, ticket), *slots])
    return render_template(
        "portal/ticket.html",
        ticket=ticket,
        standing=standing(actor, ticket),
        letters=[as_letter(message) for message in messages],
        roles={message.id: _role(actor, message) for message in messages},
        parts=message_parts(messages, ticket),
        people=[_person(actor, each, own) for each in others],
        is_own=own,
        colleagues=[(each.uid, each.name) for each in to_invite],
        invites_anybody=desk.settings.site().customers_invite == "anybody",
        merged=ticket.merged_into_id is not None,
        may_reopen=own and not ticket.is_open and not late,
        opens_new=late,
        kept=kept,
        errors=problems_of(error, NAMES) if error else {},
        body=request.form.get("body", "".join(begun.get("body", ())[:1])),
        address=request.form.get("address", ""),
        form_uid=form_uid(),
    )


def _role(actor: Actor, message: Message) -> str:
    if message.author_id is not None and message.author_id == actor.user_id:
        return str(_("You"))
    return str(_("Support")) if message.side == "agent" else ""


def _person(actor: Actor, participant: Participant, own: bool) -> Mapping[str, Any]:
    user = participant.user
    mine = actor.kind == "user" and user.id == actor.user_id
    return {"name": user.name, "email": user.primary_email, "uid": user.uid, "removable": own or mine, "is_me": mine}


def _where_it_went(actor: Actor, ticket: Ticket) -> str | None:
    """Return the number of the ticket that this one was merged into, if the actor may see it."""
    query = select(Ticket.number).where(Ticket.id == ticket.merged_into_id, visible(actor, "portal"))
    number: str | None = db().scalar(query)
    return number
