"""The catalogue of hooks: for the `helpdesk hooks` command, the generated documentation and the snapshot test."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from helpdesk_core.hooks.errors import HookSpecError
from helpdesk_core.hooks.signatures import text
from helpdesk_core.hooks.specs import HookSpec, Stability, Style


@dataclass(frozen=True)
class SpecInfo:
    """One hook as plugin authors see it. `signature` is one line; `options` are the style's, as words."""

    name: str
    style: Style
    signature: str
    since: str
    stability: Stability
    docstring: str
    module: str
    options: dict[str, str] = field(default_factory=dict)


def specs_in(modules: Iterable[ModuleType]) -> tuple[HookSpec[..., Any], ...]:
    """Return the specs that the modules define, in the order of definition; imported ones belong to their own module.

    HookSpecError when two have the same name.
    """
    found: dict[str, HookSpec[..., Any]] = {}
    for module in modules:
        for value in vars(module).values():
            if isinstance(value, HookSpec) and value.module == module.__name__:
                known = found.setdefault(value.name, value)
                if known is not value:
                    raise HookSpecError(
                        f"hook {value.name} is defined in {known.module} and in {value.module}; rename one of them"
                    )
    return tuple(found.values())


def describe(modules: Iterable[ModuleType]) -> list[SpecInfo]:
    """Return what there is to know of every hook in the modules."""
    return [
        SpecInfo(
            name=spec.name,
            style=spec.style,
            signature=spec.signature_text,
            since=spec.since,
            stability=spec.stability,
            docstring=spec.doc,
            module=spec.module,
            options=spec.options,
        )
        for spec in specs_in(modules)
    ]


def snapshot(modules: Iterable[ModuleType]) -> dict[str, Any]:
    """Return everything a plugin relies on, as JSON that changes only when the contract does; docstrings may change."""
    return {
        spec.name: {
            "style": spec.style,
            "arguments": {name: text(spec.types[name]) for name in spec.arguments},
            "returns": text(spec.types["return"]),
            "since": spec.since,
            "stability": spec.stability,
            "options": spec.options,
        }
        for spec in sorted(specs_in(modules), key=lambda spec: spec.name)
    }
