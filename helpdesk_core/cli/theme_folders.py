"""Where the themes of an instance are, and what is wrong with them."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from helpdesk_core.plugins.discovery import discover
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.web.theme_check import Finding, check_templates, check_theme
from helpdesk_core.web.theme_files import Theme, bundled_themes, find_themes


def themes_of(instance: Path | None) -> tuple[dict[str, Theme], list[str]]:
    """Return the themes by name, the instance's before the bundled ones, and why others cannot be used."""
    return find_themes([*([instance / "themes"] if instance else []), bundled_themes()])


def plugin_templates() -> Mapping[str, Path]:
    """Return the template folders of all installed plugins by id, also of those that are off; none is imported."""
    folders = {plugin.id: plugin.package_folder() for plugin in discover().values()}
    return {
        plugin_id: folder / "templates" / plugin_id
        for plugin_id, folder in folders.items()
        if folder is not None and (folder / "templates" / plugin_id).is_dir()
    }


def findings(theme: Theme) -> list[Finding]:
    """Return what in the theme no longer fits core and the installed plugins."""
    return check_theme(theme, plugins=plugin_templates())


def problems_of_themes(desk: Helpdesk) -> Iterator[str]:
    """Yield a sentence for everything wrong with the active theme, its parents and the site's own templates."""
    instance = desk.config.instance
    themes, unusable = themes_of(instance)
    yield from unusable
    name, seen = desk.settings.theme().active, set[str]()
    while name and name not in seen:
        seen.add(name)
        theme = themes.get(name)
        if theme is None:
            yield f"The theme {name} does not exist. Choose one of: {', '.join(sorted(themes))}."
            return
        for found in findings(theme):
            yield f"{theme.folder / found.file}, line {found.line}: {found.message}"
        name = theme.parent
    for found in check_templates(instance / "templates", plugins=plugin_templates()):
        yield f"{instance / 'templates' / found.file}, line {found.line}: {found.message}"
