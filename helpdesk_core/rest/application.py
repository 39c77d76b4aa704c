"""The API as part of the Flask application: core's operations, those of plugins, the description and its page."""

import logging
from collections.abc import Sequence
from functools import cache

from flask import Flask

from helpdesk_core.plugins.plugin import Plugin
from helpdesk_core.rest import hooks
from helpdesk_core.rest.building import PREFIX, Operations, operations
from helpdesk_core.rest.context import close_session
from helpdesk_core.rest.describing import DescribedApi, described_api
from helpdesk_core.rest.docs import register_docs
from helpdesk_core.rest.operations import core_operations
from helpdesk_core.rest.problems import register_problems
from helpdesk_core.rest.routing import ApiRoute
from helpdesk_core.runtime import Helpdesk

log = logging.getLogger(__name__)


def register_rest(app: Flask, desk: Helpdesk) -> None:
    """Add the API to an application whose `extensions["helpdesk"]` is the helpdesk; nothing is written.

    It comes after the pages: below `/api/` it takes over the answering of errors.
    """
    api = described_api(app)
    for blueprint in _core_blueprints():
        api.register_blueprint(blueprint)
    for plugin in desk.plugins.active:
        _add_plugin(app, api, desk, plugin)
    register_docs(app, api)
    register_problems(app)
    app.teardown_request(close_session)


@cache
def _core_blueprints() -> Sequence[Operations]:
    """Return core's operations, which are the same in every application of the process."""
    return [
        operations(endpoints.routes, title=endpoints.title, description=endpoints.description)
        for endpoints in core_operations()
    ]


def _add_plugin(app: Flask, api: DescribedApi, desk: Helpdesk, plugin: Plugin) -> None:
    try:
        routes = desk.hooks.collect_from(hooks.api_routes, plugin.id)
        if not routes:
            return
        trial = Flask("trial")  # what cannot be added is found out here, where half of it does no harm
        tried = described_api(trial)
        blueprint = _operations(plugin, routes)
        tried.register_blueprint(blueprint)
        tried.describe()
    except Exception as error:
        log.exception("the API of plugin %s cannot be added", plugin.id)
        desk.plugins.fail(plugin.id, f"Its part of the API does not fit: {type(error).__name__}: {error}")
        return
    api.register_blueprint(blueprint)
    desk.plugins.note(plugin.id, "api", [f"{PREFIX}/x/{plugin.id}{route.rule}" for route in routes])


def _operations(plugin: Plugin, routes: Sequence[ApiRoute]) -> Operations:
    return operations(
        routes,
        title=f"Plugin {plugin.title or plugin.id}".replace(".", " "),
        description=plugin.summary or f"What the plugin {plugin.id} adds, below {PREFIX}/x/{plugin.id}.",
        area=f"/x/{plugin.id}",
        owner=plugin.id,
    )
