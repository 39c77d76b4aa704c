"""Signed links by which somebody rates without signing in: for one person, one ticket, and a time."""

import base64
import hmac
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from urllib.parse import urlencode

from helpdesk_core.api import Helpdesk

_PURPOSE: Final = b"helpdesk ratings link"


@dataclass(frozen=True, slots=True)
class Claim:
    """What a link says: who may rate which ticket."""

    ticket_id: int
    user_id: int


def token_of(desk: Helpdesk, claim: Claim, lasts: timedelta) -> str:
    """Return the part of a link that cannot be made up."""
    until = int((desk.now() + lasts).timestamp())
    said = f"{claim.ticket_id}.{claim.user_id}.{until}"
    return f"{said}.{_signature(desk, said)}"


def read_token(desk: Helpdesk, token: str) -> Claim | None:
    """Return what a token says; None if it is forged, damaged or over."""
    said, _dot, signature = token.rpartition(".")
    if not hmac.compare_digest(_signature(desk, said).encode(), signature.encode("utf-8", "replace")):
        return None
    try:
        ticket_id, user_id, until = (int(part) for part in said.split("."))
    except ValueError:
        return None
    if desk.now().timestamp() >= until:
        return None
    return Claim(ticket_id, user_id)


def url_of(desk: Helpdesk, token: str, score: int | None = None) -> str:
    """Return the address of the page where the holder of the token rates; a score is only marked there."""
    query = f"?{urlencode({'score': score})}" if score is not None else ""
    return f"{desk.settings.site().url.rstrip('/')}/x/ratings/r/{token}{query}"


def _signature(desk: Helpdesk, said: str) -> str:
    key = hmac.digest(desk.secret, _PURPOSE, "sha256")
    digest = hmac.digest(key, said.encode("utf-8", "surrogatepass"), "sha256")
    return base64.urlsafe_b64encode(digest[:24]).decode().rstrip("=")
