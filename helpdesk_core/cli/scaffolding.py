"""Beginning a plugin or a theme: the files in `scaffold`, with the new name in its places."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from packaging.version import Version

import helpdesk_core
from helpdesk_core.db.base import Base
from helpdesk_core.errors import Conflict, Invalid
from helpdesk_core.plugins.checks import RESERVED
from helpdesk_core.plugins.discovery import discover
from helpdesk_core.settings.sections import PLUGIN_ID
from helpdesk_core.web.theme_files import TOKENS_CONTRACT

SCAFFOLD: Final = Path(__file__).parent / "scaffold"
SUFFIX: Final = ".in"
"""The files are no code yet, so that no tool takes them for code."""


def new_plugin(plugin_id: str, folder: Path) -> Path:
    """Write a small plugin that works and keeps every rule, and return its folder; `folder` must not be there yet."""
    if not PLUGIN_ID.fullmatch(plugin_id) or plugin_id in RESERVED:
        raise Invalid(
            f"{plugin_id!r} cannot be the name of a plugin: small letters, digits and _ only, a letter first, "
            f"not {' or '.join(sorted(RESERVED))}."
        )
    if taken := sorted(name for name in Base.metadata.tables if name.startswith(plugin_id + "_")):
        raise Invalid(
            f"A plugin cannot be called {plugin_id}, because core has a table {taken[0]}. Choose another name."
        )
    if plugin_id in discover():
        raise Conflict(f"A plugin called {plugin_id} is installed already. Choose another name.")
    words = plugin_id.split("_")
    return _write(
        SCAFFOLD / "plugin",
        folder,
        {
            "id": plugin_id,
            "package": f"helpdesk_{plugin_id}",
            "distribution": f"helpdesk-{'-'.join(words)}",
            "Class": "".join(word.capitalize() for word in words),
            "Title": " ".join(words).capitalize(),
            "core_range": core_range(),
        },
        # Templates lie below a folder of the plugin's name, so that no two plugins get into each other's way.
        {"package": f"helpdesk_{plugin_id}", "templates": f"templates/{plugin_id}"},
    )


def new_theme(name: str, parent: str, folder: Path) -> Path:
    """Write a theme that changes its parent a little, and return its folder."""
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,39}", name):
        raise Invalid(f"{name!r} cannot be the name of a theme: small letters, digits, - and _ only, a letter first.")
    title = re.sub("[-_]", " ", name).capitalize()
    facts = {"name": name, "Title": title, "parent": parent, "contract": str(TOKENS_CONTRACT)}
    return _write(SCAFFOLD / "theme", folder, facts, {})


def core_range() -> str:
    """Return the versions of core that a plugin written today fits: from this one to the next that may break it."""
    version = Version(helpdesk_core.__version__)
    after = f"{version.major + 1}" if version.major else f"0.{version.minor + 1}"
    return f">={version.major}.{version.minor},<{after}"


def _write(source: Path, target: Path, facts: Mapping[str, str], renamed: Mapping[str, str]) -> Path:
    try:
        target.mkdir(parents=True)
    except FileExistsError:
        raise Conflict(f"{target} is there already; choose another --folder.") from None
    for file in sorted(source.rglob(f"*{SUFFIX}")):
        parts = [renamed.get(part, part) for part in file.relative_to(source).parent.parts]
        path = target.joinpath(*parts, _filled(file.name.removesuffix(SUFFIX), facts))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_filled(file.read_text("utf-8"), facts), encoding="utf-8")
    return target


def _filled(text: str, facts: Mapping[str, str]) -> str:
    return re.sub(r"@(\w+)@", lambda found: facts[found[1]], text)
