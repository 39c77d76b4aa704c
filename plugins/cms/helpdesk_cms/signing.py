"""Secrets of sites, and the signatures of what is sent to them (Standard Webhooks).

The specification: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

PREFIX: Final = "whsec_"
BYTES: Final = 32
SHORTEST: Final = 32
"""Characters of a secret that somebody brings along."""


def new_secret() -> str:
    """Return a secret of 32 random bytes."""
    return PREFIX + base64.b64encode(secrets.token_bytes(BYTES)).decode()


def is_secret(text: str) -> bool:
    """Tell whether a text will do as a secret: long enough, in one word."""
    if not SHORTEST <= len(text) <= 500 or not text.isprintable() or " " in text:
        return False
    try:
        return bool(webhook_key(text))
    except ValueError:
        return False


def token_key(secret: str) -> bytes:
    """Return what tokens are signed with: the secret as it stands."""
    return secret.encode()


def webhook_key(secret: str) -> bytes:
    """Return what webhooks are signed with: the bytes behind `whsec_`, else the secret as it stands."""
    if not secret.startswith(PREFIX):
        return secret.encode()
    return base64.b64decode(secret.removeprefix(PREFIX), validate=True)


def headers(keys: Iterable[str], message_id: str, at: datetime, body: bytes) -> Mapping[str, str]:
    """Return the three headers; each secret gives a signature of its own, and any of them is enough."""
    stamp = str(int(at.timestamp()))
    signed = b".".join((message_id.encode(), stamp.encode(), body))
    marks = (base64.b64encode(hmac.new(webhook_key(key), signed, hashlib.sha256).digest()).decode() for key in keys)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(f"v1,{mark}" for mark in marks),
    }
