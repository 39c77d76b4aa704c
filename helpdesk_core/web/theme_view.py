"""The name `theme` in templates, and the icon that counts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import has_request_context, request
from markupsafe import Markup

from helpdesk_core.web.theme_files import ACCENT
from helpdesk_core.web.theme_trying import Looks

if TYPE_CHECKING:
    from helpdesk_core.web.theming import Theming

SITE_LOGOS = ("logo.svg", "logo.png", "logo.webp")


@dataclass(frozen=True)
class Choices:
    """What an administrator chose besides the theme: the accent, whether pages may turn dark, the portal's footer."""

    allow_dark: bool = True
    footer: str = ""
    accent: str = ""


class View:
    """The name `theme` in templates: what a page takes from the active theme and from the person's choice."""

    def __init__(self, looks: Looks, choices: Callable[[], Choices]) -> None:
        self._looks = looks
        self._choices = choices

    @property
    def name(self) -> str:
        """The theme's name; empty for core's own look."""
        return self._theming.theme.name if self._theming.theme else ""

    @property
    def title(self) -> str:
        """What the theme is called."""
        return self._theming.theme.title if self._theming.theme else ""

    @property
    def tried(self) -> str:
        """What the theme is called if only this browser sees it; empty if everybody does."""
        return self.title if self._looks.tried else ""

    @property
    def accent(self) -> str:
        """The main colour as `#rrggbb`: the site's own, else the theme's."""
        return self._choices().accent or (self._theming.theme.accent if self._theming.theme else ACCENT)

    @property
    def css(self) -> list[str]:
        """Style sheets after core's own: the tokens of the theme's ancestors, of the theme, and what the site chose."""
        sheets = [self._theming.face(theme, "tokens.css") for theme in reversed(self._theming.chain)]
        if accent := self._choices().accent:
            sheets.append(f"{_root()}/theme-accent.css?c={accent[1:]}")
        return [sheet for sheet in (*sheets, self._theming.own("tokens.css")) if sheet]

    @property
    def logo(self) -> str:
        """The site's logo (configured, or `instance/static/logo.svg`), else the theme's; empty when there is none."""
        if self._theming.own_logo:
            return self._theming.assets.at(self._theming.own_logo)
        own = (self._theming.own(name) for name in SITE_LOGOS)
        return next((logo for logo in own if logo), "") or self._face("logo")

    @property
    def logo_small(self) -> str:
        """The square mark for narrow places; the logo where there is none."""
        logo = self.logo
        return logo if logo.startswith(f"{_root()}/theme/_site/") else self._face("mark") or logo

    @property
    def color_scheme(self) -> str:
        """`light` or `dark` as the person chose, empty when the device decides; light where dark is not allowed."""
        if not self._choices().allow_dark:
            return "light"
        chosen = request.cookies.get("hd_theme", "") if has_request_context() else ""
        return chosen if chosen in ("light", "dark") else ""

    @property
    def allow_dark(self) -> bool:
        """Whether people may choose dark pages."""
        return self._choices().allow_dark

    @property
    def footer(self) -> str:
        """The line that the administrator wrote for the portal's foot; may be empty."""
        return self._choices().footer

    @property
    def rail(self) -> str:
        """`slim` when the person narrowed the desk's rail, else empty."""
        return "slim" if has_request_context() and request.cookies.get("hd_rail") == "slim" else ""

    def favicon(self, waiting: int = 0) -> str:
        """The address of the page's icon, with the number of waiting tickets on it."""
        return f"{_root()}/favicon.svg?c={self.accent[1:]}" + (f"&n={min(waiting, 100)}" if waiting else "")

    @property
    def _theming(self) -> "Theming":
        return self._looks.current()

    def _face(self, kind: str) -> str:
        for theme in self._theming.chain:
            if file := getattr(theme, kind):
                return self._theming.face(theme, file)
        return ""


def _root() -> str:
    return request.script_root if has_request_context() else ""


def favicon_svg(accent: str, count: int) -> str:
    """A square in the accent with a letter's three lines, or with the number of waiting tickets (99+ beyond)."""
    inner = Markup('<path d="M8 11h16M8 16h16M8 21h9" stroke="#fff" stroke-width="2.6" stroke-linecap="round"/>')
    if count > 0:
        shown = str(count) if count < 100 else "99+"
        size = {1: 22, 2: 19}.get(len(shown), 14)
        inner = Markup(
            '<text x="16" y="{y}" fill="#fff" font-family="system-ui,sans-serif" font-weight="700" font-size="{size}"'
            ' text-anchor="middle">{shown}</text>'
        ).format(y=16 + size * 0.36, size=size, shown=shown)
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
        '<rect width="32" height="32" rx="7" fill="{accent}"/>{inner}</svg>'
    ).format(accent=accent, inner=inner)
