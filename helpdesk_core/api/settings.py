"""Fields for a plugin's settings, beside those of marshmallow."""

from helpdesk_core.settings.effective import Change, Effective
from helpdesk_core.settings.fields import (
    Choice,
    Duration,
    Secret,
    SecretText,
    Sensitive,
    Whole,
    Words,
    about,
    gettext_noop,
)
from helpdesk_core.settings.kinds import WebAddress, is_timezone
from helpdesk_core.settings.seal import CannotOpen, Seal

__all__ = [
    "CannotOpen",
    "Change",
    "Choice",
    "Duration",
    "Effective",
    "Seal",
    "Secret",
    "SecretText",
    "Sensitive",
    "WebAddress",
    "Whole",
    "Words",
    "about",
    "gettext_noop",
    "is_timezone",
]
