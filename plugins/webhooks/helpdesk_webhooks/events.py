"""What the plugin tells of; webhooks themselves are not told of it."""

from dataclasses import dataclass
from typing import ClassVar

from helpdesk_core.api import Event


@dataclass(frozen=True, kw_only=True)
class EndpointChanged(Event):
    """An endpoint was made, changed, removed or got a new secret; `what` says which."""

    type: ClassVar[str] = "webhooks.endpoint_changed"
    endpoint: str
    name: str
    what: str


@dataclass(frozen=True, kw_only=True)
class EndpointSwitchedOff(Event):
    """An endpoint was switched off by itself: `reason` is `gone` (it said so) or `failing`, `since` a day."""

    type: ClassVar[str] = "webhooks.endpoint_switched_off"
    endpoint: str
    name: str
    reason: str
    since: str
