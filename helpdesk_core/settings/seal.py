"""Secrets at rest: encrypted with keys made from the site's secret key."""

import base64
import hmac
import json
from typing import Any

from cryptography.fernet import Fernet, InvalidToken

from helpdesk_core.db.base import canonical_json


class CannotOpen(Exception):
    """The text was sealed with another secret key, for another setting, or has been altered."""


class Seal:
    """Encrypts settings; each owner and key has a key of its own, so that a sealed value fits only where it was made.

    The keys are made with HMAC-SHA-256 (RFC 2104), the values are Fernet tokens (AES-128-CBC with HMAC).
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def close(self, owner: str, key: str, value: Any) -> str:
        """Return the JSON value as text that only this site can read."""
        return self._fernet(owner, key).encrypt(canonical_json(value).encode("utf-8")).decode("ascii")

    def open(self, owner: str, key: str, sealed: str) -> Any:
        """Return the value again; CannotOpen if it is not readable here."""
        try:
            return json.loads(self._fernet(owner, key).decrypt(sealed))
        except (InvalidToken, TypeError, ValueError):
            raise CannotOpen from None

    def _fernet(self, owner: str, key: str) -> Fernet:
        made = hmac.digest(self._secret, f"helpdesk setting\0{owner}\0{key}".encode(), "sha256")
        return Fernet(base64.urlsafe_b64encode(made))
