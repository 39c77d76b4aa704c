"""Trying a theme for oneself: one browser sees the pages in another theme than everybody else."""

from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING, Any

from flask import has_request_context, request
from jinja2 import BaseLoader
from jinja2.runtime import Context

from helpdesk_core.web.context import state
from helpdesk_core.web.template_fallback import PagesTemplate
from helpdesk_core.web.template_texts import TextsEnvironment

if TYPE_CHECKING:
    from helpdesk_core.web.theming import Theming

COOKIE = "hd_try_theme"
"""Holds the name of the theme to try. Themes are no secret, so whoever writes it themselves does no harm."""


class Looks:
    """The theme of all pages, and others of the site as they are tried; each is read when first asked for.

    `make` gives the look of another theme, whose files are read anew for each page: its author sees what was changed.
    """

    def __init__(self, active: "Theming", make: "Callable[[str], Theming] | None" = None) -> None:
        self.active = active
        self._make = make
        self._tried: dict[str, Theming] = {}
        self._lock = Lock()

    @property
    def tried(self) -> str:
        """The name of the theme that this browser tries; empty if it sees what everybody sees."""
        name = request.cookies.get(COOKIE, "") if has_request_context() else ""
        shown = self.active.theme.name if self.active.theme else ""
        return name if name and name != shown and self._of(name) is not None else ""

    def current(self) -> "Theming":
        """Return the look of the page at hand, found out once."""
        try:
            mine = state()
        except RuntimeError:  # no application at work
            return self.active
        if mine.look is None:
            if not has_request_context():
                return self.active
            name = self.tried
            mine.look = (self._of(name) if name else None) or self.active
        return mine.look

    def _of(self, name: str) -> "Theming | None":
        if self._make is None or not self.active.has(name):
            return None
        with self._lock:
            if name not in self._tried:
                self._tried[name] = self._make(name)
            return self._tried[name]


class PagesEnvironment(TextsEnvironment):
    """Flask's environment, whose templates are those of the theme that the page at hand is shown in.

    Jinja keeps compiled templates by their loader, so themes do not get in each other's way.
    """

    looks: Looks | None = None
    template_class = PagesTemplate

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._parts: dict[str, Any] = {}

    @property
    def loader(self) -> BaseLoader | None:
        """Where templates come from."""
        return self.looks.current().loader if self.looks is not None else self._loader

    @loader.setter
    def loader(self, loader: Any) -> None:
        self._loader = loader

    @property
    def auto_reload(self) -> bool:
        """Whether changed templates are read again: for whoever tries a theme, always."""
        return self._auto_reload or (self.looks is not None and self.looks.current() is not self.looks.active)

    @auto_reload.setter
    def auto_reload(self, wanted: bool) -> None:
        self._auto_reload = wanted

    def parts(self, name: str, parent: str, context: Context) -> Any:
        """Return the macros of a template that another one imports; found once where templates do not change."""
        if self.auto_reload:
            return self.get_template(name, parent)._get_default_module(context)
        kept = self._parts
        found = kept.get(name)
        if found is None:
            found = self.get_template(name, parent)._get_default_module(context)
            if context.globals_keys == self.globals.keys():
                kept[name] = found  # not for those who came after it was forgotten
        return found

    def forget(self) -> None:
        """Let every template be looked for anew; their code is kept elsewhere."""
        self._parts = {}
        if self.cache is not None:
            self.cache.clear()
