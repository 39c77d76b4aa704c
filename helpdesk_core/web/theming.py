"""Themes: which there are, which one is active, and what the pages of an app take from it.

A theme is a folder `<name>/` with `theme.toml`, `tokens.css`, `templates/`, `static/`, a logo and a preview. The site's
own `instance/templates` and `instance/static` stand before every theme.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

from flask import Flask, Response, has_request_context, request

from helpdesk_core.web import assets as assets_module
from helpdesk_core.web.assets import CORE_STATIC, Assets, Layer
from helpdesk_core.web.colours import accent_css
from helpdesk_core.web.drawn import EXTENSION, Settings, drawn, drawn_all
from helpdesk_core.web.hooks import template_globals
from helpdesk_core.web.theme_check import check_templates, check_theme
from helpdesk_core.web.theme_files import ACCENT, NAME, Theme, bundled_themes, find_themes
from helpdesk_core.web.theme_loader import CORE_TEMPLATES, Overrides, ThemeLoader
from helpdesk_core.web.theme_trying import Looks, PagesEnvironment
from helpdesk_core.web.theme_view import Choices, View, favicon_svg

if TYPE_CHECKING:
    from helpdesk_core.runtime import Helpdesk

SITE = "/theme/_site"
"""Where the site's own files are served; no theme's name begins with an underscore."""

logger = logging.getLogger(__name__)

__all__ = [
    "Choices",
    "Theme",
    "ThemeLoader",
    "Theming",
    "bundled_themes",
    "check_templates",
    "check_theme",
    "find_themes",
    "register",
    "register_theming",
]


class Theming:
    """The look of one app: the active theme with its parents, its template loader and its static files.

    `plugins` and `plugin_static` map plugin ids to their template and static folders; `logo` is a file of the site that
    stands for the theme's logo; `watch` re-reads static files.
    A theme that is missing or broken never stops the site: core's own look is shown and `problems` says why.
    """

    def __init__(
        self,
        *,
        active: str,
        roots: Sequence[Path],
        instance: Path | None = None,
        plugins: Mapping[str, Path] | None = None,
        plugin_static: Mapping[str, Path] | None = None,
        logo: Path | None = None,
        watch: bool = False,
        core_templates: Path = CORE_TEMPLATES,
    ) -> None:
        self.roots = tuple(roots)
        self.themes, self._found = find_themes(roots)
        self.chain = self._chain(active)
        own = [Overrides("", instance / "templates")] if instance is not None else []
        self.loader = ThemeLoader(
            [*own, *(Overrides(theme.name, theme.templates) for theme in self.chain)], plugins or {}, core_templates
        )
        layers = [Layer(f"{SITE}/static/", instance / "static")] if instance is not None else []
        layers += [Layer(f"/theme/{theme.name}/static/", theme.folder / "static") for theme in self.chain]
        layers.append(Layer("/static/", CORE_STATIC))
        single = {
            f"/theme/{theme.name}/{file}": theme.folder / file
            for theme in self.themes.values()
            for file in {"tokens.css", theme.logo, theme.mark, theme.preview} - {""}
            if (theme.folder / file).is_file()
        }
        self.own_logo = f"{SITE}/{logo.name}" if logo is not None and logo.is_file() else ""
        if logo is not None and self.own_logo:
            single[self.own_logo] = logo
        self.assets = Assets(layers, plugin_static, single, watch=watch)

    def has(self, name: str) -> bool:
        """Tell whether there is a theme of this name by now, also one that was made since."""
        return bool(NAME.fullmatch(name)) and any((root / name / "theme.toml").is_file() for root in self.roots)

    @property
    def theme(self) -> Theme | None:
        """The active theme; none when core's own look is shown."""
        return self.chain[0] if self.chain else None

    @property
    def problems(self) -> list[str]:
        """What is wrong with themes and overrides, in sentences for the admin page."""
        broken = [f"{found.file}, line {found.line}: {found.message}" for found in self.loader.problems]
        return [*self._found, *broken]

    def _chain(self, active: str) -> list[Theme]:
        chain: list[Theme] = []
        name = active
        while name:
            theme = self.themes.get(name)
            if theme is None or theme in chain:
                reason = "is its own ancestor" if theme else "does not exist or cannot be read"
                known = ", ".join(sorted(self.themes)) or "none"
                self._found.append(f"The theme {name} {reason}. Choose one of: {known}.")
                logger.error("%s", self._found[-1])
                break
            chain.append(theme)
            name = theme.parent
        return chain

    def face(self, theme: Theme, file: str) -> str:
        """The address of a theme's `tokens.css`, logo or preview; empty when it has none."""
        return self._if_there(f"/theme/{theme.name}/{file}")

    def own(self, file: str) -> str:
        """The address of a file in the site's `static` folder; empty when it is not there."""
        return self._if_there(f"{SITE}/static/{file}")

    def _if_there(self, address: str) -> str:
        return self.assets.at(address) if self.assets.get(address) else ""


