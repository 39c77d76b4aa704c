"""What is counted about every hook of every plugin, and shown on the admin page."""

import logging
import secrets
import threading
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from helpdesk_core.clock import Clock
from helpdesk_core.hooks.breakers import Breakers, Key
from helpdesk_core.hooks.implementations import Implementation
from helpdesk_core.hooks.limits import Limits, somebody_waits
from helpdesk_core.hooks.specs import Style

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LastError:
    """The latest failure of a hook; `error_id` is also in the log and in the box that agents see."""

    error_id: str
    at: datetime
    summary: str
    traceback: str


@dataclass(frozen=True)
class HookReport:
    """How one hook of one plugin has done in this process; `breaker` is the reason when it is in quarantine."""

    plugin_id: str
    hook: str
    style: Style
    calls: int
    errors: int
    slow: int
    total_seconds: float
    last_error: LastError | None
    breaker: str | None


class _Counter:
    __slots__ = ("calls", "errors", "last_error", "slow", "total_seconds")

    def __init__(self) -> None:
        self.calls = 0
        self.errors = 0
        self.slow = 0
        self.total_seconds = 0.0
        self.last_error: LastError | None = None


class Monitor:
    """Counts calls, remembers errors, and tells the breakers."""

    def __init__(self, limits: Limits, breakers: Breakers, now: Clock) -> None:
        self._limits = limits
        self._breakers = breakers
        self._now = now
        self._lock = threading.Lock()
        self._counters: dict[Key, _Counter] = {}

    def succeeded(self, call: Implementation, seconds: float) -> None:
        """Count a call that returned what it should."""
        with self._lock:
            self._count(call, seconds)

    def failed(self, call: Implementation, error: BaseException, seconds: float, stack: str | None = None) -> str:
        """Count and log a failed call; return the error id. `stack` says where a call that did not end stands."""
        summary = traceback.format_exception_only(error)[-1].strip()
        details = "".join(traceback.format_exception(error))
        last = LastError(
            secrets.token_hex(4), self._now(), summary, details if stack is None else f"{stack}{summary}\n"
        )
        with self._lock:
            counter = self._count(call, seconds)
            counter.errors += 1
            counter.last_error = last
        plugin_id, hook = call.plugin_id, call.spec.name
        log.error("hook %s of plugin %s failed [%s]: %s", hook, plugin_id, last.error_id, last.traceback)
        if somebody_waits(call.spec):
            self._breakers.failure((plugin_id, hook), summary)
        return last.error_id

    def failed_later(self, key: Key, error: BaseException, error_id: str) -> None:
        """Count an error in what a hook had returned, such as a page; it is logged where it is answered."""
        summary = traceback.format_exception_only(error)[-1].strip()
        details = "".join(traceback.format_exception(error))
        with self._lock:
            counter = self._counters.setdefault(key, _Counter())
            counter.errors += 1
            counter.last_error = LastError(error_id, self._now(), summary, details)

    def report(self, calls: Iterable[Implementation]) -> tuple[HookReport, ...]:
        """Return one line per implementation, also for those not called yet."""
        with self._lock:
            return tuple(self._line(call) for call in calls)

    def _count(self, call: Implementation, seconds: float) -> _Counter:
        key = (call.plugin_id, call.spec.name)
        counter = self._counters.get(key) or self._counters.setdefault(key, _Counter())
        counter.calls += 1
        counter.total_seconds += seconds
        if seconds > self._limits.slow and somebody_waits(call.spec):
            counter.slow += 1
        return counter

    def _line(self, call: Implementation) -> HookReport:
        key = (call.plugin_id, call.spec.name)
        counter = self._counters.get(key) or _Counter()
        return HookReport(
            plugin_id=call.plugin_id,
            hook=call.spec.name,
            style=call.spec.style,
            calls=counter.calls,
            errors=counter.errors,
            slow=counter.slow,
            total_seconds=counter.total_seconds,
            last_error=counter.last_error,
            breaker=self._breakers.reason(key),
        )
