"""The look of the site: trying a theme for oneself, using it for all, a logo."""

from typing import Any

from flask import current_app, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from helpdesk_core.administration.branding import save_logo
from helpdesk_core.administration.service import save_settings
from helpdesk_core.errors import NotFound
from helpdesk_core.web.admin.common import act, new_routes
from helpdesk_core.web.context import current_actor, current_desk
from helpdesk_core.web.localisation import gettext as _
from helpdesk_core.web.security import set_cookie
from helpdesk_core.web.switch import EXTENSION
from helpdesk_core.web.theme_trying import COOKIE
from helpdesk_core.web.theming import Theming, find_themes

routes = new_routes()

LASTS = 86400
"""Seconds after which a theme that was tried is forgotten."""


def theming() -> Theming:
    """Return the look of the application."""
    found: Theming = current_app.extensions["helpdesk_theming"]
    return found


def theme_cards() -> dict[str, Any]:
    """Return the themes for the page of the look, and what is wrong with them."""
    shown, effective = theming(), current_desk().settings.effective("core.theme")
    themes, _problems = find_themes(shown.roots)  # with those that were made since the application was
    return {
        "problems": shown.problems,
        "locked": effective.locked("active"),
        "logo_locked": effective.locked("logo"),
        "logo": effective.values.get("logo") or "",
        "cards": [
            {
                "name": theme.name,
                "title": theme.title,
                "description": theme.description,
                "preview": shown.face(theme, theme.preview),
                "current": shown.theme is not None and theme.name == shown.theme.name,
                "tried": request.cookies.get(COOKIE) == theme.name,
            }
            for theme in themes.values()
        ],
    }


@routes.post("/look/try", permission="settings.manage")
def try_theme() -> Response:
    """Show this browser all pages in a theme, or (without a name) in that of everybody again."""
    name = request.form.get("theme", "")
    if name and not theming().has(name):
        raise NotFound(_("There is no such theme."))
    response = redirect(url_for("admin.subject", owner="core.theme"))
    if name:
        set_cookie(response, COOKIE, name, max_age=LASTS)
    else:
        response.delete_cookie(COOKIE, path="/")
    return response


@routes.post("/look/use", permission="settings.manage")
def use_theme() -> Response:
    """Show everybody a theme."""
    name = request.form.get("theme", "")
    themes, _problems = find_themes(theming().roots)
    if name not in themes:
        raise NotFound(_("There is no such theme."))
    response = act(
        lambda: save_settings(current_desk(), current_actor(), "core.theme", {"active": name}),
        _("Everybody sees the theme “%(title)s” in a moment.", title=themes[name].title),
        url_for("admin.subject", owner="core.theme"),
    )
    _hurry()
    response.delete_cookie(COOKIE, path="/")
    return response


@routes.post("/look/logo", permission="settings.manage")
def upload_logo() -> Response:
    """Take an image as the site's logo, or go back to the theme's."""
    desk, actor = current_desk(), current_actor()
    there = url_for("admin.subject", owner="core.theme")
    if "remove" in request.form:
        done = _("The theme’s own logo is shown again.")
        answer = act(lambda: save_settings(desk, actor, "core.theme", {"logo": ""}), done, there)
    else:
        file = request.files.get("file")
        content = file.read() if file is not None else b""
        answer = act(lambda: save_logo(desk, actor, content), _("The logo is shown in a moment."), there)
    _hurry()
    return answer


def _hurry() -> None:
    switch = current_app.extensions.get(EXTENSION)
    if switch is not None:
        switch.hurry()
    else:
        flash(_("Restart the helpdesk to see it."), "warning")
