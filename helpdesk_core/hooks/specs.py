"""Hook specs: what core asks of plugins, one class per call style.

A spec is made by decorating a plain typed function that describes *one* implementation (`hookspec.collect(…)` and so
on). It is passed to the dispatcher in place of a name, so that mypy checks arguments and results, and to `hookimpl`,
so that a wrong name is an import error.
"""

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Generic, Literal, ParamSpec, TypeVar

from helpdesk_core.hooks.errors import HookSpecError
from helpdesk_core.hooks.signatures import resolve, signature_text

P = ParamSpec("P")
R_co = TypeVar("R_co", covariant=True)
T_co = TypeVar("T_co", covariant=True)

Style = Literal["collect", "pick", "refine", "veto", "within", "after", "render"]
Stability = Literal["provisional", "stable", "deprecated"]
When = Literal["startup", "request"]


class HookSpec(Generic[P, R_co]):
    """One hook: its name, its contract (the docstring) and its signature.

    `P` are the arguments, always passed by name; `R_co` is what one implementation returns. `deadline` is in seconds;
    `None` means the default of the style.
    """

    style: ClassVar[Style]

    def __init__(
        self, function: Callable[P, R_co], *, since: str, stability: Stability, deadline: float | None = None
    ) -> None:
        self.__doc__ = function.__doc__
        self.__name__ = self.name = function.__name__
        self.__module__ = self.module = function.__module__
        self.__qualname__ = function.__qualname__
        self.function = function
        self.doc: str = inspect.getdoc(function) or ""
        self.signature = inspect.signature(function)
        self.arguments: tuple[str, ...] = tuple(self.signature.parameters)
        self.since = since
        self.stability: Stability = stability
        self.deadline = deadline
        self._check()

    def __repr__(self) -> str:
        return f"<{self.style} hook {self.module}.{self.name}>"

    @functools.cached_property
    def types(self) -> dict[str, Any]:
        """The resolved types of the arguments, in order, and of `return`; HookSpecError when one is not importable."""
        try:
            found = resolve(self.function)
        except NameError as error:
            raise HookSpecError(
                f"hook {self.module}.{self.name}: {error}; import it outside of TYPE_CHECKING, "
                "since annotations of hooks are read at run time"
            ) from error
        return {name: found[name] for name in (*self.arguments, "return")}

    @property
    def signature_text(self) -> str:
        """The signature on one line: `ticket_actions(ticket: Ticket, actor: Actor) -> list[Action]`."""
        return signature_text(self.name, self.types)

    @property
    def options(self) -> dict[str, str]:
        """What else belongs to the contract, for the catalogue: for example `{"when": "startup"}`."""
        return {} if self.deadline is None else {"deadline": f"{self.deadline:g} s"}

    def _check(self) -> None:
        if not self.doc:
            raise self._wrong("has no docstring; it is the contract that plugin authors read")
        for parameter in self.signature.parameters.values():
            if parameter.kind is not parameter.POSITIONAL_OR_KEYWORD or parameter.default is not parameter.empty:
                raise self._wrong(f"argument {parameter.name!r} must be plain: no default, no star, no slash")
            if parameter.annotation is parameter.empty:
                raise self._wrong(f"argument {parameter.name!r} has no annotation; add one")
        if self.signature.return_annotation is self.signature.empty:
            raise self._wrong("has no return annotation; add one (None for hooks that return nothing)")

    def _wrong(self, what: str) -> HookSpecError:
        return HookSpecError(f"hook {self.module}.{self.name}: {what}")


class CollectSpec(HookSpec[P, Sequence[T_co]]):
    """Every implementation returns a list; the lists are joined in the order of the plugins."""

    style = "collect"

    def __init__(
        self,
        function: Callable[P, Sequence[T_co]],
        *,
        since: str,
        stability: Stability,
        deadline: float | None = None,
        when: When = "request",
    ) -> None:
        super().__init__(function, since=since, stability=stability, deadline=deadline)
        self.when: When = when

    @property
    def options(self) -> dict[str, str]:
        """Adds `when`."""
        return super().options | {"when": self.when}


class PickSpec(HookSpec[P, T_co | None]):
    """The first implementation that does not return `None` decides."""

    style = "pick"


class RefineSpec(HookSpec[P, T_co]):
    """Each implementation gets what the one before it returned, and returns the new value."""

    style = "refine"

    def __init__(
        self,
        function: Callable[P, T_co],
        *,
        since: str,
        stability: Stability,
        deadline: float | None = None,
        refines: str | None = None,
    ) -> None:
        super().__init__(function, since=since, stability=stability, deadline=deadline)
        if not self.arguments:
            raise self._wrong("needs an argument that it refines")
        self.refines: str = refines or self.arguments[0]
        if self.refines not in self.arguments:
            raise self._wrong(f"refines={self.refines!r} is none of its arguments")

    @property
    def options(self) -> dict[str, str]:
        """Adds `refines`."""
        return super().options | {"refines": self.refines}


class VetoSpec(HookSpec[P, Sequence[str] | None]):
    """Each implementation returns problems (sentences for the person who asked), or raises `Veto`; `None` means none.

    With `fail_closed`, an implementation that fails, hangs or is quarantined refuses too.
    """

    style = "veto"

    def __init__(
        self,
        function: Callable[P, Sequence[str] | None],
        *,
        since: str,
        stability: Stability,
        deadline: float | None = None,
        fail_closed: bool = False,
    ) -> None:
        super().__init__(function, since=since, stability=stability, deadline=deadline)
        self.fail_closed = fail_closed

    @property
    def options(self) -> dict[str, str]:
        """Adds `fail_closed` where it is set."""
        return super().options | ({"fail_closed": "yes"} if self.fail_closed else {})


class WithinSpec(HookSpec[P, None]):
    """Runs in the transaction, each implementation in its own savepoint of the argument `tx`."""

    style = "within"

    def _check(self) -> None:
        super()._check()
        if "tx" not in self.arguments:
            raise self._wrong("needs an argument 'tx', the unit of work whose savepoints it runs in")


class AfterSpec(HookSpec[P, None]):
    """Called by the worker after commit, for events of one class (subclasses too) or for every event."""

    style = "after"

    def __init__(
        self,
        function: Callable[P, None],
        *,
        since: str,
        stability: Stability,
        deadline: float | None = None,
        event: type | None = None,
    ) -> None:
        super().__init__(function, since=since, stability=stability, deadline=deadline)
        self.event = event

    @property
    def options(self) -> dict[str, str]:
        """Adds `event`: the name of the class, or `any`."""
        return super().options | {"event": self.event.__name__ if self.event else "any"}

    def wants(self, event_class: type) -> bool:
        """Return whether events of this class are delivered to the hook."""
        return self.event is None or issubclass(event_class, self.event)


class RenderSpec(HookSpec[P, T_co | None]):
    """Each implementation returns something for a page to show, or `None` for nothing."""

    style = "render"
