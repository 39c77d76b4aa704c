"""`Plugin`: what a distribution in the entry-point group `helpdesk.plugins` offers."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from marshmallow import Schema
from sqlalchemy import MetaData

from helpdesk_core.events.base import Event

if TYPE_CHECKING:
    from helpdesk_core.runtime import Helpdesk


def own_folder(instance: Path, plugin_id: str) -> Path:
    """Return the folder for a plugin's own files, whether it is there or not."""
    return instance / "plugin-files" / plugin_id


class Plugin:
    """A plugin's one object per opened helpdesk; hooks are its methods marked with `@hookimpl(spec)`.

    State belongs on the object, never in a module: two helpdesks may be open in one process. By convention the package
    holds the folders `migrations`, `templates/<id>`, `static` and `locales`; those that exist are used.
    """

    id: ClassVar[str]
    """Name of the entry point, prefix of tables, permissions and event types, namespace of templates, part of URLs."""
    title: ClassVar[str] = ""
    """The name for people, short; the id if it is empty."""
    summary: ClassVar[str] = ""
    """One sentence on what it does; the distribution's summary if it is empty."""
    settings: ClassVar[type[Schema] | None] = None
    """The fields of `[plugins.<id>]` and of the settings page."""
    models: ClassVar[MetaData | None] = None
    """The plugin's own tables, each named `<id>_…`: the `metadata` of its base made with `PluginTables`."""
    requires: ClassVar[tuple[str, ...]] = ()
    """Ids of plugins that have to be active too."""
    events: ClassVar[tuple[type[Event], ...]] = ()
    """Kinds of events that the plugin records itself; their types begin with `<id>.`."""

    def __init__(self, desk: "Helpdesk") -> None:
        """Prepare for work. Called once, before the first hook; write nothing to the database here."""
        self.desk = desk

    @property
    def config(self) -> Mapping[str, Any]:
        """The plugin's settings as they are in force now: loaded values by key, defaults included."""
        if self.settings is None:
            return {}
        return self.desk.settings.effective(self.id).values

    @property
    def own_folder(self) -> Path:
        """Where in the instance the plugin may keep files of its own: make it when it is needed; a purge takes it away.

        What several machines are to share belongs in the database or in core's store of files.
        """
        return own_folder(self.desk.config.instance, self.id)

    def close(self) -> None:
        """Let go of files, threads and connections; called when the helpdesk closes or the plugin is switched off."""

    @classmethod
    def folder(cls, name: str) -> Path | None:
        """Return a folder of the plugin's package, such as `templates`; None if there is none."""
        package = sys.modules[cls.__module__.partition(".")[0]]
        if package.__file__ is None:
            return None
        path = Path(package.__file__).parent / name
        return path if path.is_dir() else None
