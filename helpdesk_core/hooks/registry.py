"""Which plugin implements which hook. pluggy registers and validates; the order is that of the plugin list."""

from typing import Any

import pluggy

from helpdesk_core.hooks.errors import InvalidHook
from helpdesk_core.hooks.implementations import PROJECT, Implementation, implementations
from helpdesk_core.hooks.specs import HookSpec


class Registry:
    """The implementations of the active plugins. Filled while an app is built, only read afterwards."""

    def __init__(self) -> None:
        self._manager = pluggy.PluginManager(PROJECT)
        self._specs: dict[str, HookSpec[..., Any]] = {}
        self._found: dict[tuple[str, str], Implementation] = {}
        self._ordered: dict[str, tuple[Implementation, ...]] = {}
        self._warnings: dict[str, tuple[str, ...]] = {}

    def register(self, plugin: object, plugin_id: str) -> None:
        """Add a plugin behind those already there; InvalidHook, and nothing added, when a method does not fit."""
        found, warnings = implementations(plugin, plugin_id)
        for implementation in found:
            self._add_spec(implementation.spec, plugin_id)
        try:
            self._manager.register(plugin, plugin_id)
        except (pluggy.PluginValidationError, ValueError) as error:
            raise InvalidHook(f"plugin {plugin_id} cannot be registered: {error}") from error
        self._warnings[plugin_id] = tuple(warnings)
        self._found.update({(item.spec.name, plugin_id): item for item in found})
        self._order()

    def unregister(self, plugin_id: str) -> None:
        """Take a plugin out again, for example when its start-up hooks failed; unknown ids are ignored."""
        if self._manager.unregister(name=plugin_id) is not None:
            self._warnings.pop(plugin_id)
            self._found = {key: item for key, item in self._found.items() if key[1] != plugin_id}
            self._order()

    def of(self, spec: HookSpec[..., Any]) -> tuple[Implementation, ...]:
        """Return the implementations of a hook; the first plugin of the list comes first."""
        return self._ordered.get(spec.name, ())

    def all(self) -> tuple[Implementation, ...]:
        """Return every implementation, by hook."""
        return tuple(item for items in self._ordered.values() for item in items)

    def warnings(self, plugin_id: str) -> tuple[str, ...]:
        """Return what could not be checked when the plugin was registered."""
        return self._warnings.get(plugin_id, ())

    def plugin_ids(self) -> tuple[str, ...]:
        """Return the registered plugins in order."""
        return tuple(self._warnings)

    def _add_spec(self, spec: HookSpec[..., Any], plugin_id: str) -> None:
        known = self._specs.setdefault(spec.name, spec)
        if known is not spec:
            raise InvalidHook(
                f"plugin {plugin_id}: hook {spec.module}.{spec.name} has the name of {known.module}.{known.name}; "
                "names of hooks are unique, rename one"
            )
        if not hasattr(self._manager.hook, spec.name):
            function = pluggy.HookspecMarker(PROJECT)(spec.function)
            self._manager.add_hookspecs(type("Specs", (), {spec.name: staticmethod(function)}))

    def _order(self) -> None:
        self._ordered = {}
        for name in self._specs:
            # pluggy lists implementations as they were registered (and would call the last one first).
            methods = getattr(self._manager.hook, name).get_hookimpls()
            self._ordered[name] = tuple(self._found[name, method.plugin_name] for method in methods)
