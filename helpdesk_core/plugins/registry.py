"""`PluginRegistry`: every plugin that is known, with its status and the reason for it."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from helpdesk_core.errors import ConfigError, NotFound
from helpdesk_core.plugins.plugin import Plugin
from helpdesk_core.texts import LazyText

if TYPE_CHECKING:
    from helpdesk_core.runtime import Helpdesk

_log = logging.getLogger(__name__)


SAFE_MODE = "The helpdesk runs in safe mode, without plugins."
"""The reason of an enabled plugin that is left out for that."""


_REASONS: Final = 3
"""So many reasons of a quarantine are told in a sentence about a plugin; its page has those of all hooks."""
_HOOKS: Final = 4


class PluginStatus(StrEnum):
    """Whether a plugin works, and if not, why in one word."""

    ACTIVE = "active"
    DISABLED = "disabled"
    NEEDS_MIGRATION = "needs-migration"
    INCOMPATIBLE = "incompatible"
    MISSING = "missing"
    FAILED = "failed"
    QUARANTINED = "quarantined"


@dataclass(frozen=True)
class PluginState:
    """What is known of one plugin; `reason` says what to do about any status but active and disabled.

    `adds` lists what it brings, by kind (`hooks`, `tables`, `settings`, …).
    """

    id: str
    status: PluginStatus
    enabled: bool
    reason: str = ""
    title: str = ""
    summary: str = ""
    version: str = ""
    distribution: str = ""
    requires: tuple[str, ...] = ()
    adds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """Return the state as JSON can hold it."""
        return {
            "id": self.id,
            "status": str(self.status),
            "reason": self.reason,
            "enabled": self.enabled,
            "title": self.title,
            "summary": self.summary,
            "version": self.version,
            "distribution": self.distribution,
            "requires": list(self.requires),
            "adds": {kind: list(names) for kind, names in self.adds.items()},
        }


def in_quarantine(hooks: Iterable[tuple[str, str]]) -> str:
    """Say which hooks are not called and why; what several have in common is said once, and the rest is counted."""
    by_reason: dict[str, list[str]] = {}
    for hook, reason in hooks:
        by_reason.setdefault(reason, []).append(hook)
    shown = sorted(by_reason.items(), key=lambda item: -len(item[1]))[:_REASONS]
    sentences = [f"{_named(names)} not called: {reason}." for reason, names in shown]
    if rest := sum(map(len, by_reason.values())) - sum(len(names) for _reason, names in shown):
        sentences.append(f"{rest} more {'hooks are' if rest > 1 else 'hook is'} not called, for other reasons.")
    return " ".join(sentences)


def _named(hooks: list[str]) -> str:
    if len(hooks) == 1:
        return f"The hook {hooks[0]} is"
    named = hooks if len(hooks) <= _HOOKS + 1 else [*hooks[:_HOOKS], f"{len(hooks) - _HOOKS} more"]
    return f"The hooks {', '.join(named[:-1])} and {named[-1]} are"


class PluginRegistry:
    """The known plugins of one opened helpdesk: the enabled ones first, in their order, then the others by name."""

    def __init__(self, desk: "Helpdesk", states: Iterable[PluginState], *, safe_mode: bool = False) -> None:
        self._desk = desk
        self._safe_mode = safe_mode
        self._states = {state.id: state for state in states}
        self._objects: dict[str, Plugin] = {}

    def __iter__(self) -> Iterator[PluginState]:
        """Return the state of every known plugin."""
        return iter([self.get(plugin_id) for plugin_id in self._states])

    def get(self, plugin_id: str) -> PluginState:
        """Return the state of a plugin as it is now, NotFound if nobody has heard of it."""
        try:
            state = self._states[plugin_id]
        except KeyError:
            raise NotFound(
                f"There is no plugin {plugin_id!r}; `helpdesk plugins list` shows those there are."
            ) from None
        if plugin_id not in self._objects:
            return state
        hooks = tuple(line.hook for line in self._desk.hooks.report() if line.plugin_id == plugin_id)
        state = replace(state, adds={"hooks": hooks} | dict(state.adds))
        broken = [breaker for breaker in self._desk.hooks.breakers() if breaker.plugin_id == plugin_id]
        if not broken:
            return state
        reason = in_quarantine([(each.hook, each.reason) for each in broken])
        return replace(state, status=PluginStatus.QUARANTINED, reason=f"{reason} Mend the cause and close the breaker.")

    @property
    def active(self) -> tuple[Plugin, ...]:
        """The objects of the plugins that work, in order."""
        return tuple(self._objects[plugin_id] for plugin_id in self._states if plugin_id in self._objects)

    def is_active(self, plugin_id: str) -> bool:
        """Tell whether the plugin works (single hooks of it may be in quarantine)."""
        return plugin_id in self._objects

    def plugin(self, plugin_id: str) -> Plugin:
        """Return the object of an active plugin; NotFound if it is not active."""
        if plugin_id not in self._objects:
            raise NotFound(f"The plugin {plugin_id} is not active: {self.get(plugin_id).reason or 'it is disabled.'}")
        return self._objects[plugin_id]

    @property
    def problems(self) -> tuple[PluginState, ...]:
        """The plugins that are enabled and do not work."""
        return tuple(state for state in self._states.values() if state.enabled and state.id not in self._objects)

    # While the app is built

    def describe(self, plugin: type[Plugin]) -> None:
        """Take over what the class says of itself."""
        state = self._states[plugin.id]
        settings = tuple(plugin.settings._declared_fields) if plugin.settings is not None else ()
        tables = tuple(sorted(plugin.models.tables)) if plugin.models is not None else ()
        self._states[plugin.id] = replace(
            state,
            title=LazyText(plugin.title, domain=plugin.id) if plugin.title else plugin.id,
            summary=LazyText(plugin.summary, domain=plugin.id) if plugin.summary else state.summary,
            requires=plugin.requires,
            adds={"settings": settings, "tables": tables},
        )

    def activate(self, plugin: Plugin) -> None:
        """Note that the plugin works."""
        self._objects[plugin.id] = plugin
        self._states[plugin.id] = replace(self._states[plugin.id], status=PluginStatus.ACTIVE, reason="")

    def note(self, plugin_id: str, kind: str, names: Iterable[str]) -> None:
        """Add to what a plugin brings: `note("sla", "routes", ["/desk/x/sla/"])`."""
        state = self._states[plugin_id]
        self._states[plugin_id] = replace(state, adds={**state.adds, kind: tuple(names)})

    def fail(self, plugin_id: str, reason: str, status: PluginStatus = PluginStatus.FAILED) -> None:
        """Take a plugin out, and with it those that require it. For what goes wrong while the app is built."""
        if plugin_id in self._states:
            self._states[plugin_id] = replace(self._states[plugin_id], status=status, reason=reason)
        self._desk.hooks.unregister(plugin_id)
        plugin = self._objects.pop(plugin_id, None)
        if plugin is not None:
            for event in plugin.events:
                self._desk.event_types.pop(event.type, None)
            _close(plugin)
        for other in [each for each in self._objects.values() if plugin_id in each.requires]:
            self.fail(other.id, needs(plugin_id, status))

    def raise_if_strict(self) -> None:
        """ConfigError with every reason if `[plugins] on_error` is "stop" and an enabled plugin does not work.

        In safe mode none works, and that is meant.
        """
        if self._desk.config.plugins.on_error == "stop" and self.problems and not self._safe_mode:
            lines = [f"plugin {state.id} ({state.status}): {state.reason}" for state in self.problems]
            raise ConfigError("\n".join([*lines, '[plugins] on_error = "stop": nothing is started without them.']))

    def close(self) -> None:
        """Let every plugin clean up; one that cannot keeps nobody else from it."""
        for plugin in self.active:
            _close(plugin)


def _close(plugin: Plugin) -> None:
    try:
        plugin.close()
    except Exception:  # noqa: BLE001 - whatever a plugin raises, the others go on
        _log.exception("plugin %s could not clean up", plugin.id)


def needs(plugin_id: str, status: PluginStatus | None) -> str:
    """Return the reason of a plugin whose required plugin does not work; `status` is None if nobody knows that one."""
    if status is PluginStatus.DISABLED:
        return f"It needs the plugin {plugin_id}, which is disabled: helpdesk plugins enable {plugin_id}"
    return f"It needs the plugin {plugin_id}, which is {status or 'not installed'}; mend that one first."
