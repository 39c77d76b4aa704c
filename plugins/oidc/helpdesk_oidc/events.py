"""What the plugin tells of."""

from dataclasses import dataclass
from typing import ClassVar

from helpdesk_core.api import Event

from .texts import lazy


@dataclass(frozen=True, kw_only=True)
class ProviderChanged(Event):
    """A provider was made, changed or removed; `what` says which."""

    type: ClassVar[str] = "oidc.provider_changed"
    provider: str
    name: str
    what: str

    def told(self) -> object:
        """Return what happened, for the record of changes."""
        said = {
            "made": lazy("added the provider “%(name)s”", name=self.name),
            "removed": lazy("removed the provider “%(name)s”", name=self.name),
        }
        return said.get(self.what) or lazy("changed the provider “%(name)s”", name=self.name)
