"""Where a shell keeps fragments and remembers that the helpdesk is away: the site's own cache."""

import time
from threading import Lock
from typing import Any, Protocol


class Kept(Protocol):
    """A cache that all processes of the site share; entries last for some seconds, and losing one is never a fault."""

    def get(self, key: str) -> Any:
        """Return what is kept, or None."""

    def set(self, key: str, value: Any, seconds: int) -> None:
        """Keep a value of JSON's kinds."""

    def add(self, key: str, value: Any, seconds: int) -> bool:
        """Keep it unless something is kept there already; tell whether it was kept."""

    def delete(self, key: str) -> None:
        """Forget it."""


class MemoryKept:
    """Keeps things in one process, at most `most` of them; for tests and small programs."""

    def __init__(self, most: int = 1000) -> None:
        self._most = most
        self._entries: dict[str, tuple[float, Any]] = {}
        self._lock = Lock()

    def get(self, key: str) -> Any:
        """Return what is kept, or None."""
        ends, value = self._entries.get(key, (0.0, None))
        return value if ends > time.monotonic() else None

    def set(self, key: str, value: Any, seconds: int) -> None:
        """Keep a value; the oldest goes when there are too many."""
        with self._lock:
            self._entries.pop(key, None)
            while len(self._entries) >= self._most:
                del self._entries[next(iter(self._entries))]
            self._entries[key] = (time.monotonic() + seconds, value)

    def add(self, key: str, value: Any, seconds: int) -> bool:
        """Keep it unless something is kept there already."""
        if self.get(key) is not None:
            return False
        self.set(key, value, seconds)
        return True

    def delete(self, key: str) -> None:
        """Forget it."""
        with self._lock:
            self._entries.pop(key, None)
