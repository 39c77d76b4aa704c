"""What could not be delivered: events that were parked, and the mails that are to leave or have left."""

from typing import Any

from flask import Response as FlaskResponse
from flask import redirect, request, url_for
from flask_babel import ngettext
from sqlalchemy import select
from werkzeug.wrappers import Response

from helpdesk_core.errors import NotFound
from helpdesk_core.events import parked as service
from helpdesk_core.mail import outbox as mails
from helpdesk_core.mail.models import OutgoingMail
from helpdesk_core.mail.trial import send_trial
from helpdesk_core.tickets.models import Ticket
from helpdesk_core.tickets.rights import visible
from helpdesk_core.users.guards import acts_as_owner
from helpdesk_core.web.admin.common import act, new_routes, show
from helpdesk_core.web.context import current_actor, current_desk, db
from helpdesk_core.web.localisation import gettext as _

routes = new_routes()

PAGE = 50
SANDBOX = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'"
"""The mail's own HTML runs nothing, loads nothing, and is of no origin."""


@routes.get("/events", permission="event.manage")
def parked() -> Any:
    """List the events that a plugin, or core itself, could not handle."""
    subscriber = request.args.get("subscriber") or None
    after = request.args.get("after", type=int)
    found = service.parked(current_desk(), subscriber=subscriber, after=after, limit=PAGE + 1)
    shown = list(found[:PAGE])
    older = url_for("admin.parked", subscriber=subscriber, after=shown[-1].id) if len(found) > PAGE else ""
    return show(
        "parked",
        deliveries=shown,
        numbers=_numbers({each.event.ticket_id for each in shown}),
        backlog=service.backlog(current_desk()),
        titles=_titles(),
        subscriber=subscriber or "",
        older=older,
    )


@routes.post("/events/<int:delivery_id>/retry", permission="event.manage")
def retry_event(delivery_id: int) -> Response:
    """Try to deliver an event again."""
    return act(
        lambda: service.retry(current_desk(), current_actor(), delivery_id),
        _("It is tried again now. Reload in a moment: if it fails again, it comes back here."),
        url_for("admin.parked"),
    )


@routes.post("/events/retry", permission="event.manage")
def retry_events() -> Response:
    """Try again all events that the page has shown."""
    ids = [int(each) for each in request.form.getlist("id") if each.isdecimal()][:PAGE]
    done: list[int] = []

    def retry() -> None:
        for delivery_id in ids:
            try:
                service.retry(current_desk(), current_actor(), delivery_id)
            except NotFound:
                continue  # somebody was quicker
            done.append(delivery_id)

    return act(
        retry,
        ngettext("%(num)d is tried again now.", "%(num)d are tried again now.", len(ids)),
        url_for("admin.parked"),
    )


@routes.post("/events/<int:delivery_id>/drop", permission="event.manage")
def drop_event(delivery_id: int) -> Response:
    """Give an event up: whoever was to hear of it never does."""
    return act(
        lambda: service.drop(current_desk(), current_actor(), delivery_id),
        _("It is dropped. The event itself stays in the record."),
        url_for("admin.parked"),
    )


def mail_states() -> dict[str, tuple[str, str]]:
    """Return the states of mails: words, and the kind of their pill."""
    return {
        "queued": (_("Waiting"), "info"),
        "sending": (_("Being sent"), "info"),
        "sent": (_("Sent"), "success"),
        "failed": (_("Failed"), "danger"),
        "dropped": (_("Not sent"), ""),
    }


@routes.get("/outbox", permission="event.manage")
def outbox() -> Any:
    """List the mails that are to leave or have left."""
    state = request.args.get("state", "")
    state = state if state in mails.STATES else ""
    found = mails.outbox(current_desk(), state=state or None, after=request.args.get("after", type=int), limit=PAGE)
    return show(
        "outbox",
        mails=found.mails,
        numbers=_numbers({each.ticket_id for each in found.mails}),
        counts=mails.counts(current_desk()),
        states=mail_states(),
        state=state,
        older=url_for("admin.outbox", state=state or None, after=found.next) if found.next else "",
        transport=current_desk().settings.mail().transport,
    )


@routes.post("/outbox/_test", permission="settings.manage")
def test_mail() -> Response:
    """Send a test mail to an address, and go on to where its way can be seen."""
    address = request.form.get("address", "") or current_actor().email or ""
    sent: list[str] = []
    back = url_for("admin.subject", owner="core.mail")
    answer = act(
        lambda: sent.append(send_trial(current_desk(), current_actor(), address)),
        _(
            "A test mail to %(address)s waits to be sent. Reload in a moment to see how it went.",
            address=address.strip(),
        ),
        back,
    )
    if sent and current_actor().may("event.manage"):
        return redirect(url_for("admin.mail", uid=sent[0]))
    return answer


@routes.get("/outbox/<uid>", permission="event.manage")
def mail(uid: str) -> Any:
    """Show one mail: its headers, and what it says."""
    found = mails.find_mail(db(), uid)
    return show(
        "mail",
        mail=found,
        tells=_tells(found),
        number=_numbers({found.ticket_id}).get(found.ticket_id or 0, ""),
        states=mail_states(),
        headers=[(name, value) for name, value in found.headers.items()],
    )


@routes.get("/outbox/<uid>/html", permission="event.manage")
def mail_html(uid: str) -> Response:
    """Return the HTML of a mail for the frame that shows it, shut off from everything."""
    found = mails.find_mail(db(), uid)
    if not _tells(found):
        raise NotFound(_("What this mail says is not for you to see."))
    response = FlaskResponse(found.body_html or "", content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = SANDBOX
    return response


def _tells(found: OutgoingMail) -> bool:
    """Whether the reader may see what the mail says.

    One of a ticket, if they work the ticket; one of none may hold a link that opens an account: owners only.
    """
    actor = current_actor()
    if found.ticket_id is None:
        return acts_as_owner(db(), actor)
    works = select(Ticket.id).where(Ticket.id == found.ticket_id, visible(actor, "desk"))
    return db().scalar(works) is not None


@routes.post("/outbox/<uid>/retry", permission="event.manage")
def retry_mail(uid: str) -> Response:
    """Try to send a mail again, or at once."""
    return act(
        lambda: mails.retry(current_desk(), current_actor(), uid),
        _("It is sent again now. Reload in a moment to see how it went."),
        url_for("admin.mail", uid=uid),
    )


@routes.post("/outbox/<uid>/drop", permission="event.manage")
def drop_mail(uid: str) -> Response:
    """Give a mail up."""
    return act(
        lambda: mails.drop(current_desk(), current_actor(), uid),
        _("This mail is not sent any more. It stays in the list."),
        url_for("admin.outbox"),
    )


def _numbers(ids: "set[int | None]") -> dict[int, str]:
    wanted = sorted(each for each in ids if each is not None)
    rows = db().execute(select(Ticket.id, Ticket.number).where(Ticket.id.in_(wanted))) if wanted else ()
    return {ticket_id: number or "" for ticket_id, number in rows}


def _titles() -> dict[str, str]:
    return {state.id: state.title or state.id for state in current_desk().plugins}
