"""What the plugin tells of."""

from dataclasses import dataclass
from typing import ClassVar

from helpdesk_core.api import Event


@dataclass(frozen=True, kw_only=True)
class SiteChanged(Event):
    """A site was made, changed or removed, or its secrets were; `what` says which."""

    type: ClassVar[str] = "cms.site_changed"
    site: str
    name: str
    what: str
