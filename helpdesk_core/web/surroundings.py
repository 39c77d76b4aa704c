"""What every template can use: the site, the person, navigation, slots."""

from collections import UserList
from collections.abc import Callable, Iterable
from functools import cache, cached_property
from typing import Any

from flask import Flask, request, url_for

from helpdesk_core.actor import Actor
from helpdesk_core.web import hooks
from helpdesk_core.web.admin.navigation import admin_nav
from helpdesk_core.web.asking_ahead import collected
from helpdesk_core.web.context import current_actor, current_desk
from helpdesk_core.web.localisation import gettext, languages, manner, ngettext, spoken, text_direction
from helpdesk_core.web.localisation import gettext as _
from helpdesk_core.web.parts import Link
from helpdesk_core.web.security import csrf_token
from helpdesk_core.web.slots import on_portal, slot

ADMIN_PERMISSIONS = (
    "settings.manage",
    "department.manage",
    "user.manage",
    "organisation.manage",
    "role.manage",
    "plugin.manage",
    "event.manage",
    "audit.read",
    "privacy.manage",
)


def register_surroundings(app: Flask) -> None:
    """Make the common names known to all templates."""
    app.jinja_env.globals.update(slot=slot, csrf_token=csrf_token, _=gettext, gettext=gettext, ngettext=ngettext)
    app.jinja_env.globals["remembered"] = cache  # a macro in a loop: what it has made once it gives again
    app.context_processor(surroundings)


def surroundings() -> dict[str, Any]:
    """Return what depends on the request."""
    actor = current_actor()
    return {
        "site": current_desk().settings.site(),
        "lang": str(manner().locale).replace("_", "-"),
        "text_dir": text_direction(),
        "here": request.full_path.rstrip("?") if request.method == "GET" else "",
        "languages": [] if actor.is_signed_in else languages(),
        "root": request.script_root,
        "me": _me(actor),
        "actor": actor,
        "portal_nav": Entries(make=lambda: portal_nav(actor)) if on_portal() else [],
        "admin_nav": admin_nav(),
    }


def may_admin(actor: Actor) -> bool:
    """Tell whether there is anything for the actor in the admin area."""
    return any(actor.may(permission) for permission in ADMIN_PERMISSIONS)


def portal_nav(actor: Actor) -> list[dict[str, Any]]:
    """Return the portal's navigation: core's entries, then those of plugins."""
    links = [Link(label=_("Ask for help"), href=url_for("portal.new_ticket"), order=10)]
    if actor.is_signed_in:
        links.append(Link(label=_("My tickets"), href=url_for("portal.tickets"), order=20))
    links += collected(hooks.portal_links, actor=actor)
    return as_items(links)


class Entries(UserList[dict[str, Any]]):
    """A navigation that is put together when a template looks at it, so that plugins are asked with the page's rest."""

    def __init__(
        self, items: Iterable[dict[str, Any]] = (), *, make: Callable[[], list[dict[str, Any]]] | None = None
    ) -> None:
        self._make = make or (lambda: list(items))

    @cached_property
    def data(self) -> list[dict[str, Any]]:  # type: ignore[override]  # the same, later
        """What is in it."""
        return self._make()


def as_items(links: list[Link]) -> list[dict[str, Any]]:
    """Return links as the navigation templates take them, marking the page at hand, or the folder it is in."""
    return [
        {
            "label": spoken(link.label),
            "href": link.href,
            "text": link.text,
            "icon": link.icon,
            "count": link.count,
            "loud": link.loud,
            "current": _is_here(link.href),
        }
        for link in sorted(links, key=lambda link: link.order)
    ]


def _is_here(href: str) -> bool:
    """Tell whether a link leads to the page at hand; one that ends with a slash stands for all below it, too."""
    here = request.script_root + request.path
    if href.endswith("/") and href.strip("/") != request.script_root.strip("/"):
        return here.startswith(href)
    return href in (here, request.script_root + request.full_path.rstrip("?"))


def _me(actor: Actor) -> dict[str, Any] | None:
    if not actor.is_signed_in:
        return None
    return {"name": actor.name, "email": actor.email, "may_desk": actor.is_staff, "may_admin": may_admin(actor)}
