"""What can happen to the ways in."""

from dataclasses import dataclass
from typing import ClassVar

from helpdesk_core.api import Event

from ..texts import lazy


@dataclass(frozen=True, kw_only=True)
class WayInChanged(Event):
    """An administrator has made, changed, connected or removed a mailbox or an address for providers.

    `kind` is `mailbox` or `door`, `what` is `created`, `changed`, `connected` or `deleted`. Secrets stay out.
    """

    type: ClassVar[str] = "email.way_in_changed"
    kind: str
    name: str
    what: str

    def told(self) -> object:
        """Return what happened, for the record of changes."""
        said = {
            "created": lazy("added the way in for mail “%(name)s”", name=self.name),
            "connected": lazy("connected the way in for mail “%(name)s”", name=self.name),
            "deleted": lazy("removed the way in for mail “%(name)s”", name=self.name),
        }
        return said.get(self.what) or lazy("changed the way in for mail “%(name)s”", name=self.name)
