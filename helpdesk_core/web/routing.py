"""Routes that state who may use them; there is no default, so that nothing is open by oversight."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final

from flask import Flask

from helpdesk_core.errors import Forbidden, NotFound, SignInRequired
from helpdesk_core.texts import lazy as _l
from helpdesk_core.web.context import current_actor, current_desk, heed_no_cookies_of
from helpdesk_core.web.oversize import read_whole_forms_of

PUBLIC: Final = "public"
"""For everybody, signed in or not."""
SIGNED_IN: Final = "signed-in"
"""For everybody with an account."""
CUSTOMER: Final = "customer"
"""For everybody with an account, and for guests with a signed link."""
STAFF: Final = "staff"
"""For everybody who works tickets in some department."""

View = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Route:
    """One address: the rule below its area (`/board/<key>`), the view, and who may use it.

    `permission` is a permission's name, or one of `PUBLIC`, `SIGNED_IN`, `CUSTOMER`, `STAFF`. A permission that
    depends on the department is asked for in any department here; the service asks for the right one. `name` is the
    endpoint's last part. With `shows_again`, the view shows its form again when the files in it are too large to be
    taken in, and asks `refuse_left_out` before it believes that there are none. A `cookieless` route heeds no cookie:
    whoever asks is nobody known until the view has found proof in the request itself (a signed token). So another
    site's page can do nothing there in somebody's name, and it takes forms without the CSRF token.
    """

    rule: str
    view: View
    permission: str
    methods: tuple[str, ...] = ("GET",)
    name: str = ""
    shows_again: bool = False
    cookieless: bool = False


class Routes:
    """A table of routes, filled by decorators: `@routes.get("/tickets", permission=STAFF)`."""

    def __init__(self, area: str, prefix: str = "") -> None:
        self.area = area
        self.prefix = prefix
        self.routes: list[Route] = []

    def get(self, rule: str, *, permission: str) -> Callable[[View], View]:
        """Add a page."""
        return self._add(rule, permission, ("GET",))

    def post(self, rule: str, *, permission: str, shows_again: bool = False) -> Callable[[View], View]:
        """Add an action; its form carries the CSRF token."""
        return self._add(rule, permission, ("POST",), shows_again)

    def form(self, rule: str, *, permission: str, shows_again: bool = False) -> Callable[[View], View]:
        """Add a page that posts to itself."""
        return self._add(rule, permission, ("GET", "POST"), shows_again)

    def _add(
        self, rule: str, permission: str, methods: tuple[str, ...], shows_again: bool = False
    ) -> Callable[[View], View]:
        def decorate(view: View) -> View:
            self.routes.append(Route(rule, view, permission, methods, view.__name__, shows_again))
            return view

        return decorate

    def register(self, app: Flask) -> None:
        """Add the routes to the app, each behind the check of its permission."""
        for route in self.routes:
            endpoint = f"{self.area}.{route.name}"
            add_route(app, endpoint, self.prefix + route.rule, route)


def add_route(app: Flask, endpoint: str, rule: str, route: Route, plugin_id: str | None = None) -> None:
    """Add one route under an endpoint name and its full rule; a plugin's is there as long as the plugin is active."""
    known = app.view_functions.get(endpoint)
    same = getattr(known, "__wrapped__", None) is route.view
    view = known if same else guarded(route.view, route.permission, plugin_id)
    app.add_url_rule(rule, endpoint, view, methods=list(route.methods), strict_slashes=False)
    if route.shows_again:
        read_whole_forms_of(app, endpoint)
    if route.cookieless:
        heed_no_cookies_of(app, endpoint)


def guarded(view: View, permission: str, plugin_id: str | None = None) -> View:
    """Return the view behind the check that the actor may use it."""

    @wraps(view)
    def checked(*args: Any, **kwargs: Any) -> Any:
        if plugin_id is not None and not current_desk().plugins.is_active(plugin_id):
            raise NotFound(_l("There is no such page. Check the address, or start from the home page."))
        check(permission)
        try:
            return view(*args, **kwargs)
        except SystemExit as error:  # a plugin's view must not end the process that serves everybody
            raise RuntimeError("The view called exit(); it has to return a page.") from error

    return checked


def check(permission: str) -> None:
    """Raise unless the current actor may use something that needs the permission."""
    actor = current_actor()
    if permission == PUBLIC:
        return
    if actor.kind == "anonymous" or (actor.kind == "guest" and permission != CUSTOMER):
        raise SignInRequired(_l("Sign in to see this page."))
    if permission in (SIGNED_IN, CUSTOMER):
        return
    if permission == STAFF:
        if not actor.is_staff:
            raise Forbidden(_l("This is for people who work tickets. Ask an administrator for a role."))
        return
    if not actor.may(permission):
        raise Forbidden(
            _l(
                "You need the permission “%(permission)s” for this page. Ask an administrator for it.",
                permission=permission,
            ),
            permission=permission,
        )
