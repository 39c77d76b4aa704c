"""What the plugin tells of; webhooks themselves are not told of it."""

from dataclasses import dataclass
from typing import ClassVar

from helpdesk_core.api import Event

from .texts import lazy


@dataclass(frozen=True, kw_only=True)
class EndpointChanged(Event):
    """An endpoint was made, changed, removed or got a new secret; `what` says which."""

    type: ClassVar[str] = "webhooks.endpoint_changed"
    endpoint: str
    name: str
    what: str

    def told(self) -> object:
        """Return what happened, for the record of changes."""
        said = {
            "made": lazy("added the endpoint “%(name)s”", name=self.name),
            "removed": lazy("removed the endpoint “%(name)s”", name=self.name),
            "new secret": lazy("made a new secret for the endpoint “%(name)s”", name=self.name),
        }
        return said.get(self.what) or lazy("changed the endpoint “%(name)s”", name=self.name)


@dataclass(frozen=True, kw_only=True)
class EndpointSwitchedOff(Event):
    """An endpoint was switched off by itself: `reason` is `gone` (it said so) or `failing`, `since` a day."""

    type: ClassVar[str] = "webhooks.endpoint_switched_off"
    endpoint: str
    name: str
    reason: str
    since: str

    def told(self) -> object:
        """Return what happened, for the record of changes."""
        return lazy("switched the endpoint “%(name)s” off, because it does not answer", name=self.name)
