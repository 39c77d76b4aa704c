"""Loading the enabled plugins, so that one which does not fit is skipped with a reason and hurts nobody else."""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

import helpdesk_core
from helpdesk_core.errors import ConfigError, HelpdeskError
from helpdesk_core.plugins.checks import Unusable, check_class, check_database, check_distribution, import_plugin
from helpdesk_core.plugins.discovery import Discovered, discover, how_to_install
from helpdesk_core.plugins.plugin import Plugin
from helpdesk_core.plugins.records import Known, read_known
from helpdesk_core.plugins.registry import SAFE_MODE, PluginRegistry, PluginState, PluginStatus, needs

if TYPE_CHECKING:
    from helpdesk_core.runtime import Helpdesk

_log = logging.getLogger(__name__)


def load_plugins(
    desk: "Helpdesk", *, safe_mode: bool = False, installed: Callable[[], Mapping[str, Discovered]] = discover
) -> PluginRegistry:
    """Import and check the enabled plugins, register their settings, events and hooks, and return all that are known.

    `desk.settings` has to be there. The registry becomes `desk.plugins`. With `safe_mode` no plugin is imported.
    ConfigError, with every reason, if `[plugins] on_error` is "stop" and an enabled plugin does not work.
    """
    discovered = installed()
    known = read_known(desk.engine)
    enabled = desk.config.plugins.enabled
    desk.plugins = registry = PluginRegistry(
        desk, _states(enabled, discovered, known, safe_mode=safe_mode), safe_mode=safe_mode
    )
    if safe_mode:
        return registry
    classes: dict[str, type[Plugin]] = {}
    for plugin_id in enabled:
        if plugin_id in discovered:
            try:
                classes[plugin_id] = _checked(desk, registry, discovered[plugin_id], known, {*discovered, *enabled})
            except Unusable as unusable:
                registry.fail(plugin_id, str(unusable), unusable.status)
            except Exception as error:  # noqa: BLE001 - whatever a plugin's class does, the others go on
                _log.exception("plugin %s cannot be examined", plugin_id)
                registry.fail(plugin_id, f"Its class is not as it should be: {type(error).__name__}: {error}")
    made = _make(desk, registry, classes)
    for plugin_id in enabled:
        if plugin_id in made and all(each in made for each in made[plugin_id].requires):
            _activate(desk, registry, made[plugin_id])
    for plugin in registry.active:
        for required in plugin.requires:
            if not registry.is_active(required):
                registry.fail(plugin.id, needs(required, registry.get(required).status))
    for state in registry.problems:
        _log.error("plugin %s is not used (%s): %s", state.id, state.status, state.reason)
    registry.raise_if_strict()
    return registry


def _states(
    enabled: Iterable[str], discovered: Mapping[str, Discovered], known: Known, *, safe_mode: bool
) -> Iterable[PluginState]:
    listed = list(dict.fromkeys(enabled))
    for plugin_id in [*listed, *sorted({*discovered, *known.records} - set(listed))]:
        found, record = discovered.get(plugin_id), known.records.get(plugin_id)
        status, reason = PluginStatus.DISABLED, ""
        if found is None:
            status = PluginStatus.MISSING
            hint = how_to_install(plugin_id, discovered, record.distribution if record else "")
            reason = f"It is not installed. {hint}"
            if record:
                reason += f" Its data is kept; helpdesk plugins purge {plugin_id} removes it."
        elif plugin_id in listed and safe_mode:
            reason = SAFE_MODE
        yield PluginState(
            id=plugin_id,
            status=status,
            enabled=plugin_id in listed,
            reason=reason,
            title=plugin_id,
            summary=found.summary if found else "",
            version=found.version if found else record.version if record else "",
            distribution=found.distribution if found else record.distribution if record else "",
            adds={"tables": tuple(record.tables)} if record else {},
        )


def _checked(
    desk: "Helpdesk", registry: PluginRegistry, plugin: Discovered, known: Known, ids: set[str]
) -> type[Plugin]:
    check_distribution(plugin, helpdesk_core.__version__)
    class_ = import_plugin(plugin)
    check_class(class_, ids)
    registry.describe(class_)
    _register_settings(desk, class_)
    check_database(plugin, class_, known)
    return class_


def _register_settings(desk: "Helpdesk", class_: type[Plugin]) -> None:
    """The schema stays registered if a value is wrong, so that the page can be used to mend it."""
    if class_.settings is None:
        return
    try:
        effective = desk.settings.register(class_.id, class_.settings)
    except ConfigError as error:
        raise Unusable(PluginStatus.FAILED, f"Its settings do not fit. {error}") from error
    except Exception as error:
        _log.exception("the settings of plugin %s cannot be read", class_.id)
        raise Unusable(PluginStatus.FAILED, f"Its settings schema fails: {type(error).__name__}: {error}") from error
    wrong = [
        problem
        for key, problem in effective.problems.items()
        if key in effective.schema.fields and effective.schema.fields[key].required and effective.values[key] is None
    ]
    if wrong:
        raise Unusable(PluginStatus.FAILED, f"Settings are missing. {' '.join(wrong)}")


def _make(desk: "Helpdesk", registry: PluginRegistry, classes: Mapping[str, type[Plugin]]) -> dict[str, Plugin]:
    """Return the plugin objects, each made after those it requires; what fails is noted in the registry."""
    made: dict[str, Plugin] = {}
    waiting = dict(classes)
    while ready := [each for each in waiting.values() if all(required in made for required in each.requires)]:
        for class_ in ready:
            del waiting[class_.id]
            try:
                made[class_.id] = class_(desk)
            except Exception as error:  # noqa: BLE001 - whatever a plugin raises, the others go on
                _log.exception("plugin %s cannot start", class_.id)
                registry.fail(class_.id, f"It cannot start: {type(error).__name__}: {error}")
    for class_ in waiting.values():
        required = next(each for each in class_.requires if each not in made)
        states = {state.id: state.status for state in registry}
        if required in waiting:
            registry.fail(
                class_.id, f"It needs the plugin {required}, which needs it in turn or lacks something itself."
            )
        else:
            registry.fail(class_.id, needs(required, states.get(required)))
    return made


def _activate(desk: "Helpdesk", registry: PluginRegistry, plugin: Plugin) -> None:
    try:
        desk.hooks.register(plugin, plugin.id)
    except HelpdeskError as error:
        registry.fail(plugin.id, str(error))
        return
    except Exception as error:  # noqa: BLE001 - whatever a plugin's class does, the others go on
        _log.exception("the hooks of plugin %s cannot be read", plugin.id)
        registry.fail(plugin.id, f"Its hooks cannot be read: {type(error).__name__}: {error}")
        return
    for event in plugin.events:
        desk.event_types[event.type] = event
    registry.activate(plugin)
