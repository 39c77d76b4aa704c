"""How one signs in each department one answers for."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from helpdesk_core.departments.models import Department
from helpdesk_core.departments.queries import signatures_of
from helpdesk_core.departments.service import set_signature
from helpdesk_core.errors import Invalid
from helpdesk_core.web.context import close_session, current_actor, current_desk, db, words
from helpdesk_core.web.localisation import gettext as _
from helpdesk_core.web.localisation import said
from helpdesk_core.web.routing import STAFF, Routes

routes = Routes("portal")


@routes.get("/account/signatures", permission=STAFF)
def signatures() -> str:
    """Show one's signatures, with what is used where there is none."""
    return _page({}, {})


@routes.post("/account/signatures", permission=STAFF)
def save_signatures() -> Response | tuple[str, int]:
    """Keep what was typed; an empty one lets the department's stand."""
    desk, actor = current_desk(), current_actor()
    given = {each.key: request.form.get(f"signature-{each.key}", "") for each in _departments()}
    close_session()
    problems: dict[str, list[str]] = {}
    for key, text in given.items():
        try:
            set_signature(desk, actor, actor.uid or "", key, text)
        except Invalid as error:
            problems[f"signature-{key}"] = [said(error)]
    if problems:
        return _page(given, problems), 422
    flash(_("Your signatures are kept."), "success")
    return redirect(url_for("portal.signatures"))


def _page(given: dict[str, str], problems: dict[str, list[str]]) -> str:
    own = signatures_of(db(), current_actor().user_id or 0)
    rows = [
        {
            "name": f"signature-{each.key}",
            "label": each.name,
            "value": given.get(each.key, own.get(each.id, "")),
            "instead": each.signature or "",
        }
        for each in _departments()
    ]
    return render_template("portal/signatures.html", rows=rows, errors=problems)


def _departments() -> list[Department]:
    actor = current_actor()
    return [each for each in words().departments.values() if each.is_active and actor.may("ticket.reply", each.id)]
