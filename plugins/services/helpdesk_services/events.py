"""What the plugin tells of."""

from dataclasses import dataclass
from typing import ClassVar

from helpdesk_core.api import Event

from .texts import lazy


@dataclass(frozen=True, kw_only=True)
class SourceChanged(Event):
    """A source was made, changed or removed; `what` says which."""

    type: ClassVar[str] = "services.source_changed"
    source: str
    name: str
    what: str


@dataclass(frozen=True, kw_only=True)
class ServiceChanged(Event):
    """A ticket is about another service; `kind` is its type, and names are left to the plugin's own table."""

    type: ClassVar[str] = "services.changed"
    sentence: ClassVar[object] = lazy("changed the service that it is about")
    kind: str
