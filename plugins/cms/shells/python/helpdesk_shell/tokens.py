"""Tokens by which a site says who is there: JSON Web Tokens (RFC 7519), HS256, good for minutes and one use."""

import hashlib
import json
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import jwt

from helpdesk_shell.settings import Settings

Use = Literal["sign-in", "frame", "server"]
LASTS: "dict[Use, int]" = {"sign-in": 60, "frame": 120, "server": 60}
"""Seconds; the helpdesk takes none that lasts longer than 300."""
MOST_DATA, LONGEST_NAME, LONGEST_DATA = 20, 64, 200


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in to the site. `sub` never changes; `email_verified` only if the site has proved it."""

    sub: str
    name: str = ""
    email: str = ""
    email_verified: bool = False
    locale: str = ""
    roles: Sequence[str] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    """What the account page knows: at most 20 entries; names are cut to 64 characters, texts to 200."""

    def claims(self) -> "dict[str, Any]":
        """Return what a token says of the person."""
        told: dict[str, Any] = {"sub": self.sub, "name": self.name, "locale": self.locale}
        if self.email:
            told |= {"email": self.email, "email_verified": self.email_verified}
        told["roles"] = list(self.roles)  # none at all is said, too: roles that came from here are taken
        if self.data:
            entries = list(self.data.items())[:MOST_DATA]
            told["data"] = {str(name)[:LONGEST_NAME]: str(value)[:LONGEST_DATA] for name, value in entries}
        return {name: value for name, value in told.items() if value not in ("", None)}

    @property
    def mark(self) -> str:
        """What is kept for this person is kept under this; it changes with everything the helpdesk is told."""
        told = json.dumps(self.claims(), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def make_token(
    settings: Settings, use: Use, person: Person | None, *, locale: str = "", ip: str = "", sid: str = ""
) -> str:
    """Return a token about the person, or about a visitor (`server` and `frame` only); `ip` is their browser's.

    `sid` is any name of at most 64 characters for the session here, the same when signing in and when signing out:
    with it, who logs out in one browser stays in the helpdesk in another.
    """
    if person is None and use == "sign-in":
        raise ValueError("A visitor cannot be signed in: send them to the site's own sign-in first.")
    now = int(time.time())
    claims: dict[str, Any] = {
        "iss": settings.site,
        "aud": settings.url,
        "iat": now,
        "exp": now + LASTS[use],
        "jti": secrets.token_urlsafe(18),
        "use": use,
    }
    claims |= person.claims() if person else ({"locale": locale} if locale else {})
    claims |= {name: value for name, value in (("ip", ip), ("sid", sid)) if value}
    return jwt.encode(claims, settings.secret, algorithm="HS256", headers={"kid": settings.kid})
