"""How somebody gets in: the password, browsers that are signed in, API tokens."""

from flask import request, url_for
from werkzeug.wrappers import Response

from helpdesk_core.users import recovery, sessions, tokens
from helpdesk_core.web.admin.common import act, new_routes
from helpdesk_core.web.context import current_actor, current_desk
from helpdesk_core.web.localisation import gettext as _

routes = new_routes()


@routes.post("/people/<uid>/password", permission="user.manage")
def set_password(uid: str) -> Response:
    """Set somebody's password for them; it signs them out everywhere."""
    password = request.form.get("password", "")
    return act(
        lambda: recovery.set_password(current_desk(), current_actor(), uid, password),
        _("The password is set, and every browser signed out. Tell them by another way than mail."),
        url_for("admin.person", uid=uid, _anchor="signins"),
    )


@routes.post("/people/<uid>/sign-out", permission="user.manage")
def end_sessions(uid: str) -> Response:
    """Sign somebody out of one browser, or of all."""
    session = request.form.get("session", "")
    there = url_for("admin.person", uid=uid, _anchor="signins")
    if session:
        done = _("That browser is signed out.")
        return act(lambda: sessions.revoke_session(current_desk(), current_actor(), session), done, there)
    done = _("Every browser is signed out.")
    return act(lambda: sessions.revoke_sessions(current_desk(), current_actor(), uid), done, there)


@routes.post("/people/<uid>/tokens/revoke", permission="user.manage")
def revoke_token(uid: str) -> Response:
    """Make one of somebody's API tokens worthless."""
    token = request.form.get("token", "")
    return act(
        lambda: tokens.revoke_token(current_desk(), current_actor(), token),
        _("The token is revoked."),
        url_for("admin.person", uid=uid, _anchor="signins"),
    )
