"""Which catalogue the texts of a template are looked up in: a plugin's own templates have the plugin's.

A page of a plugin is one Jinja context from the plugin's template up to core's layout, so the name `_` would mean the
same in all of them. Therefore the names are told apart when a template is compiled, by where they are written.
"""

from collections.abc import MutableMapping
from typing import Any

from flask import Flask
from flask.templating import Environment
from jinja2 import nodes

from helpdesk_core.texts import CORE_DOMAIN
from helpdesk_core.web.localisation import PageTexts
from helpdesk_core.web.template_code import PageCode, PageContext

NAMES = frozenset({"_", "gettext", "ngettext", "pgettext", "npgettext"})


class TextsEnvironment(Environment):
    """Flask's environment, in which a plugin's templates say `_("…")` and mean the plugin's catalogue."""

    code_generator_class = PageCode
    context_class = PageContext

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.domains = {"_": CORE_DOMAIN, "gettext": CORE_DOMAIN}
        """Where functions that take a text and nothing else look it up, by the names that templates know them by."""

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Return the names that a template knows; the environment's own as they are, which is quicker to look up in."""
        return super().make_globals(d) if d else self.globals

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        template = super()._parse(source, name, filename)
        plugin = (name or "").removeprefix("plugin:").partition("/")[0]
        if bound_name(plugin, "_") in self.globals:
            for each in template.find_all(nodes.Name):
                if each.name in NAMES:
                    each.name = bound_name(plugin, each.name)
        return template


def bind_texts(app: Flask, plugin_ids: list[str]) -> None:
    """Let the templates of plugins find their own texts; before any of them is loaded."""
    for plugin_id in plugin_ids:
        texts = PageTexts(plugin_id)
        bound: dict[str, Any] = {
            "_": texts.gettext,
            "gettext": texts.gettext,
            "ngettext": texts.ngettext,
            "pgettext": texts.pgettext,
            "npgettext": texts.npgettext,
        }
        environment = app.jinja_env
        environment.globals.update({bound_name(plugin_id, name): call for name, call in bound.items()})
        if isinstance(environment, TextsEnvironment):
            environment.domains |= {bound_name(plugin_id, name): plugin_id for name in ("_", "gettext")}


def bound_name(plugin_id: str, name: str) -> str:
    """Return what a function for texts is called in the templates of a plugin."""
    return f"_texts_of_{plugin_id}_{name}"
