"""Settings in force, each with where it comes from, and what a save has changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from marshmallow import Schema

from helpdesk_core.settings.config import Pinned
from helpdesk_core.settings.fields import mask

Source = Literal["default", "page", "file", "environment"]


@dataclass(frozen=True)
class Effective:
    """The settings of one owner as they are in force, each with its source.

    `problems` has a sentence for each stored or written setting that is not in force although it is given, and for each
    required one that is missing (its value is None).
    """

    owner: str
    schema: Schema
    values: Mapping[str, Any]
    sources: Mapping[str, Source]
    pinned: Mapping[str, Pinned]
    problems: Mapping[str, str]

    def locked(self, key: str) -> bool:
        """Tell whether file or environment give this setting, so that the page cannot change it."""
        return key in self.pinned

    def masked(self) -> dict[str, Any]:
        """Return the values as they may be shown: as JSON can hold them, secrets masked."""
        return mask(self.schema, self.values)


@dataclass(frozen=True)
class Change:
    """What a save changed; both values as they may be shown."""

    key: str
    old: Any
    new: Any
