"""Giving plugins' routes their place, inside their fences."""

import logging
from collections.abc import Iterable, Sequence
from typing import Any

from flask import Flask

from helpdesk_core.hooks import CollectSpec
from helpdesk_core.plugins.plugin import Plugin
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.web import hooks
from helpdesk_core.web.routing import Route, add_route

log = logging.getLogger(__name__)

Place = tuple[str, str, Sequence[Route]]
"""An area, the prefix of its addresses, and the routes for it."""

AREAS: dict[str, tuple[CollectSpec[[], Route], str]] = {
    "portal": (hooks.portal_routes, "/x/{id}"),
    "desk": (hooks.desk_routes, "/desk/x/{id}"),
    "admin": (hooks.admin_routes, "/admin/x/{id}"),
}


def register_plugins(app: Flask, desk: Helpdesk) -> None:
    """Add every active plugin's routes; one whose routes cannot be had is failed with the reason."""
    if not desk.plugins.active:
        return
    trial = _trial(app)
    for plugin in desk.plugins.active:
        try:
            places = _places(desk, plugin)
            _add_all(trial, plugin, places)  # what cannot be added is found out where half of it does no harm
        except Exception as error:
            log.exception("the routes of plugin %s cannot be added", plugin.id)
            desk.plugins.fail(plugin.id, f"Its routes do not fit: {error}")
            continue
        if added := _add_all(app, plugin, places):
            desk.plugins.note(plugin.id, "routes", added)


def _places(desk: Helpdesk, plugin: Plugin) -> list[Place]:
    places: list[Place] = []
    for area, (spec, prefix) in AREAS.items():
        routes = desk.hooks.collect_from(spec, plugin.id)
        places.append((area, prefix.format(id=plugin.id), routes))
        mount = plugin.config.get("mount") if area == "portal" else None
        if mount and routes:
            places.append(("mount", mount.rstrip("/"), routes))
    return places


def _trial(app: Flask) -> Flask:
    trial = Flask("trial", static_folder=None)
    trial.url_rule_class = app.url_rule_class
    for rule in app.url_map.iter_rules():
        trial.url_map.add(rule.empty())
    return trial


def _add_all(app: Flask, plugin: Plugin, places: Iterable[Place]) -> list[str]:
    return [rule for area, prefix, routes in places for rule in _add(app, area, plugin.id, prefix, routes)]


def _add(app: Flask, area: str, plugin_id: str, prefix: str, routes: Iterable[Route]) -> list[str]:
    rules = []
    for route in routes:
        if not route.rule.startswith("/"):
            raise ValueError(f"the rule {route.rule!r} must begin with a slash")
        name = route.name or getattr(route.view, "__name__", "view")
        _check_free(app, prefix + route.rule)
        add_route(app, f"{area}.{plugin_id}.{name}".replace(".", "_"), prefix + route.rule, route, plugin_id)
        rules.append(prefix + route.rule)
    return rules


def _check_free(app: Flask, rule: str) -> None:
    taken: Any = next((each for each in app.url_map.iter_rules() if each.rule.rstrip("/") == rule.rstrip("/")), None)
    if taken is not None and taken.endpoint.split("_")[0] not in ("portal", "desk", "admin", "mount"):
        raise ValueError(f"the address {rule} belongs to core; choose another mount")
