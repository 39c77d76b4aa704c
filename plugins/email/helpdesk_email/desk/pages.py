"""The desk page “Mail”: every received mail with its path, and what people can do about it."""

from collections.abc import Callable, Sequence
from functools import partial
from io import BytesIO
from typing import Any

from flask import Response as FlaskResponse
from flask import flash, redirect, render_template, request, send_file, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from helpdesk_core.api import EVERYWHERE, HelpdeskError, Route
from helpdesk_core.api.portal import refuse_unusable
from helpdesk_core.api.web import close_session, current_actor, current_desk, db, rail_context, said, words

from ..models import STATES
from ..receiving import Gateway
from ..texts import texts
from . import acts, blocking, showing
from .listing import MOST_COUNTED, count_mails, find_received, list_mails
from .undelivered import MANAGE, allow, suppressed_addresses

_ = texts.gettext
HARMLESS = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'"
FRAME = Markup(
    '<!doctype html><meta charset="utf-8"><title>{title}</title>'
    '<div style="font:15px/1.5 sans-serif;margin:12px;overflow-wrap:anywhere">{html}</div>'
)


class MailPages:
    """The views; every one needs the permission for mail, and shows only what the person may read."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway

    def routes(self) -> Sequence[Route]:
        """Return the pages below /desk/x/email/."""
        table: Sequence[tuple[str, Callable[..., Any], str, str]] = (
            ("/", self.mails, "GET", "mails"),
            ("/bulk", self.bulk, "POST", "bulk"),
            ("/mails/<uid>", self.mail, "GET", "mail"),
            ("/mails/<uid>/source", self.source, "GET", "source"),
            ("/mails/<uid>/mail.eml", self.download, "GET", "download"),
            ("/mails/<uid>/html", self.html, "GET", "html"),
            ("/mails/<uid>/files/<int:index>", self.file, "GET", "file"),
            ("/mails/<uid>/act", self.act, "POST", "act"),
            ("/blocked", self.blocked, "GET", "blocked"),
            ("/blocked", self.block, "POST", "block"),
            ("/blocked/<uid>/remove", self.unblock, "POST", "unblock"),
            ("/undelivered", self.undelivered, "GET", "undelivered"),
            ("/undelivered/<uid>/allow", self.allow, "POST", "allow"),
        )
        return [Route(rule, view, MANAGE, (method,), name) for rule, view, method, name in table]

    def mails(self) -> str:
        """List received mails."""
        state, q = request.args.get("state", ""), request.args.get("q", "")[:200]
        state = state if state in STATES else ""
        found = list_mails(db(), current_actor(), state=state, q=q, after=request.args.get("after", type=int))
        older = url_for("desk_email_mails", state=state or None, q=q or None, after=found.next) if found.next else ""
        return _show(
            "mails",
            found=found,
            counts=count_mails(db(), current_actor()),
            most=MOST_COUNTED,
            states=showing.state_words(),
            state=state,
            q=q,
            older=older,
        )

    def mail(self, uid: str) -> str:
        """Show one mail with its path."""
        actor = current_actor()
        row, ticket = find_received(db(), actor, uid)
        departments = [
            (each.key, each.name)
            for each in words().departments.values()
            if each.is_active and actor.may("ticket.open", each.id)
        ]
        return _show(
            "mail",
            row=row,
            ticket=ticket,
            shown=showing.show(self.gateway.archive, row),
            look=showing.state_words()[row.state],
            departments=departments,
            longest=showing.LONGEST_TEXT,
            may_block=_everywhere(),
        )

    def source(self, uid: str) -> str:
        """Show the mail as it came."""
        row, _ticket = find_received(db(), current_actor(), uid)
        text, is_cut = showing.source_of(self.gateway.archive, row)
        return _show("mail_source", row=row, text=text, is_cut=is_cut)

    def download(self, uid: str) -> Response:
        """Hand the mail out as a file."""
        row, _ticket = find_received(db(), current_actor(), uid)
        return _as_file(showing.bytes_of(self.gateway.archive, row), f"{row.uid}.eml")

    def html(self, uid: str) -> Response:
        """Return the mail's HTML for the frame that shows it; nothing in it runs or loads."""
        row, _ticket = find_received(db(), current_actor(), uid)
        safe = Markup(showing.html_of(self.gateway.archive, row))  # noqa: S704 - it was sanitised there
        response = FlaskResponse(
            FRAME.format(title=row.subject or "", html=safe), content_type="text/html; charset=utf-8"
        )
        response.headers["Content-Security-Policy"] = HARMLESS
        return response

    def file(self, uid: str, index: int) -> Response:
        """Hand out a file of the mail."""
        row, _ticket = find_received(db(), current_actor(), uid)
        found = showing.file_of(self.gateway.archive, row, index)
        return _as_file(found.content, found.name)

    def act(self, uid: str) -> Response:
        """Do what was decided about a mail."""
        find_received(db(), current_actor(), uid)
        actor, form, gateway = current_actor(), request.form, self.gateway
        do = form.get("do", "")
        table: dict[str, tuple[Callable[[], Any], str]] = {
            "replay": (partial(acts.replay, gateway, actor, uid), _("The mail was processed once more.")),
            "ticket": (
                partial(acts.file_into, gateway, actor, uid, form.get("number", "")),
                _("The mail is on the ticket now."),
            ),
            "open": (
                partial(acts.open_from, gateway, actor, uid, form.get("department", "")),
                _("A ticket was opened from the mail."),
            ),
            "drop": (
                partial(acts.drop, gateway.desk, actor, uid),
                _("The mail is dropped. It is kept here, and can be taken back."),
            ),
            "restore": (partial(acts.restore, gateway.desk, actor, uid), _("The mail waits in the quarantine again.")),
            "block": (
                partial(blocking.block, gateway.desk, actor, form.get("value", "")),
                _("The sender is blocked: further mails are dropped."),
            ),
        }
        if do in table:
            _attempt(*table[do])
        return redirect(url_for("desk_email_mail", uid=uid))

    def bulk(self) -> Response:
        """Do the same to many mails."""
        actor, uids, do = current_actor(), request.form.getlist("uid"), request.form.get("do")
        table: dict[str, Callable[[str], Any]] = {
            "replay": partial(acts.replay, self.gateway, actor),
            "drop": partial(acts.drop, self.gateway.desk, actor),
            "restore": partial(acts.restore, self.gateway.desk, actor),
        }
        close_session()
        refuse_unusable(request.form)
        if do in table and uids:
            done, failed = acts.many(uids, table[do])
            text = texts.ngettext("Done with %(num)s mail.", "Done with %(num)s mails.", done)
            if failed:
                text += " " + texts.ngettext("%(num)s could not be.", "%(num)s could not be.", failed)
            flash(text, "warning" if failed else "success")
        else:
            flash(_("Choose mails first."), "error")
        state = request.form.get("state", "")
        return redirect(url_for("desk_email_mails", state=state if state in STATES else None))

    def blocked(self) -> str:
        """List blocked senders."""
        rows, after = blocking.blocked_senders(db(), after=request.args.get("after", type=int))
        older = url_for("desk_email_blocked", after=after) if after else ""
        return _show("blocked", rows=rows, older=older, may=_everywhere())

    def block(self) -> Response:
        """Block a sender."""
        value = request.form.get("value", "")
        _attempt(lambda: blocking.block(current_desk(), current_actor(), value), _("The sender is blocked."))
        return redirect(url_for("desk_email_blocked"))

    def unblock(self, uid: str) -> Response:
        """Take a sender's mails in again."""
        _attempt(
            lambda: blocking.unblock(current_desk(), current_actor(), uid),
            _("The sender is not blocked any more. Mails that were dropped can be taken back under “Dropped”."),
        )
        return redirect(url_for("desk_email_blocked"))

    def undelivered(self) -> str:
        """List addresses that nothing is sent to."""
        q = request.args.get("q", "")[:200]
        rows, after = suppressed_addresses(db(), q=q, after=request.args.get("after", type=int))
        older = url_for("desk_email_undelivered", q=q or None, after=after) if after else ""
        return _show("undelivered", rows=rows, older=older, q=q, may=_everywhere())

    def allow(self, uid: str) -> Response:
        """Write to an address again."""
        _attempt(lambda: allow(current_desk(), current_actor(), uid), _("Mail is sent to this address again."))
        return redirect(url_for("desk_email_undelivered"))


def _everywhere() -> bool:
    return current_actor().departments(MANAGE) is EVERYWHERE


def _attempt(change: Callable[[], object], text: str) -> None:
    close_session()
    try:
        refuse_unusable(request.form)
        change()
    except HelpdeskError as error:
        flash(said(error), "error")
    else:
        flash(text, "success")


def _as_file(content: bytes, name: str) -> Response:
    response: Response = send_file(
        BytesIO(content), mimetype="application/octet-stream", as_attachment=True, download_name=name, max_age=0
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _show(template: str, **context: Any) -> str:
    return render_template(f"email/{template}.html", **rail_context(), **context)
