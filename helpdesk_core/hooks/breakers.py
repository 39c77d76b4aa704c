"""Breakers: a hook of a plugin that failed too often, or hung, is not called again until an admin says so."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from helpdesk_core.clock import Clock

log = logging.getLogger(__name__)

Key = tuple[str, str]
"""A plugin's id and the name of a hook."""


@dataclass(frozen=True)
class Breaker:
    """An open breaker: which hook of which plugin is in quarantine, and why."""

    plugin_id: str
    hook: str
    reason: str


class BreakerStore(Protocol):
    """Where open breakers are kept, so that all processes of a site share them.

    `opened` is called on a thread of its own, never inside the transaction of the request that opened the breaker: it
    begins its own. It may be called again for a breaker that is already stored.
    """

    def load(self) -> Iterable[tuple[str, str, str]]:
        """Return plugin id, hook and reason of every open breaker."""

    def opened(self, plugin_id: str, hook: str, reason: str) -> None:
        """Keep that a breaker has opened."""

    def closed(self, plugin_id: str, hook: str) -> None:
        """Forget a breaker."""


class Breakers:
    """The open breakers as this process knows them, and the recent failures that may open more."""

    def __init__(
        self,
        store: BreakerStore | None,
        now: Clock,
        run_later: Callable[[Callable[[], None]], object],
        *,
        failures: int,
        window: timedelta,
    ) -> None:
        self._store = store
        self._now = now
        self._run_later = run_later
        self._limit = failures
        self._window = window
        self._lock = threading.Lock()
        self._store_lock = threading.Lock()
        """Held from asking or telling the store until it is noted here, so that no older answer undoes a newer one."""
        self._open: dict[Key, str] = {}
        self._unsaved: set[Key] = set()
        self._failures: dict[Key, deque[datetime]] = {}

    def is_open(self, key: Key) -> bool:
        """Return whether the hook is in quarantine."""
        return key in self._open

    def reason(self, key: Key) -> str | None:
        """Return why it is; `None` when it is not."""
        return self._open.get(key)

    def all(self) -> tuple[Breaker, ...]:
        """Return every open breaker, by plugin and hook."""
        return tuple(Breaker(*key, reason) for key, reason in sorted(self._open.copy().items()))

    def failure(self, key: Key, summary: str) -> None:
        """Count a failure; the last one of too many opens the breaker."""
        now = self._now()
        with self._lock:
            recent = self._failures.setdefault(key, deque(maxlen=self._limit))
            recent.append(now)
            too_many = len(recent) == self._limit and now - recent[0] <= self._window
        if too_many:
            minutes = self._window.total_seconds() / 60
            self.open(key, f"{self._limit} errors within {minutes:g} minutes, the last one: {summary}")

    def open(self, key: Key, reason: str) -> None:
        """Open a breaker here at once, and in the store as soon as possible."""
        with self._lock:
            if key in self._open:
                return
            self._open[key] = reason
            self._failures.pop(key, None)
            if self._store is not None:
                self._unsaved.add(key)
        log.error("hook %s of plugin %s is in quarantine: %s", key[1], key[0], reason)
        if self._store is not None:
            self._run_later(self._save)

    def close(self, key: Key) -> None:
        """Close a breaker here and in the store; closing a closed one is no error."""
        if self._store is None:
            self._forget(key)
            return
        with self._store_lock:
            self._forget(key)
            self._store.closed(*key)

    def refresh(self) -> None:
        """Take over what other processes opened and closed."""
        if self._store is None:
            return
        with self._store_lock:
            self._save_in(self._store)
            stored = {(plugin_id, hook): reason for plugin_id, hook, reason in self._store.load()}
            with self._lock:
                # What could not be saved yet stays open.
                self._open = {key: self._open[key] for key in self._unsaved} | stored

    def _forget(self, key: Key) -> None:
        with self._lock:
            self._open.pop(key, None)
            self._failures.pop(key, None)
            self._unsaved.discard(key)

    def _save(self) -> None:
        if self._store is not None:
            with self._store_lock:
                self._save_in(self._store)

    def _save_in(self, store: BreakerStore) -> None:
        with self._lock:
            unsaved = {key: self._open[key] for key in self._unsaved}
        for key, reason in unsaved.items():
            try:
                store.opened(*key, reason)
            except Exception:
                log.exception("the breaker of hook %s of plugin %s could not be stored; trying again later", *key[::-1])
            else:
                with self._lock:
                    self._unsaved.discard(key)
