"""What the plugin tells of."""

from dataclasses import dataclass
from typing import ClassVar

from helpdesk_core.api import Event
from helpdesk_core.api.events import TicketFactsChanged

from .texts import lazy


@dataclass(frozen=True, kw_only=True)
class SourceChanged(Event):
    """A source was made, changed or removed; `what` says which."""

    type: ClassVar[str] = "services.source_changed"
    source: str
    name: str
    what: str

    def told(self) -> object:
        """Return what happened, for the record of changes."""
        said = {
            "made": lazy("added the source “%(name)s”", name=self.name),
            "removed": lazy("removed the source “%(name)s”", name=self.name),
        }
        return said.get(self.what) or lazy("changed the source “%(name)s”", name=self.name)


@dataclass(frozen=True, kw_only=True)
class ServiceChanged(TicketFactsChanged):
    """A ticket is about another service; `kind` is its type, and names are left to the plugin's own table."""

    type: ClassVar[str] = "services.changed"
    sentence: ClassVar[object] = lazy("changed the service that it is about")
    kind: str
