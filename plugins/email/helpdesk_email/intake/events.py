"""What can happen to the ways in."""

from dataclasses import dataclass
from typing import ClassVar

from helpdesk_core.api import Event


@dataclass(frozen=True, kw_only=True)
class WayInChanged(Event):
    """An administrator has made, changed, connected or removed a mailbox or an address for providers.

    `kind` is `mailbox` or `door`, `what` is `created`, `changed`, `connected` or `deleted`. Secrets stay out.
    """

    type: ClassVar[str] = "email.way_in_changed"
    kind: str
    name: str
    what: str
