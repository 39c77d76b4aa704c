"""The language of pages for those who have no account to write it in."""

from flask import redirect, request
from werkzeug.wrappers import Response

from helpdesk_core.web.context import LANGUAGE_COOKIE, current_desk
from helpdesk_core.web.routing import PUBLIC, Routes
from helpdesk_core.web.security import local_path, set_cookie

routes = Routes("auth")

A_YEAR = 365 * 86400


@routes.post("/language", permission=PUBLIC)
def choose_language() -> Response:
    """Remember the language in this browser, or go back to the browser's own, and go on where the person was."""
    response = redirect(local_path(request.form.get("next"), f"{request.script_root}/"))
    chosen = request.form.get("language", "")
    if chosen in current_desk().catalogues.languages:
        set_cookie(response, LANGUAGE_COOKIE, chosen, max_age=A_YEAR)
    else:
        response.delete_cookie(LANGUAGE_COOKIE, path="/")
    return response
