"""Waiting for what happens elsewhere."""

import time
from collections.abc import Callable

LONGEST = 120.0


def until(happened: Callable[[], object], says: Callable[[], object] = lambda: "") -> None:
    """Return as soon as it has happened; after two minutes that is a failure."""
    end = time.monotonic() + LONGEST
    while not happened():
        assert time.monotonic() < end, f"It did not happen. {says()}"
        time.sleep(0.05)
