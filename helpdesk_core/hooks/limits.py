"""How long hooks may take, and when a breaker opens."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from helpdesk_core.hooks.specs import CollectSpec, HookSpec


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Deadlines in seconds per implementation and style (a spec's own `deadline` wins), and the breaker's patience.

    A call over `slow` seconds counts as slow where somebody waits for it (not at start-up, not for `after`).
    `failures` errors within `window` open the breaker of that hook of that plugin. Errors in `after` hooks and at
    start-up do not count for it: the outbox retries and parks the former, the loader marks the plugin failed for the
    latter.
    """

    collect: float = 2.0
    render: float = 2.0
    within: float = 2.0
    pick: float = 3.0
    refine: float = 3.0
    veto: float = 3.0
    after: float = 60.0
    startup: float = 10.0
    slow: float = 0.2
    failures: int = 5
    window: timedelta = timedelta(minutes=10)

    def deadline(self, spec: HookSpec[..., Any]) -> float:
        """Return how many seconds one implementation of the hook may take."""
        if spec.deadline is not None:
            return spec.deadline
        name = "startup" if at_startup(spec) else spec.style
        seconds: float = getattr(self, name)
        return seconds


def at_startup(spec: HookSpec[..., Any]) -> bool:
    """Return whether a hook is called while the app is built."""
    return isinstance(spec, CollectSpec) and spec.when == "startup"


def somebody_waits(spec: HookSpec[..., Any]) -> bool:
    """Return whether a hook is called while a person, a program or a mail server waits for the answer."""
    return spec.style != "after" and not at_startup(spec)