def register(
    app: Flask,
    theming: Theming,
    choices: Callable[[], Choices] = Choices,
    make: Callable[[str], Theming] | None = None,
) -> None:
    """Let the app find templates through the theme, serve static files, and give templates `asset`, `theme`, `root`.

    `choices` is asked for each page, so that what it returns may change while the app runs. The app is made with
    `static_folder=None`, so that `/static/` is free. `make` gives the look of another theme, for those who try it.
    """
    app.jinja_loader = app.jinja_env.loader = theming.loader  # Flask's own would ask it for sources only
    looks = Looks(theming, make)
    if isinstance(app.jinja_env, PagesEnvironment):
        app.jinja_env.looks = looks
    assets_module.register(app, theming.assets, lambda: looks.current().assets)
    view = View(looks, choices)
    app.jinja_env.globals["theme"] = view
    app.extensions["helpdesk_theming"] = theming
    app.extensions[EXTENSION] = Settings(looks)
    app.jinja_env.globals.update(drawn=drawn, drawn_all=drawn_all)

    @app.context_processor
    def root() -> dict[str, str]:
        return {"root": request.script_root if has_request_context() else ""}

    @app.get("/favicon.svg")
    def favicon() -> Response:
        count = request.args.get("n", 0, type=int)
        response = Response(favicon_svg(view.accent, count), content_type="image/svg+xml")
        response.headers["Cache-Control"] = "public, max-age=86400"
        return response

    @app.get("/theme-accent.css")
    def theme_accent() -> Response:
        response = Response(accent_css(choices().accent or ACCENT), content_type="text/css; charset=utf-8")
        response.headers["Cache-Control"] = "public, max-age=86400"
        return response


def register_theming(app: Flask, desk: "Helpdesk") -> None:
    """Give the app the configured look; theme and logo are those of this moment, the other choices may change."""
    instance = desk.config.instance
    chosen = desk.settings.theme()
    plugins = {plugin.id: plugin for plugin in desk.plugins.active}
    names = {plugin_id: SimpleNamespace(**dict(names)) for plugin_id, names in desk.gather(template_globals)}

    def make(name: str, watch: bool = True) -> Theming:
        made = Theming(
            active=name,
            roots=[instance / "themes", bundled_themes()],
            instance=instance,
            plugins={id: folder / id for id, plugin in plugins.items() if (folder := plugin.folder("templates"))},
            plugin_static={id: folder for id, plugin in plugins.items() if (folder := plugin.folder("static"))},
            logo=instance / chosen.logo if chosen.logo else None,
            watch=watch,
        )
        made.loader.names = names
        return made

    def choices() -> Choices:
        current = desk.settings.theme()
        return Choices(allow_dark=current.allow_dark, footer=current.footer, accent=current.accent)

    register(app, make(chosen.active, app.debug), choices, make)
