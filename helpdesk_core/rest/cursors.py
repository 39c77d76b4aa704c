"""Positions in a list, as the opaque `next` and `after` of its pages."""

import base64
import binascii
import json
from typing import Any

from helpdesk_core.errors import Invalid

NO_PLACE = "This is no place in this list. Take the `next` of the page before, unchanged."


def cursor(*position: str | int) -> str:
    """Return the text for a position."""
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


def read_cursor(text: str, *kinds: type) -> Any:
    """Return the position that a text stands for, with values of these kinds; `Invalid` if it is none."""
    try:
        position = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, RecursionError, binascii.Error):
        position = None
    if (
        not isinstance(position, list)
        or [type(each) for each in position] != list(kinds)
        or any(isinstance(each, int) and not 0 <= each < 2**63 for each in position)
        or any(isinstance(each, str) and "\0" in each for each in position)
    ):
        raise Invalid({"after": [NO_PLACE]})
    return tuple(position)
