"""The Flask application: core's pages, and those of plugins, around an opened helpdesk."""

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response

from helpdesk_core.runtime import Helpdesk
from helpdesk_core.tickets.vocabulary import narrowing
from helpdesk_core.web import hooks
from helpdesk_core.web.context import close_session
from helpdesk_core.web.failures import register_failures
from helpdesk_core.web.localisation import register_localisation
from helpdesk_core.web.mounting import register_plugins
from helpdesk_core.web.oversize import PageRequest, read_large_form
from helpdesk_core.web.packing import pack
from helpdesk_core.web.pages import core_routes
from helpdesk_core.web.pages_app import PagesApp, Sessions
from helpdesk_core.web.security import check_csrf, protect, refuse_control_characters
from helpdesk_core.web.surroundings import register_surroundings
from helpdesk_core.web.template_memory import MEMORY
from helpdesk_core.web.template_texts import bind_texts
from helpdesk_core.web.theme_trying import PagesEnvironment
from helpdesk_core.web.theming import register_theming
from helpdesk_core.web.url_rules import LateRule

MEGABYTE = 1024 * 1024


def build_web(desk: Helpdesk) -> Flask:
    """Return the application with every route; a plugin whose routes do not fit is failed, and the rest goes on."""
    for spec in (hooks.template_globals, hooks.ticket_columns, hooks.content_sources):
        desk.gather(spec)  # a plugin that cannot answer these is not to get routes either
    narrowing(desk)  # nor one that cannot say how it sorts and filters lists
    app = PagesApp("helpdesk_core.web", static_folder=None, template_folder=None)
    app.request_class = PageRequest
    app.url_rule_class = LateRule
    app.jinja_environment = PagesEnvironment
    app.extensions["helpdesk"] = desk
    site = desk.settings.site()
    app.secret_key = desk.secret
    app.session_interface = Sessions()
    app.config.update(
        SESSION_COOKIE_NAME="hd_flash",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=site.url.startswith("https:"),
        MAX_CONTENT_LENGTH=(site.form_max_mb + 2) * MEGABYTE,
        MAX_FORM_MEMORY_SIZE=4 * MEGABYTE,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.bytecode_cache = MEMORY
    if site.trusted_proxies:
        hops = site.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]  # Flask's documented way
    app.after_request(pack)  # the first one registered runs last
    register_localisation(app)
    register_theming(app, desk)
    register_surroundings(app)
    bind_texts(app, [plugin.id for plugin in desk.plugins.active])
    register_failures(app)
    for routes in core_routes():
        routes.register(app)
    register_plugins(app, desk)
    sources = [(each.directive, each.source) for _, allowed in desk.gather(hooks.content_sources) for each in allowed]
    app.before_request(read_large_form)
    app.before_request(refuse_control_characters)
    app.before_request(check_csrf)
    app.teardown_request(close_session)

    @app.after_request
    def finish(response: Response) -> Response:
        return protect(response, sources)

    return app
