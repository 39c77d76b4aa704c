"""Which plugins are installed, read from the metadata of their distributions; nothing of theirs is imported."""

import difflib
import importlib
import importlib.metadata
import importlib.util
from collections.abc import Iterable
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from helpdesk_core.db.owners import Owner

GROUP: Final = "helpdesk.plugins"
CORE_DISTRIBUTION: Final = "helpdesk-core"


@dataclass(frozen=True)
class Discovered:
    """An installed plugin. `core_range` says which versions of core it is for; None if it does not say.

    `depends` are the distributions it depends on, extras left out. `rival`
    names another distribution that offers the same id, so that neither can be chosen.
    """

    id: str
    entry_point: EntryPoint
    distribution: str
    version: str
    summary: str = ""
    core_range: SpecifierSet | None = None
    depends: frozenset[str] = frozenset()
    rival: str | None = None

    def misfit(self, core_version: str) -> str | None:
        """Say why the plugin does not fit this version of core; None if it fits."""
        if self.core_range is None:
            return (
                f"{self.distribution} does not say which versions of {CORE_DISTRIBUTION} it is for; "
                f"its author has to add {CORE_DISTRIBUTION}>=…,<… to its dependencies."
            )
        if self.core_range.contains(core_version, prereleases=True):
            return None
        return (
            f"{self.distribution} {self.version} is for {CORE_DISTRIBUTION} {self.core_range}, and {core_version} is "
            f"installed; install a version that fits: pip install --upgrade {self.distribution}"
        )

    @property
    def package(self) -> str:
        """The name of the package that holds the plugin."""
        return self.entry_point.module.partition(".")[0]

    def package_folder(self) -> Path | None:
        """Return where the package lies, without importing it; None if its files are gone."""
        try:
            spec = importlib.util.find_spec(self.package)
        except (ImportError, ValueError):
            return None
        places = spec.submodule_search_locations if spec else None
        return Path(next(iter(places))) if places else None

    def owner(self) -> Owner:
        """Return the plugin as migrations see it, without its models."""
        folder = self.package_folder()
        migrations = folder / "migrations" if folder else None
        return Owner(self.id, migrations if migrations and migrations.is_dir() else None)


def near(plugin_id: str, known: Iterable[str]) -> str:
    """Return "Did you mean …?" if a plugin of a similar name is known, else nothing."""
    close = difflib.get_close_matches(plugin_id, list(known), n=1)
    return f"Did you mean {close[0]}?" if close else ""


def how_to_install(plugin_id: str, known: Iterable[str], distribution: str = "") -> str:
    """Say what to do about a plugin that is not installed; `distribution` is the one it came from before.

    Only that one is named: behind a name that was made up from a misspelt one may be anybody's package.
    """
    if distribution:
        return f"Install it again: pip install {distribution}"
    return near(plugin_id, known) or "Install the package that contains it; its author says what it is called."


def discover() -> dict[str, Discovered]:
    """Return all installed plugins by id. Packages installed since the process began are found too."""
    importlib.invalidate_caches()
    found: dict[str, Discovered] = {}
    for entry_point in importlib.metadata.entry_points(group=GROUP):
        distribution = entry_point.dist
        if distribution is None:
            continue
        name = canonicalize_name(distribution.name)
        known = found.get(entry_point.name)
        if known is None:
            ranges = _requirements(distribution.requires or [])
            found[entry_point.name] = Discovered(
                id=entry_point.name,
                entry_point=entry_point,
                distribution=name,
                version=distribution.version,
                summary=" ".join(distribution.metadata.get_all("Summary", [])),
                core_range=ranges.get(CORE_DISTRIBUTION),
                depends=frozenset(ranges),
            )
        elif known.distribution != name:
            found[entry_point.name] = replace(known, rival=name)
    return dict(sorted(found.items()))


def _requirements(lines: list[str]) -> dict[str, SpecifierSet]:
    found: dict[str, SpecifierSet] = {}
    for line in lines:
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            continue
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            found[canonicalize_name(requirement.name)] = requirement.specifier
    return found
