"""Signatures as Standard Webhooks describes them, so that receivers check them with a library they have.

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
SHORTEST, LONGEST = 24, 64
"""Bytes of a secret, as the specification wants them."""


def new_secret() -> str:
    """Return a secret, in the form in which receivers are given it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(BYTES)).decode()


def is_secret(text: str) -> bool:
    """Tell whether a text is a secret of that form."""
    try:
        return SHORTEST <= len(_key(text)) <= LONGEST
    except ValueError:
        return False


def headers(keys: Iterable[str], message_id: str, at: datetime, body: bytes) -> Mapping[str, str]:
    """Return the three headers; each secret gives a signature of its own, and any of them is enough."""
    stamp = str(int(at.timestamp()))
    signed = b".".join((message_id.encode(), stamp.encode(), body))
    marks = (base64.b64encode(hmac.new(_key(key), signed, hashlib.sha256).digest()).decode() for key in keys)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(f"v1,{mark}" for mark in marks),
    }


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
