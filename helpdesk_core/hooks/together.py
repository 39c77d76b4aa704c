"""Several hooks asked in one go: a page has a handful, and each alone would change threads there and back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ParamSpec, TypeVar

from helpdesk_core.hooks.implementations import Implementation
from helpdesk_core.hooks.invoking import Invoke
from helpdesk_core.hooks.results import Rendered
from helpdesk_core.hooks.specs import CollectSpec, HookSpec, RenderSpec

P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A hook with its arguments, and what becomes of each answer; see `Dispatch`."""

    spec: HookSpec[..., Any]
    values: dict[str, Any]
    settle: Callable[[Implementation, Any], bool | None] = lambda _call, _value: None
    failed: Callable[[Implementation, BaseException, str], bool] = lambda _call, _error, _id: False
    invoke: Invoke = Implementation.call


def collecting(spec: CollectSpec[..., T], values: dict[str, Any], found: list[tuple[str, list[T]]]) -> Asked:
    """Return a question that puts plugin ids with their items into a list."""
    return Asked(spec, values, settle=lambda call, items: found.append((call.plugin_id, list(items))))


def rendering(
    spec: RenderSpec[..., T], values: dict[str, Any], show: Callable[[str, T], R], found: list[Rendered[R]]
) -> Asked:
    """Return a question that puts what `show` makes of each answer into a list, and errors too."""

    def settle(call: Implementation, value: R | None) -> None:
        if value is not None:
            found.append(Rendered(call.plugin_id, value))

    def invoke(call: Implementation, values: dict[str, Any]) -> R | None:
        value = call.call(values)
        return show(call.plugin_id, value) if value is not None else None

    def failed(call: Implementation, _error: BaseException, error_id: str) -> bool:
        found.append(Rendered(call.plugin_id, error_id=error_id))
        return False

    return Asked(spec, values, settle, failed, invoke)


@dataclass
class Together:
    """Hooks that are asked one after the other on one thread; what they are asked for is there after `ask`.

    A plugin that fails, hangs or is in quarantine counts as it does where its hook is asked alone.
    """

    _ask: Callable[[Sequence[Asked]], None]
    _asked: list[Asked] = field(default_factory=list)

    def collect(self, spec: CollectSpec[P, T], /, *_args: P.args, **values: P.kwargs) -> list[tuple[str, list[T]]]:
        """Ask for items; the list, plugin ids with theirs, is filled by `ask`."""
        found: list[tuple[str, list[T]]] = []
        self._asked.append(collecting(spec, values, found))
        return found

    def render_as(
        self, spec: RenderSpec[P, T], show: Callable[[str, T], R], /, *_args: P.args, **values: P.kwargs
    ) -> list[Rendered[R]]:
        """Ask for what plugins give for a page; the list, what `show` makes of it, is filled by `ask`."""
        found: list[Rendered[R]] = []
        self._asked.append(rendering(spec, values, show, found))
        return found

    def ask(self) -> None:
        """Ask all of them; TypeError for one that is there twice."""
        asked, self._asked = self._asked, []
        self._ask(asked)
