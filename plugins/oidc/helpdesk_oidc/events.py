"""What the plugin tells of."""

from dataclasses import dataclass
from typing import ClassVar

from helpdesk_core.api import Event


@dataclass(frozen=True, kw_only=True)
class ProviderChanged(Event):
    """A provider was made, changed or removed; `what` says which."""

    type: ClassVar[str] = "oidc.provider_changed"
    provider: str
    name: str
    what: str
