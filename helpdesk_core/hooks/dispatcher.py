"""`Hooks`: how core asks plugins. One method per call style; plugins fail alone.

Arguments are passed by name and are those of the spec. Whatever a plugin raises or returns, and however long it
takes, only what the style says reaches the caller, and `HookHoldsDatabase` when a hook hangs inside a database call.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, ParamSpec, TypeVar

from helpdesk_core.clock import Clock, utc_now
from helpdesk_core.errors import Refused
from helpdesk_core.hooks.attempt import Dispatch
from helpdesk_core.hooks.breakers import Breaker, Breakers, BreakerStore
from helpdesk_core.hooks.errors import DeliveryFailed, HookFailed
from helpdesk_core.hooks.implementations import Implementation
from helpdesk_core.hooks.invoking import Invoke, valid_pick, valid_refinement, veto_as_problem
from helpdesk_core.hooks.limits import Limits
from helpdesk_core.hooks.monitor import HookReport, Monitor
from helpdesk_core.hooks.registry import Registry
from helpdesk_core.hooks.results import CANNOT_CHECK, REFUSED, HasSavepoint, Rendered
from helpdesk_core.hooks.specs import (
    AfterSpec,
    CollectSpec,
    HookSpec,
    PickSpec,
    RefineSpec,
    RenderSpec,
    VetoSpec,
    WithinSpec,
)
from helpdesk_core.hooks.supervisor import Supervisor, errand_runner
from helpdesk_core.hooks.threads import ThreadPool
from helpdesk_core.hooks.together import Asked, Together, collecting, rendering
from helpdesk_core.texts import joined

P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R")


class Hooks:
    """The hooks of one app: the active plugins' implementations and how to call them.

    Plugins are registered while the app is built, in the order of the plugin list; the first one runs first.
    """

    def __init__(
        self, *, limits: Limits | None = None, breaker_store: BreakerStore | None = None, now: Clock = utc_now
    ) -> None:
        self.limits = limits or Limits()
        pool = ThreadPool()
        self._registry = Registry()
        self._breakers = Breakers(
            breaker_store, now, errand_runner(pool), failures=self.limits.failures, window=self.limits.window
        )
        self._monitor = Monitor(self.limits, self._breakers, now)
        self._supervisor = Supervisor(self._monitor, self._breakers, pool)

    # Building

    def register(self, plugin: object, plugin_id: str) -> None:
        """Add a plugin's implementations; InvalidHook, naming method and expected signature, when one does not fit."""
        self._registry.register(plugin, plugin_id)

    def unregister(self, plugin_id: str) -> None:
        """Take a plugin's implementations out again, for example because a start-up hook failed."""
        self._registry.unregister(plugin_id)

    def warnings(self, plugin_id: str) -> tuple[str, ...]:
        """Return what could not be checked about a plugin's hooks, and which of them are deprecated."""
        return self._registry.warnings(plugin_id)

    def implementers(self, spec: HookSpec[..., Any]) -> tuple[str, ...]:
        """Return the ids of the plugins that implement a hook, in order, quarantined ones included."""
        return tuple(call.plugin_id for call in self._registry.of(spec))

    # Calling

    def collect(self, spec: CollectSpec[P, T], /, *args: P.args, **kwargs: P.kwargs) -> list[T]:
        """Return the items of all plugins in order; a plugin that fails adds none."""
        return [item for _, items in self.collect_by_plugin(spec, *args, **kwargs) for item in items]

    def collect_by_plugin(
        self, spec: CollectSpec[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> list[tuple[str, list[T]]]:
        """Return plugin ids with their items, in order; a plugin that fails is left out."""
        found: list[tuple[str, list[T]]] = []
        self._ask_for(args, collecting(spec, kwargs, found))
        return found

    def collect_from(self, spec: CollectSpec[P, T], plugin_id: str, /, *args: P.args, **kwargs: P.kwargs) -> list[T]:
        """Return one plugin's items, none if it has no such hook; HookFailed when it fails. For start-up."""
        _check_arguments(spec, args, kwargs)
        found: list[T] = []
        if plugin_id in self.implementers(spec):
            self._ask_one(spec, plugin_id, kwargs, HookFailed, settle=lambda _, items: found.extend(items))
        return found

    def pick(self, spec: PickSpec[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T | None:
        """Return the first answer that is not `None`; plugins that fail are passed over."""
        return self._pick(spec, Implementation.call, args, kwargs)

    def pick_valid(
        self, spec: PickSpec[P, T], check: Callable[[T], object], /, *args: P.args, **kwargs: P.kwargs
    ) -> T | None:
        """Return the first answer for which `check` raises no `HelpdeskError`; another is an error of its plugin."""
        return self._pick(spec, valid_pick(check), args, kwargs)

    def refine(self, spec: RefineSpec[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Return the value that `spec.refines` names after every plugin has had it; a failing one changes nothing."""
        return self._refine(spec, Implementation.call, args, kwargs)

    def refine_valid(
        self, spec: RefineSpec[P, T], check: Callable[[T], object], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Return the refined value; a plugin that spoils it, so that `check` raises a `HelpdeskError`, changes nothing.

        A value that cannot be used from the beginning is nobody's fault here: check what is returned.
        """
        return self._refine(spec, valid_refinement(spec.refines, check), args, kwargs)

    def veto(self, spec: VetoSpec[P], /, *args: P.args, **kwargs: P.kwargs) -> None:
        """Return if no plugin objects; Refused, with the plugin's reasons, at the first one that does.

        A plugin that fails, hangs or is in quarantine objects to nothing, unless the spec is `fail_closed`.
        """
        refusal: list[Refused] = []

        def settle(call: Implementation, problems: list[str] | None) -> bool:
            if problems:
                refusal.append(Refused(joined(filter(None, problems)) or REFUSED, by=call.plugin_id))
            return bool(refusal)

        def failed(call: Implementation, _error: BaseException, _error_id: str) -> bool:
            if spec.fail_closed:
                refusal.append(Refused(CANNOT_CHECK, by=call.plugin_id))
            return spec.fail_closed

        if spec.fail_closed:
            for call in self._registry.of(spec):
                if self._breakers.is_open((call.plugin_id, spec.name)):
                    raise Refused(CANNOT_CHECK, by=call.plugin_id)
        self._ask(spec, args, kwargs, settle=settle, failed=failed, invoke=veto_as_problem)
        if refusal:
            raise refusal[0]

    def within(self, spec: WithinSpec[P], /, *args: P.args, **kwargs: P.kwargs) -> None:
        """Let each plugin write in a savepoint of `tx` of its own; one that fails leaves nothing behind."""
        tx = kwargs.get("tx")
        if not isinstance(tx, HasSavepoint):
            raise TypeError(f"{spec.name} needs tx=, a unit of work with savepoint()")
        self._ask(spec, args, kwargs, savepoint=tx.savepoint)

    def render(self, spec: RenderSpec[P, T], /, *args: P.args, **kwargs: P.kwargs) -> list[Rendered[T]]:
        """Return what each plugin gives for a page, in order; errors are items too, for agents and not customers."""
        return self.render_as(spec, lambda _plugin_id, value: value, *args, **kwargs)

    def render_as(
        self, spec: RenderSpec[P, T], show: Callable[[str, T], R], /, *args: P.args, **kwargs: P.kwargs
    ) -> list[Rendered[R]]:
        """Return what `show` makes of each plugin's id and value.

        That is done as part of the plugin's call: when it fails or hangs (a template of the plugin's), the plugin has.
        """
        found: list[Rendered[R]] = []
        self._ask_for(args, rendering(spec, kwargs, show, found))
        return found

    def together(self) -> Together:
        """Return where several hooks are named that are then asked in one go."""
        return Together(self._ask_together)

    def run_for(self, spec: HookSpec[..., Any], plugin_id: str, action: Callable[[], T], /) -> T:
        """Run code that a plugin gave as part of its answer to a hook (a function, say), as if it were that hook.

        HookFailed when it fails, hangs, or the hook of that plugin is in quarantine.
        """
        done: list[T] = []
        self._ask_one(
            spec, plugin_id, {}, HookFailed, invoke=lambda _call, _values: done.append(action()), shares_database=True
        )
        return done[0]

    def deliver(self, spec: AfterSpec[P], plugin_id: str, /, *args: P.args, **kwargs: P.kwargs) -> None:
        """Call one plugin's `after` hook; DeliveryFailed, with the plugin's error as cause, when it must be retried."""
        _check_arguments(spec, args, kwargs)
        self._ask_one(spec, plugin_id, kwargs, DeliveryFailed)

    # Subscriptions

    def subscribers(self, event_class: type) -> tuple[str, ...]:
        """Return, in order, the plugins with an `after` hook for events of this class, quarantined ones included."""
        return tuple(item for item in self._registry.plugin_ids() if self.after_specs(item, event_class))

    def after_specs(self, plugin_id: str, event_class: type) -> tuple[AfterSpec[...], ...]:
        """Return the `after` hooks of one plugin to which an event of this class is to be delivered."""
        return tuple(
            call.spec
            for call in self._registry.all()
            if call.plugin_id == plugin_id and isinstance(call.spec, AfterSpec) and call.wants(event_class)
        )

    # Health

    def report(self) -> tuple[HookReport, ...]:
        """Return how every registered implementation has done in this process."""
        return self._monitor.report(self._registry.all())

    def failed_later(self, plugin_id: str, hook: str, error: BaseException, error_id: str) -> None:
        """Count an error in what a plugin's hook had returned, such as a page, so that admins see it there."""
        self._monitor.failed_later((plugin_id, hook), error, error_id)

    def breakers(self) -> tuple[Breaker, ...]:
        """Return every open breaker, also those of plugins that are not loaded."""
        return self._breakers.all()

    def close_breaker(self, plugin_id: str, hook: str) -> None:
        """Let a hook be called again, in every process that refreshes; not to be called inside a transaction."""
        self._breakers.close((plugin_id, hook))

    def refresh_breakers(self) -> None:
        """Take over the breakers that other processes opened and closed."""
        self._breakers.refresh()

    # How

    def _pick(
        self, spec: PickSpec[..., T], invoke: Invoke, args: tuple[object, ...], values: dict[str, Any]
    ) -> T | None:
        found: list[T] = []

        def settle(_: Implementation, value: T | None) -> bool:
            if value is not None:
                found.append(value)
            return bool(found)

        self._ask(spec, args, values, settle=settle, invoke=invoke)
        return found[0] if found else None

    def _refine(self, spec: RefineSpec[..., T], invoke: Invoke, args: tuple[object, ...], values: dict[str, Any]) -> T:
        values = dict(values)
        self._ask(spec, args, values, settle=lambda _, value: values.update({spec.refines: value}), invoke=invoke)
        refined: T = values[spec.refines]
        return refined

    def _ask(
        self,
        spec: HookSpec[..., Any],
        args: tuple[object, ...],
        values: dict[str, Any],
        *,
        settle: Callable[[Implementation, Any], bool | None] = lambda _call, _value: None,
        failed: Callable[[Implementation, BaseException, str], bool] = lambda _call, _error, _id: False,
        invoke: Invoke = Implementation.call,
        savepoint: Callable[[], AbstractContextManager[Any]] | None = None,
    ) -> None:
        self._ask_for(args, Asked(spec, values, settle, failed, invoke), savepoint)

    def _ask_for(
        self,
        args: tuple[object, ...],
        asked: Asked,
        savepoint: Callable[[], AbstractContextManager[Any]] | None = None,
    ) -> None:
        spec = asked.spec
        _check_arguments(spec, args, asked.values)
        calls = self._to_call(spec)
        if calls:
            deadline = self.limits.deadline(spec)
            dispatch = Dispatch(calls, asked.values, deadline, asked.settle, asked.failed, asked.invoke, savepoint)
            self._supervisor.run(dispatch)

    def _to_call(self, spec: HookSpec[..., Any]) -> list[Implementation]:
        return [call for call in self._registry.of(spec) if not self._breakers.is_open((call.plugin_id, spec.name))]

    def _ask_together(self, asked: Sequence[Asked]) -> None:
        by_deadline: dict[float, dict[Implementation, Asked]] = {}
        for each in asked:
            _check_arguments(each.spec, (), each.values)
            calls = by_deadline.setdefault(self.limits.deadline(each.spec), {})
            for call in self._to_call(each.spec):
                if call in calls:
                    raise TypeError(f"{each.spec.name} can be asked once at a time")
                calls[call] = each
        for deadline, calls in by_deadline.items():
            if calls:
                self._supervisor.run(_dispatch_of(calls, deadline))

    def _ask_one(
        self,
        spec: HookSpec[..., Any],
        plugin_id: str,
        values: Mapping[str, Any],
        error_class: type[HookFailed],
        *,
        settle: Callable[[Implementation, Any], bool | None] = lambda _call, _value: None,
        invoke: Invoke = Implementation.call,
        shares_database: bool = False,
    ) -> None:
        """Call one plugin's implementation on behalf of somebody who wants to know of its failure."""
        calls = [call for call in self._registry.of(spec) if call.plugin_id == plugin_id]
        if not calls:
            message = f"plugin {plugin_id} is not active or has no hook {spec.name}"
            raise error_class(message, plugin_id=plugin_id, hook=spec.name)
        reason = self._breakers.reason((plugin_id, spec.name))
        if reason is not None:
            message = f"hook {spec.name} of plugin {plugin_id} is in quarantine until an admin closes it: {reason}"
            raise error_class(message, plugin_id=plugin_id, hook=spec.name, quarantined=True)
        failures: list[tuple[BaseException, str]] = []

        def failed(_call: Implementation, error: BaseException, error_id: str) -> bool:
            failures.append((error, error_id))
            return True

        deadline = self.limits.deadline(spec)
        self._supervisor.run(
            Dispatch(calls, dict(values), deadline, settle, failed, invoke, shares_database=shares_database)
        )
        for error, error_id in failures:
            message = f"hook {spec.name} of plugin {plugin_id} failed [{error_id}]: {error!r}"
            raise error_class(message, plugin_id=plugin_id, hook=spec.name, error_id=error_id) from error


def _dispatch_of(calls: Mapping[Implementation, Asked], deadline: float) -> Dispatch:
    def settle(call: Implementation, value: Any) -> bool | None:
        return calls[call].settle(call, value)

    def failed(call: Implementation, error: BaseException, error_id: str) -> bool:
        return calls[call].failed(call, error, error_id)

    def invoke(call: Implementation, _values: dict[str, Any]) -> Any:
        return calls[call].invoke(call, calls[call].values)

    return Dispatch([*calls], {}, deadline, settle, failed, invoke)


def _check_arguments(spec: HookSpec[..., Any], args: tuple[object, ...], values: Mapping[str, object]) -> None:
    if args or values.keys() != set(spec.arguments):
        raise TypeError(f"pass {', '.join(spec.arguments) or 'nothing'} to {spec.name}, by name")
