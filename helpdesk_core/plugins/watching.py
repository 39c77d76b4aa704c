"""What a running helpdesk looks at to notice that something was changed beside it."""

import importlib.metadata
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select

from helpdesk_core.db.generation import Generation
from helpdesk_core.plugins.discovery import CORE_DISTRIBUTION
from helpdesk_core.plugins.records import TABLES
from helpdesk_core.plugins.registry import PluginRegistry
from helpdesk_core.settings.config import FILE_NAME
from helpdesk_core.settings.store import TOPIC as SETTINGS

if TYPE_CHECKING:
    from helpdesk_core.runtime import Helpdesk


FileState = tuple[int, int, int]


class State(NamedTuple):
    """Two equal ones mean that nothing has changed."""

    file: FileState | None
    generations: tuple[tuple[str, int], ...]


def state_of(instance: Path, desk: "Helpdesk") -> State:
    """Return the state of the configuration file, of stored settings and of plugins' tables."""
    file = file_state(instance)
    topics = select(Generation.topic, Generation.value).where(Generation.topic.in_([SETTINGS, TABLES]))
    with desk.engine.connect() as connection:
        rows = connection.execute(topics.order_by(Generation.topic)).all()
    return State(file, tuple((topic, value) for topic, value in rows))


def file_state(instance: Path) -> FileState | None:
    """Return what changes whenever the configuration file is written; None without a file."""
    try:
        stat = (instance / FILE_NAME).stat()
    except FileNotFoundError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


class Upgrades:
    """Notices that a package on disk is another version than the one that was loaded: Python loads a module once."""

    def __init__(self) -> None:
        self._loaded: dict[str, str] = {}
        self.notices: tuple[str, ...] = ()

    def note(self, plugins: PluginRegistry) -> None:
        """Remember the versions that are loaded now; a distribution that is known keeps its first version."""
        for distribution in [CORE_DISTRIBUTION, *(plugins.get(plugin.id).distribution for plugin in plugins.active)]:
            if version := _on_disk(distribution):
                self._loaded.setdefault(distribution, version)

    def look(self) -> None:
        """Compare with the disk."""
        notices = []
        for distribution, loaded in self._loaded.items():
            version = _on_disk(distribution)
            if version is None:
                notices.append(f"{distribution} was uninstalled, and {loaded} still runs: restart the helpdesk.")
            elif version != loaded:
                notices.append(
                    f"{distribution} {version} was installed, and {loaded} still runs: restart the helpdesk."
                )
        self.notices = tuple(notices)


def _on_disk(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None
