"""How a message or a change came in, in words."""

from collections.abc import Mapping
from typing import Final

from helpdesk_core.texts import lazy as _l

CHANNELS: Final[Mapping[str, str]] = {
    "web": _l("Web"),
    "email": _l("Mail"),
    "api": _l("API"),
    "system": _l("By itself"),
    "cli": _l("Command line"),
    "phone": _l("Phone"),
    "visit": _l("Visit"),
    "letter": _l("Letter"),
    "chat": _l("Chat"),
}
"""Those of core and of every helpdesk; a plugin's is shown by the name that the plugin gives it."""
BY_HAND: Final = ("phone", "visit", "letter", "chat")
"""What somebody writes down for a customer."""


def channel_name(channel: str) -> str:
    """Return the channel in words that can be translated, such as “Mail” for `email`."""
    return CHANNELS.get(channel, channel)
