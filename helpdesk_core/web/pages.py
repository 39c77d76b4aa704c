"""All of core's own routes."""

from collections.abc import Iterable

from helpdesk_core.web.routing import Routes


def core_routes() -> Iterable[Routes]:
    """Return the routes of portal, sign-in, desk, admin, files and health."""
    from helpdesk_core.web import drafts, files, picture_proxy, status
    from helpdesk_core.web.admin import views as admin
    from helpdesk_core.web.auth import views as auth
    from helpdesk_core.web.desk import views as desk
    from helpdesk_core.web.portal import views as portal

    people = (*portal.ROUTES, *auth.ROUTES, *desk.ROUTES, *admin.ROUTES)
    return (*people, *files.ROUTES, *picture_proxy.ROUTES, *drafts.ROUTES, *status.ROUTES)
