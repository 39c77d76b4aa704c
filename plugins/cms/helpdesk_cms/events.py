"""What the plugin tells of."""

from dataclasses import dataclass
from typing import ClassVar

from helpdesk_core.api import Event

from .texts import lazy


@dataclass(frozen=True, kw_only=True)
class SiteChanged(Event):
    """A site was made, changed or removed, or its secrets were; `what` says which."""

    type: ClassVar[str] = "cms.site_changed"
    site: str
    name: str
    what: str

    def told(self) -> object:
        """Return what happened, for the record of changes."""
        said = {
            "made": lazy("connected the site “%(name)s”", name=self.name),
            "removed": lazy("removed the site “%(name)s”", name=self.name),
            "new secret": lazy("made a new secret for the site “%(name)s”", name=self.name),
            "secret ended": lazy("ended a secret of the site “%(name)s”", name=self.name),
        }
        return said.get(self.what) or lazy("changed the site “%(name)s”", name=self.name)
