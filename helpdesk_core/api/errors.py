"""Every error that core raises on purpose; a plugin raises those that fit, or derives its own from them."""

from helpdesk_core.errors import (
    ConfigError,
    Conflict,
    Forbidden,
    HelpdeskError,
    Invalid,
    NotFound,
    RateLimited,
    Refused,
    SignInRequired,
    TooLarge,
    Unavailable,
)
from helpdesk_core.hooks import DeliveryFailed, HookFailed, Veto

__all__ = [
    "ConfigError",
    "Conflict",
    "DeliveryFailed",
    "Forbidden",
    "HelpdeskError",
    "HookFailed",
    "Invalid",
    "NotFound",
    "RateLimited",
    "Refused",
    "SignInRequired",
    "TooLarge",
    "Unavailable",
    "Veto",
]
