"""All settings with their values and sources, for `helpdesk config show`."""

import dataclasses
from dataclasses import dataclass
from typing import Any

from helpdesk_core.settings.config import Config
from helpdesk_core.settings.effective import Source
from helpdesk_core.settings.fields import MASK, mask
from helpdesk_core.settings.sections import SECTIONS
from helpdesk_core.settings.store import Settings


@dataclass(frozen=True)
class Shown:
    """One line of `config show`; the value is as JSON can hold it, with secrets masked."""

    section: str
    key: str
    value_masked: Any
    source: Source


def describe(config: Config, settings: Settings) -> list[Shown]:
    """Return every setting in force: core's sections, then plugins.

    Of plugins that are not loaded nobody knows which values are secret, so all of theirs are masked.
    """
    shown: list[Shown] = []
    for section in SECTIONS:
        if section.on_page:
            shown += _of_owner(section.name, settings, f"core.{section.name}")
        else:
            values = mask(section.schema(), dataclasses.asdict(getattr(config, section.name)))
            pins = config.pinned.get(section.name, {})
            shown += [
                Shown(section.name, key, value, pins[key].source if key in pins else "default")
                for key, value in values.items()
            ]
    plugins = [owner for owner in settings.owners if not owner.startswith("core.")]
    for owner in plugins:
        shown += _of_owner(f"plugins.{owner}", settings, owner)
    for plugin in config.plugin_sections:
        if plugin not in plugins:
            section_name = f"plugins.{plugin}"
            pins = config.pinned[section_name]
            shown += [Shown(section_name, key, MASK, pin.source) for key, pin in pins.items()]
    return shown


def _of_owner(section: str, settings: Settings, owner: str) -> list[Shown]:
    effective = settings.effective(owner)
    return [Shown(section, key, value, effective.sources[key]) for key, value in effective.masked().items()]
