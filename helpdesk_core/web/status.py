"""Whether the helpdesk is alive and ready, for monitors and load balancers."""

from flask import jsonify
from werkzeug.wrappers import Response

import helpdesk_core
from helpdesk_core.plugins.registry import PluginStatus
from helpdesk_core.web import hooks
from helpdesk_core.web.context import current_actor, current_desk
from helpdesk_core.web.routing import PUBLIC, Routes

routes = Routes("status")
ROUTES = (routes,)


@routes.get("/healthz", permission=PUBLIC)
def healthz() -> Response:
    """Say that the process works, with the plugins that do not and what they report; 200 as long as it can answer.

    Reasons may name files and addresses, so only those who manage plugins get them; others get the states.
    """
    desk = current_desk()
    tells = current_actor().may("plugin.manage")
    plugins = {
        state.id: {"status": str(state.status)} | ({"reason": state.reason} if tells and state.reason else {})
        for state in desk.plugins
        if state.enabled
    }
    database = desk.database_answers()
    troubles = desk.hooks.collect(hooks.health) if database else ["The database does not answer."]
    whole = all(state.status is PluginStatus.ACTIVE for state in desk.plugins if state.enabled)
    well = database and not troubles and whole
    return jsonify(
        status="ok" if well else "degraded",
        version=helpdesk_core.__version__,
        plugins=plugins,
        problems=list(troubles) if tells else len(troubles),
    )


@routes.get("/readyz", permission=PUBLIC)
def readyz() -> tuple[Response, int]:
    """Say whether requests can be served: 200, or 503 while the database is away."""
    if current_desk().database_answers():
        return jsonify(status="ready"), 200
    return jsonify(status="not ready", reason="The database does not answer."), 503
