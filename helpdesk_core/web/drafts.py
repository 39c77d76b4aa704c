"""Forms keep themselves while somebody writes: a script sends the fields here now and then."""

from typing import Any

from flask import request

from helpdesk_core.drafts.service import keep_draft
from helpdesk_core.web.context import close_session, current_actor, current_desk, db
from helpdesk_core.web.resent import sent_before
from helpdesk_core.web.routing import SIGNED_IN, Routes
from helpdesk_core.web.security import FIELD
from helpdesk_core.web.submitted import FORM_UID, form_uid

routes = Routes("drafts")
ROUTES = (routes,)


@routes.post("/drafts/<name>", permission=SIGNED_IN)
def keep(name: str) -> Any:
    """Keep the fields of a form; what was sent meanwhile is no draft any more."""
    actor, uid = current_actor(), form_uid()
    sent = sent_before(db(), uid, internal=True) is not None
    close_session()
    keep_draft(current_desk(), actor, name, {} if sent else drafted())
    return "", 204


def drafted() -> dict[str, list[str]]:
    """Return the fields of the form at hand that somebody has written something in."""
    skipped = {FIELD, FORM_UID, "then"}
    fields = {key: values for key, values in request.form.lists() if key not in skipped}
    return {key: kept for key, values in fields.items() if (kept := [each for each in values if each.strip()])}
