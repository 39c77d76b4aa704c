"""What is kept about oneself: to take along, and to have erased."""

from tempfile import TemporaryFile
from typing import Any

from flask import flash, redirect, render_template, request, send_file, url_for

from helpdesk_core.departments.queries import visible_departments
from helpdesk_core.errors import Conflict
from helpdesk_core.tickets.inputs import NewMessage, NewTicket
from helpdesk_core.tickets.opening import open_ticket
from helpdesk_core.users.privacy import export_personal_data
from helpdesk_core.web.context import close_session, current_actor, current_desk, db
from helpdesk_core.web.localisation import gettext as _
from helpdesk_core.web.localisation import language
from helpdesk_core.web.resent import MARK, OTHER_CONTENT, content_mark, sent_before
from helpdesk_core.web.routing import SIGNED_IN, Routes
from helpdesk_core.web.submitted import EXPECTED, begin_anew, form_uid, problems_of, refuse_unusable

routes = Routes("portal")


@routes.get("/account/data", permission=SIGNED_IN)
def data() -> str:
    """Show what can be had and what can be asked for."""
    return _page({})


@routes.post("/account/data/export", permission=SIGNED_IN)
def export() -> Any:
    """Hand out a ZIP of all that is kept about the person."""
    actor = current_actor()
    close_session()
    target = TemporaryFile()  # noqa: SIM115 - closed when the answer is sent
    export_personal_data(current_desk(), actor, actor.uid or "", target)
    target.seek(0)
    day = current_desk().now().date().isoformat()
    return send_file(
        target, mimetype="application/zip", as_attachment=True, download_name=f"personal-data-{day}.zip", max_age=0
    )


@routes.post("/account/data/erase", permission=SIGNED_IN)
def ask_for_erasure() -> Any:
    """Ask to be forgotten: a ticket like any other, so that somebody answers for it and it cannot get lost."""
    actor, desk, uid = current_actor(), current_desk(), form_uid()
    departments, done = visible_departments(desk, db(), actor), sent_before(db(), uid)
    mark = content_mark(db(), ())
    close_session()
    if done is not None and done.says(mark):
        return redirect(url_for("portal.ticket", number=done.number))
    if done is not None:
        begin_anew()
        return _page(problems_of(Conflict(OTHER_CONTENT))), 409
    if request.form.get("sure") != "1":
        return _page({"sure": [_("Tick the box, so that nothing is erased by mistake.")]}), 422
    if not departments:
        return _page({"": [_("Nobody takes questions here just now. Write to us by mail.")]}), 409
    said = _(
        "Please erase all that you keep about me. I know that my account ends with it, and that it cannot be undone."
    )
    words = request.form.get("body", "").strip()
    new = NewTicket(
        subject=_("Erase my personal data"),
        message=NewMessage(text=f"{said}\n\n{words}".strip(), details={MARK: mark}, uid=uid),
        department=departments[0].key,
        locale=language(),
    )
    try:
        refuse_unusable(request.form)
        posted = open_ticket(desk, actor, new)
    except EXPECTED as error:
        return _page(problems_of(error)), error.status
    flash(_("We have your request. You hear from us here and by mail."), "success")
    return redirect(url_for("portal.ticket", number=posted.ticket.number))


def _page(errors: dict[str, list[str]]) -> str:
    return render_template("portal/data.html", errors=errors, body=request.form.get("body", ""), form_uid=form_uid())
